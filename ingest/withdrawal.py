"""Withdraws notices: their graphs go, and a graph of its own remembers them, so that they do not come back unasked."""

from collections.abc import Iterable

from ontology.iris import Iris
from ontology.terms import DCT, NG, PROV, RDFS, literal
from store.base import Store, Target, Writer

_FIND = f"""PREFIX ng: <{NG}> PREFIX dct: <{DCT}>
SELECT ?notice ?graph ?title ?source {{ GRAPH ?graph {{
  ?notice a ng:Notice ; ng:source ?source .
  OPTIONAL {{ ?notice dct:title ?title }} OPTIONAL {{ ?notice ng:documentNumber ?number }}
  FILTER (STR(?notice) = {{name}} || STR(?graph) = {{name}} || STRENDS(STR(?notice), CONCAT("/", {{name}}))
    || STR(?number) = {{name}}) }} }}"""


def withdraw(names: Iterable[str], target: Target) -> tuple[str, ...]:
    """Removes notices from a published store, all or none, and publishes it.

    Args:
        names: The IRI, slug or document number of each.
        target: Where they are published.

    Returns:
        The IRIs of the notices that are gone, in the order of `names`.

    Raises:
        ValueError: A name is that of no notice, or of several.
        StoreError: The store cannot be written.
    """
    with target.publish() as writer:
        notices = [_the_one(name, writer) for name in names]
        for notice, graph, title, sources in notices:
            writer.remove_graph(graph)
            _remember(notice, title or notice, sources, writer)
    return tuple(notice for notice, *_ in notices)


def withdrawn(store: Store, base: str) -> frozenset[str]:
    """Returns the IRIs of the notices that were withdrawn, and of their sources."""
    lines = store.nquads(withdrawn_graph(base))
    return frozenset(line.split(" ", 1)[0][1:-1] for line in lines if f" <{PROV.wasInvalidatedBy}> " in line)


def restore(notice: str, writer: Writer, base: str) -> None:
    """Forgets that a notice was withdrawn."""
    graph, event = withdrawn_graph(base), f"<{_event(notice)}>"
    writer.replace_graph(graph, "".join(f"{line}\n" for line in writer.nquads(graph) if event not in line))


def withdrawn_graph(base: str) -> str:
    """Returns the IRI of the graph that remembers what was withdrawn."""
    return Iris(base).graph("withdrawn")


def _the_one(name: str, store: Store) -> tuple[str, str, str, list[str]]:
    """Returns the IRI, graph, title and sources of the notice that bears a name."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for notice, graph, title, source in sorted(store.select(_FIND.replace("{name}", literal(name))).texts()):
        found.setdefault((notice, graph, title), []).append(source)
    if not found:
        raise ValueError(f"no notice in the store has the IRI, slug or document number {name!r}")
    if len(found) > 1:
        raise ValueError(f"{name!r} is the number of several notices; give the IRI: {' '.join(n for n, *_ in found)}")
    ((which, sources),) = found.items()
    return (*which, sources)


def _remember(notice: str, title: str, sources: Iterable[str], writer: Writer) -> None:
    graph = withdrawn_graph(notice.partition("id/notice/")[0])
    event = f"<{_event(notice)}>"
    statements = [f"<{one}> <{PROV.wasInvalidatedBy}> {event}" for one in (notice, *sources)]
    statements.append(f"{event} <{RDFS.label}> {literal(f'撤回：{title}', 'zh')}")
    lines = [*writer.nquads(graph), *(f"{statement} <{graph}> ." for statement in statements)]
    writer.replace_graph(graph, "".join(f"{line}\n" for line in lines))


def _event(notice: str) -> str:
    return f"{notice}/withdrawal"
