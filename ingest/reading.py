"""Reads one file to N-Quads and judges them: what runs in a process of its own (`ingest.workers`)."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from traceback import extract_tb

from ingest.document import Document, open_documents
from ingest.errors import SourceError
from ingest.model import Notice
from ingest.outcome import Found
from ingest.rdf import notice_graph, to_nquads
from ingest.read import read_document
from ingest.text import fold
from ontology.iris import DEFAULT_BASE
from shapes.report import Report
from shapes.validate import validate

Open = Callable[[bytes, str], Iterator[Document | SourceError]]
Judge = Callable[[str], Report]
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one document; `code` is empty where its notice may be published.

    Attributes:
        name: The document's name, as in `Document.name`.
        member: Whether it is one of several in its file.
        sha256: Digest of its bytes; empty where it was not opened.
        code: Why it cannot be published: of `SourceError`, `resource-limit`, `crashed`, `changed`, `shapes`, or `known`
            where the store holds it already.
        reason: A sentence for people.
        graph: IRI of its named graph; empty where nothing was read.
        nquads: That graph.
        media_type: IANA media type.
        text: Digest of its text without white space.
        substance: Digest of what it says (see `substance`).
        found: What it says, in short.
        warnings: Sentences for people.
        violations: What breaks the shapes, a line each.
        milliseconds: What reading and judging took.
    """

    name: str
    member: bool = False
    sha256: str = ""
    code: str = ""
    reason: str = ""
    graph: str = ""
    nquads: str = ""
    media_type: str = ""
    text: str = ""
    substance: str = ""
    found: Found | None = None
    warnings: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    milliseconds: int = 0

    def to_json(self) -> bytes:
        """Writes it for the journal."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "surrogatepass")

    @staticmethod
    def from_json(data: bytes) -> "Reading":
        """Reads what `to_json` wrote."""
        values = json.loads(data.decode("utf-8", "surrogatepass"))
        if values["found"]:
            values["found"] = Found(**{**values["found"], "issuers": tuple(values["found"]["issuers"])})
        return Reading(**{**values, "warnings": tuple(values["warnings"]), "violations": tuple(values["violations"])})


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
        except SourceError as error:
            yield error
        except Exception as error:  # noqa: BLE001 - whatever a file does to the code that opens it, the batch goes on
            yield _as_source_error(error, name)

    def read(self, document: Document | SourceError, file_name: str, known: Container[str]) -> Reading:
        """Reads and judges one document.

        Args:
            document: One that `documents` yielded.
            file_name: The name of its file.
            known: Digests of the documents that the store holds as this software reads them; asked for one of several
                in a file.
        """
        began = time.monotonic()
        if isinstance(document, SourceError):
            return failed(document.name or file_name, file_name, document.code, document.reason)
        try:
            if document.name != file_name and document.sha256 in known:
                return Reading(document.name, member=True, sha256=document.sha256, code="known")
            return self._read(document, file_name, began)
        except Exception as error:  # noqa: BLE001 - as above
            found = _as_source_error(error, document.name)
            return failed(document.name, file_name, found.code, found.reason)

    def _read(self, document: Document, file_name: str, began: float) -> Reading:
        notice = read_document(document)
        nquads = to_nquads(notice, self.base)
        report = self.judge(nquads)
        warnings = (*document.warnings, *(() if notice.measures else ("no measure was found; it is kept as a notice",)))
        return Reading(
            name=document.name,
            member=document.name != file_name,
            sha256=document.sha256,
            code="" if report.conforms else "shapes",
            reason="" if report.conforms else "its graph does not conform to the shapes",
            graph=notice_graph(notice, self.base),
            nquads=nquads if report.conforms else "",
            media_type=document.media_type,
            text=text_key(notice.source.text),
            substance=_substance(notice),
            found=_found(notice),
            warnings=warnings,
            violations=tuple(str(result) for result in report.results if result.severity == "Violation"),
            milliseconds=round((time.monotonic() - began) * 1000),
        )


def failed(name: str, file_name: str, code: str, reason: str) -> Reading:
    """Returns the reading of a document that could not be read."""
    return Reading(name, member=name != file_name, code=code, reason=reason)


def text_key(text: str) -> str:
    """Returns a digest of a text that white space does not change."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()


def substance(values: Iterable[str]) -> str:
    """Returns a digest of what a notice says: of its title, number, dates and measures, given in any order.

    White space, marks and the width of letters do not change it.
    """
    words = sorted({_NO_WORD.sub("", fold(value)) for value in values})
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


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


def _found(notice: Notice) -> Found:
    header = notice.header
    provisions = [provision for measure in notice.measures for provision in measure.provisions]
    counts = {
        "measures": len(notice.measures),
        "instruments": sum(len({m.concept for p in x.provisions for m in p.instruments}) for x in notice.measures),
        "targets": sum(len({m.concept for p in x.provisions for m in p.targets}) for x in notice.measures),
        "deadlines": sum(len(provision.deadlines) for provision in provisions),
        "responsible bodies": sum(len(measure.responsible) for measure in notice.measures),
        "citations": len(notice.citations),
    }
    issuers = tuple(mention.agency.name for mention in header.issuers)
    return Found(header.title or "", issuers, header.issue_date.isoformat() if header.issue_date else "", counts)
