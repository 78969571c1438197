"""`noticegraph validate`: judges a store, a server or RDF files, and writes what was found in the form wanted."""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile

from api.export import written
from api.report_page import report_page
from ingest.validation import ACROSS, across, judged, judged_file
from ontology import terms
from shapes.components import text
from shapes.engine import DEFAULT, ENGINES, Engine, given
from shapes.report import Report, short
from store.base import Store
from store.formats import JSON_LD, N_TRIPLES, TURTLE, convert

_RDF = {form.name: form for form in (TURTLE, N_TRIPLES, JSON_LD)}
FORMATS = ("table", "json", *_RDF, "html")
_SOURCE = re.compile(rf'^<[^>]*/id/source/[^>]*> <{terms.NG.text}> ("(?:[^"\\]|\\.)*")', re.MULTILINE)
Entry = tuple[str, Report, list[str]]


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the options of the command, but those that name a store."""
    verb.add_argument("file", nargs="*", type=Path, help="RDF; - is N-Quads on standard input (a store unless given)")
    verb.add_argument("--shapes", nargs="+", type=Path, default=[], metavar="FILE", help="further shapes, as Turtle")
    verb.add_argument("--format", choices=FORMATS, default="table")
    verb.add_argument("-o", "--output", type=Path, default=Path("-"), help="file to write; - is standard output")
    verb.add_argument("--jobs", type=int, default=0, metavar="N", help="how many processes judge (one a core)")
    add_engine(verb)


def add_engine(verb: argparse.ArgumentParser) -> None:
    """Adds the options that say who judges."""
    verb.add_argument("--engine", choices=ENGINES, default=DEFAULT.name, help="who judges (%(default)s)")
    verb.add_argument(
        "--sample", type=_part, default=DEFAULT.sample, help="part of the graphs that pySHACL judges too (%(default)s)"
    )


def validate(options: argparse.Namespace, opened: Callable[[], Store]) -> int:
    """Judges what the options name, and writes the report.

    Args:
        options: Those of `add_options`.
        opened: Opens the store, where no file is given.

    Returns:
        The exit code: 0 where nothing has a violation, else 1.

    Raises:
        ValueError: A file cannot be read as RDF, or the shapes cannot be used; it is named.
        OSError: A file cannot be read or written.
        StoreError: The store cannot be read.
    """
    own = "\n".join(_shapes(file) for file in options.shapes)
    engine = Engine(options.engine, options.sample)
    entries = _files(options, engine, own) if options.file else _store(opened().snapshot(), options, engine, own)
    wrong = False

    def watched() -> Iterator[Entry]:
        nonlocal wrong
        for entry in entries:
            wrong = wrong or not entry[1].conforms
            yield entry

    form, found = options.format, watched()
    pieces = chain.from_iterable(_lines(found)) if form == "table" else iter([_document(form, found)])
    with written(options.output) as output:
        output.writelines(piece.encode() for piece in pieces)
    return int(wrong)


def _shapes(file: Path) -> str:
    turtle = file.read_text(encoding="utf-8")
    try:
        given(turtle)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    return turtle


def _files(options: argparse.Namespace, engine: Engine, own: str) -> Iterator[Entry]:
    with NamedTemporaryFile(suffix=".nq") as spool:
        for file in options.file:
            if given := str(file) == "-":
                shutil.copyfileobj(sys.stdin.buffer, spool)
                spool.flush()
            try:
                for graph, report, part in judged_file(Path(spool.name) if given else file, engine, own, options.jobs):
                    wanted = options.format == "html" and report.results
                    yield graph, report, [text(found) for found in _SOURCE.findall(part.read())] if wanted else []
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from error


def _store(store: Store, options: argparse.Namespace, engine: Engine, own: str) -> Iterator[Entry]:
    for graph, report in judged(store, store.graphs(), engine, own, options.jobs):
        yield graph, report, source_texts(store, graph) if options.format == "html" and report.results else []
    yield ACROSS, across(store), []


def source_texts(store: Store, graph: str) -> list[str]:
    """Returns the texts of the sources of a notice's graph."""
    rows = store.select(
        f"SELECT ?text {{ GRAPH <{graph}> {{ ?source a <{terms.NG.SourceDocument}> ; <{terms.NG.text}> ?text }} }}"
    )
    return [value for (value,) in rows.texts()]


def _lines(entries: Iterable[Entry]) -> Iterator[list[str]]:
    """Yields a line a result, then a line a shape that was hit, then the verdict."""
    graphs, conforms = 0, True
    counts: dict[tuple[str, str], int] = {}
    for graph, report, _ in entries:
        graphs += graph != ACROSS
        conforms = conforms and report.conforms
        for one in report.results:
            key = (one.severity, short(one.shape).removeprefix("ngsh:"))
            counts[key] = counts.get(key, 0) + 1
        yield [f"{graph}: {result}\n" for result in report.results]
    if counts:
        yield [f"{'severity':10} {'results':>7}  shape\n"]
    yield [f"{severity:10} {count:>7}  {shape}\n" for (severity, shape), count in sorted(counts.items())]
    yield [f"{'conforms' if conforms else 'does not conform'}: {graphs} graphs\n"]


def _document(form: str, entries: Iterable[Entry]) -> str:
    if form == "html":
        return report_page("校验报告 · Validation report", entries, "").decode()
    if form == "json":
        reports = [{"graph": graph, **report.to_json()} for graph, report, _ in entries]
        conforms = all(report["conforms"] for report in reports)
        return json.dumps({"conforms": conforms, "graphs": reports}, ensure_ascii=False, indent=1) + "\n"
    found = list(entries)
    results = tuple(one for _, report, _ in found for one in report.results)
    return report_rdf(Report(results, sum(report.focus_nodes for _, report, _ in found)), form)


def report_rdf(report: Report, form: str) -> str:
    """Returns a report as RDF, in the format of this name."""
    return convert(report.to_ntriples().splitlines(), _RDF[form]).decode()


def _part(word: str) -> float:
    try:
        part = float(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{word!r} is no number") from error
    if not 0 <= part <= 1:
        raise argparse.ArgumentTypeError(f"{word} is not between 0 and 1")
    return part
