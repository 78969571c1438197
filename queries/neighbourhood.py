"""The neighbourhood of a node: who is linked with it, cut fairly where there are too many, and all edges among these.

The links of a node stand in groups, one a predicate and direction. Neighbours are taken in turn, one of each group, so
that a group of 100,000 hides none of the others; a neighbour of several groups is taken where it is met first. A place
in this order is a turn and a group: whoever goes on from there has met each neighbour once at the end.
"""

from collections.abc import Collection, Container, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import filterfalse, islice

from ontology import terms
from store.adjacency import Adjacency, Places, Run
from store.arrays import Reading
from store.base import Store

# Places in the text and where it came from: there are more of these than of all else.
MENTIONS = (
    *(terms.NG.denotes, terms.NG.within, terms.NG.inSource, terms.NG.source, terms.PROV.used),
    *(terms.PROV.wasGeneratedBy, terms.PROV.wasAssociatedWith, terms.PROV.wasRevisionOf),
)
_NEVER = (
    *(terms.RDF.type, terms.SKOS.inScheme, terms.SKOS.topConceptOf, terms.RDFS.isDefinedBy),
    *(terms.SKOS.hasTopConcept, terms.VOID.exampleResource),
)
READING = Reading(
    labels=(
        *(terms.SKOS.prefLabel, terms.DCT.title, terms.RDFS.label),
        *(terms.NG.quote, terms.NG.fileName, terms.NG.text, terms.NG.number),
    ),
    levels={**dict.fromkeys(MENTIONS, 1), **dict.fromkeys(_NEVER, 2)},
)
MAX_DEPTH, MAX_LIMIT = 3, 500
_SMALL, _LOOKED_AT = 64, 20_000
_FIRST = 256  # neighbours of each node that are found when the index is made

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a node.

    Attributes:
        root: Number of the node.
        depth: How many steps from the root, 1 to 3.
        directions: Along the edges (True), against them (False), or both.
        limit: How many neighbours at most, on all steps together; each step has its share.
        predicates: Numbers of the predicates that are followed; empty for all.
        types: Numbers of the types that neighbours have; empty for all.
        level: Which predicates count, see `Reading`.
        within: The edges that there are, as (subject, predicate, object); None for all.
        start: Where to go on, of the neighbours of the root.
    """

    root: int
    depth: int = 1
    directions: tuple[bool, ...] = (True, False)
    limit: int = 50
    predicates: AbstractSet[int] = frozenset()
    types: AbstractSet[int] = frozenset()
    level: int = 0
    within: AbstractSet[tuple[int, int, int]] | None = None
    start: Place = (0, 0)

    @property
    def plain(self) -> bool:
        """Whether neighbours are those that `Adjacency.first` has."""
        filtered = self.predicates or self.types or self.level or self.within is not None
        return not filtered and self.start == (0, 0) and len(self.directions) > 1


@dataclass(frozen=True, slots=True)
class Found:
    """What is around a node, by number.

    Attributes:
        nodes: The root, then its neighbours in the order in which they were met.
        edges: All edges among these: their places (`Adjacency.edge`), in the order of the nodes that they leave.
        truncated: Whether some node has more neighbours than are here.
        next: Where the neighbours of the root go on; None where there are no more.
    """

    nodes: tuple[int, ...]
    edges: Sequence[int] | Places
    truncated: bool
    next: Place | None


def find(graph: Adjacency, asked: Question) -> Found:
    """Returns the nodes around the root, step by step, and their edges; what one step leaves, the next may use."""
    nodes = {asked.root: None}
    found, following = _neighbours(graph, asked, asked.root, _share(asked.limit, asked.depth), nodes, plain=asked.plain)
    nodes.update(dict.fromkeys(found))
    truncated, layer = following is not None, found
    further = asked if asked.start == (0, 0) else replace(asked, start=(0, 0))
    plain = further.plain
    for step in range(2, asked.depth + 1):
        reached: list[int] = []
        share = _share(asked.limit + 1 - len(nodes), asked.depth - step + 1)
        for position, node in enumerate(layer):
            part = _share(share - len(reached), len(layer) - position)
            found, more = _neighbours(graph, further, node, part, nodes, plain=plain)
            truncated = truncated or more is not None
            nodes.update(dict.fromkeys(found))
            reached += found
        layer = reached
    return Found(tuple(nodes), _edges(graph, asked, nodes), truncated, following)


def inside(graph: Adjacency, store: Store, name: str) -> AbstractSet[tuple[int, int, int]]:
    """Returns the edges of one named graph by number, for `Question.within`."""
    lines = (line.split(" ", 3) for line in store.nquads(name))
    named = ((graph.find(s.strip("<>")), graph.predicate(p[1:-1]), graph.find(o.strip("<>"))) for s, p, o, _ in lines)
    return frozenset((s, p, o) for s, p, o in named if s is not None and p is not None and o is not None)


def first(graph: Adjacency) -> Iterator[list[int]]:
    """Yields of each node, in order, what `Adjacency.first` has: its first neighbours, one more than are looked for."""
    for node in range(len(graph)):
        yield _searched(graph, Question(node), node, _FIRST + 1, {node: None})[0]


def _edges(graph: Adjacency, asked: Question, nodes: Collection[int]) -> Sequence[int] | Places:
    """Returns all edges among nodes, whichever predicates led to these; one asked for by name whatever its level."""
    level = max((graph.level(predicate) for predicate in asked.predicates), default=0)
    found = graph.among(nodes, max(level, asked.level))
    if asked.within is None and level <= asked.level:
        return found

    def shown(edge: tuple[int, int, int]) -> bool:
        wanted = graph.level(edge[1]) <= asked.level or edge[1] in asked.predicates
        return wanted and (asked.within is None or edge in asked.within)

    return [place for place in found.tolist() if shown(graph.edge(place))]


def _share(whole: int, parts: int) -> int:
    return max(0, -(-whole // parts))


def _neighbours(
    graph: Adjacency, asked: Question, node: int, limit: int, known: Container[int], *, plain: bool
) -> tuple[list[int], Place | None]:
    """Returns neighbours of a node that are not known, and where to go on: None where there are no more."""
    if plain:
        met = graph.first(node)
        found = [*islice(filterfalse(known.__contains__, met), limit + 1)]
        if len(found) > limit:
            other = found.pop()
            return found, _place(graph, node, other) if node == asked.root else (0, 0)
        if len(met) <= _FIRST:
            return found, None
    return _searched(graph, asked, node, limit, known)


def _place(graph: Adjacency, node: int, other: int) -> Place:
    """Returns where a neighbour is met first, for a question without filters."""
    turns = ((run.turn(other), position) for position, run in enumerate(_runs(graph, Question(node), node)))
    return min((turn, position) for turn, position in turns if turn is not None)


def _searched(
    graph: Adjacency, asked: Question, node: int, limit: int, known: Container[int]
) -> tuple[list[int], Place | None]:
    """Does what `_neighbours` does, by all links of the node."""
    groups = _Groups(graph, asked, node)
    found: list[int] = []
    for looked_at, (place, other) in enumerate(groups.walk(asked.start)):
        if other in known or not groups.takes(place, other):
            continue
        if len(found) == limit or looked_at > _LOOKED_AT:
            return found, place
        found.append(other)
    return found, None


def _runs(graph: Adjacency, asked: Question, node: int) -> list[Run]:
    level = max((graph.level(predicate) for predicate in asked.predicates), default=asked.level)
    runs = (run for forward in asked.directions for run in graph.runs(node, level, forward=forward))
    return [run for run in runs if not asked.predicates or run.predicate in asked.predicates]


class _Groups:
    """The links of a node in groups, and where each of its neighbours is met first."""

    def __init__(self, graph: Adjacency, asked: Question, node: int) -> None:
        self._graph, self._asked, self._node, self._runs = graph, asked, node, _runs(graph, asked, node)
        self._large = [position for position, run in enumerate(self._runs) if len(run.ends) > _SMALL]
        self._first: dict[int, Place] = {}
        for position, run in enumerate(self._runs):
            for turn, other in enumerate(run.ends) if position not in self._large else ():
                if self._within(run, other):
                    self._first[other] = min(self._first.get(other, (turn, position)), (turn, position))

    def walk(self, start: Place) -> Iterator[tuple[Place, int]]:
        """Yields places from `start` on, and who is there."""
        turn, begin = start
        while left := [position for position, run in enumerate(self._runs) if turn < len(run.ends)]:
            for position in left:
                if position >= begin:
                    yield (turn, position), self._runs[position].ends[turn]
            turn, begin = turn + 1, 0

    def takes(self, place: Place, other: int) -> bool:
        """Tells whether a neighbour passes the filters and is met first at this place."""
        if self._asked.types and self._graph.type(other) not in self._asked.types:
            return False
        if self._first.get(other, place) < place or not self._within(self._runs[place[1]], other):
            return False
        for position in self._large:
            turn = self._runs[position].turn(other)
            if turn is not None and (turn, position) < place and self._within(self._runs[position], other):
                return False
        return True

    def _within(self, run: Run, other: int) -> bool:
        if self._asked.within is None:
            return True
        source, target = (self._node, other) if run.forward else (other, self._node)
        return (source, run.predicate, target) in self._asked.within
