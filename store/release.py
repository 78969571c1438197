"""Makes a version's part `dumps`: the files, the feed, and the description, which is also a graph of the version."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from ontology.iris import Iris
from store import versions
from store.base import CATALOG, Writer
from store.canonical import blocks
from store.catalog import FILE, counted, described
from store.dumps import PART, digests, name, write_dumps
from store.feed import append
from store.versions import Version


@dataclass(frozen=True, slots=True)
class Releasing:
    """What `store.oxigraph.publish` takes as a part.

    Attributes:
        software: Version and fingerprint of the software that publishes.
    """

    software: str

    def __call__(self, draft: Path, writer: Writer) -> None:
        """Writes the part and the graph `graph/catalog` of a draft, in which `versions.changes` is recorded.

        Raises:
            StoreError: The dumps cannot be written, or those of the version before cannot be read.
        """
        record = versions.described(draft)
        kept = versions.history(draft.parent) if record.previous else ()
        present = {graph for graph in writer.graphs() if not graph.endswith(CATALOG)}
        iris = Iris(min(present).rpartition("graph/")[0])
        changes = {**_undone(draft.parent, kept, present), **versions.changes(draft)}
        before = draft.with_name(record.previous) if record.previous else None
        if before is None or not digests(before):
            before, changes = None, dict.fromkeys(present, versions.ADDED)
        dumps = write_dumps(writer, draft, changes, before)
        found = counted(blocks(draft / PART / name(draft, "nt.zst")))
        nquads = described(iris.base, record, len(present), iris.software(self.software), dumps, found)
        (draft / PART / FILE).write_text(nquads, encoding="utf-8")
        append(draft, draft.with_name(kept[-1].name) if before else None, changes, dumps.graphs)
        writer.replace_graph(iris.base[:-1] + CATALOG, nquads)


def _undone(directory: Path, kept: Sequence[Version], present: Container[str]) -> dict[str, str]:
    """Returns what a rollback took back: consumers of the feed have seen the versions after the current one."""
    names = [version.name for version in kept]
    later = names[[version.current for version in kept].index(True) + 1 :] if kept else []
    graphs = {graph for version in later for graph in versions.changes(directory / version)}
    return {graph: versions.CHANGED if graph in present else versions.REMOVED for graph in graphs}
