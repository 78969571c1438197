"""What two versions of a published store differ in, at the cost of what changed between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from store import versions
from store.base import CATALOG
from store.oxigraph import open_version


@dataclass(frozen=True, slots=True)
class Change:
    """A graph that differs.

    Attributes:
        graph: Its IRI.
        kind: `ADDED`, `CHANGED` or `REMOVED` of `store.versions`.
        gone: N-Quads lines, without line ends, that the new version has no more; sorted.
        come: Likewise, those that the old one had not.
    """

    graph: str
    kind: str
    gone: tuple[str, ...]
    come: tuple[str, ...]


def difference(directory: Path, old: str, new: str) -> Iterator[Change]:
    """Yields what makes one version of another, in the order of the graphs' IRIs.

    Args:
        directory: The folder of the published store.
        old: Name or number of a version that is kept.
        new: Likewise; it may be the older one.

    Raises:
        StoreError: A version is not kept, or cannot be read.
    """
    before, after = versions.find(directory, old), versions.find(directory, new)
    left, right = open_version(before), open_version(after)
    touched = _between(before, after) or _between(after, before) or {*left.graphs(), *right.graphs()}
    for graph in sorted(touched):
        had, has = set(left.nquads(graph)), set(right.nquads(graph))
        if had != has and not graph.endswith(CATALOG):
            kind = versions.CHANGED if had and has else versions.ADDED if has else versions.REMOVED
            yield Change(graph, kind, tuple(sorted(had - has)), tuple(sorted(has - had)))


def _between(old: Path, new: Path) -> set[str]:
    """Returns the graphs touched on the way from one version to a later one; none where there is no way."""
    touched: set[str] = set()
    while new != old:
        touched |= versions.changes(new).keys()
        previous = new.parent / versions.described(new).previous
        if previous == new.parent or not previous.is_dir():
            return set()
        new = previous
    return touched
