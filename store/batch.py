"""Collects the graphs that a run changes, so that a driver writes many at once; whoever asks sees all of it."""

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

import pyoxigraph as ox

from ontology.terms import XSD
from store import versions
from store.base import Store

_IRI = r'<[^\x00-\x20<>"{}|^`\\]++>'
_LITERAL = (
    rf'"(?:0|-?[1-9]\d{{0,17}})"\^\^<{XSD}integer>|"(?:0|-?[1-9]\d{{0,9}})(?:\.\d{{0,5}}[1-9])?"\^\^<{XSD}decimal>|'
    rf'"[12]\d{{3}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"\^\^<{XSD}date>|"(?:true|false)"\^\^<{XSD}boolean>|'
    rf'"(?:[^"\\\x00-\x1f\x7f]|\\[tbnrf"\\])*+"(?:@[a-z]++|\^\^(?!<{XSD}){_IRI})?'
)
# Lines of named graphs that drivers keep as they are. What else there is may be the same; we do not know.
_KEPT = re.compile(rf"(?:{_IRI} {_IRI} (?:{_IRI}|{_LITERAL}) {_IRI} \.\n)++".encode())


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


class Spool:
    """Graphs as they were written, so that nobody need ask the driver for them; gone with the process."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begins empty, in a file without a name in `folder`; in memory unless one is given."""
        self._file = cast("BinaryIO", TemporaryFile(dir=folder)) if folder else BytesIO()  # noqa: SIM115 - see `close`
        self._places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)

    def add(self, graph: str, nquads: bytes) -> None:
        """Adds lines, each with its line end, to those of a graph."""
        self._places[graph].append((self._file.seek(0, 2), len(nquads)))
        self._file.write(nquads)

    def replace(self, graph: str, nquads: bytes) -> None:
        """Makes lines all that a graph has."""
        self._places.pop(graph, None)
        self.add(graph, nquads)

    def lines(self, graph: str) -> frozenset[str] | None:
        """Returns the lines of a graph, without line ends; None where it was not written."""
        if graph not in self._places:
            return None
        return frozenset(line for place in self._places[graph] for line in self._read(place).decode().split("\n")[:-1])

    def close(self) -> None:
        """Forgets all."""
        self._file.close()

    def _read(self, place: tuple[int, int]) -> bytes:
        self._file.seek(place[0])
        return self._file.read(place[1])


class BatchWriter(ABC):
    """The half of a `Writer` that drivers share.

    Attributes:
        changes: What was added, changed and removed, by graph IRI (see `store.versions`).
    """

    def __init__(self, limit: int, stored: Store, folder: Path | None = None) -> None:
        """Hands on a batch when it has more lines than `limit`; what was written is kept in `folder` meanwhile.

        Args:
            limit: That limit.
            stored: What the driver has.
            folder: That folder; none for memory.
        """
        self.changes: dict[str, str] = {}
        self._limit, self._stored = limit, stored
        self._batch = Batch()
        self._spool = Spool(folder)
        self._last: tuple[str, frozenset[str]] = ("", frozenset())

    def replace_graph(self, graph: str, nquads: str) -> bool:
        """See `Writer.replace_graph`; blank nodes become IRIs (RDF 1.1 Concepts, section 3.5)."""
        name = ox.NamedNode(graph)
        quads = _skolemised(_as_kept(nquads.encode()), graph)
        if any(quad.graph_name != name for quad in quads):
            raise ValueError(f"every quad must stand in <{graph}>")
        wanted, present = frozenset(f"{quad} ." for quad in quads), self._lines(graph)
        if wanted == present:
            return False
        self._batch.replace(graph, present, wanted)
        self._note(graph, was=bool(present), there=bool(wanted))
        if self._batch.size > self._limit:
            self._hand_on()
        return True

    def remove_graph(self, graph: str) -> bool:
        """See `Writer.remove_graph`."""
        return self.replace_graph(graph, "")

    def settle(self) -> None:
        """Brings all that was written to the driver."""
        self._hand_on()

    def graphs(self) -> tuple[str, ...]:
        """See `Store.graphs`."""
        self.settle()
        return self._stored.graphs()

    def nquads(self, graph: str | None = None) -> Iterator[str]:
        """See `Store.nquads`."""
        for name in (graph,) if graph is not None else self.graphs():
            yield from self._lines(name)

    def close(self) -> None:
        """Forgets what was written; nothing can be asked any more."""
        self._spool.close()

    @abstractmethod
    def _send(self, batch: Batch) -> None:
        """Brings a batch to the driver, or begins to, when it is through with the one before."""

    def _hand_on(self) -> None:
        batch, self._batch = self._batch, Batch()
        self._send(batch)
        for graph, lines in batch.wanted.items():
            self._spool.replace(graph, "".join(f"{line}\n" for line in lines).encode())

    def _lines(self, graph: str) -> frozenset[str]:
        if graph in self._batch.wanted:
            return self._batch.wanted[graph]
        if (written := self._spool.lines(graph)) is not None:
            return written
        last = self._last  # whoever replaces a graph has often read it just before
        if last[0] != graph:
            last = self._last = graph, frozenset(self._stored.nquads(graph))
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


def in_graphs(nquads: BinaryIO, size: int) -> Iterator[Mapping[bytes, Sequence[bytes]]]:
    """Yields N-Quads by graph, about `size` bytes at a time, as the driver keeps them.

    Lines that look as we write them are not parsed here: whoever takes them does it.

    Yields:
        How the lines of a graph end, as ` <graph> .`, and what comes before that in each.

    Raises:
        ValueError: It is no N-Quads, or a line has no named graph, or a blank node.
    """
    while chunk := nquads.read(size) + nquads.readline():
        graphs: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for line in _checked(chunk).split(b"\n")[:-1]:
            cut = line.rindex(b" <")
            graphs[line[cut:]].append(line[:cut])
        yield graphs


def _checked(nquads: bytes) -> bytes:
    known, odd, place = [], [], 0
    while place < len(nquads):
        if found := _KEPT.match(nquads, place):
            known.append(found[0])
            place = found.end()
        end = nquads.find(b"\n", place) + 1 or len(nquads)
        odd.append(nquads[place:end])
        place = end
    for quad in _as_kept(b"".join(odd)):
        if _blank(quad) or quad.graph_name == ox.DefaultGraph():
            line = f"{quad} ."[:200]
            raise ValueError(f"every quad must stand in a named graph, and none may have a blank node: {line}")
        known.append(f"{quad} .\n".encode())
    return b"".join(known)


def _as_kept(nquads: bytes) -> set[ox.Quad]:
    """Reads N-Quads; some literals come back in another form, as they will from the store: 50.0 as 50."""
    store = ox.Store()
    store.extend(parse(nquads))
    return set(store)


def _blank(quad: ox.Quad) -> bool:
    return any(isinstance(term, ox.BlankNode) for term in quad)


def triple(line: str) -> str:
    """Returns an N-Quads line that stands in a graph as N-Triples, both without line end."""
    return f"{line[: line.rindex(' <')]} ."


def _skolemised(quads: set[ox.Quad], graph: str) -> set[ox.Quad]:
    if not any(map(_blank, quads)):
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
