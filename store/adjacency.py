"""Who is linked with whom: the triples of a data set as sorted arrays, mapped into memory, the same at any size.

Nodes are numbered in the order of their IRIs, so that the order of numbers is the same in every version. The links of a
node stand side by side, those of a predicate within them: `out` has them by subject, `into` by object. What is sent of
a node stands here as it is sent, in JSON.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from store.arrays import ABOUT, FIRST, local_name, map_file, mapped, mapped_text, quoted, read_literal
from store.base import Literal, StoreError

_APART = 64
_FEW = 16  # links a node, below which it is quicker to look at all than to search for each


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
        ends: The node at the other end of each link.
        predicates: The predicate of each link.
    """

    def __init__(self, folder: Path, name: str, levels: int) -> None:
        """Maps the arrays of a direction."""
        self.ends = mapped(folder / f"{name}.ends", "I")
        self.predicates = mapped(folder / f"{name}.predicates", "H")
        self._starts = mapped(folder / f"{name}.starts", "Q")
        self._levels = levels

    def places(self, node: int, level: int) -> tuple[int, int]:
        """Returns where the links of a node up to a level begin and end."""
        first = node * self._levels
        return self._starts[first], self._starts[first + level + 1]

    def run(self, node: int, predicate: int) -> memoryview:
        """Returns the nodes that a predicate leads to."""
        first, end = self.places(node, self._levels - 1)
        first = bisect_left(self.predicates, predicate, first, end)
        return self.ends[first : bisect_left(self.predicates, predicate + 1, first, end)]

    def among(self, nodes: AbstractSet[int], level: int) -> dict[int, list[int]]:
        """Returns the places of the links from nodes to nodes, up to a level, by the node that they leave."""
        starts, ends, step, last, few = self._starts, self.ends, self._levels, level + 1, _FEW * len(nodes)
        wide = [node for node in nodes if starts[node * step + last] - starts[node * step] > few]
        found = {node: self.searched(*self.places(node, level), nodes) for node in wide}
        for node in nodes:
            places = range(starts[node * step], starts[node * step + last])
            if node not in found and (within := [place for place in places if ends[place] in nodes]):
                found[node] = within
        return found

    def searched(self, first: int, last: int, nodes: Iterable[int]) -> list[int]:
        """Returns the places from `first` to `last`, of one node, that lead to some nodes; looks at few."""
        found = []
        while first < last:
            end = bisect_left(self.predicates, self.predicates[first] + 1, first, last)
            places = ((bisect_left(self.ends, other, first, end), other) for other in nodes)
            found += [place for place, other in places if place < end and self.ends[place] == other]
            first = end
        return sorted(found)


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
            self._nodes, self._node_ends = mapped_text(folder, "nodes")
            self._types = mapped(folder / "types", "H")
            self._directions = (Links(folder, "into", len(self._bounds)), Links(folder, "out", len(self._bounds)))
            self._ids = map_file(folder / "ids")
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"the index in {folder} cannot be read: {error}") from error
        self._numbers = {predicate: number for number, predicate in enumerate(self.predicates)}
        self._joints: dict[tuple[str, str], tuple[bytes, list[bytes]]] = {}

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

    def json(self, nodes: Iterable[int], language: str) -> list[bytes]:
        """Returns nodes as JSON in UTF-8: `{"id", "label", "type", "degree", "indegree", "outdegree"}`.

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
        return str(json.loads(self.json((node,), language)[0])["label"])

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

    def first(self, node: int) -> list[int]:
        """Returns the neighbours of a node that are met first, those that `store.arrays.write_first` was given."""
        nodes, ends = self._firsts
        return nodes[ends[node] : ends[node + 1]].tolist()

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

    def among(self, nodes: AbstractSet[int], level: int) -> dict[int, list[int]]:
        """Returns the links among nodes up to a level: their places, for `edge`, by the node that they leave."""
        return self._directions[True].among(nodes, level)

    def edge(self, place: int) -> tuple[int, int]:
        """Returns the predicate and the target of a link that leaves a node."""
        links = self._directions[True]
        return links.predicates[place], links.ends[place]

    def edges(
        self, found: Mapping[int, list[int]], nodes: Iterable[int], language: str, around: str = ""
    ) -> list[bytes]:
        """Returns, in pieces, links as JSON with commas between: `{"id", "source", "target", "predicate", "label"}`.

        Args:
            found: As `among` gives them.
            nodes: The nodes at their ends.
            language: `zh` or `en`, of labels.
            around: The name of a member that each object is wrapped in; empty for none.
        """
        opening, joints = self._joined(language, around)
        ids, ends, predicates = self._ids, self._directions[True].ends, self._directions[True].predicates
        texts, stops = self._iris, self._iri_ends
        iris = {node: texts[stops[node] : stops[node + 1]] for node in nodes}
        pieces = [opening]
        for node, places in found.items():
            source = b'","source":"%b","target":"' % iris[node]
            for place in places:
                pieces += ids[16 * place : 16 * place + 16], source, iris[ends[place]], joints[predicates[place]]
        pieces[-1] = pieces[-1].removesuffix(b"," + opening).removesuffix(opening)
        return pieces

    def _joined(self, language: str, around: str) -> tuple[bytes, list[bytes]]:
        """Returns what stands before the first edge's id, and by predicate what stands between target and next id."""
        if (language, around) not in self._joints:
            before, after = (f'{{"{around}":{{"id":"', "}},") if around else ('{"id":"', "},")
            self._joints[language, around] = (
                before.encode(),
                [
                    f'","predicate":"{iri}","label":{quoted(self.name(number, language))}{after}{before}'.encode()
                    for number, iri in enumerate(self.predicates)
                ],
            )
        return self._joints[language, around]

    def name(self, predicate: int, language: str) -> str:
        """Returns the label of a predicate, like `label`."""
        iri = self.predicates[predicate]
        node = self.find(iri)
        return local_name(iri) if node is None else self.label(node, language)
