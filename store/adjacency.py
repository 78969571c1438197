"""Who is linked with whom: the edges between nodes as sorted arrays, mapped into memory, the same at any size.

A link is one number of 64 bits: a node (26), a predicate (12), the node at the other end (26). Sorted, all links of a
node stand side by side, and those of a predicate within them; `out` has them by subject, `into` by object. Nodes are
numbered in the order of their IRIs, so that the order of numbers is the same in every version.
"""

import hashlib
import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate, groupby
from mmap import ACCESS_READ, mmap
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

from ontology.terms import NG, RDF_TYPE
from store.base import StoreError

_NODE, _PREDICATE = 26, 12
_HIGH = _NODE + _PREDICATE
_MASK, _PREDICATES = (1 << _NODE) - 1, (1 << _PREDICATE) - 1
_ENGLISH, _CHINESE = "en", "zh"
_LONGEST = 60
_FEW = 16  # links a node, below which it is quicker to look at all than to search for each
_ABOUT = "about.json"


@dataclass(frozen=True, slots=True)
class Reading:
    """How N-Quads become nodes and links.

    Attributes:
        labels: The predicates whose literals may be a node's label, the best first.
        levels: The level of predicates that are not of level 0: who asks for a level gets it and those below.
    """

    labels: Sequence[str]
    levels: Mapping[str, int]


class Run(NamedTuple):
    """The links of a node by one predicate in one direction: places in the array of that direction."""

    forward: bool
    predicate: int
    first: int
    last: int


class Adjacency:
    """Reads what `write` has written.

    Args:
        folder: Where it lies.

    Raises:
        StoreError: It cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """Maps the arrays; nothing is read yet."""
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            self._iris, self._iri_ends = _text(folder, "iris")
            self._labels, self._label_ends = _text(folder, "labels")
            self._types = _mapped(folder / "types", "H")
            self._starts = (_mapped(folder / "into.starts", "Q"), _mapped(folder / "out.starts", "Q"))
            self._links = (_mapped(folder / "into", "Q"), _mapped(folder / "out", "Q"))
            self._degrees = (_mapped(folder / "into.degrees", "I"), _mapped(folder / "out.degrees", "I"))
            self._edges = _mapped(folder / "edges", "Q")
        except (OSError, ValueError) as error:
            raise StoreError(f"the index in {folder} cannot be read: {error}") from error
        self.predicates: tuple[str, ...] = tuple(about["predicates"])
        self.types: tuple[str, ...] = tuple(about["types"])
        self._bounds: tuple[int, ...] = tuple(about["bounds"])
        self._numbers = {predicate: number for number, predicate in enumerate(self.predicates)}
        self._names: dict[tuple[int, str], bytes] = {}

    def __len__(self) -> int:
        """Counts the nodes."""
        return len(self._types)

    def find(self, iri: str) -> int | None:
        """Returns the number of a node, None where there is none."""
        wanted, low, high = iri.encode(), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._iri(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._iri(low) == wanted else None

    def iri(self, node: int) -> str:
        """Returns the IRI of a node, or its label in N-Quads (`_:b`) where it is blank."""
        return self._iri(node).decode()

    def iri_bytes(self, node: int) -> bytes:
        """Returns what `iri` does, in UTF-8."""
        return self._iri(node)

    def label(self, node: int, language: str) -> str:
        """Returns a node's label in `zh` or `en`; the other where it has but one, the end of its IRI where none."""
        return str(json.loads(self.label_json(node, language)))

    def label_json(self, node: int, language: str) -> bytes:
        """Returns what `label` does, as JSON in UTF-8."""
        chinese, _, english = self._labels[self._label_ends[node] : self._label_ends[node + 1]].partition(b"\x1f")
        return english or chinese if language == _ENGLISH else chinese

    def type(self, node: int) -> int:
        """Returns the number of a node's type in `types`; 0, the empty string, where it has none."""
        return self._types[node]

    def predicate(self, iri: str) -> int | None:
        """Returns the number of a predicate, None where no link has it."""
        return self._numbers.get(iri)

    def name(self, predicate: int, language: str) -> bytes:
        """Returns the label of a predicate as JSON in UTF-8, like `label_json`."""
        if (predicate, language) not in self._names:
            iri = self.predicates[predicate]
            node = self.find(iri)
            found = json.dumps(local_name(iri)).encode() if node is None else self.label_json(node, language)
            self._names[predicate, language] = found
        return self._names[predicate, language]

    def level(self, predicate: int) -> int:
        """Returns the level of a predicate."""
        return sum(predicate >= bound for bound in self._bounds)

    def degree(self, node: int, *, forward: bool) -> int:
        """Counts the links of level 0 that leave a node or come into it."""
        return self._degrees[forward][node]

    def runs(self, node: int, level: int, *, forward: bool) -> Iterator[Run]:
        """Yields the links of a node up to a level, predicate by predicate."""
        links = self._links[forward]
        first, last = self._slice(node, level, forward=forward)
        while first < last:
            key = links[first] >> _NODE
            end = bisect_left(links, (key + 1) << _NODE, first, last)
            yield Run(forward, key & _PREDICATES, first, end)
            first = end

    def ends(self, run: Run) -> list[int]:
        """Returns the nodes at the other ends of a run, in their order."""
        return [link & _MASK for link in self._links[run.forward][run.first : run.last]]

    def end(self, run: Run, place: int) -> int:
        """Returns the node at the other end of one link of a run."""
        return self._links[run.forward][run.first + place] & _MASK

    def turn(self, run: Run, node: int) -> int | None:
        """Returns at which place of a run a node is at the other end, from 0; None where it is at none."""
        place = self._place(run, node)
        return place - run.first if place < run.last else None

    def follow(self, node: int, predicate: int, *, forward: bool) -> list[int]:
        """Returns the nodes that a predicate leads to."""
        links, key = self._links[forward], node << _HIGH | predicate << _NODE
        first = bisect_left(links, key, self._starts[forward][node], self._starts[forward][node + 1])
        last = bisect_left(links, key + (1 << _NODE), first, self._starts[forward][node + 1])
        return [link & _MASK for link in links[first:last]]

    def between(self, nodes: AbstractSet[int], source: int, level: int) -> list[tuple[int, int, int]]:
        """Returns the links from a node to some of `nodes`, in order: the edge's number, the predicate, the node."""
        links, edges = self._links[True], self._edges
        first, last = self._slice(source, level, forward=True)
        if last - first <= _FEW * len(nodes):
            places = [place for place, link in enumerate(links[first:last], first) if link & _MASK in nodes]
        else:
            tried = ((run, self._place(run, node)) for run in self.runs(source, level, forward=True) for node in nodes)
            places = sorted(place for run, place in tried if place < run.last)
        return [(edges[place], links[place] >> _NODE & _PREDICATES, links[place] & _MASK) for place in places]

    def _place(self, run: Run, node: int) -> int:
        """Returns where the link of a run to a node stands, the end of the run where there is none."""
        links = self._links[run.forward]
        key = links[run.first] & ~_MASK | node
        place = bisect_left(links, key, run.first, run.last)
        return place if place < run.last and links[place] == key else run.last

    def _slice(self, node: int, level: int, *, forward: bool) -> tuple[int, int]:
        starts = self._starts[forward]
        first, last = starts[node], starts[node + 1]
        if level < len(self._bounds):
            last = bisect_left(self._links[forward], node << _HIGH | self._bounds[level] << _NODE, first, last)
        return first, last

    def _iri(self, node: int) -> bytes:
        return self._iris[self._iri_ends[node] : self._iri_ends[node + 1]]


