"""Who is linked with whom: the triples of a data set as sorted arrays, mapped into memory, the same at any size.

Nodes are numbered in the order of their IRIs, so that the order of numbers is the same in every version. The links of a
node stand side by side, those of a predicate within them: `out` has them by subject, `into` by object. Nodes, and the
links that are not only sent when asked for, stand here as they are sent, in JSON.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from store.arrays import ABOUT, EDGES, FIRST, local_name, mapped, mapped_text, quoted, read_literal, term
from store.base import Literal, StoreError

_APART = 64
LANGUAGES = ("zh", "en")
Places = NDArray[np.int64]


class Run(NamedTuple):
    """The links of a node by one predicate in one direction; `ends` are the nodes at the other ends, in order."""

    forward: bool
    predicate: int
    ends: memoryview

    def turn(self, node: int) -> int | None:
        """Returns at which place a node is at the other end, None where it is at none."""
        place = bisect_left(self.ends, node)
        return place if place < len(self.ends) and self.ends[place] == node else None


class Links:
    """The links of all nodes in one direction.

    Attributes:
        starts: Of each node and level, where its links begin.
        ends: The node at the other end of each link.
        predicates: The predicate of each link.
    """

    def __init__(self, folder: Path, name: str, levels: int) -> None:
        """Maps the arrays of a direction."""
        self.ends = mapped(folder / f"{name}.ends", "I")
        self.predicates = mapped(folder / f"{name}.predicates", "H")
        self.starts = mapped(folder / f"{name}.starts", "Q")
        self._levels = levels

    def places(self, node: int, level: int) -> tuple[int, int]:
        """Returns where the links of a node up to a level begin and end."""
        first = node * self._levels
        return self.starts[first], self.starts[first + level + 1]

    def run(self, node: int, predicate: int) -> memoryview:
        """Returns the nodes that a predicate leads to."""
        first, end = self.places(node, self._levels - 1)
        first = bisect_left(self.predicates, predicate, first, end)
        return self.ends[first : bisect_left(self.predicates, predicate + 1, first, end)]


class Adjacency:
    """Reads what `store.arrays.write` has written.

    Args:
        folder: Where it lies.

    Attributes:
        digest: SHA-256 of the triples, sorted.
        predicates: IRIs of the predicates of links, by number.
        properties: IRIs of the predicates of literals.
        types: IRIs of the classes that are types; the first is empty.

    Raises:
        StoreError: It cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """Maps the arrays; nothing is read yet."""
        self._folder = folder
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            self._bounds: tuple[int, ...] = tuple(about["bounds"])
            self.digest = str(about["digest"])
            self.predicates: tuple[str, ...] = tuple(about["predicates"])
            self.properties: tuple[str, ...] = tuple(about["properties"])
            self.types: tuple[str, ...] = tuple(about["types"])
            self._iris, self._iri_ends = mapped_text(folder, "iris")
            self._literals, self._literal_ends = mapped_text(folder, "literals")
            nodes, self._node_ends = mapped_text(folder, "nodes")
            self._nodes = memoryview(nodes)
            self._types = mapped(folder / "types", "H")
            self._directions = (Links(folder, "into", len(self._bounds)), Links(folder, "out", len(self._bounds)))
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"the index in {folder} cannot be read: {error}") from error
        self._numbers = {predicate: number for number, predicate in enumerate(self.predicates)}
        out = self._directions[True]
        # Numbers with a sign, for those without become fractions where they are mixed.
        self._starts, self._targets = np.asarray(out.starts).view(np.int64), np.asarray(out.ends)
        self._marks, self._marking = np.zeros(len(self), bool), Lock()

    @cached_property
    def _signposts(self) -> list[bytes]:
        """Some IRIs, evenly apart: where to begin is found by them without touching many pages."""
        return [self.iri_bytes(node) for node in range(0, len(self), _APART)]

    def __len__(self) -> int:
        """Counts the nodes."""
        return len(self._types)

    def find(self, iri: str) -> int | None:
        """Returns the number of a node, None where there is none."""
        wanted = iri.encode()
        low = max(0, bisect_right(self._signposts, wanted) - 1) * _APART
        node = bisect_left(range(len(self)), wanted, low, min(low + _APART, len(self)), key=self.iri_bytes)
        return node if node < len(self) and self.iri_bytes(node) == wanted else None

    def iri(self, node: int) -> str:
        """Returns the IRI of a node, or its label in N-Quads (`_:b`) where it is blank."""
        return self.iri_bytes(node).decode()

    def iri_bytes(self, node: int) -> bytes:
        """Returns what `iri` does, in UTF-8."""
        return self._iris[self._iri_ends[node] : self._iri_ends[node + 1]]

    def json(self, nodes: Iterable[int], language: str) -> list[memoryview]:
        """Returns nodes as JSON in UTF-8, not copied: `{"id", "label", "type", "degree", "indegree", "outdegree"}`.

        The label is that in `zh` or `en`; the other where it has but one, the end of its IRI where none.
        """
        texts, ends = self._nodes, self._node_ends
        chinese = [texts[ends[2 * node] : ends[2 * node + 1]] for node in nodes]
        if language != "en":
            return chinese
        return [
            texts[ends[2 * node + 1] : ends[2 * node + 2]] or other for node, other in zip(nodes, chinese, strict=True)
        ]

    def label(self, node: int, language: str) -> str:
        """Returns the label of a node, see `json`."""
        return str(json.loads(bytes(self.json((node,), language)[0]))["label"])

    def literals(self, node: int) -> list[tuple[str, Literal]]:
        """Returns the literals of a node with their predicates, sorted."""
        text = self._literals[self._literal_ends[node] : self._literal_ends[node + 1]].decode()
        found = []
        for line in text.split("\n")[:-1]:
            number, value, language, datatype = read_literal(line)
            literal = Literal(value, datatype, language) if datatype else Literal(value, language=language)
            found.append((self.properties[number], literal))
        return found

    def type(self, node: int) -> int:
        """Returns the number of a node's type in `types`; 0, the empty string, where it has none."""
        return self._types[node]

    def predicate(self, iri: str) -> int | None:
        """Returns the number of a predicate, None where no link has it."""
        return self._numbers.get(iri)

    def level(self, predicate: int) -> int:
        """Returns the level of a predicate."""
        return sum(predicate >= bound for bound in self._bounds[:-1])

    def degree(self, node: int) -> int:
        """Counts the links of level 0 that leave a node or come into it."""
        return sum(last - first for first, last in (links.places(node, 0) for links in self._directions))

    @cached_property
    def _firsts(self) -> tuple[memoryview, memoryview]:
        return mapped(self._folder / FIRST, "I"), mapped(self._folder / f"{FIRST}.ends", "Q")

    def first(self, node: int) -> memoryview:
        """Returns the neighbours of a node that are met first, those that `store.arrays.write_first` was given."""
        nodes, ends = self._firsts
        return nodes[ends[node] : ends[node + 1]]

    def runs(self, node: int, level: int, *, forward: bool) -> Iterator[Run]:
        """Yields the links of a node up to a level, predicate by predicate."""
        links = self._directions[forward]
        first, last = links.places(node, level)
        while first < last:
            predicate = links.predicates[first]
            end = bisect_left(links.predicates, predicate + 1, first, last)
            yield Run(forward, predicate, links.ends[first:end])
            first = end

    def follow(self, node: int, predicate: int, *, forward: bool) -> list[int]:
        """Returns the nodes that a predicate leads to."""
        return self._directions[forward].run(node, predicate).tolist()

    def among(self, nodes: Collection[int], level: int) -> Places:
        """Returns the links among nodes up to a level: their places, in the order of the nodes that they leave."""
        some = np.fromiter(nodes, np.int64, len(nodes))
        first = some * len(self._bounds)
        begins = self._starts.take(first)
        counts = self._starts.take(first + level + 1) - begins
        stops = counts.cumsum()
        places = np.arange(stops[-1]) + (begins - stops + counts).repeat(counts)
        targets = self._targets.take(places)
        with self._marking:
            self._marks[some] = True
            found: Places = places[self._marks.take(targets)]
            self._marks[some] = False
        return found

    def edge(self, place: int) -> tuple[int, int, int]:
        """Returns the source, the predicate and the target of a link, by its place."""
        out = self._directions[True]
        source = (bisect_right(out.starts, place) - 1) // len(self._bounds)
        return source, out.predicates[place], out.ends[place]

    def edges(self, places: Sequence[int] | Places, language: str) -> list[bytes | memoryview]:
        """Returns, in pieces, links as JSON with commas between: `{"id", "source", "target", "predicate", "label"}`."""
        if not len(places):
            return []
        texts, stops = self._edges[language]
        some = np.asarray(places)
        begins, ends = stops.take(some), stops.take(some + 1)
        pieces: list[bytes | memoryview]
        if (begins == ends).any():
            pieces = [self._edge(*self.edge(place), language) for place in places]
        else:
            apart = begins[1:] != ends[:-1]  # What stands side by side is one piece.
            begins = np.concatenate((begins[:1], begins[1:][apart]))
            ends = np.concatenate((ends[:-1][apart], ends[-1:]))
            pieces = [texts[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        pieces[-1] = bytes(pieces[-1]).removesuffix(b",")
        return pieces

    @cached_property
    def _edges(self) -> dict[str, tuple[memoryview, Places]]:
        texts = {language: mapped_text(self._folder, f"{EDGES}.{language}") for language in LANGUAGES}
        return {
            language: (memoryview(text), np.asarray(ends).view(np.int64)) for language, (text, ends) in texts.items()
        }

    def written_edges(self, language: str) -> Iterator[bytes]:
        """Yields each link of level 0 as `edges` sends it, and nothing for the others: what stands in the index."""
        for node in range(len(self)):
            for run in self.runs(node, len(self._bounds) - 1, forward=True):
                for target in run.ends:
                    yield b"" if self.level(run.predicate) else self._edge(node, run.predicate, target, language)

    def _edge(self, source: int, predicate: int, target: int, language: str) -> bytes:
        """Returns a link as JSON and a comma; its id is the first 16 digits of SHA-256 of its canonical N-Triples."""
        subject, verb, other = self.iri_bytes(source), self.predicates[predicate].encode(), self.iri_bytes(target)
        digest = hashlib.sha256(b"%b <%b> %b .\n" % (term(subject), verb, term(other))).hexdigest()[:16].encode()
        parts = digest, subject, other, verb, self._names[language][predicate]
        return b'{"id":"%b","source":"%b","target":"%b","predicate":"%b","label":%b},' % parts

    @cached_property
    def _names(self) -> dict[str, list[bytes]]:
        numbers = range(len(self.predicates))
        return {language: [quoted(self.name(n, language)).encode() for n in numbers] for language in LANGUAGES}

    def name(self, predicate: int, language: str) -> str:
        """Returns the label of a predicate, like `label`."""
        iri = self.predicates[predicate]
        node = self.find(iri)
        return local_name(iri) if node is None else self.label(node, language)
