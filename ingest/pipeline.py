"""From files to a published version: found, read in processes of their own, folded into the store in one order."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path

from ingest import withdrawal
from ingest.editions import Edition, editions, joined, revised
from ingest.intake import Candidate, find_files
from ingest.journal import Journal, journal_of
from ingest.outcome import DUPLICATE, UNCHANGED, WITHDRAWN, Outcome
from ingest.reading import Reader, Reading, failed
from ingest.software import RELEASE
from ingest.sources import Source, current, fingerprinted, known
from ingest.workers import Begin, Death, Limits, Pool
from ontology.iris import Iris
from ontology.load import reference_graphs
from shapes.load import shapes_graph
from store import versions
from store.base import Store, StoreError, Target, Writer
from store.oxigraph import Embedded, memory

# What may be otherwise the next time; any other rejection is remembered.
_PASSING = ("changed", "unreadable")
_WITHDRAWN = "its notice was withdrawn; --restore brings it back"


def ingest(  # noqa: PLR0913 - all but two have a default
    paths: Iterable[Path],
    directory: Path,
    reader: Reader | None = None,
    limits: Limits | None = None,
    *,
    restore: bool = False,
    retry: bool = False,
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
        retry: Whether what was rejected before is read again.
        target: Where to publish; the versions in `directory` unless given.

    Raises:
        StoreError: The store cannot be written, or its IRIs have another base.
        RuntimeError: The processes that read cannot be started.
    """
    reader, limits, target = reader or Reader(), limits or Limits(), target or Embedded(directory)
    files, outcomes = find_files(paths)
    yield from (replace(outcome, files_left=len(files)) for outcome in outcomes)
    with target.publish() as writer, journal_of(directory, RELEASE, reader.base) as journal:
        if retry:
            journal.retry()
        before = target.published()
        fresh = _is_empty(before, reader.base)
        run = _Run(writer, before, reader.base, restore=restore)
        work = partial(_read_share, reader, target, journal.path)
        yield from _through(files, run, journal, work, limits)
        if run.accepted or not fresh:
            _replace_reference(writer, reader.base)
    # Who writes now may be using what is pending.
    with suppress(StoreError), versions.writing(directory), journal_of(directory, RELEASE, reader.base) as journal:
        journal.clear()


def _through(
    files: list[Candidate], run: "_Run", journal: Journal, work: "partial[None]", limits: Limits
) -> Iterator[Outcome]:
    left = len(files)
    for outcome in run.settled(files):
        left -= 1
        yield replace(outcome, files_left=left)
    for file in _read_in_order(run.unread, journal, work, limits):
        left -= 1
        yield from (replace(outcome, files_left=left) for outcome in _folded(file, run, journal))


def _folded(file: Candidate, run: "_Run", journal: Journal) -> Iterator[Outcome]:
    """Folds what was read of a file into the store; remembers where nothing of it can ever be."""
    rejected = True
    for reading in journal.readings(file.key):
        outcome = run.fold(reading, file)
        rejected = rejected and outcome.failed and outcome.code not in _PASSING
        yield outcome
    if rejected:
        journal.reject(file.key)


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
    """What one process reads of a file: of `count` shares the first has the documents 0, count, …."""

    file: Candidate
    first: int
    count: int

    @property
    def key(self) -> tuple[str, int, int]:
        """How the journal knows it."""
        return self.file.key, self.first, self.count


_journal = cache(Journal)


def _read_share(reader: Reader, target: Target, journal_path: Path, share: _Share, begin: Begin) -> None:
    """Reads of a share what the journal has not; runs in a process of its own."""
    file, journal = share.file, _journal(journal_path)
    done, place = journal.resume(*share.key), -1
    for place, document in enumerate(reader.documents(Path(file.path), file.name, file.sha256)):
        if place % share.count != share.first or place in done:
            continue
        begin()
        if document.name != file.name:
            journal.begin(file.key, place, document.name)
        journal.append(file.key, reader.read(document, file.name, partial(current, target)), place)
        begin()
    if place < 0:
        journal.append(file.key, failed(file.name, "empty-document", "it holds no document"))


def _read_in_order(
    files: Sequence[Candidate], journal: Journal, work: "partial[None]", limits: Limits
) -> Iterator[Candidate]:
    """Has the files read in any order, and yields them in theirs as soon as they are whole."""
    through = 0
    left = Counter[str]()
    with Pool[_Share](work, limits) as pool:
        for share, death in pool.run(_unread(files, journal, limits.count)):
            if death is not None and _bury(share, death, journal):
                pool.again(share)
                continue
            left[share.file.key] += 1
            if left[share.file.key] == share.count:
                journal.finish(share.file.key)
            while through < len(files) and journal.is_whole(files[through].key):
                yield files[through]
                through += 1
    yield from files[through:]


