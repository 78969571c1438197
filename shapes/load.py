"""Reads the shapes (they travel as package data), once each, and writes them as a graph of their own."""

from functools import cache
from importlib.resources import files

from rdflib import Graph

from ontology.iris import DEFAULT_BASE, Iris

NOTICE = (
    "prefixes.ttl",
    "agency.ttl",
    "amount.ttl",
    "deadline.ttl",
    "document.ttl",
    "mention.ttl",
    "modality.ttl",
    "notice.ttl",
    "part.ttl",
    "provenance.ttl",
)
"""What must stand in the graph of a notice; the concepts it cites need no more than their types beside it."""

GROUNDING = ("prefixes.ttl", "grounding.ttl")
"""How the values in the graph of a notice agree with each other; only for data that has no violation of `NOTICE`."""

REFERENCE = ("prefixes.ttl", "concept.ttl", "style.ttl")
"""What must hold of ontology and vocabularies."""

EVENTS = ("prefixes.ttl", "event.ttl")
"""What must hold of the dates of events."""

DATASET = ("prefixes.ttl", "dataset.ttl")
"""What must hold across notices; asked of a whole store."""

ALL = tuple(dict.fromkeys((*NOTICE, *GROUNDING, *REFERENCE, *EVENTS, *DATASET)))


@cache
def shapes(names: tuple[str, ...]) -> Graph:
    """Returns the shapes of these files of the package as one graph; nobody may change it.

    Raises:
        FileNotFoundError: There is no such file.
    """
    graph = Graph()
    for name in names:
        graph.parse(data=files("shapes").joinpath(name).read_text(encoding="utf-8"), format="turtle")
    return graph


def shapes_graph(base: str = DEFAULT_BASE) -> dict[str, str]:
    """Returns all shapes as a named graph.

    Args:
        base: What the IRI of the graph begins with; shapes keep their namespace.

    Returns:
        Graph IRI (`graph/shapes`) to its quads as N-Quads, a line each, sorted.

    Raises:
        ValueError: The base is no absolute http(s) IRI ending with a slash.
    """
    graph = Iris(base).graph("shapes")
    triples = shapes(ALL).serialize(format="nt").splitlines()
    return {graph: "".join(f"{line.removesuffix('.')}<{graph}> .\n" for line in sorted(set(triples)) if line)}
