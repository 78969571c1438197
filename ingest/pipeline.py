"""From files to a published version: found, read in processes of their own, folded into the store in one order."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from ingest import withdrawal
from ingest.editions import Edition, editions, joined, revised
from ingest.intake import Candidate, find_files
from ingest.journal import Journal, Record
from ingest.outcome import ACCEPTED, DUPLICATE, REFUSED, REJECTED, UNCHANGED, WITHDRAWN, Outcome
from ingest.reading import Reader, Reading, failed
from ingest.software import SOFTWARE
from ingest.workers import Death, Limits, Pool, Tell
from ontology import terms
from ontology.iris import Iris
from ontology.load import reference_graphs
from shapes.load import shapes_graph
from store import versions
from store.base import Iri, Literal, StoreError, Writer
from store.oxigraph import publish

_KNOWN = f"""PREFIX ng: <{terms.NG}> PREFIX prov: <{terms.PROV}>
SELECT ?graph ?sha256 ?name ?fingerprint {{ GRAPH ?graph {{
  ?notice ng:source ?source . ?source ng:sha256 ?sha256 ; ng:fileName ?name .
  ?reading prov:wasAssociatedWith/ng:fingerprint ?fingerprint }} }}"""


@dataclass(frozen=True, slots=True)
class _Known:
    """A source that the store holds: its named graph, file name, and the fingerprint of what read the graph."""

    graph: str
    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Task:
    """A file to be read, and where what is read goes."""

    candidate: Candidate
    record: Record


def ingest(
    paths: Iterable[Path],
    directory: Path,
    reader: Reader | None = None,
    limits: Limits | None = None,
    *,
    restore: bool = False,
) -> Generator[Outcome]:
    """Reads files into the published store in `directory`, which is made where missing.

    Yields an Outcome a document; the new version is published when all are through. Where the caller stops early,
    nothing is, but what was read is kept and not read again. Files are taken in the order of their digests, so that
    neither the order in which they are given nor the number of processes matters.

    Args:
        paths: Files, or folders that are searched for files whose names do not begin with a dot.
        directory: The folder of the published store.
        reader: How files are read; as this software does unless given.
        limits: What the processes that read may use.
        restore: Whether notices that were withdrawn come back.

    Raises:
        StoreError: The store cannot be written, or its IRIs have another base.
        RuntimeError: The processes that read cannot be started.
    """
    reader = reader or Reader()
    files, outcomes = find_files(paths)
    left = len(files)
    yield from (replace(outcome, files_left=left) for outcome in outcomes)
    with publish(directory) as writer:
        _replace_reference(writer, reader.base)
        journal = Journal(directory, SOFTWARE.release, reader.base)
        run = _Run(writer, reader.base, restore=restore)
        tasks: list[_Task] = []
        for outcome in run.settled(files, journal, tasks):
            left -= 1
            yield replace(outcome, files_left=left)
        for task in _read_in_order(tasks, partial(_read_file, reader, run.current()), limits or Limits()):
            left -= 1
            for reading in task.record.readings():
                yield replace(run.fold(reading, task.candidate), files_left=left)
    with suppress(StoreError), versions.writing(directory):  # Who writes now may be using what is pending.
        journal.clear()


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


def _read_file(reader: Reader, known: frozenset[str], task: _Task, tell: Tell) -> None:
    """Reads a file to its record from where the record ends; runs in a process of its own."""
    name, record = task.candidate.name, task.record
    count = before = record.count()
    for count, document in enumerate(reader.documents(Path(task.candidate.path), name, task.candidate.sha256), 1):
        if count <= before:
            continue
        if document.name != name:
            tell(document.name)
        record.append(reader.read(document, name, known))
        tell("")
    if not count:
        record.append(failed(name, name, "empty-document", "it holds no document"))
    record.finish()


def _read_in_order(tasks: Sequence[_Task], work: "partial[None]", limits: Limits) -> Iterator[_Task]:
    """Has the files read in any order, and yields them in theirs as soon as their records are whole."""
    through = 0
    with Pool[_Task](work, limits) as pool:
        for task, death in pool.run(task for task in tasks if not task.record.whole):
            if death is not None and _bury(task, death):
                pool.again(task)
            while through < len(tasks) and tasks[through].record.whole:
                yield tasks[through]
                through += 1
    yield from tasks[through:]


def _bury(task: _Task, death: Death) -> bool:
    """Notes of what a process died; tells whether the file has more documents that could be read."""
    name = task.candidate.name
    task.record.count()  # cuts off what the process left half written
    task.record.append(failed(death.part or name, name, death.code, death.reason))
    if not death.part:
        task.record.finish()
    return bool(death.part)


class _Run:
    """The store while a run writes it: what it held before, and what this run has put there."""

    def __init__(self, writer: Writer, base: str, *, restore: bool) -> None:
        self._writer = writer
        self._iris = Iris(base)
        self._base = base
        self._known = _known(writer)
        self._withdrawn = withdrawal.withdrawn(writer, base)
        self._restore = restore
        self._graphs = {known.graph for known in self._known.values()}
        self._stale = {known.graph for known in self._known.values() if known.fingerprint != SOFTWARE.fingerprint}
        self._claimed: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._folded: set[str] = set()

    def current(self) -> frozenset[str]:
        """Returns the digests of the sources that need not be read."""
        return frozenset(sha256 for sha256, known in self._known.items() if known.graph not in self._stale)

    def settled(self, files: list[Candidate], journal: Journal, tasks: list[_Task]) -> Iterator[Outcome]:
        """Yields the outcomes of files that need no reading, and adds the others to `tasks`."""
        for sha256, group in groupby(files, lambda file: file.sha256):
            known = self._known.get(sha256)
            first, *others = sorted(group, key=lambda file: (known is None or file.name != known.name, file))
            if not self._restore and self._iris.source(sha256) in self._withdrawn:
                yield Outcome(first.path, WITHDRAWN, "withdrawn", "its notice was withdrawn; --restore brings it back")
            elif known and known.name == first.name and known.graph not in self._stale:
                self._claimed[known.graph] = first.path
                yield Outcome(first.path, UNCHANGED, notice=self._notice(known.graph))
            else:
                self._waiting.add(sha256)
                tasks.append(_Task(first, journal.record(sha256, first.name)))
            for other in others:
                yield Outcome(other.path, DUPLICATE, "same-bytes", f"{first.path} has the same bytes")

    def fold(self, reading: Reading, file: Candidate) -> Outcome:
        """Puts what was read into the store, beside or in place of what is there of the same notice."""
        self._waiting.discard(reading.sha256)
        path = file.path + reading.name.removeprefix(file.name) if reading.member else file.path
        outcome = Outcome(
            path,
            ACCEPTED,
            reading.code,
            reading.reason,
            self._notice(reading.graph),
            reading.found,
            reading.warnings,
            reading.violations,
            reading.milliseconds,
        )
        if reading.code == "known":
            graph = self._known[reading.sha256].graph
            self._claimed[graph] = path
            return replace(outcome, status=UNCHANGED, code="", notice=self._notice(graph))
        if reading.code:
            return replace(outcome, status=REFUSED if reading.code == "shapes" else REJECTED)
        if outcome.notice in self._withdrawn:
            if not self._restore:
                reason = "its notice was withdrawn; --restore brings it back"
                return replace(outcome, status=WITHDRAWN, code="withdrawn", reason=reason)
            withdrawal.restore(outcome.notice, self._writer, self._base)
        return self._published(reading, outcome)

    def _published(self, reading: Reading, outcome: Outcome) -> Outcome:
        source, graph = self._iris.source(reading.sha256), reading.graph
        if source in self._folded:
            return replace(outcome, status=DUPLICATE, code="same-bytes", reason="the same bytes were read before")
        mine = Edition(source, reading.media_type, reading.text, reading.substance)
        present = list(self._writer.nquads(graph)) if graph in self._graphs else []
        held = self._editions(graph)
        kept = [edition for edition in held if edition.source != source]
        if any(edition.same(mine) for edition in kept):
            nquads = joined(reading, mine, kept, present, lead=graph in self._stale)
            if len(kept) == len(held):
                reason = f"{self._claimed.get(graph, 'the store')} has the same notice; this is a further source of it"
                outcome = replace(outcome, status=DUPLICATE, code="same-text", reason=reason)
        elif kept and graph in self._claimed:
            reason = f"{self._claimed[graph]} is the same notice in other words, and was kept"
            return replace(outcome, status=DUPLICATE, code="other-words", reason=reason)
        else:
            nquads = revised(reading, mine, kept, present)
        self._writer.replace_graph(graph, nquads)
        self._leave(reading.sha256, graph)
        self._graphs.add(graph)
        self._stale.discard(graph)
        self._folded.add(source)
        self._claimed.setdefault(graph, outcome.path)
        return outcome

    def _editions(self, graph: str) -> Sequence[Edition]:
        """Returns the sources in the store that this run does not read again."""
        if graph not in self._graphs:
            return ()
        found = editions(self._writer, graph)
        return [edition for edition in found if edition.source.rpartition("/")[2] not in self._waiting]

    def _leave(self, sha256: str, graph: str) -> None:
        """Removes the graph in which a source stood before it was read as another notice."""
        before = self._known.get(sha256)
        if before and before.graph not in (graph, *self._claimed):
            self._writer.remove_graph(before.graph)
            self._graphs.discard(before.graph)

    def _notice(self, graph: str) -> str:
        return self._iris.notice(graph.rpartition("/")[2]) if graph else ""


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
