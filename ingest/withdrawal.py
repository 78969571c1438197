"""Withdraws notices: their graphs go, and a graph of its own remembers them, so that they do not come back unasked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ontology.iris import Iris
from ontology.terms import DCT, NG, PROV, RDFS, literal
from store.base import Iri, Literal, Store, Target, Writer

_FIND = f"""PREFIX ng: <{NG}> PREFIX dct: <{DCT}>
SELECT ?graph ?notice ?source ?title {{ GRAPH ?graph {{
  ?notice a ng:Notice ; ng:source ?source .
  OPTIONAL {{ ?notice dct:title ?title }} OPTIONAL {{ ?notice ng:documentNumber ?number }}
  FILTER (STR(?notice) = {{name}} || STR(?graph) = {{name}} || STRENDS(STR(?notice), CONCAT("/", {{name}}))
    || STR(?number) = {{name}}) }} }}"""


@dataclass(frozen=True, slots=True)
class _Notice:
    """A notice in the store: its graph, title and sources."""

    iri: str
    graph: str
    title: str
    sources: tuple[str, ...]


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
        for notice in notices:
            writer.remove_graph(notice.graph)
            _remember(notice, writer)
    return tuple(notice.iri for notice in notices)


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


def _the_one(name: str, store: Store) -> _Notice:
    found = list(_find(name, store))
    if not found:
        raise ValueError(f"no notice in the store has the IRI, slug or document number {name!r}")
    if len(found) > 1:
        raise ValueError(f"{name!r} is the number of several notices; give the IRI: {' '.join(n.iri for n in found)}")
    return found[0]


def _find(name: str, store: Store) -> Iterator[_Notice]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for graph, notice, source, title in store.select(_FIND.replace("{name}", Literal(name).n3())):
        if isinstance(graph, Iri) and isinstance(notice, Iri) and isinstance(source, Iri):
            words = title.value if isinstance(title, Literal) else ""
            found.setdefault((notice.value, graph.value, words), []).append(source.value)
    for (notice_iri, graph_iri, words), sources in sorted(found.items()):
        yield _Notice(notice_iri, graph_iri, words, tuple(sorted(sources)))


def _remember(notice: _Notice, writer: Writer) -> None:
    graph = withdrawn_graph(notice.iri.partition("id/notice/")[0])
    event = f"<{_event(notice.iri)}>"
    statements = [f"<{one}> <{PROV.wasInvalidatedBy}> {event}" for one in (notice.iri, *notice.sources)]
    statements.append(f"{event} <{RDFS.label}> {literal(f'撤回：{notice.title or notice.iri}', 'zh')}")
    lines = [*writer.nquads(graph), *(f"{statement} <{graph}> ." for statement in statements)]
    writer.replace_graph(graph, "".join(f"{line}\n" for line in lines))


def _event(notice: str) -> str:
    return f"{notice}/withdrawal"
