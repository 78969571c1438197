"""Graphs in files, found by a look at the end of each line, so that whoever judges a graph reads its lines himself."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile

import pyoxigraph as ox

from shapes.data import Triple, by_graph


class MisreadError(ValueError):
    """The lines of a part are not what `parts` took them for."""


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one graph in a file of N-Quads.

    Attributes:
        file: The file.
        graph: The name of the graph as a term; empty for the default graph.
        runs: Where the lines begin and end, in bytes.
    """

    file: Path
    graph: str
    runs: tuple[tuple[int, int], ...]

    def read(self) -> str:
        """Returns the lines.

        Raises:
            MisreadError: They are no UTF-8.
        """
        text = bytearray()
        with self.file.open("rb") as content:
            for start, end in self.runs:
                content.seek(start)
                text += content.read(end - start)
        try:
            return text.decode()
        except UnicodeDecodeError as error:
            raise MisreadError(str(error)) from error

    def triples(self) -> dict[str, list[Triple]]:
        """Returns the name of the graph, and its triples; nothing where there are no lines.

        Raises:
            MisreadError: Some line is no N-Quads of RDF 1.1, or of another graph.
        """
        try:
            graphs = by_graph(self.read())
        except ValueError as error:
            raise MisreadError(str(error)) from error
        if list(graphs) != [self.graph] * bool(self.runs):
            raise MisreadError(f"not all lines are of the graph {self.graph}")
        return graphs


Runs = dict[bytes, list[tuple[int, int]]]
Mapped = Callable[[Callable[[tuple[int, int]], Runs | None], Iterable[tuple[int, int]]], Iterable[Runs | None]]


def parts(file: Path, jobs: int = 1, mapped: Mapped = map) -> list[Part] | None:
    """Finds the graphs of a file of canonical N-Quads (https://www.w3.org/TR/rdf12-n-quads/#canonical-quads).

    Args:
        file: The file.
        jobs: How many stretches of it are looked through.
        mapped: What does as `map`, with several processes.

    Returns:
        Its graphs in the order of their names, the default graph where there is none. None where the end of a line
        shows that the file is not canonical; what the ends do not show, `Part.triples` sees.
    """
    size = file.stat().st_size
    found: Runs = {}
    for runs in mapped(partial(_runs, file), pairwise(size * k // jobs for k in range(jobs + 1))):
        if runs is None:
            return None
        for graph, some in runs.items():
            found.setdefault(graph, []).extend(some)
    return [Part(file, graph.decode(), tuple(found[graph])) for graph in sorted(found)] or [Part(file, "", ())]


def _runs(file: Path, stretch: tuple[int, int]) -> Runs | None:
    """Finds the runs of lines of one graph among those that begin in a stretch of a file; None as `parts`."""
    start, end = stretch
    runs: Runs = {}
    name, ending = b"", b""
    with file.open("rb") as lines:
        if start:
            lines.seek(start - 1)
            start += len(lines.readline()) - 1
        at = start
        for line in lines:
            if at >= end:
                break
            if not ending or not line.endswith(ending) or line.count(b" ") == _IN_TRIPLE:
                if not line.endswith(b" .\n"):
                    return None
                if (graph := _graph_of(line)) != name:
                    if at > start:
                        runs.setdefault(name, []).append((start, at))
                    start, name, ending = at, graph, b" %b .\n" % graph if graph else b""
            at += len(line)
    if at > start:
        runs.setdefault(name, []).append((start, at))
    return runs


_IN_TRIPLE = 3
"""How many spaces are in a line without literal and without graph."""


def _graph_of(line: bytes) -> bytes:
    # Terms hold no space but in strings, after which no quotation mark comes.
    _, quote, tail = line.rpartition(b'"')
    named = tail.count(b" ") == (2 if quote else _IN_TRIPLE + 1)
    return line[line.rindex(b" ", 0, -3) + 1 : -3] if named else b""


@contextmanager
def canonical(file: Path, base: str) -> Iterator[Path]:
    """Writes RDF in any format to a file of canonical N-Quads, every literal as it is written, and removes it at last.

    Args:
        file: RDF; its suffix says in which format.
        base: What relative IRIs are relative to.

    Raises:
        ValueError: The suffix is unknown, or the content is not in that format; the message names the line.
    """
    suffix = file.suffix.removeprefix(".")
    form = ox.RdfFormat.from_extension(suffix)
    if form is None:
        raise ValueError(f"unknown suffix {suffix!r}; known are nq, nt, trig, ttl, rdf, jsonld")
    with file.open("rb") as content, NamedTemporaryFile(suffix=".nq") as copy:
        if form == ox.RdfFormat.RDF_XML and re.search(rb"<!(?:DOCTYPE|ENTITY)", content.read()):
            raise ValueError("RDF/XML with a document type declaration is not read: entities may grow without end")
        content.seek(0)
        try:
            quads = ox.parse(content, format=form, base_iri=base)
            ox.serialize(quads, copy.name, format=ox.RdfFormat.N_QUADS)
        except (SyntaxError, UnicodeDecodeError) as error:
            raise ValueError(f"not {form.name}: {error}") from error
        yield Path(copy.name)
