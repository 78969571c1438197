"""Publishes a dump in an empty store: a backup comes back, a data set moves, and its digest stays the same."""

from pathlib import Path

from ingest.validation import judged
from store.base import Target
from store.canonical import opened


def ingest_dump(file: Path, target: Target) -> int:
    """Loads a dump and judges it, graph by graph; nothing is published where one does not conform.

    Args:
        file: N-Quads as `noticegraph export` writes them; compressed where the name ends with `.gz` or `.zst`.
        target: Where to publish; it is empty.

    Returns:
        How many graphs were published.

    Raises:
        ValueError: It is no N-Quads, or a graph does not conform.
        StoreError: The store is not empty, or cannot be written.
        OSError: The file cannot be read.
    """
    with target.publish() as writer, opened(file) as content:
        writer.load(content)
        graphs = writer.graphs()
        for graph, report in judged(writer, graphs):
            if not report.conforms:
                raise ValueError(f"<{graph}> does not conform: {report.results[0]}; nothing was published")
        return len(graphs)