def _unread(files: Sequence[Candidate], journal: Journal, processes: int) -> Iterator[_Share]:
    for file in files:
        if not journal.is_whole(file.key):
            count = processes if file.shared else 1
            yield from (_Share(file, first, count) for first in range(count))


def _bury(share: _Share, death: Death, journal: Journal) -> bool:
    """Notes of what a process died; tells whether the file has more documents that could be read."""
    begun = journal.begun(*share.key)
    if begun is None:
        journal.append(share.file.key, failed(share.file.name, death.code, death.reason))
    else:
        place, name = begun
        journal.append(share.file.key, failed(name, death.code, death.reason), place)
    return begun is not None


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
            if not self._restore and self._iris.thing("source", sha256) in self._withdrawn:
                yield Outcome(first.path, WITHDRAWN, "withdrawn", _WITHDRAWN)
            elif source and source.current and source.name == first.name:
                self._claimed[source.graph] = first.path
                yield Outcome(first.path, UNCHANGED, notice=self._notice(source.graph))
            else:
                self._waiting.add(self._iris.thing("source", sha256))
                self.unread.append(first)
            for other in others:
                yield Outcome(other.path, DUPLICATE, "same-bytes", f"{first.path} has the same bytes")

    def fold(self, reading: Reading, file: Candidate) -> Outcome:
        """Puts what was read into the store, beside or in place of what is there of the same notice."""
        path = file.path + reading.outcome.path.removeprefix(file.name)
        outcome = replace(reading.outcome, path=path)
        if outcome.status == UNCHANGED:
            self._claimed[reading.graph] = path
            return replace(outcome, notice=self._notice(reading.graph))
        edition = reading.edition
        if edition is not None:
            self._waiting.discard(edition.source)
        if outcome.failed or edition is None:
            return outcome
        if outcome.notice in self._withdrawn:
            if not self._restore:
                return replace(outcome, status=WITHDRAWN, code="withdrawn", reason=_WITHDRAWN)
            withdrawal.restore(outcome.notice, self._writer, self._base)
        self.accepted = True
        return self._published(reading, edition, outcome, alone=path == file.path)

    def _published(self, reading: Reading, mine: Edition, outcome: Outcome, *, alone: bool) -> Outcome:
        graph = reading.graph
        if mine.source in self._folded:
            return replace(outcome, status=DUPLICATE, code="same-bytes", reason="the same bytes were read before")
        present = list(self._writer.nquads(graph))
        held = self._editions(graph, present)
        kept = [edition for edition in held if edition.source != mine.source]
        if any(edition.same(mine) for edition in kept):
            nquads = joined(reading.nquads, mine, kept, present, lead=not fingerprinted(present))
            if len(kept) == len(held):
                reason = f"{self._claimed.get(graph, 'the store')} has the same notice; this is a further source of it"
                outcome = replace(outcome, status=DUPLICATE, code="same-text", reason=reason)
        elif kept and graph in self._claimed:
            reason = f"{self._claimed[graph]} is the same notice in other words, and was kept"
            return replace(outcome, status=DUPLICATE, code="other-words", reason=reason)
        else:
            nquads = revised(reading.nquads, graph, mine, kept, present)
        self._writer.replace_graph(graph, nquads)
        self._leave(mine, graph, alone=alone)
        self._folded.add(mine.source)
        self._claimed.setdefault(graph, outcome.path)
        return outcome

    def _editions(self, graph: str, present: Sequence[str]) -> Sequence[Edition]:
        """Returns the sources in a graph that this run does not read again."""
        if not present:
            return ()
        alone = memory()
        alone.replace_graph(graph, "\n".join(present))
        found = editions(alone, graph)
        return [edition for edition in found if edition.source not in self._waiting]

    def _leave(self, mine: Edition, graph: str, *, alone: bool) -> None:
        """Removes the graph in which a source stood before it was read as another notice."""
        sha256 = mine.source.rpartition("/")[2]
        before = (self._known if alone else known(self._before, [sha256])).get(sha256)
        if before and before.graph not in (graph, *self._claimed):
            self._writer.remove_graph(before.graph)

    def _notice(self, graph: str) -> str:
        return self._iris.thing("notice", graph.rpartition("/")[2])
