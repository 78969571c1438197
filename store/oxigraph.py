"""The embedded store: pyoxigraph in memory or on disk; the only module that drives it.

The union of all named graphs is kept in the driver's default graph. Its own union option gives a triple
once for each graph that holds it, which makes COUNT wrong (oxigraph issue 1919), and agencies stand in many
notices.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import clear_frames
from typing import TypeVar

import pyoxigraph as ox

from store import formats, versions
from store.base import BlankNode, Dataset, Iri, Literal, QueryError, Rows, Store, StoreError, Term, Writer

_UNION = ox.DefaultGraph()
_Results = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
_Read = TypeVar("_Read")
_Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_PLACE = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


class OxigraphStore:
    """A `Store`, and a `Writer` where the driver was opened for writing."""

    def __init__(self, driver: ox.Store) -> None:
        """Takes over a store whose default graph is empty or already the union."""
        self._driver = driver

    def select(self, query: str, dataset: Dataset | None = None) -> Rows:
        """See `Store.select`."""
        return self._evaluate(query, dataset, _rows)

    def ask(self, query: str, dataset: Dataset | None = None) -> bool:
        """See `Store.ask`."""
        return self._evaluate(query, dataset, _truth)

    def construct(self, query: str, dataset: Dataset | None = None) -> str:
        """See `Store.construct`."""
        return self._evaluate(query, dataset, _ntriples)

    def answer(self, query: str, media_type: str, dataset: Dataset | None = None) -> bytes:
        """See `Store.answer`."""
        return self._evaluate(query, dataset, lambda results: formats.write(results, media_type))

    def graphs(self) -> tuple[str, ...]:
        """See `Store.graphs`."""
        return tuple(sorted(name.value for name in self._driver.named_graphs()))

    def nquads(self, graph: str | None = None) -> Iterator[str]:
        """See `Store.nquads`."""
        for name in (graph,) if graph is not None else self.graphs():
            for quad in self._driver.quads_for_pattern(None, None, None, ox.NamedNode(name)):
                yield f"{quad} ."

    def snapshot(self) -> Store:
        """See `Store.snapshot`."""
        return self

    def replace_graph(self, graph: str, nquads: str) -> bool:
        """See `Writer.replace_graph`; blank nodes become IRIs (RDF 1.1 Concepts, section 3.5)."""
        name = ox.NamedNode(graph)
        wanted = _skolemised(_parse(nquads), graph)
        if any(quad.graph_name != name for quad in wanted):
            raise ValueError(f"every quad must stand in <{graph}>")
        present = set(self._driver.quads_for_pattern(None, None, None, name))
        gone, come = present - wanted, wanted - present
        if not gone and not come:
            return False
        only_here = {quad for quad in gone if not self._stands_elsewhere(quad)}
        self._driver.update(
            f"DELETE DATA {{ GRAPH {name} {{ {_triples(gone)} }} {_triples(only_here)} }} ;\n"
            f"INSERT DATA {{ GRAPH {name} {{ {_triples(come)} }} {_triples(come)} }}"
            + ("" if wanted else f" ;\nDROP SILENT GRAPH {name}")
        )
        return True

    def remove_graph(self, graph: str) -> bool:
        """See `Writer.remove_graph`."""
        return self.replace_graph(graph, "")

    def load(self, nquads: str) -> None:
        """See `Writer.load`."""
        if len(self._driver):
            raise StoreError("quads can be loaded in bulk into an empty store only")
        quads = _parse(nquads)
        if any(quad.graph_name == _UNION for quad in quads):
            raise ValueError("every quad must stand in a named graph")
        self._driver.bulk_extend(quads)
        self._driver.bulk_extend({ox.Quad(*quad.triple) for quad in quads})

    def _evaluate(self, query: str, dataset: Dataset | None, read: Callable[[_Results], _Read]) -> _Read:
        """Runs a query and reads its results; the engine's errors become ours.

        Results must die in the thread that made them, so nothing that outlives this call may hold them: there is no
        local variable for them here, and those of `read` are cleared from the traceback.
        """
        try:
            if dataset is None:
                return read(self._driver.query(query))
            return read(
                self._driver.query(
                    query,
                    default_graph=[ox.NamedNode(iri) for iri in dataset.default],
                    named_graphs=[ox.NamedNode(iri) for iri in dataset.named],
                )
            )
        except (SyntaxError, RuntimeError, ValueError, OSError) as error:
            clear_frames(error.__traceback__)
            raise _ours(error) from error

    def _stands_elsewhere(self, quad: ox.Quad) -> bool:
        same = self._driver.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        return any(other.graph_name not in (quad.graph_name, _UNION) for other in same)


class PublishedStore(OxigraphStore):
    """The current version of a published store: a swap is seen at the next `snapshot`, never between."""

    def __init__(self, directory: Path) -> None:
        """Opens what is current; raises `StoreError` where nothing is."""
        self._directory = directory
        self._version = versions.current(directory)
        super().__init__(_opened(self._version))

    def snapshot(self) -> Store:
        """Returns the current version; but for the first call after a swap this costs reading a symlink."""
        version = versions.current(self._directory)
        if version != self._version:
            self._driver, self._version = _opened(version), version
        return OxigraphStore(self._driver)


class _Draft(OxigraphStore):
    """The version that is being built; remembers whether anything was written."""

    changed = False

    def replace_graph(self, graph: str, nquads: str) -> bool:
        """See `Writer.replace_graph`."""
        changed = super().replace_graph(graph, nquads)
        self.changed = self.changed or changed
        return changed

    def load(self, nquads: str) -> None:
        """See `Writer.load`."""
        super().load(nquads)
        self.changed = True

    def close(self, *, optimize: bool) -> bool:
        """Brings everything to disk, lets go of the directory, and tells whether anything was written."""
        if self.changed:
            if optimize:
                self._driver.optimize()
            self._driver.flush()
        self._driver = ox.Store()  # The driver closes a directory when nothing refers to it any more.
        return self.changed


def open_store(directory: Path) -> PublishedStore:
    """Opens a published store for reading.

    Raises:
        StoreError: Nothing has been published there, or it is damaged.
    """
    return PublishedStore(directory)


@contextmanager
def publish(directory: Path) -> Iterator[Writer]:
    """Builds the next version of a store and makes it current when the block ends without an error.

    The writer starts with what is current and can be asked while it is written. Readers see nothing of it
    before the swap. Where nothing changed, or the block raises, everything stays as it was.

    Raises:
        StoreError: Another process writes, or the directory cannot be written.
    """
    with versions.writing(directory) as draft:
        fresh = not versions.published(directory)
        if not fresh:
            _opened(versions.current(directory)).backup(draft)
        writer = _Draft(_opened(draft, writable=True))
        try:
            yield writer
        finally:
            changed = writer.close(optimize=fresh)
        if changed:
            versions.promote(draft)


def memory(files: Iterable[Path] = ()) -> OxigraphStore:
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
            driver.bulk_load(path=file, format=formats.driver_format(form), base_iri=file.resolve().as_uri())
        except (OSError, SyntaxError) as error:
            raise StoreError(f"{file}: {error}") from error
    driver.bulk_extend({ox.Quad(*quad.triple) for quad in driver})
    return OxigraphStore(driver)


def _opened(directory: Path, *, writable: bool = False) -> ox.Store:
    try:
        return ox.Store(directory) if writable else ox.Store.read_only(str(directory))
    except OSError as error:
        raise StoreError(f"the store in {directory} cannot be opened: {error}") from error


def _parse(nquads: str) -> set[ox.Quad]:
    try:
        return set(ox.parse(nquads.encode(), ox.RdfFormat.N_QUADS))
    except SyntaxError as error:
        raise ValueError(f"no N-Quads: {error}") from error


def _skolemised(quads: set[ox.Quad], graph: str) -> set[ox.Quad]:
    if not any(isinstance(term, ox.BlankNode) for quad in quads for term in (quad.subject, quad.object)):
        return quads
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {
        ox.Quad(
            ox.NamedNode(f"{graph}#{subject.value}") if isinstance(subject, ox.BlankNode) else subject,
            predicate,
            ox.NamedNode(f"{graph}#{value.value}") if isinstance(value, ox.BlankNode) else value,
            name,
        )
        for subject, predicate, value, name in dataset
    }


def _triples(quads: Iterable[ox.Quad]) -> str:
    return " ".join(f"{quad.triple} ." for quad in quads)


def _term(value: _Node | None) -> Term | None:
    match value:
        case None:
            return None
        case ox.NamedNode():
            return Iri(value.value)
        case ox.BlankNode():
            return BlankNode(value.value)
        case ox.Literal():
            return Literal(value.value, value.datatype.value, value.language)
    raise QueryError("a triple term has no place in a row here")


def _rows(results: _Results) -> Rows:
    if not isinstance(results, ox.QuerySolutions):
        raise QueryError("a SELECT query is wanted")
    names = tuple(variable.value for variable in results.variables)
    return Rows(names, tuple(tuple(_term(value) for value in row) for row in results))


def _truth(results: _Results) -> bool:
    if not isinstance(results, ox.QueryBoolean):
        raise QueryError("an ASK query is wanted")
    return bool(results)


def _ntriples(results: _Results) -> str:
    if not isinstance(results, ox.QueryTriples):
        raise QueryError("a CONSTRUCT or DESCRIBE query is wanted")
    return "".join(sorted({f"{triple} .\n" for triple in results}))


def _ours(error: Exception) -> QueryError | StoreError:
    if isinstance(error, OSError):
        return StoreError(f"the store cannot be read: {error}")
    place = _PLACE.match(str(error)) if isinstance(error, SyntaxError) else None
    if place is None:
        return QueryError(str(error))
    return QueryError(" ".join(place[3].split()), int(place[1]), int(place[2]))
