"""Dates of events: what is shipped stands on a source; what an operator adds is judged and published whole or not."""

import csv
import re
from pathlib import Path

import pytest
from rdflib import DCTERMS, SH, SKOS, Graph, URIRef

from ingest.events import publish_events
from ingest.pipeline import ingest
from ingest.reading import Reader
from ontology import terms
from ontology.iris import DEFAULT_BASE
from ontology.load import canonical_turtle, concepts, n_quads
from queries.catalogue import bind, question
from shapes import load
from shapes.validate import validate_dataset, validate_events
from store import versions
from store.base import StoreError
from store.oxigraph import open_store

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "data/events.ttl"
CASES = Path(__file__).parent / "cases/events"
GRAPH = f"{DEFAULT_BASE}graph/events"
NOTICE = ROOT / "data/notices/003_986ca4fc56530c7a.txt"


def judged(turtle: str) -> set[str]:
    return {result.source_shape for result in validate_events(n_quads(GRAPH, (turtle.encode(),))).results}


def test_shipped_dates_conform_and_are_kept_in_canonical_form():
    turtle = SHIPPED.read_text(encoding="utf-8")
    assert judged(turtle) == set()
    assert canonical_turtle(turtle) == turtle


def test_shipped_dates_say_what_their_sources_say():
    graph, divisions = Graph().parse(SHIPPED), {division.id: division.label_zh for division in concepts("division")}
    dated = set(graph.subjects(URIRef(terms.NG.eventDate)))
    assert len(dated) >= 30
    for event in dated:
        kind, place = graph.value(event, SKOS.broader), graph.value(event, DCTERMS.spatial)
        day, quote = (
            str(graph.value(event, URIRef(terms.NG.eventDate))),
            str(graph.value(event, URIRef(terms.NG.quote))),
        )
        code = str(place).rpartition("/")[2]
        assert str(event) == f"{kind}/{code}-{day}"
        assert any(str(label).startswith(divisions[code]) for label in graph.objects(event, SKOS.prefLabel))
        _, month, number = map(int, day.split("-"))
        days = re.search(r"(?:(\d+)月)?(\d+)日", quote)
        if days:
            assert (int(days[1] or month), int(days[2])) == (month, number), event


with (CASES / "faults.tsv").open(encoding="utf-8", newline="") as lines:
    FAULTS = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['shape']}-{fault['to']}")
def test_fault_is_caught(fault: dict[str, str]):
    turtle = (CASES / "valid.ttl").read_text(encoding="utf-8")
    assert judged(turtle) == set()
    assert turtle.count(fault["from"]) == 1
    assert judged(turtle.replace(fault["from"], fault["to"])) == {terms.NGSH[fault["shape"]]}


def test_no_shape_of_events_sleeps():
    shapes = load.shapes(load.EVENTS)
    own = {str(shape) for shape in shapes.subjects(SH.severity) if "vent" in shape}
    assert own == {terms.NGSH[fault["shape"]] for fault in FAULTS}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    assert [outcome.status for outcome in ingest([NOTICE], tmp_path / "store")] == ["accepted"]
    return tmp_path / "store"


def test_dates_are_published_once_and_replaced(directory: Path):
    assert publish_events([SHIPPED, CASES / "valid.ttl"], directory) > publish_events([SHIPPED], directory)
    version = versions.current(directory)
    publish_events([SHIPPED], directory)
    assert versions.current(directory) == version
    assert publish_events([CASES / "valid.ttl"], directory) == 1
    store = open_store(directory).snapshot()
    rows = store.select(bind(question("events/dates"), {}))
    assert [row[rows.variables.index("eventDate")].value for row in rows] == ["2020-05-01"] * 2
    text = "".join(f"{quad}\n" for quad in store.nquads(GRAPH))
    assert [report.results for _, report in validate_dataset(text)] == [()]


def test_ingest_keeps_the_dates(directory: Path):
    publish_events([SHIPPED], directory)
    assert [outcome.status for outcome in ingest([NOTICE], directory)] == ["unchanged"]
    assert GRAPH in open_store(directory).graphs()


@pytest.mark.parametrize(
    ("text", "why"),
    [("a b", "is no Turtle"), ("", "NothingJudged"), ("<http://e/x> <http://e/y> 1 .", "NothingJudged")],
)
def test_nothing_is_published_of_a_faulty_file(directory: Path, tmp_path: Path, text: str, why: str):
    publish_events([SHIPPED], directory)
    version = versions.current(directory)
    (tmp_path / "faulty.ttl").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=why):
        publish_events([tmp_path / "faulty.ttl"], directory)
    assert versions.current(directory) == version


def test_another_base(tmp_path: Path):
    assert [outcome.status for outcome in ingest([NOTICE], tmp_path / "store", Reader("http://here/"))] == ["accepted"]
    assert publish_events([CASES / "valid.ttl"], tmp_path / "store") == 1
    quads = list(open_store(tmp_path / "store").nquads("http://here/graph/events"))
    assert any(quad.startswith("<http://here/id/event/epidemic-lifted/220000-2020-05-01> ") for quad in quads)


def test_a_store_without_vocabularies_is_refused(tmp_path: Path):
    with pytest.raises(StoreError, match="run ingest first"):
        publish_events([SHIPPED], tmp_path / "store")
