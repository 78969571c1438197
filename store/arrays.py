"""Writes what `store.adjacency` reads, from sorted triples: a text or an array a file, in the machine's order."""

import hashlib
import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Literal

from ontology.terms import NG, RDF
from store.base import StoreError
from store.canonical import Block

ABOUT, FIRST, EDGES = "about.json", "first", "edges"
# A link is packed in one number of 64 bits to be sorted: a node, a predicate, the node at the other end.
_NODE, _PREDICATE = 26, 12
_HIGH = _NODE + _PREDICATE
_MASK, _PREDICATES = (1 << _NODE) - 1, (1 << _PREDICATE) - 1
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Reading:
    """How triples become nodes and links.

    Attributes:
        labels: The predicates whose literals may be a node's label, the best first.
        levels: The level of predicates that are not of level 0: who asks for a level gets it and those below.
    """

    labels: Sequence[str]
    levels: Mapping[str, int]


def write(triples: Iterable[Block], folder: Path, reading: Reading) -> None:
    """Writes the nodes and links of a data set.

    Args:
        triples: Sorted canonical N-Triples (`store.canonical.triples`).
        folder: Where the files go; it exists.
        reading: How they are read.

    Raises:
        StoreError: There are more than 67 million nodes or 4096 predicates.
    """
    scan, digest = _Scan(), hashlib.sha256()
    for block in triples:
        scan.read(block)
        digest.update(b"".join(block))
    if len(scan.nodes) > _MASK or len(scan.predicates) > _PREDICATES:
        raise StoreError(f"too much for one index: {len(scan.nodes)} nodes, {len(scan.predicates)} predicates")
    _Writing(scan, folder, reading).write(digest.hexdigest())


def write_first(neighbours: Iterable[Sequence[int]], folder: Path) -> None:
    """Writes, beside what `write` has written, some neighbours of each node, in the order of the nodes."""
    write_text(folder, FIRST, (array("I", some).tobytes() for some in neighbours), 4)


class _Scan:
    """Numbers nodes, predicates and properties as they are met, and collects links and literals."""

    def __init__(self) -> None:
        self.nodes: dict[bytes, int] = {}
        self.predicates: dict[bytes, int] = {}
        self.properties: dict[bytes, int] = {}
        self.links = array("Q")
        self.literals = bytearray()
        self.subjects, self.ends = array("I"), array("Q")

    def read(self, block: Block) -> None:
        nodes, predicates, properties, literals = self.nodes, self.predicates, self.properties, self.literals
        for line in block:
            subject, predicate, rest = line.split(b" ", 2)
            node = nodes.setdefault(subject, len(nodes))
            if rest[0] == ord('"'):
                if not self.subjects or self.subjects[-1] != node:
                    self.subjects.append(node)
                    self.ends.append(0)
                literals += b"%d %b\n" % (properties.setdefault(predicate, len(properties)), rest[:-3])
                self.ends[-1] = len(literals)
            else:
                target = nodes.setdefault(rest[:-3], len(nodes))
                number = predicates.setdefault(predicate, len(predicates))
                self.links.append(node << _HIGH | number << _NODE | target)


