"""What the store holds of sources, asked by digest, so that a large store costs no more than a small one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ingest.software import FINGERPRINT
from ontology.terms import NG, PROV, literal
from store.base import Store, Target

_AT_ONCE = 500
_KNOWN = f"""PREFIX ng: <{NG}> PREFIX prov: <{PROV}>
SELECT ?graph ?sha256 ?name ?fingerprint {{ VALUES ?sha256 {{ {{digests}} }} GRAPH ?graph {{
  ?source ng:sha256 ?sha256 ; ng:fileName ?name . ?notice ng:source ?source .
  ?reading prov:wasAssociatedWith/ng:fingerprint ?fingerprint }} }}"""


@dataclass(frozen=True, slots=True)
class Source:
    """A source in the store.

    Attributes:
        graph: The named graph of its notice.
        name: Its file name.
        current: Whether this software has read the graph.
    """

    graph: str
    name: str
    current: bool


def known(store: Store, digests: Sequence[str]) -> dict[str, Source]:
    """Returns those of some sources that a store has, by digest."""
    found = {}
    for start in range(0, len(digests), _AT_ONCE):
        asked = " ".join(map(literal, digests[start : start + _AT_ONCE]))
        for graph, sha256, name, fingerprint in store.select(_KNOWN.replace("{digests}", asked)).texts():
            found[sha256] = Source(graph, name, fingerprint == FINGERPRINT)
    return found


def current(target: Target, sha256: str) -> str:
    """Returns the graph in which a target holds a source as this software reads it; empty where it does not.

    It is for processes that read: each looks at what is published when it first asks.
    """
    source = known(_published(target), [sha256]).get(sha256)
    return source.graph if source and source.current else ""


@lru_cache(1)
def _published(target: Target) -> Store:
    return target.published()


def fingerprinted(lines: Iterable[str]) -> bool:
    """Tells whether N-Quads of a notice's graph were read by this software."""
    mark = f" <{NG}fingerprint> {literal(FINGERPRINT)} "
    return any(mark in line for line in lines)
