"""From files to a published version: found, read in processes of their own, folded into the store in one order."""

from collections.abc import Container, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, zip_longest
from os import sched_getaffinity
from pathlib import Path

from ingest import withdrawal
from ingest.editions import Edition, editions, joined, revised
from ingest.intake import Candidate, find_files
from ingest.journal import Journal, Record
from ingest.outcome import ACCEPTED, DUPLICATE, REFUSED, REJECTED, UNCHANGED, WITHDRAWN, Outcome
from ingest.reading import Reader, Reading, failed
from ingest.software import SOFTWARE
from ingest.sources import Current, Source, fingerprinted, known
from ingest.workers import Death, Limits, Pool, Tell
from ontology.iris import Iris
from ontology.load import reference_graphs
from shapes.load import shapes_graph
from store import versions
from store.base import Store, StoreError, Target, Writer
from store.oxigraph import Embedded, memory

# What may be otherwise the next time; any other rejection is remembered.
_PASSING = ("changed", "unreadable")


@dataclass(frozen=True, slots=True)
class _Task:
    """A file to be read, and where what is read goes.

    Attributes:
        candidate: The file.
        records: One for each process that reads a share of it: the first has the documents 0, n, 2n …, of n shares.
    """

    candidate: Candidate
    records: tuple[Record, ...]

    @property
    def whole(self) -> bool:
        """Whether all of it was read."""
        return all(record.whole for record in self.records)

    def readings(self) -> Iterator[Reading]:
        """Yields what was read, in the file's order."""
        for row in zip_longest(*(record.readings() for record in self.records)):
            yield from (reading for reading in row if reading is not None)


def ingest(
    paths: Iterable[Path],
    directory: Path,
    reader: Reader | None = None,
    limits: Limits | None = None,
    *,
    restore: bool = False,
    target: Target | None = None,
) -> Generator[Outcome]:
    """Reads files into the published store in `directory`, which is made where missing.

    Yields an Outcome a document; the new version is published when all are through. Where the caller stops early,
    nothing is, but what was read is kept and not read again. Files are taken in the order of their digests, so that
    neither the order in which they are given nor the number of processes matters.

    Args:
        paths: Files, or folders that are searched for files whose names do not begin with a dot.
        directory: The folder of the published store; what was read and not yet published, and what was rejected,
            is kept there for any target.
        reader: How files are read; as this software does unless given.
        limits: What the processes that read may use.
        restore: Whether notices that were withdrawn come back.
        target: Where to publish; the versions in `directory` unless given.

    Raises:
        StoreError: The store cannot be written, or its IRIs have another base.
        RuntimeError: The processes that read cannot be started.
    """
    reader, limits, target = reader or Reader(), limits or Limits(), target or Embedded(directory)
    files, outcomes = find_files(paths)
    left = len(files)
    yield from (replace(outcome, files_left=left) for outcome in outcomes)
    with target.publish() as writer:
        before = target.published()
        fresh = _is_empty(before, reader.base)
        journal = Journal(directory, SOFTWARE.release, reader.base)
        run = _Run(writer, before, reader.base, restore=restore)
        for outcome in run.settled(files):
            left -= 1
            yield replace(outcome, files_left=left)
        shares = limits.processes or len(sched_getaffinity(0))
        tasks = [_Task(file, journal.records(file, shares)) for file in run.unread]
        for task in _read_in_order(tasks, partial(_read_share, reader, Current(target)), limits):
            left -= 1
            for outcome in _folded(task, run, journal):
                yield replace(outcome, files_left=left)
        if run.accepted or not fresh:
            _replace_reference(writer, reader.base)
    with suppress(StoreError), versions.writing(directory):  # Who writes now may be using what is pending.
        journal.clear()


def _folded(task: _Task, run: "_Run", journal: Journal) -> Iterator[Outcome]:
    """Folds what was read of a file into the store; remembers where nothing of it can ever be."""
    rejected = True
    for reading in task.readings():
        outcome = run.fold(reading, task.candidate)
        rejected = rejected and outcome.failed and reading.code not in _PASSING
        yield outcome
    if rejected:
        journal.reject(task.records)


def _replace_reference(writer: Writer, base: str) -> None:
    for graph, nquads in {**reference_graphs(base), **shapes_graph(base)}.items():
        writer.replace_graph(graph, nquads)


