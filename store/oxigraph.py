"""The embedded store: pyoxigraph in memory or on disk; the only module that drives it.

The union of all named graphs is kept in the driver's default graph. Its own union option gives a triple
once for each graph that holds it, which makes COUNT wrong (oxigraph issue 1919), and agencies stand in many
notices.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from traceback import clear_frames
from typing import BinaryIO, TypeVar

import pyoxigraph as ox

from store import formats, results, versions
from store.answering import Job
from store.base import Dataset, Rows, Store, StoreError, Writer
from store.batch import Batch, BatchWriter, in_graphs, parse
from store.results import Results

_UNION = ox.DefaultGraph()
_Read = TypeVar("_Read")
# Quads that are held until they are written, and what is not worth a thread.
_BATCH, _SMALL = 50_000, 5_000
_CHUNK = 1 << 27  # bytes
Part = Callable[[Path, Writer], None]


class OxigraphStore:
    """A `Store`, and a `Writer` where the driver was opened for writing."""

    def __init__(self, driver: ox.Store, version: Path | None = None) -> None:
        """Takes over a store whose default graph is empty or already the union; `version` is where it lies."""
        self._driver = driver
        self.version = version

    def select(self, query: str, dataset: Dataset | None = None) -> Rows:
        """See `Store.select`."""
        return self._evaluate(query, dataset, results.rows)

    def ask(self, query: str, dataset: Dataset | None = None) -> bool:
        """See `Store.ask`."""
        return self._evaluate(query, dataset, results.truth)

    def answer(self, query: str, media_type: str, dataset: Dataset | None = None) -> bytes:
        """See `Store.answer`."""
        return self._evaluate(query, dataset, lambda found: formats.write(found, media_type))

    def write(self, job: Job, output: BinaryIO) -> bool:
        """See `Writes.write`."""
        return self._evaluate(
            job.projected(), job.dataset, lambda found: formats.send(found, job.media_type, output, job.rows), job.base
        )

    def graphs(self) -> tuple[str, ...]:
        """See `Store.graphs`."""
        return tuple(sorted(name.value for name in self._driver.named_graphs()))

    def nquads(self, graph: str | None = None) -> Iterator[str]:
        """See `Store.nquads`."""
        for name in (graph,) if graph is not None else self.graphs():
            # Twice as fast as quad by quad: the driver makes no Python values.
            triples = self._driver.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(name)) or b""
            for line in triples.decode().split("\n")[:-1]:
                yield f"{line[:-1]}<{name}> ."

    def snapshot(self) -> Store:
        """See `Store.snapshot`."""
        return self

    def _evaluate(
        self, query: str, dataset: Dataset | None, read: Callable[[Results], _Read], base: str | None = None
    ) -> _Read:
        """Runs a query and reads its results; the engine's errors become ours.

        Results must die in the thread that made them, so nothing that outlives this call may hold them: there is no
        local variable for them here, and those of `read` are cleared from the traceback.
        """
        try:
            if dataset is None:
                return read(self._driver.query(query, base_iri=base))
            return read(
                self._driver.query(
                    query,
                    base_iri=base,
                    default_graph=[ox.NamedNode(iri) for iri in dataset.default],
                    named_graphs=[ox.NamedNode(iri) for iri in dataset.named],
                )
            )
        except (SyntaxError, RuntimeError, ValueError, OSError) as error:
            clear_frames(error.__traceback__)
            raise results.ours(error) from error


class PublishedStore(OxigraphStore):
    """The current version of a published store: a swap is seen at the next `snapshot`, never between."""

    def __init__(self, directory: Path) -> None:
        """Opens what is current; raises `StoreError` where nothing is."""
        self._directory = directory
        version = versions.current(directory)
        super().__init__(_opened(version), version)

    def snapshot(self) -> Store:
        """Returns the current version; but for the first call after a swap this costs reading a symlink."""
        if self.version is None or not versions.is_current(self.version):
            version = versions.current(self._directory)
            self._driver, self.version = _opened(version), version
        return OxigraphStore(self._driver, self.version)


class OxigraphWriter(BatchWriter, OxigraphStore):
    """A `Writer`: a thread brings one batch to the driver while the next is collected."""

    def __init__(self, driver: ox.Store, version: Path | None = None) -> None:
        """Takes over a store that nobody else writes."""
        OxigraphStore.__init__(self, driver, version)
        BatchWriter.__init__(self, _BATCH, OxigraphStore(driver), version)
        self._thread = ThreadPoolExecutor(1)
        self._loading: Future[None] | None = None

    def load(self, nquads: BinaryIO) -> None:
        """See `Writer.load`."""
        self.settle()
        if next(iter(self._driver), None) is not None:
            raise StoreError("quads can be loaded into an empty store only")
        try:
            for graphs in in_graphs(nquads, _CHUNK):
                text = _with_union(graphs)
                self._wait()
                self._loading = self._thread.submit(self._driver.bulk_load, text, ox.RdfFormat.N_QUADS)
                for ending, triples in graphs.items():
                    self._spool.add(ending[2:-3].decode(), (ending + b"\n").join([*triples, b""]))
            self._wait()
        except SyntaxError as error:
            raise ValueError(f"no N-Quads: {error}") from error
        self.changes = dict.fromkeys(super().graphs(), versions.ADDED)

    def settle(self) -> None:
        """See `BatchWriter.settle`."""
        super().settle()
        self._wait()

    def close(self) -> None:
        """See `BatchWriter.close`; the driver closes its directory when nothing refers to it any more."""
        super().close()
        self._thread.shutdown()
        self._loading = None
        self._driver = ox.Store()
        self._stored = OxigraphStore(self._driver)

    def _evaluate(
        self, query: str, dataset: Dataset | None, read: Callable[[Results], _Read], base: str | None = None
    ) -> _Read:
        self.settle()
        return super()._evaluate(query, dataset, read, base)

    def _send(self, batch: Batch) -> None:
        self._wait()
        if batch.size > _SMALL:
            self._loading = self._thread.submit(_write, self._driver, batch)
        else:
            _write(self._driver, batch)

    def _wait(self) -> None:
        loading, self._loading = self._loading, None
        if loading:
            loading.result()


@dataclass(frozen=True, slots=True)
class Embedded:
    """A `Target`: the versions in a directory.

    Attributes:
        directory: The folder of the published store.
        parts: What else a version has; see `publish`.
        keep: How many versions are kept.
    """

    directory: Path
    parts: tuple[Part, ...] = ()
    keep: int = versions.KEPT

    def published(self) -> Store:
        """See `Target.published`."""
        return open_store(self.directory).snapshot() if versions.published(self.directory) else memory()

    def publish(self) -> AbstractContextManager[Writer]:
        """See `Target.publish`."""
        return publish(self.directory, self.parts, self.keep)


def open_store(directory: Path) -> PublishedStore:
    """Opens a published store for reading.

    Raises:
        StoreError: Nothing has been published there, or it is damaged.
    """
    return PublishedStore(directory)


def open_version(version: Path) -> OxigraphStore:
    """Opens one version for reading; raises StoreError where it is damaged."""
    return OxigraphStore(_opened(version), version)


def copy_out(version: Path, output: BinaryIO) -> None:
    """Writes the union of a version as N-Triples: named graphs would double what look-ups in memory pass over."""
    _opened(version).dump(output, ox.RdfFormat.N_TRIPLES, from_graph=_UNION)


def copied(triples: BinaryIO) -> OxigraphStore:
    """Reads into memory what `copy_out` wrote."""
    driver = ox.Store()
    driver.bulk_load(triples, ox.RdfFormat.N_TRIPLES, lenient=True)
    return OxigraphStore(driver)


@contextmanager
def publish(directory: Path, parts: Sequence[Part] = (), keep: int = versions.KEPT) -> Iterator[Writer]:
    """Builds the next version of a store and makes it current when the block ends without an error.

    The writer starts with what is current and can be asked while it is written. Readers see nothing of it
    before the swap. Where nothing changed, or the block or a part raises, everything stays as it was.

    Args:
        directory: The folder of the published store.
        parts: What else a version has: each is called once with the draft, in which `versions.changes` is recorded and
            `versions.part` says where the part goes, and with what was written.
        keep: How many versions are kept.

    Raises:
        StoreError: Another process writes, or the directory cannot be written.
    """
    with versions.writing(directory) as draft:
        fresh = not versions.published(directory)
        draft.mkdir()
        if not fresh:
            _opened(versions.current(directory)).backup(versions.part(draft, versions.DATA))
        driver = _opened(draft, writable=True)
        writer = OxigraphWriter(driver, draft)
        try:
            yield writer
            writer.settle()
            if fresh:
                driver.optimize()
            for make in parts if writer.changes else ():
                versions.record(draft, writer.changes)
                make(draft, writer)
            writer.settle()
            versions.record(draft, writer.changes)
            driver.flush()
        finally:
            del driver
            writer.close()
        if writer.changes:
            versions.promote(draft, keep)


def memory(files: Iterable[Path] = ()) -> OxigraphWriter:
    """Returns a store in memory that holds the given RDF files as they are.

    Raises:
        StoreError: A file cannot be read, has no known suffix, or is no RDF; the file is named.
    """
    driver = ox.Store()
    for file in files:
        form = formats.rdf_format(file.suffix.removeprefix("."))
        if form is None:
            raise StoreError(
                f"{file}: unknown suffix; known are {', '.join(f.suffix for f in formats.DATASET_FORMATS)}"
            )
        try:
            driver.bulk_load(path=file, format=formats.driver_format(form.media_type), base_iri=file.resolve().as_uri())
        except (OSError, SyntaxError) as error:
            raise StoreError(f"{file}: {error}") from error
    driver.bulk_extend({ox.Quad(*quad.triple) for quad in driver})
    return OxigraphWriter(driver)


def _opened(version: Path, *, writable: bool = False) -> ox.Store:
    data = versions.part(version, versions.DATA)
    try:
        return ox.Store(data) if writable else ox.Store.read_only(str(data))
    except OSError as error:
        raise StoreError(f"the store in {data} cannot be opened: {error}") from error


def _write(driver: ox.Store, batch: Batch) -> None:
    """Brings a batch to the driver; a triple leaves the union when no graph has it any more."""
    come = {}
    for graph, wanted in batch.wanted.items():
        ending = f" <{graph}> ."
        come[ending.encode()] = [line.removesuffix(ending).encode() for line in wanted - batch.present[graph]]
    if text := _with_union(come):
        driver.bulk_load(text, ox.RdfFormat.N_QUADS, lenient=True)  # it was parsed before
    for graph, present in batch.present.items():
        for quad in parse("\n".join(present - batch.wanted[graph])):
            driver.remove(quad)
            if all(
                other.graph_name == _UNION
                for other in driver.quads_for_pattern(quad.subject, quad.predicate, quad.object)
            ):
                driver.remove(ox.Quad(*quad.triple))
        if not batch.wanted[graph]:
            driver.remove_graph(ox.NamedNode(graph))


def _with_union(graphs: Mapping[bytes, Sequence[bytes]]) -> bytes:
    """Writes what `in_graphs` yields as N-Quads again, and beside each graph what it adds to the union."""
    union: set[bytes] = set()
    texts: list[bytes] = []
    for ending, triples in graphs.items():
        new = set(triples) - union
        union |= new
        texts += ((ending + b"\n").join([*triples, b""]), b" .\n".join([*new, b""]))
    return b"".join(texts)
