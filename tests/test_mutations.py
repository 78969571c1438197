"""No shape sleeps: each property shape notices changes to one value of a real notice, and pySHACL says the same.

`tests/cases/shapes/mutations.tsv` is the table: of each shape and each change, whether the shape itself reports it,
others do, or nobody; `-` where the change cannot be made. `python -m tests.test_mutations` writes it anew.
"""

import csv
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import SH

from ingest.rdf import to_nquads
from ingest.read import read_notice
from ontology import terms
from shapes import load
from shapes.compiled import Target
from shapes.data import Data, by_graph
from shapes.engine import Engine, ours
from shapes.report import Report
from shapes.validate import validate
from tests.mutations import MUTATIONS, mutated

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests/cases/shapes"
QUICK = Engine(sample=0)
BOTH = 0.04
"""The part of all changes on which both engines judge; `make conformance-shacl` makes it all of them."""
Row = tuple[str, ...]


def documents() -> list[Data]:
    """The five notices, the smallest first, then the sample that has what they have not."""
    texts = [to_nquads(read_notice(path.read_bytes(), path.name)) for path in (ROOT / "data/notices").iterdir()]
    base = pyoxigraph.parse((CASES / "base.trig").read_bytes(), pyoxigraph.RdfFormat.TRIG)
    texts = [*sorted(texts, key=len), pyoxigraph.serialize(base, format=pyoxigraph.RdfFormat.N_QUADS).decode()]
    return [Data(triple for triples in by_graph(text).values() for triple in triples) for text in texts]


def property_shapes() -> Iterator[tuple[str, str, list[Target]]]:
    """The property shapes that report: name, path, and the targets of the shapes that have them."""
    shapes = ours(load.NOTICE)
    for shape in sorted(set(shapes.graph.objects(None, SH.property)), key=str):
        holders = set(shapes.graph.subjects(SH.property, shape))
        targets = [target for target in shapes.targets if target.shape in holders]
        if targets and (shape, SH.message, None) in shapes.graph:
            yield str(shape).removeprefix(str(terms.NGSH)), f"<{shapes.graph.value(shape, SH.path)}>", targets


def judged(data: Data, shape: str, path: str, targets: list[Target], how: str) -> tuple[Report, str] | None:
    """Changes the first value that a shape judges, and says who noticed; None where there is no such value."""
    subjects = sorted(set().union(*(target.focus_nodes(data) for target in targets)))
    values = [(s, path, o) for s in subjects for o in data.values(s, path)]
    if how == "add":
        changed = None if values or not subjects else [*data.triples, (subjects[0], path, "<https://example.org/new>")]
    else:
        changed = mutated(data, values[0], how) if values else None
    if changed is None:
        return None
    text = "".join(f"{s} {p} {o} .\n" for s, p, o in changed)
    report = validate(text, QUICK)
    if {one.source_shape for one in report.results} & {terms.NGSH[shape]}:
        return report, text, "itself"
    return report, text, "others" if {one.key for one in report.results} - found_in(data.n_triples()) else "nobody"


@cache
def found_in(text: str) -> set[tuple[str | None, ...]]:
    """What the shapes say of a document before any change."""
    return {one.key for one in validate(text, QUICK).results}


def table(given: list[Data]) -> Iterator[tuple[Row, list[str]]]:
    """Yields the rows of the table, and the changed texts."""
    for shape, path, targets in property_shapes():
        row, texts = [shape], []
        for how in (*MUTATIONS, "add"):
            found = next((f for data in given if (f := judged(data, shape, path, targets, how))), None)
            row.append(found[2] if found else "-")
            texts += [found[1]] if found else []
        yield tuple(row), texts


@pytest.fixture(scope="module")
def rows() -> list[tuple[Row, list[str]]]:
    return list(table(documents()))


def test_the_table_holds(rows: list[tuple[Row, list[str]]]):
    with (CASES / "mutations.tsv").open(encoding="utf-8", newline="") as lines:
        kept = [tuple(row) for row in csv.reader(lines, delimiter="\t")]
    assert kept == [("shape", *MUTATIONS, "add"), *(row for row, _ in rows)]


def test_no_shape_sleeps(rows: list[tuple[Row, list[str]]]):
    # It takes more than one change to give an agency its own name as a short form, or to take all measures away.
    by_faults_alone = ["agency-altLabel-other", "notice-hasMeasure-known"]
    assert [row[0] for row, _ in rows if "itself" not in row] == by_faults_alone


def test_no_change_goes_unseen(rows: list[tuple[Row, list[str]]]):
    """But a further value where several may stand, and the loss of one that may be missing."""
    assert [row for row, _ in rows if "nobody" in (*row[3:6], row[6])] == []


def test_pyshacl_says_the_same(rows: list[tuple[Row, list[str]]]):
    part = 1.0 if "SHACL_SUITE" in os.environ else BOTH
    texts = [text for _, found in rows for text in found]
    chosen = [text for k, text in enumerate(texts) if int(k * part) != int((k + 1) * part)]
    assert len(chosen) > 10
    for text in chosen:
        validate(text, Engine("both"))


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    writer.writerow(("shape", *MUTATIONS, "add"))
    writer.writerows(row for row, _ in table(documents()))
