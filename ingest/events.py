"""Publishes the dates of events: Turtle files, judged by their shapes, become the graph of events."""

from collections.abc import Iterable
from pathlib import Path

from ontology.iris import Iris
from ontology.load import n_quads
from shapes.validate import validate_events
from store.base import StoreError, Target
from store.oxigraph import Embedded


def publish_events(files: Iterable[Path], directory: Path, target: Target | None = None) -> int:
    """Makes what Turtle files say the whole of `graph/events` of a published store; nothing changes on an error.

    Args:
        files: Turtle, as docs/graph.md has dated events; IRIs of things begin with the default base.
        directory: The folder of the published store.
        target: Where to publish; the versions in `directory` unless given.

    Returns:
        How many dates of events are published.

    Raises:
        ValueError: A file is no Turtle, or does not conform to the shapes.
        OSError: A file cannot be read.
        StoreError: Nothing has been ingested into the store, or it cannot be written.
    """
    turtles = {file: file.read_bytes() for file in files}
    with (target or Embedded(directory)).publish() as writer:
        ends = "graph/ontology"
        base = next((graph.removesuffix(ends) for graph in writer.graphs() if graph.endswith(f"/{ends}")), None)
        if base is None:
            raise StoreError(f"nothing has been ingested into {directory}; run ingest first")
        graph = Iris(base).graph("events")
        lines: set[str] = set()
        for file, turtle in turtles.items():
            try:
                lines.update(n_quads(graph, (turtle,), base).splitlines(keepends=True))
            except SyntaxError as error:
                raise ValueError(f"{file} is no Turtle: {error}") from error
        nquads = "".join(sorted(lines))
        report = validate_events(nquads)
        if report.results:
            raise ValueError(f"{len(report.results)} faults in the dates of events; the first: {report.results[0]}")
        writer.replace_graph(graph, nquads)
        return report.focus_nodes
