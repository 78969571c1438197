"""Collects the graphs that a run changes, so that a driver writes many at once; whoever asks sees all of it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO

import pyoxigraph as ox

from store import versions

_IN_A_GRAPH = re.compile(r"<\S+ <\S+ (?:<\S+|\".*\S) <\S+> \.").fullmatch


class Batch:
    """Graphs as they were and as they shall be, N-Quads lines without line ends.

    Attributes:
        present: By graph IRI.
        wanted: Likewise, of the same graphs; empty where the graph goes.
        size: How many lines.
    """

    def __init__(self) -> None:
        """Begins empty."""
        self.present: dict[str, frozenset[str]] = {}
        self.wanted: dict[str, frozenset[str]] = {}
        self.size = 0

    def replace(self, graph: str, present: frozenset[str], wanted: frozenset[str]) -> None:
        """Adds a graph; what it was is what it was before the batch."""
        self.present.setdefault(graph, present)
        self.wanted[graph] = wanted
        self.size += len(present) + len(wanted)


class BatchWriter(ABC):
    """The half of a `Writer` that drivers share.

    Attributes:
        changes: What was added, changed and removed, by graph IRI (see `store.versions`).
    """

    def __init__(self, limit: int) -> None:
        """Hands on a batch when it has more lines than `limit`."""
        self.changes: dict[str, str] = {}
        self._limit = limit
        self._batch = Batch()
        self._sent = Batch()
        self._last: tuple[str, frozenset[str]] = ("", frozenset())

    def replace_graph(self, graph: str, nquads: str) -> bool:
        """See `Writer.replace_graph`; blank nodes become IRIs (RDF 1.1 Concepts, section 3.5)."""
        name = ox.NamedNode(graph)
        quads = _skolemised(set(parse(nquads)), graph)
        if any(quad.graph_name != name for quad in quads):
            raise ValueError(f"every quad must stand in <{graph}>")
        wanted, present = frozenset(f"{quad} ." for quad in quads), self._lines(graph)
        if wanted == present:
            return False
        self._batch.replace(graph, present, wanted)
        self._note(graph, was=bool(present), there=bool(wanted))
        if self._batch.size > self._limit:
            batch, self._batch = self._batch, Batch()
            self._send(batch)
            self._sent = batch
        return True

    def remove_graph(self, graph: str) -> bool:
        """See `Writer.remove_graph`."""
        return self.replace_graph(graph, "")

    def settle(self) -> None:
        """Brings all that was written to the driver."""
        batch, self._batch = self._batch, Batch()
        self._send(batch)
        self._sent = Batch()

    def graphs(self) -> tuple[str, ...]:
        """See `Store.graphs`."""
        self.settle()
        return self._stored_graphs()

    def nquads(self, graph: str | None = None) -> Iterator[str]:
        """See `Store.nquads`."""
        if graph is None:
            self.settle()
            yield from self._stored()
        else:
            yield from self._lines(graph)

    @abstractmethod
    def _send(self, batch: Batch) -> None:
        """Brings a batch to the driver, or begins to, when it is through with the one before."""

    @abstractmethod
    def _stored(self, graph: str | None = None) -> Iterator[str]:
        """Yields the lines that the driver has, of a graph or of all."""

    @abstractmethod
    def _stored_graphs(self) -> tuple[str, ...]:
        """Returns the named graphs that the driver has, sorted."""

    def _lines(self, graph: str) -> frozenset[str]:
        for batch in (self._batch, self._sent):
            if graph in batch.wanted:
                return batch.wanted[graph]
        last = self._last  # whoever replaces a graph has often read it just before
        if last[0] != graph:
            last = self._last = graph, frozenset(self._stored(graph))
        return last[1]

    def _note(self, graph: str, *, was: bool, there: bool) -> None:
        self._last = "", frozenset()
        was = self.changes[graph] != versions.ADDED if graph in self.changes else was
        if was:
            self.changes[graph] = versions.CHANGED if there else versions.REMOVED
        elif there:
            self.changes[graph] = versions.ADDED
        else:
            del self.changes[graph]


def parse(nquads: str | bytes) -> Iterator[ox.Quad]:
    """Yields quads; raises ValueError where it is no N-Quads."""
    try:
        yield from ox.parse(nquads.encode() if isinstance(nquads, str) else nquads, ox.RdfFormat.N_QUADS)
    except SyntaxError as error:
        raise ValueError(f"no N-Quads: {error}") from error


def in_graphs(nquads: BinaryIO, size: int) -> Iterator[list[str]]:
    """Yields N-Quads in lists of lines without line ends, of about `size` bytes.

    Lines that look as we write them are not parsed here: whoever takes them does it.

    Raises:
        ValueError: It is no N-Quads, or a line has no named graph, or a blank node.
    """
    while chunk := b"".join(nquads.readlines(size)):
        lines = chunk.decode().removesuffix("\n").split("\n")
        if not all(map(_IN_A_GRAPH, lines)):
            lines = [f"{quad} ." for quad in parse(chunk)]
        for line in lines:
            if not _IN_A_GRAPH(line):
                raise ValueError(
                    f"every quad must stand in a named graph, and none may have a blank node: {line[:200]}"
                )
        yield lines


def triple(line: str) -> str:
    """Returns an N-Quads line that stands in a graph as N-Triples, both without line end."""
    return f"{line[: line.rindex(' <')]} ."


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
