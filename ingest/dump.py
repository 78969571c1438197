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
        ValueError: It is no N-Quads, or empty, or a graph does not conform.
        StoreError: The store is not empty, or cannot be written.
        OSError: The file cannot be read, or is damaged or cut off.
    """
    with target.publish() as writer, opened(file) as content:
        try:
            writer.load(content)
        except ValueError as error:
            raise ValueError(f"{file}: {error}; a dump is N-Quads, as `noticegraph export` writes them") from error
        graphs = writer.graphs()
        if not graphs:
            raise ValueError(f"{file} holds nothing; nothing was published")
        for graph, report in judged(writer, graphs):
            if not report.conforms:
                raise ValueError(f"<{graph}> does not conform: {report.results[0]}; nothing was published")
        return len(graphs)
