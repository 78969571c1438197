"""Judges RDF by our shapes: the gate through which every notice goes.

Data comes as N-Quads text, so that nothing here is ever taken for a path or an address.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from ontology import terms
from ontology.iris import DEFAULT_BASE
from ontology.load import reference_graphs
from shapes import load
from shapes.data import Data, Triple, by_graph
from shapes.engine import DEFAULT, NOT_COMPARED, NOTHING_JUDGED, Engine, Shapes, ours, report, said
from shapes.report import Report

_BASE = re.compile(r"<([^<>\s]*/)id/(?:notice/[0-9a-f]{16}|event/[a-z0-9-]+/[a-z0-9-]+)>")
_OTHERS = tuple(f"<{namespace}" for namespace in terms.PREFIXES.values() if not namespace.startswith(DEFAULT_BASE))
_TYPE = f"<{terms.RDF.type}>"


def validate(nquads: str, engine: Engine = DEFAULT) -> Report:
    """Judges the statements of all graphs in `nquads` as one, by the shapes of notices.

    The types of the concepts, events and divisions that are cited are added from the vocabularies, so that the graph of
    one notice is enough.

    Args:
        nquads: N-Quads or N-Triples.
        engine: Who judges.

    Returns:
        The report; it warns where no node is the target of a shape.

    Raises:
        ValueError: The text is no N-Quads; the message names the line.
        DisagreementError: Two engines judged, and differ.
    """
    return _as_notices(_all(nquads), engine)


def validate_events(nquads: str, engine: Engine = DEFAULT) -> Report:
    """Judges the dates of events; the types of the events and divisions that they name are added.

    Args:
        nquads: N-Quads or N-Triples.
        engine: Who judges.

    Returns:
        The report; it warns where there is no date of an event.

    Raises:
        ValueError: The text is no N-Quads; the message names the line.
    """
    return _as_events(_all(nquads), engine)


def validate_dataset(nquads: str, engine: Engine = DEFAULT, own: Shapes | None = None) -> Iterator[tuple[str, Report]]:
    """Judges each graph of N-Quads or N-Triples by itself; as `validate_graphs`.

    Raises:
        ValueError: The text is no N-Quads; the message names the line.
    """
    yield from validate_graphs(by_graph(nquads), engine, own)


def validate_graphs(
    graphs: Mapping[str, list[Triple]], engine: Engine = DEFAULT, own: Shapes | None = None
) -> Iterator[tuple[str, Report]]:
    """Judges each graph by itself: that of a notice or of events by its shapes, any other by all.

    Args:
        graphs: Names to triples, as `by_graph` returns them.
        engine: Who judges.
        own: Further shapes, by which each graph is judged too.

    Yields:
        The IRI of a graph, empty for the default graph, and its report; one at least. In the order of the IRIs.

    Raises:
        DisagreementError: Two engines judged, and differ.
    """
    for name, triples in sorted(graphs.items()) or [("", [])]:
        found = _as_events(triples, engine) if name.endswith("/graph/events>") else _as_notices(triples, engine)
        if not re.search("/graph/(?:notice/|events>)", name):
            found = _joined(found, _as_reference(triples, engine))
        if own is not None:
            found = _joined(found, engine.judge(Data(triples), own))
        yield name.removeprefix("<").removesuffix(">"), found


def validate_across(select: Callable[[str], Iterable[Mapping[str, str]]]) -> Report:
    """Judges what must hold across notices, by a query a shape over a whole store.

    Args:
        select: Answers a SELECT over the union of all named graphs: names of variables to terms in N-Triples syntax.
    """
    shapes = (ours(load.DATASET).compiled or {}).values()
    return report((one for shape in shapes for query in shape.queries for one in shape.results(select(query.text))), 0)


def _all(nquads: str) -> list[Triple]:
    return [triple for triples in by_graph(nquads).values() for triple in triples]


def _as_notices(triples: list[Triple], engine: Engine) -> Report:
    data = Data([*triples, *cited(triples)])
    found = engine.judge(data, ours(load.NOTICE))
    compared = engine.judge(data, ours(load.GROUNDING)) if found.conforms else Report((said(NOT_COMPARED),), 0)
    return replace(_joined(found, compared), focus_nodes=found.focus_nodes)


def _as_events(triples: list[Triple], engine: Engine) -> Report:
    return engine.judge(Data([*triples, *cited(triples)]), ours(load.EVENTS))


def _as_reference(triples: list[Triple], engine: Engine) -> Report:
    """Judges what is said of our terms and concepts; of others' terms the ontology declares the kind only."""
    data = Data(triple for triple in triples if not triple[0].startswith(_OTHERS))
    return engine.judge(data, ours(load.REFERENCE))


def _joined(one: Report, other: Report) -> Report:
    """Joins reports by different shapes; that nothing was judged is said only where it holds of both."""
    count = one.focus_nodes + other.focus_nodes
    return report({*one.results, *other.results} - ({said(NOTHING_JUDGED)} if count else set()), count)


def cited(triples: list[Triple]) -> Iterator[Triple]:
    """Yields the types of the concepts, events and divisions that triples name."""
    base = next((found[1] for s in dict.fromkeys(s for s, _, _ in triples) if (found := _BASE.match(s))), DEFAULT_BASE)
    types = _types(base)
    for iri in {o for _, _, o in triples if o in types}:
        yield from types[iri]


@lru_cache(maxsize=4)
def _types(base: str) -> dict[str, list[Triple]]:
    """Returns the type statements of concepts, events and divisions; no more, so that no shape has to judge them."""
    types: dict[str, list[Triple]] = {}
    for graph in reference_graphs(base).values():
        for s, p, o in _all(graph):
            if p == _TYPE and o.startswith(f"<{terms.NG}"):
                types.setdefault(s, []).append((s, p, o))
    return types