class _Writing:
    """Renumbers what was scanned, and writes it."""

    def __init__(self, scan: _Scan, folder: Path, reading: Reading) -> None:
        self._scan, self._folder, self._reading = scan, folder, reading
        self._terms = sorted(scan.nodes, key=_iri)
        self._iris = [*map(_iri, self._terms)]
        self._order = array("I", bytes(4 * len(self._terms)))
        for place, term in enumerate(self._terms):
            self._order[scan.nodes[term]] = place
        # The levels stand one after the other, so that a node's links up to a level are one stretch.
        found = {_iri(term).decode(): number for term, number in scan.predicates.items()}
        self._predicates = sorted(found, key=lambda iri: (reading.levels.get(iri, 0), iri))
        self._renamed = [0] * len(found)
        for place, predicate in enumerate(self._predicates):
            self._renamed[found[predicate]] = place
        levels = [reading.levels.get(iri, 0) for iri in self._predicates]
        # Of each level the first predicate after it.
        self._bounds = [bisect_left(levels, level) for level in range(1, max(reading.levels.values(), default=0) + 2)]

    def write(self, digest: str) -> None:
        order, renamed = self._order, self._renamed
        out = sorted(
            order[link >> _HIGH] << _HIGH | renamed[link >> _NODE & _PREDICATES] << _NODE | order[link & _MASK]
            for link in self._scan.links
        )
        self._scan.links = array("Q")
        outdegrees = self._links("out", out)
        types = self._types(out)
        out = sorted((link & _MASK) << _HIGH | link & _PREDICATES << _NODE | link >> _HIGH for link in out)
        indegrees = self._links("into", out)
        del out
        write_text(self._folder, "iris", self._iris)
        names = ["", *sorted({*types} - {""})]
        numbers = {kind: number for number, kind in enumerate(names)}
        (self._folder / "types").write_bytes(array("H", (numbers[kind] for kind in types)))
        self._literals()
        properties = [_iri(term).decode() for term in self._scan.properties]
        degrees = zip(indegrees, outdegrees, strict=True)
        write_text(self._folder, "nodes", self._nodes(types, degrees, properties))
        numbered = {"predicates": self._predicates, "properties": properties, "types": names}
        about = {"digest": digest, "bounds": self._bounds, **numbered}
        (self._folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")

    def _links(self, name: str, links: Sequence[int]) -> "array[int]":
        """Writes the links of a direction, and returns how many of level 0 each node has."""
        levels = len(self._bounds)
        level = [sum(number >= bound for bound in self._bounds[:-1]) for number in range(len(self._predicates))]
        counts = array("I", bytes(4 * levels * len(self._iris)))
        for link in links:
            counts[(link >> _HIGH) * levels + level[link >> _NODE & _PREDICATES]] += 1
        (self._folder / f"{name}.starts").write_bytes(array("Q", accumulate(counts, initial=0)))
        (self._folder / f"{name}.ends").write_bytes(array("I", (link & _MASK for link in links)))
        (self._folder / f"{name}.predicates").write_bytes(array("H", (link >> _NODE & _PREDICATES for link in links)))
        return counts[::levels]

    def _types(self, out: Iterable[int]) -> list[str]:
        """Returns the type of each node: of several one of ours, for it says more; of equals the first by name."""
        types = [""] * len(self._iris)
        if RDF.type in self._predicates:
            wanted = self._predicates.index(RDF.type)
            for link in out:
                if link >> _NODE & _PREDICATES == wanted:
                    kind = self._iris[link & _MASK].decode()
                    known = types[link >> _HIGH] or kind
                    types[link >> _HIGH] = min(known, kind, key=lambda iri: (not iri.startswith(str(NG)), iri))
        return types

    def _literals(self) -> None:
        """Writes the literals of each node, a line each, in the order in which they were met: that of their triples."""
        scan, texts = self._scan, [b""] * len(self._iris)
        for subject, first, end in zip(scan.subjects, [0, *scan.ends], scan.ends, strict=False):
            texts[self._order[subject]] = bytes(scan.literals[first:end])
        write_text(self._folder, "literals", texts)

    def _nodes(
        self, types: Iterable[str], degrees: Iterable[tuple[int, int]], properties: Sequence[str]
    ) -> Iterator[bytes]:
        """Yields each node as JSON, first with its Chinese label, then with its English one; empty without one."""
        ranks = {properties.index(iri): rank for rank, iri in enumerate(self._reading.labels) if iri in properties}
        literals, ends = mapped_text(self._folder, "literals")
        for node, (iri, kind, (into, out)) in enumerate(zip(self._iris, types, degrees, strict=True)):
            chinese, english = _labels(literals[ends[node] : ends[node + 1]].decode(), ranks)
            start = b'{"id":"%b","label":' % iri
            rest = f',"type":"{kind}","degree":{into + out},"indegree":{into},"outdegree":{out}}}'.encode()
            yield start + quoted(chinese or english or local_name(iri.decode())).encode() + rest
            yield start + quoted(english).encode() + rest if english else b""


def _labels(lines: str, ranks: Mapping[int, int]) -> tuple[str, str]:
    """Returns the best label in Chinese or without language, and the best in English; empty where there is none."""
    found = {False: [(len(ranks), False, "")], True: [(len(ranks), False, "")]}
    for line in lines.split("\n")[:-1]:
        number = int(line[: line.index(" ")])
        if number in ranks:
            _, value, language, _ = read_literal(line)
            text = " ".join(value.split())
            text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
            found[language == "en"].append((ranks[number], language != "zh", text))
    return min(found[False])[2], min(found[True])[2]


def read_literal(line: str) -> tuple[int, str, str | None, str]:
    """Reads a line of the file `literals`: number of the predicate, value, language, datatype; empty where plain."""
    number, literal = line.split(" ", 1)
    end = literal.rindex('"')
    # The escapes of canonical N-Triples are those of JSON.
    value: str = json.loads(literal[: end + 1], strict=False)
    rest = literal[end + 1 :]
    return int(number), value, rest[1:] if rest.startswith("@") else None, rest[3:-1] if rest.startswith("^") else ""


def quoted(text: str) -> str:
    """Returns a text as JSON."""
    return json.dumps(text, ensure_ascii=False)


def local_name(iri: str) -> str:
    """Returns the end of an IRI, after its last slash or hash."""
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :] or iri


def write_text(folder: Path, name: str, texts: Iterable[bytes], unit: int = 1) -> None:
    """Writes texts one after the other, and beside them where each ends, counted in units of so many bytes."""
    ends = array("Q", (0,))
    with (folder / name).open("wb") as output:
        for text in texts:
            output.write(text)
            ends.append(ends[-1] + len(text) // unit)
    (folder / f"{name}.ends").write_bytes(ends)


def mapped_text(folder: Path, name: str) -> tuple[mmap | bytes, memoryview]:
    """Maps texts and their ends; a slice of a map is bytes."""
    return map_file(folder / name), mapped(folder / f"{name}.ends", "Q")


def mapped(file: Path, code: Literal["H", "I", "Q"]) -> memoryview:
    """Maps an array."""
    return memoryview(map_file(file)).cast("B").cast(code)


def map_file(file: Path) -> mmap | bytes:
    """Maps a file into memory, where it is not empty."""
    with file.open("rb") as opened:
        return mmap(opened.fileno(), 0, access=ACCESS_READ) if file.stat().st_size else b""


def _iri(term: bytes) -> bytes:
    return term if term.startswith(b"_:") else term[1:-1]


def term(iri: bytes) -> bytes:
    """Returns a node as it stands in N-Triples."""
    return iri if iri.startswith(b"_:") else b"<%b>" % iri
