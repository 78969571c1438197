"""Reads one file to N-Quads and judges them: what runs in a process of its own (`ingest.workers`)."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any

from ingest.document import open_documents
from ingest.editions import Edition, substance, text_key
from ingest.errors import SourceError
from ingest.model import Document, Notice
from ingest.outcome import ACCEPTED, REFUSED, REJECTED, UNCHANGED, Outcome
from ingest.rdf import notice_slug, to_nquads
from ingest.read import read_document
from ontology.iris import DEFAULT_BASE, Iris
from shapes.report import Report
from shapes.validate import validate

Open = Callable[[bytes, str], Iterator[Document | SourceError]]
Judge = Callable[[str], Report]
Known = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one document by itself, before the store is looked at.

    Attributes:
        outcome: Accepted where the notice may be published, unchanged where the store holds it already, rejected or
            refused; its path is the document's name, as in `Document.name`.
        graph: IRI of its named graph; empty where nothing was read.
        nquads: That graph, where it may be published.
        edition: Its source, as compared with others; None where nothing was read.
    """

    outcome: Outcome
    graph: str = ""
    nquads: str = ""
    edition: Edition | None = None

    def to_json(self) -> bytes:
        """Writes it for the journal."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "surrogatepass")

    @staticmethod
    def from_json(data: bytes) -> "Reading":
        """Reads what `to_json` wrote."""
        values = json.loads(data.decode("utf-8", "surrogatepass"))
        said, edition = values.pop("outcome"), values.pop("edition")
        tuples: dict[str, Any] = {key: tuple(value) for key, value in said.items() if isinstance(value, list)}
        return Reading(Outcome(**{**said, **tuples}), edition=Edition(**edition) if edition else None, **values)


@dataclass(frozen=True, slots=True)
class Reader:
    """How files are read; crosses to other processes, so its functions are named ones of a module.

    Attributes:
        base: What all minted IRIs begin with.
        opened: From bytes and a name to documents.
        judge: From N-Quads to what the shapes say of them.
    """

    base: str = DEFAULT_BASE
    opened: Open = open_documents
    judge: Judge = validate

    def documents(self, path: Path, name: str, sha256: str) -> Iterator[Document | SourceError]:
        """Yields the documents of a file, and what cannot be opened as the error that says why.

        Args:
            path: The file.
            name: Its name, without folders, fit for a literal.
            sha256: Its digest when it was found; where it has another now, it was changed meanwhile.
        """
        try:
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == sha256:
                yield from self.opened(data, name)
            else:
                yield SourceError("changed", "it was changed while it was read; ingest it again", name)
        except Exception as error:  # noqa: BLE001 - whatever a file does to the code that opens it, the batch goes on
            yield _as_source_error(error, name)

    def read(self, document: Document | SourceError, file_name: str, known: Known) -> Reading:
        """Reads and judges one document.

        Args:
            document: One that `documents` yielded.
            file_name: The name of its file.
            known: From the digest of a document to the graph in which the store holds it as this software reads it,
                empty where it does not; asked for one of several in a file.
        """
        try:
            if isinstance(document, SourceError):
                return failed(document.name or file_name, document.code, document.reason)
            if document.name != file_name and (graph := known(document.sha256)):
                return Reading(Outcome(document.name, UNCHANGED), graph)
            return self._read(document, time.monotonic())
        except Exception as error:  # noqa: BLE001 - as above
            found = _as_source_error(error, document.name)
            return failed(document.name, found.code, found.reason)

    def _read(self, document: Document, began: float) -> Reading:
        iris, notice = Iris(self.base), read_document(document)
        header, slug = notice.header, notice_slug(notice)
        nquads = to_nquads(notice, self.base)
        report = self.judge(nquads)
        good = report.conforms
        outcome = Outcome(
            document.name,
            ACCEPTED if good else REFUSED,
            "" if good else "shapes",
            "" if good else "its graph does not conform to the shapes",
            iris.thing("notice", slug),
            header.title or "",
            tuple(mention.agency.name for mention in header.issuers),
            header.issue_date.isoformat() if header.issue_date else "",
            _counts(notice),
            (*document.warnings, *(() if notice.measures else ("no measure was found; it is kept as a notice",))),
            tuple(str(result) for result in report.results if result.severity == "Violation"),
            round((time.monotonic() - began) * 1000),
        )
        key = text_key(notice.text)
        edition = Edition(iris.thing("source", document.sha256), document.media_type, key, _substance(notice))
        return Reading(outcome, iris.graph(f"notice/{slug}"), nquads if good else "", edition)


def failed(name: str, code: str, reason: str) -> Reading:
    """Returns the reading of a document that could not be read."""
    return Reading(Outcome(name, REJECTED, code, reason))


def _substance(notice: Notice) -> str:
    header, validity = notice.header, notice.validity
    dates = (day.isoformat() for day in (header.issue_date, validity.start, validity.end) if day)
    texts = (measure.text for measure in notice.measures)
    return substance((*(value for value in (header.title, header.document_number) if value), *dates, *texts))


def _as_source_error(error: Exception, name: str) -> SourceError:
    if isinstance(error, SourceError):
        return error
    if isinstance(error, MemoryError | RecursionError):
        return SourceError("resource-limit", f"reading it needs too much ({type(error).__name__})", name)
    if isinstance(error, OSError):
        return SourceError("unreadable", f"cannot be read: {error.strerror or error}", name)
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return SourceError("crashed", f"{type(error).__name__} in {where}: {error}; please report it", name)


def _counts(notice: Notice) -> dict[str, int]:
    provisions = [provision for measure in notice.measures for provision in measure.provisions]
    return {
        "measures": len(notice.measures),
        "instruments": sum(len({m.concept for p in x.provisions for m in p.instruments}) for x in notice.measures),
        "targets": sum(len({m.concept for p in x.provisions for m in p.targets}) for x in notice.measures),
        "deadlines": sum(len(provision.deadlines) for provision in provisions),
        "responsible bodies": sum(len(measure.responsible) for measure in notice.measures),
        "citations": len(notice.citations),
    }
