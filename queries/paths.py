"""What items can be filtered and counted by: `facets.tsv`, property paths that are followed in the adjacency."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ontology.terms import PREFIXES
from store.adjacency import Adjacency


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a path: a predicate's IRI, along it or against it, once or any number of times (none among them)."""

    predicate: str
    forward: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A line of `facets.tsv`.

    Attributes:
        kind: Local name of the class in the ontology.
        name: The facet.
        shown: Whether items name what the path leads to, without its last step where that is taken many times.
        path: The steps.
    """

    kind: str
    name: str
    shown: bool
    path: tuple[Step, ...]


@cache
def facets() -> tuple[Facet, ...]:
    """Returns all lines of `facets.tsv`."""
    text = files("queries").joinpath("facets.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return tuple(Facet(kind, name, bool(shown), tuple(map(_step, path.split("/")))) for kind, name, shown, path in rows)


@cache
def names(kind: str = "") -> tuple[str, ...]:
    """Returns the names of the facets of a kind, of all kinds unless given, each once."""
    return tuple(dict.fromkeys(facet.name for facet in facets() if kind in {facet.kind, ""}))


def reached(graph: Adjacency, node: int, path: tuple[Step, ...]) -> list[int]:
    """Returns the nodes that a path leads to, each once, in the order in which they are met."""
    found = {node: None}
    for step in path:
        predicate = graph.predicate(step.predicate)
        ahead: dict[int, None] = dict(found) if step.many else {}
        layer = list(found)
        while predicate is not None and layer:
            met = [other for here in layer for other in graph.follow(here, predicate, forward=step.forward)]
            layer = [other for other in met if other not in ahead] if step.many else []
            ahead.update(dict.fromkeys(met))
        found = ahead
    return list(found)


def facet_values(graph: Adjacency, node: int, kind: str, *, shown: bool) -> dict[str, list[int]]:
    """Returns the nodes of each facet of a node: all that it is filtered by, or those that it names."""
    values: dict[str, list[int]] = {}
    for facet in facets():
        if facet.kind != kind or (shown and not facet.shown):
            continue
        path = facet.path[:-1] if shown and facet.path[-1].many else facet.path
        found = reached(graph, node, path) if path else []
        values[facet.name] = list(dict.fromkeys(values.get(facet.name, []) + found))
    return values


def _step(text: str) -> Step:
    prefix, _, local = text.removeprefix("^").removesuffix("*").partition(":")
    return Step(PREFIXES[prefix] + local, not text.startswith("^"), text.endswith("*"))