def _is_empty(store: Store, base: str) -> bool:
    """Tells whether nothing was published; raises StoreError where it was below another base."""
    if next(store.nquads(Iris(base).graph("ontology")), None) is not None:
        return False
    for graph in store.graphs():
        raise StoreError(f"the store holds <{graph}>, which is not below the base {base}; use another store")
    return True


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process reads of a file."""

    task: _Task
    position: int

    @property
    def record(self) -> Record:
        """Where it goes."""
        return self.task.records[self.position]


def _read_share(reader: Reader, known: Container[str], share: _Share, tell: Tell) -> None:
    """Reads a share of a file to its record from where the record ends; runs in a process of its own."""
    file, record, shares = share.task.candidate, share.record, len(share.task.records)
    before, count = record.count(), 0
    for count, document in enumerate(reader.documents(Path(file.path), file.name, file.sha256), 1):
        mine, other = divmod(count - 1 - share.position, shares)
        if other or mine < before:
            continue
        if document.name != file.name:
            tell(document.name)
        record.append(reader.read(document, file.name, known))
        tell("")
    if not count and not share.position:
        record.append(failed(file.name, file.name, "empty-document", "it holds no document"))
    record.finish()


def _read_in_order(tasks: Sequence[_Task], work: "partial[None]", limits: Limits) -> Iterator[_Task]:
    """Has the files read in any order, and yields them in theirs as soon as their records are whole."""
    through = 0
    shares = (_Share(task, k) for task in tasks for k in range(len(task.records)))
    with Pool[_Share](work, limits) as pool:
        for share, death in pool.run(share for share in shares if not share.record.whole):
            if death is not None and _bury(share, death):
                pool.again(share)
            while through < len(tasks) and tasks[through].whole:
                yield tasks[through]
                through += 1
    yield from tasks[through:]


def _bury(share: _Share, death: Death) -> bool:
    """Notes of what a process died; tells whether the file has more documents that could be read."""
    name = share.task.candidate.name
    share.record.count()  # cuts off what the process left half written
    share.record.append(failed(death.part or name, name, death.code, death.reason))
    if not death.part:
        share.record.finish()
    return bool(death.part)


class _Run:
    """The store while a run writes it: what it held before, and what this run has put there."""

    def __init__(self, writer: Writer, before: Store, base: str, *, restore: bool) -> None:
        self._writer = writer
        self._before = before
        self._iris = Iris(base)
        self._base = base
        self._known: dict[str, Source] = {}
        self._withdrawn = withdrawal.withdrawn(before, base)
        self._restore = restore
        self._claimed: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._folded: set[str] = set()
        self.unread: list[Candidate] = []
        self.accepted = False

    def settled(self, files: list[Candidate]) -> Iterator[Outcome]:
        """Yields the outcomes of files that need no reading, and adds the others to `unread`."""
        self._known = known(self._before, [file.sha256 for file in files])
        for sha256, group in groupby(files, lambda file: file.sha256):
            source = self._known.get(sha256)
            first, *others = sorted(group, key=lambda file: (source is None or file.name != source.name, file))
            if not self._restore and self._iris.source(sha256) in self._withdrawn:
                yield Outcome(first.path, WITHDRAWN, "withdrawn", "its notice was withdrawn; --restore brings it back")
            elif source and source.current and source.name == first.name:
                self._claimed[source.graph] = first.path
                yield Outcome(first.path, UNCHANGED, notice=self._notice(source.graph))
            else:
                self._waiting.add(sha256)
                self.unread.append(first)
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
            graph = known(self._before, [reading.sha256])[reading.sha256].graph
            self._claimed[graph] = path
            return replace(outcome, status=UNCHANGED, code="", notice=self._notice(graph))
        if reading.code:
            return replace(outcome, status=REFUSED if reading.code == "shapes" else REJECTED)
        if outcome.notice in self._withdrawn:
            if not self._restore:
                reason = "its notice was withdrawn; --restore brings it back"
                return replace(outcome, status=WITHDRAWN, code="withdrawn", reason=reason)
            withdrawal.restore(outcome.notice, self._writer, self._base)
        self.accepted = True
        return self._published(reading, outcome)

    def _published(self, reading: Reading, outcome: Outcome) -> Outcome:
        source, graph = self._iris.source(reading.sha256), reading.graph
        if source in self._folded:
            return replace(outcome, status=DUPLICATE, code="same-bytes", reason="the same bytes were read before")
        mine = Edition(source, reading.media_type, reading.text, reading.substance)
        present = list(self._writer.nquads(graph))
        held = self._editions(graph, present)
        kept = [edition for edition in held if edition.source != source]
        if any(edition.same(mine) for edition in kept):
            nquads = joined(reading, mine, kept, present, lead=not fingerprinted(present))
            if len(kept) == len(held):
                reason = f"{self._claimed.get(graph, 'the store')} has the same notice; this is a further source of it"
                outcome = replace(outcome, status=DUPLICATE, code="same-text", reason=reason)
        elif kept and graph in self._claimed:
            reason = f"{self._claimed[graph]} is the same notice in other words, and was kept"
            return replace(outcome, status=DUPLICATE, code="other-words", reason=reason)
        else:
            nquads = revised(reading, mine, kept, present)
        self._writer.replace_graph(graph, nquads)
        self._leave(reading, graph)
        self._folded.add(source)
        self._claimed.setdefault(graph, outcome.path)
        return outcome

    def _editions(self, graph: str, present: Sequence[str]) -> Sequence[Edition]:
        """Returns the sources in a graph that this run does not read again."""
        if not present:
            return ()
        alone = memory()
        alone.replace_graph(graph, "\n".join(present))
        found = editions(alone, graph)
        return [edition for edition in found if edition.source.rpartition("/")[2] not in self._waiting]

    def _leave(self, reading: Reading, graph: str) -> None:
        """Removes the graph in which a source stood before it was read as another notice."""
        sources = known(self._before, [reading.sha256]) if reading.member else self._known
        before = sources.get(reading.sha256)
        if before and before.graph not in (graph, *self._claimed):
            self._writer.remove_graph(before.graph)

    def _notice(self, graph: str) -> str:
        return self._iris.notice(graph.rpartition("/")[2]) if graph else ""
