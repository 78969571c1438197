"""Makes a version's part `validation`: what the shapes say of each graph as the store has it, and of all together."""

import json
import os
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeVar

from shapes.engine import DEFAULT, Engine, given
from shapes.files import MisreadError, Part, canonical, parts
from shapes.report import Report
from shapes.validate import validate_across, validate_dataset, validate_graphs
from store import versions
from store.base import Store, StoreError, Writer
from store.canonical import unpacked

PART = "validation"
ACROSS = "across"
"""The name under which the report on all notices together stands."""
_FILE = "reports.sqlite"
_TABLE = "CREATE TABLE IF NOT EXISTS report (graph TEXT PRIMARY KEY, violations INT, others INT, json TEXT)"
_FEW = 50
"""Up to so many graphs of a store one process judges, and up to so many bytes of a file."""
_LARGE = 8_000_000
_AHEAD = 8
_Given = TypeVar("_Given")
_Found = TypeVar("_Found")
_OWN = ("/graph/catalog", "/graph/shapes")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a version's list of reports.

    Attributes:
        graph: IRI of a named graph; `ACROSS` for the report on all notices together.
        violations: How many results are violations.
        others: How many are warnings and infos.
    """

    graph: str
    violations: int
    others: int


@dataclass(frozen=True, slots=True)
class Validating:
    """What `store.oxigraph.publish` takes as a part; what is wrong is not published.

    Attributes:
        engine: Who judges.
    """

    engine: Engine = DEFAULT

    def __call__(self, draft: Path, writer: Writer) -> None:
        """Judges what changed, and writes the part; reports on other graphs are taken from the version before.

        Raises:
            StoreError: A graph has a violation, or the notices do not agree; the first is told.
        """
        folder, record = versions.part(draft, PART), versions.described(draft)
        folder.mkdir()
        before = versions.part(draft.with_name(record.previous), PART) / _FILE if record.previous else None
        changes = versions.changes(draft)
        if before is not None and before.exists():
            shutil.copyfile(before, folder / _FILE)
            graphs = [graph for graph, kind in changes.items() if kind != versions.REMOVED]
        else:
            graphs = list(writer.graphs())
        with closing(sqlite3.connect(folder / _FILE)) as file, file:
            file.execute(_TABLE)
            file.executemany("DELETE FROM report WHERE graph = ?", [(graph,) for graph in changes])
            for graph, report in judged(writer, graphs, self.engine):
                _write(file, graph, report)
            _write(file, ACROSS, across(writer))
            found = file.execute("SELECT graph, json FROM report WHERE violations > 0 ORDER BY graph").fetchone()
        if found:
            first = Report.from_json(json.loads(found[1])).results[0]
            raise StoreError(f"not published: {found[0]}: {first}")


def judged(
    store: Store, graphs: Iterable[str], engine: Engine = DEFAULT, own: str = "", jobs: int = 0
) -> Iterator[tuple[str, Report]]:
    """Judges graphs of a store one by one, in flat memory.

    Args:
        store: Where they are.
        graphs: Their IRIs; the catalogue and the shapes themselves are left out.
        engine: Who judges.
        own: Further shapes, as Turtle.
        jobs: How many processes judge; one a core unless given, and one where the graphs are few.
    """
    names = [graph for graph in graphs if not graph.endswith(_OWN)]
    texts = ("".join(f"{quad}\n" for quad in store.nquads(graph)) for graph in names)
    # Started anew, not forked: a store's threads would not come along.
    with _mapping(jobs or (_cores() if len(names) > _FEW else 1), "spawn") as mapped:
        for reports in mapped(partial(_text_judged, engine=engine, own=own), texts):
            yield from reports


def judged_file(
    file: Path, engine: Engine = DEFAULT, own: str = "", jobs: int = 0
) -> Iterator[tuple[str, Report, Part]]:
    """Judges each graph of a file of RDF by itself, in flat memory; as `judged`. It may be compressed (.gz, .zst).

    Yields:
        The IRI of a graph, empty for the default graph, its report, and its lines, which can be read until the next is
        asked for; in the order of the IRIs.

    Raises:
        ValueError: The suffix is unknown, or the content is not in that format; the message names the line.
        OSError: The file cannot be read, or is damaged or cut off.
    """
    with unpacked(file) as plain:
        judge = partial(_part_judged, engine=engine, own=own)
        yield from _file_judged(plain, file.resolve().as_uri(), judge, jobs)


def _file_judged(
    file: Path, base: str, judge: Callable[[Part], list[tuple[str, Report]]], jobs: int
) -> Iterator[tuple[str, Report, Part]]:
    jobs = jobs or (_cores() if file.stat().st_size > _LARGE else 1)

    def pooled(lines: Path) -> Iterator[tuple[str, Report, Part]]:
        if jobs > 1:
            judge(Part(lines, "", ()))  # what it compiles, the forked processes have
        with _mapping(jobs, "fork") as mapped:
            found = parts(lines, jobs, mapped)
            if found is None:
                raise MisreadError("it is not canonical")
            for part, reports in zip(found, mapped(judge, found), strict=True):
                yield from ((graph, report, part) for graph, report in reports)

    if file.suffix in {".nq", ".nt"}:
        try:
            yield from list(pooled(file))
        except MisreadError:
            pass  # it is no canonical N-Quads, or none at all: the parser knows
        else:
            return
    with canonical(file, base) as copy:
        yield from pooled(copy)


class _Mapped(Protocol):
    def __call__(self, function: Callable[[_Given], _Found], given: Iterable[_Given], /) -> Iterable[_Found]: ...


@contextmanager
def _mapping(jobs: int, how: str) -> Iterator[_Mapped]:
    """Gives `map`, done by so many processes, which are begun how `multiprocessing` calls it."""
    if jobs == 1:
        yield map
        return
    with ProcessPoolExecutor(jobs, get_context(how)) as pool:

        def mapped(function: Callable[[_Given], _Found], given: Iterable[_Given], /) -> Iterator[_Found]:
            waiting: deque[Future[_Found]] = deque()
            for one in given:
                waiting.append(pool.submit(function, one))
                if len(waiting) > _AHEAD * jobs:
                    yield waiting.popleft().result()
            yield from (future.result() for future in waiting)

        yield mapped


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def across(store: Store) -> Report:
    """Judges what must hold across the notices of a store."""

    def select(query: str) -> Iterator[Mapping[str, str]]:
        rows = store.select(query)
        return ({k: v.n3() for k, v in zip(rows.variables, row, strict=True) if v is not None} for row in rows)

    return validate_across(select)


def reports(version: Path) -> Iterator[Line]:
    """Yields the list of the reports of a version, by graph; nothing where it has none."""
    for row in _asked(version, "SELECT graph, violations, others FROM report ORDER BY graph"):
        yield Line(*row)


def report(version: Path, graph: str) -> Report | None:
    """Returns what a version's shapes said of a graph, or of all notices together; None where they were not asked."""
    for (text,) in _asked(version, "SELECT json FROM report WHERE graph = ?", graph):
        return Report.from_json(json.loads(text))
    return None


def _asked(version: Path, query: str, *values: str) -> list[Any]:
    path = versions.part(version, PART) / _FILE
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as file:
        return file.execute(query, values).fetchall()


def _text_judged(text: str, engine: Engine, own: str) -> list[tuple[str, Report]]:
    return list(validate_dataset(text, engine, given(own) if own else None))


def _part_judged(part: Part, engine: Engine, own: str) -> list[tuple[str, Report]]:
    if part.graph.removesuffix(">").endswith(_OWN):
        return []
    return list(validate_graphs(part.triples(), engine, given(own) if own else None))


def _write(file: sqlite3.Connection, graph: str, found: Report) -> None:
    violations = sum(result.severity == "Violation" for result in found.results)
    row = (graph, violations, len(found.results) - violations, json.dumps(found.to_json(), ensure_ascii=False))
    file.execute("INSERT OR REPLACE INTO report VALUES (?, ?, ?, ?)", row)
