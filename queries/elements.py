"""What is shown of a neighbourhood: nodes, edges and counts as values, JSON, elements of Cytoscape.js, triples.

JSON is put together from pieces that stand in the index as they are sent: to make a value of each node and edge first
would take as long as all else.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal as Choice

from ontology.terms import RDF, RDFS
from queries import cursors
from queries.neighbourhood import Found
from store.adjacency import Adjacency
from store.base import Literal


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the answer.

    Attributes:
        id: Its IRI; `_:` and a name where it is blank.
        label: What to show, in the language asked for where there is one.
        type: IRI of its class, the most specific; empty where it has none.
        degree: How many edges it has, `indegree` and `outdegree` together; places in the text are not counted.
        indegree: How many come in.
        outdegree: How many go out.
    """

    id: str
    label: str
    type: str
    degree: int
    indegree: int
    outdegree: int


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge of the answer: one triple.

    Attributes:
        id: 16 hexadecimal digits, the same for the same triple always: SHA-256 of its line of canonical N-Triples.
        source: IRI of its subject.
        target: IRI of its object.
        predicate: IRI of its predicate.
        label: What to show for the predicate.
    """

    id: str
    source: str
    target: str
    predicate: str
    label: str


@dataclass(frozen=True, slots=True)
class Property:
    """A literal of a node of the answer."""

    node: str
    predicate: str
    value: str
    datatype: str
    language: str | None

    def n3(self) -> str:
        """Returns it as a line of N-Triples."""
        return f"{_n3(self.node)} <{self.predicate}> {Literal(self.value, self.datatype, self.language).n3()} ."


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What is around a node.

    Attributes:
        root: IRI of the node that was asked for; it is the first of `nodes`.
        nodes: The node and its neighbours, in the order in which they were met.
        edges: All edges among these.
        literals: Their literals, where they were asked for.
        truncated: Whether some node has more neighbours than are here.
        next: Cursor of the next page of neighbours of the root; None where there are no more.
    """

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    literals: tuple[Property, ...]
    truncated: bool
    next: str | None


@dataclass(frozen=True, slots=True)
class NodeElement:
    """A node as Cytoscape.js takes it."""

    data: Node


@dataclass(frozen=True, slots=True)
class EdgeElement:
    """An edge as Cytoscape.js takes it."""

    data: Edge


@dataclass(frozen=True, slots=True)
class Elements:
    """What Cytoscape.js draws (https://js.cytoscape.org/#notation/elements-json)."""

    nodes: tuple[NodeElement, ...]
    edges: tuple[EdgeElement, ...]


@dataclass(frozen=True, slots=True)
class Cytoscape:
    """A neighbourhood for Cytoscape.js."""

    elements: Elements
    truncated: bool
    next: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many links a node has by a predicate in a direction.

    Attributes:
        predicate: IRI of the predicate.
        label: What to show for it.
        direction: `out` where the node is the subject, `in` where it is the object.
        count: How many.
        include: What `include` must say for them to be shown: empty or `mentions`.
    """

    predicate: str
    label: str
    direction: Choice["in", "out"]
    count: int
    include: Choice["", "mentions"]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What expanding a node would show: the node, and its links by predicate and direction."""

    root: Node
    predicates: tuple[Count, ...]


def as_json(graph: Adjacency, found: Found, language: str, version: str, literals: bytes = b"[]") -> bytes:
    """Returns a neighbourhood as JSON, see `Neighbourhood`.

    Args:
        graph: Nodes and links.
        found: What is around the node.
        language: `zh` or `en`, of labels.
        version: Name of the version, for the cursor.
        literals: The literals of the nodes, as JSON.
    """
    nodes = b",".join(graph.json(found.nodes, language))
    edges = graph.edges(found.edges, language)
    start = (b'{"root":"', graph.iri_bytes(found.nodes[0]), b'","nodes":[', nodes, b'],"edges":[')
    return b"".join((*start, *edges, b'],"literals":', literals, b",", _rest(found, version)))


def as_cytoscape(graph: Adjacency, found: Found, language: str, version: str) -> bytes:
    """Returns a neighbourhood as JSON, see `Cytoscape`."""
    nodes = _wrapped(b",".join(graph.json(found.nodes, language)))
    edges = _wrapped(b"".join(graph.edges(found.edges, language)))
    return b'{"elements":{"nodes":[%b],"edges":[%b]},%b' % (nodes, edges, _rest(found, version))


def _wrapped(objects: bytes) -> bytes:
    """Makes each of some objects a member `data`; what it looks for stands between two of them alone."""
    return b'{"data":%b}' % objects.replace(b'},{"id":', b'}},{"data":{"id":') if objects else b""


def as_triples(graph: Adjacency, found: Found, language: str) -> Iterator[str]:
    """Yields a neighbourhood as lines of N-Triples: its edges, and the type and the label of each node."""
    for source, predicate, target in map(graph.edge, found.edges):
        yield f"{_n3(graph.iri(source))} <{graph.predicates[predicate]}> {_n3(graph.iri(target))} ."
    for node in found.nodes:
        yield f"{_n3(graph.iri(node))} <{RDFS.label}> {Literal(graph.label(node, language)).n3()} ."
        if kind := graph.types[graph.type(node)]:
            yield f"{_n3(graph.iri(node))} <{RDF.type}> <{kind}> ."


def literals(graph: Adjacency, nodes: Iterable[int]) -> list[Property]:
    """Returns the literals of nodes, sorted by node and predicate."""
    return [
        Property(graph.iri(node), predicate, value.value, value.datatype, value.language)
        for node in sorted(nodes)
        for predicate, value in graph.literals(node)
    ]


def statistics(graph: Adjacency, root: int, language: str) -> Statistics:
    """Counts the links of a node by predicate and direction."""
    runs = chain(graph.runs(root, 1, forward=True), graph.runs(root, 1, forward=False))
    return Statistics(
        Node(**json.loads(bytes(graph.json((root,), language)[0]))),
        tuple(
            Count(
                graph.predicates[run.predicate],
                graph.name(run.predicate, language),
                "out" if run.forward else "in",
                len(run.ends),
                "mentions" if graph.level(run.predicate) else "",
            )
            for run in runs
        ),
    )


def _rest(found: Found, version: str) -> bytes:
    more = f'"{cursors.write(version, *found.next)}"' if found.next else "null"
    return f'"truncated":{"true" if found.truncated else "false"},"next":{more}}}'.encode()


def _n3(node: str) -> str:
    return node if node.startswith("_:") else f"<{node}>"
