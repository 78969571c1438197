"""From files to a published version: read, write as quads, validate, store; one Outcome a file."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import SourceError
from ingest.model import Notice
from ingest.rdf import notice_graph, to_nquads
from ingest.read import read_notice
from ingest.software import SOFTWARE
from ontology import terms
from ontology.iris import DEFAULT_BASE, Iris
from ontology.load import reference_graphs
from shapes.load import shapes_graph
from shapes.report import Report
from shapes.validate import validate
from store.base import Iri, Literal, StoreError, Writer
from store.oxigraph import publish

ACCEPTED, UNCHANGED, DUPLICATE, REJECTED, REFUSED = (
    "accepted",
    "unchanged",
    "duplicate",
    "rejected",
    "refused",
)
_KNOWN = f"""PREFIX ng: <{terms.NG}> PREFIX prov: <{terms.PROV}>
SELECT ?graph ?sha256 ?name ?fingerprint {{ GRAPH ?graph {{
  ?notice ng:source ?source . ?source ng:sha256 ?sha256 ; ng:fileName ?name .
  ?reading prov:used ?source ; prov:wasAssociatedWith/ng:fingerprint ?fingerprint }} }}"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        path: The file as given or found.
        status: `accepted`, `unchanged`, `duplicate` (the same text is there), `rejected` (it cannot be read) or
            `refused` (its graph does not conform to the shapes).
        reason: A sentence for people; empty where all is well.
        notice: What was read; None where nothing was.
        report: What the validation found; None where nothing was validated.
    """

    path: str
    status: str
    reason: str = ""
    notice: Notice | None = None
    report: Report | None = None

    @property
    def failed(self) -> bool:
        """Whether the file's notice is not in the store though it should be."""
        return self.status in (REJECTED, REFUSED)


@dataclass(frozen=True, slots=True)
class _Known:
    """A source that the store holds: its named graph, file name, and the fingerprint of what read it."""

    graph: str
    name: str
    fingerprint: str


def ingest(paths: Iterable[Path], directory: Path, base: str = DEFAULT_BASE) -> Iterator[Outcome]:
    """Reads files into the published store in `directory`, which is made where missing.

    Yields an Outcome a file; the new version is published when all are through. Where the caller stops early, nothing
    is. Files are taken in the order of their digests, so that the order in which they are given does not matter.

    Args:
        paths: Files, or folders that are searched for files whose names do not begin with a dot.
        directory: The folder of the published store.
        base: What all minted IRIs begin with.

    Raises:
        StoreError: The store cannot be written, or its IRIs have another base.
    """
    found, outcomes = _files(paths)
    yield from outcomes
    with publish(directory) as writer:
        _replace_reference(writer, base)
        yield from _ingest_all(found, writer, base)


def _files(paths: Iterable[Path]) -> tuple[list[tuple[str, Path]], list[Outcome]]:
    """Returns the readable files with their digests, in the order of these, and outcomes for what cannot be read."""
    found: dict[Path, tuple[str, Path]] = {}
    failed = []
    for path in paths:
        members = sorted(_members(path)) if path.is_dir() else [path]
        if not members:
            failed.append(Outcome(str(path), REJECTED, "the folder holds no files"))
        for member in members:
            try:
                digest = hashlib.sha256(member.read_bytes()).hexdigest()
            except OSError as error:
                failed.append(Outcome(str(member), REJECTED, f"cannot be read: {error.strerror}"))
            else:
                found[member.resolve()] = (digest, member)
    return sorted(found.values(), key=lambda file: (file[0], file[1].name)), failed


def _members(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _replace_reference(writer: Writer, base: str) -> None:
    graphs = {**reference_graphs(base), **shapes_graph(base)}
    present = writer.graphs()
    other = [graph for graph in present if not graph.startswith(base)]
    if other:
        raise StoreError(f"the store holds <{other[0]}>, which is not below the base {base}; use another store")
    if not present:
        writer.load("".join(graphs.values()))
    else:
        for graph, nquads in graphs.items():
            writer.replace_graph(graph, nquads)


def _ingest_all(files: list[tuple[str, Path]], writer: Writer, base: str) -> Iterator[Outcome]:
    known = _known(writer)
    claimed: dict[str, Path] = {}
    changed = []
    for sha256, path in files:
        before = known.get(sha256)
        if before and (before.name, before.fingerprint) == (path.name, SOFTWARE.fingerprint):
            claimed[before.graph] = path
            yield Outcome(str(path), UNCHANGED)
        else:
            changed.append((sha256, path))
    for sha256, path in changed:
        try:
            notice = read_notice(path.read_bytes(), path.name)
        except SourceError as error:
            yield Outcome(str(path), REJECTED, str(error))
            continue
        graph = notice_graph(notice, base)
        if graph in claimed:
            yield Outcome(str(path), DUPLICATE, f"{claimed[graph]} is the same notice", notice)
            continue
        outcome = _store(path, notice, writer, base)
        if not outcome.failed:
            claimed[graph] = path
            before = known.get(sha256)
            if before and before.graph != graph:
                writer.remove_graph(before.graph)
        yield outcome


def _store(path: Path, notice: Notice, writer: Writer, base: str) -> Outcome:
    nquads = to_nquads(notice, base)
    report = validate(nquads)
    if not report.conforms:
        return Outcome(str(path), REFUSED, "its graph does not conform to the shapes", notice, report)
    writer.replace_graph(notice_graph(notice, base), nquads)
    reason = "" if notice.measures else "no measure was found; it is kept as a notice"
    return Outcome(str(path), ACCEPTED, reason, notice, report)


def _known(writer: Writer) -> dict[str, _Known]:
    known = {}
    for graph, sha256, name, fingerprint in writer.select(_KNOWN):
        if (
            isinstance(graph, Iri)
            and isinstance(sha256, Literal)
            and isinstance(name, Literal)
            and isinstance(fingerprint, Literal)
        ):
            known[sha256.value] = _Known(graph.value, name.value, fingerprint.value)
    return known


def reference_iris(base: str = DEFAULT_BASE) -> tuple[str, ...]:
    """Returns the IRIs of the graphs that belong to no notice."""
    return tuple(Iris(base).graph(name) for name in ("ontology", "vocabulary", "shapes"))