def local_name(iri: str) -> str:
    """Returns the end of an IRI, after its last slash or hash."""
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :] or iri


def write(lines: Iterable[str], folder: Path, reading: Reading) -> None:
    """Writes the nodes and links of N-Quads.

    Args:
        lines: N-Quads as a store yields them: one blank between terms, no line ends, in any order.
        folder: Where the files go; it exists.
        reading: How they are read.

    Raises:
        StoreError: There are more than 67 million nodes or 4096 predicates.
    """
    scan = _Scan(reading)
    for line in lines:
        scan.read(line)
    if len(scan.nodes) > _MASK or len(scan.predicates) > _PREDICATES:
        raise StoreError(f"too much for one index: {len(scan.nodes)} nodes, {len(scan.predicates)} predicates")
    iris = sorted(scan.nodes)
    order = array("I", bytes(4 * len(iris)))
    for place, iri in enumerate(iris):
        order[scan.nodes[iri]] = place
    old = [scan.nodes[iri] for iri in iris]
    predicates = sorted(scan.predicates, key=lambda iri: (reading.levels.get(iri, 0), iri))
    levels = [reading.levels.get(iri, 0) for iri in predicates]
    bounds = [bisect_left(levels, level) for level in range(1, max(reading.levels.values(), default=0) + 2)]
    renamed = {scan.predicates[iri]: place for place, iri in enumerate(predicates)}
    out = _sorted(
        order[k >> _HIGH] << _HIGH | renamed[k >> _NODE & _PREDICATES] << _NODE | order[k & _MASK] for k in scan.links
    )
    _write_links(folder, "out", out, len(iris), bounds[0])
    into = _sorted((k & _MASK) << _HIGH | k & _PREDICATES << _NODE | k >> _HIGH for k in out)
    _write_links(folder, "into", into, len(iris), bounds[0])
    parts = ((iris[k >> _HIGH], predicates[k >> _NODE & _PREDICATES], iris[k & _MASK]) for k in out)
    (folder / "edges").write_bytes(array("Q", (edge_number(*part) for part in parts)))
    _write_text(folder, "iris", iris)
    _write_text(folder, "labels", [scan.labels(node, iri) for node, iri in zip(old, iris, strict=True)])
    types = ["", *sorted({scan.type(node) for node in old} - {""})]
    numbers = {kind: number for number, kind in enumerate(types)}
    (folder / "types").write_bytes(array("H", (numbers[scan.type(node)] for node in old)))
    about = {"predicates": predicates, "types": types, "bounds": bounds}
    (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")


def edge_number(source: str, predicate: str, target: str) -> int:
    """Returns the number that is an edge's id: the first 64 bits of SHA-256 of its line of canonical N-Triples."""
    line = f"{_n3(source)} <{predicate}> {_n3(target)} .\n"
    return int.from_bytes(hashlib.sha256(line.encode()).digest()[:8])


def _n3(node: str) -> str:
    return node if node.startswith("_:") else f"<{node}>"


class _Scan:
    """Collects nodes, links, labels and types from lines."""

    def __init__(self, reading: Reading) -> None:
        self.nodes: dict[str, int] = {}
        self.predicates: dict[str, int] = {}
        self.links = array("Q")
        self._ranks = {predicate: rank for rank, predicate in enumerate(reading.labels)}
        self._labels: dict[tuple[int, str], tuple[int, bool, str]] = {}
        self._types: dict[int, str] = {}

    def read(self, line: str) -> None:
        subject, predicate, rest = line.split(" ", 2)
        node, predicate = self._node(subject), predicate[1:-1]
        if rest[0] == '"':
            if predicate in self._ranks:
                self._label(node, self._ranks[predicate], rest[: rest.rindex(" <")])
            return
        target = rest[: rest.index(" ")]
        number = self.predicates.setdefault(predicate, len(self.predicates))
        self.links.append(node << _HIGH | number << _NODE | self._node(target))
        if predicate == RDF_TYPE:
            kind = target[1:-1]
            # A type of ours says more than one of others; of equals the first by name.
            self._types[node] = min(self._types.get(node, kind), kind, key=lambda iri: (not iri.startswith(NG), iri))

    def labels(self, node: int, iri: str) -> str:
        """Returns the label in Chinese, and after a separator the one in English where there is one, as JSON."""
        chinese, english = (self._labels.get((node, language), (0, False, ""))[2] for language in (_CHINESE, _ENGLISH))
        shown = json.dumps(chinese or english or local_name(iri), ensure_ascii=False)
        return f"{shown}\x1f{json.dumps(english, ensure_ascii=False)}" if english else shown

    def type(self, node: int) -> str:
        return self._types.get(node, "")

    def _node(self, term: str) -> int:
        iri = term if term[0] == "_" else term[1:-1]
        return self.nodes.setdefault(iri, len(self.nodes))

    def _label(self, node: int, rank: int, literal: str) -> None:
        end = literal.rindex('"')
        # The escapes of canonical N-Quads are those of JSON.
        text: str = json.loads(literal[: end + 1], strict=False)
        text = " ".join(text.split())
        text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
        language = literal[end + 2 :] if literal[end + 1 : end + 2] == "@" else ""
        key = (node, _ENGLISH if language == _ENGLISH else _CHINESE)
        found = (rank, language != _CHINESE, text)
        self._labels[key] = min(self._labels.get(key, found), found)


def _sorted(links: Iterable[int]) -> "array[int]":
    return array("Q", map(itemgetter(0), groupby(sorted(links))))


def _write_links(folder: Path, name: str, links: "array[int]", nodes: int, bound: int) -> None:
    counts, degrees = array("Q", bytes(8 * (nodes + 1))), array("I", bytes(4 * nodes))
    for link in links:
        counts[(link >> _HIGH) + 1] += 1
        degrees[link >> _HIGH] += (link >> _NODE & _PREDICATES) < bound
    (folder / name).write_bytes(links)
    (folder / f"{name}.starts").write_bytes(array("Q", accumulate(counts)))
    (folder / f"{name}.degrees").write_bytes(degrees)


def _write_text(folder: Path, name: str, texts: Sequence[str]) -> None:
    encoded = [text.encode() for text in texts]
    (folder / name).write_bytes(b"".join(encoded))
    (folder / f"{name}.ends").write_bytes(array("Q", accumulate(map(len, encoded), initial=0)))


def _text(folder: Path, name: str) -> tuple[mmap | bytes, memoryview]:
    """Maps texts and their ends; a slice of a map is bytes."""
    return _map(folder / name), _mapped(folder / f"{name}.ends", "Q")


def _mapped(file: Path, code: Literal["H", "I", "Q"]) -> memoryview:
    return memoryview(_map(file)).cast("B").cast(code)


def _map(file: Path) -> mmap | bytes:
    with file.open("rb") as opened:
        return mmap(opened.fileno(), 0, access=ACCESS_READ) if file.stat().st_size else b""
