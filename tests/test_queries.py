"""The catalogue: each question gives the rows of its cases, runs as it stands, and takes values as terms only."""

import json
from pathlib import Path

import pytest

from ontology.iris import DEFAULT_BASE
from queries.catalogue import CatalogueError, Question, bind, parse, question, questions
from store.base import Store
from store.oxigraph import memory

CASES = Path(__file__).parent / "cases" / "queries"
SUITES = [json.loads(file.read_text("utf-8")) for file in sorted(CASES.glob("*.json"))]
HOSTILE = [
    '"} DROP ALL #',
    "x\\",
    'x\\" } #',
    "a\nb\r\"'''",
    "\\u0022 } #",
    "VALUES ?name { UNDEF }",
    "处罚",
]


@pytest.fixture(scope="module")
def stores(store: Store) -> dict[str, Store]:
    files = {suite["graph"] for suite in SUITES} - {"notices"}
    return {"notices": store, **{file: memory([CASES / file]) for file in files}}


@pytest.mark.parametrize(
    ("graph", "case"),
    [
        pytest.param(suite["graph"], case, id=f"{case['query']}-{'-'.join(case['params'].values())}")
        for suite in SUITES
        for case in suite["cases"]
    ],
)
def test_question_gives_the_rows_of_its_case(stores: dict[str, Store], graph: str, case: dict):
    answer = stores[graph].select(bind(question(case["query"]), case["params"]))
    columns = [answer.variables.index(name) for name in case.get("columns", answer.variables)]
    shown = [
        [None if row[i] is None else row[i].value.removeprefix(f"{DEFAULT_BASE}id/") for i in columns] for row in answer
    ]
    if case.get("contains"):
        assert [row for row in case["rows"] if row not in shown] == []
    else:
        assert shown == case["rows"]


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
def test_question_is_complete(stores: dict[str, Store], asked: Question):
    assert asked.zh
    assert asked.en
    for suite in SUITES:
        if suite["graph"] != "events.trig":
            assert asked.name in {case["query"] for case in suite["cases"]}
    stores["sample.trig"].select(bind(asked, {known.name: known.example for known in asked.parameters}))
    assert len(stores["sample.trig"].select(asked.text)) > 0


# Nothing was revised among the five, and none of their measures is without an instrument.
UNANSWERED = {"notices/revised", "quality/without-instrument"}


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
def test_the_example_of_a_question_finds_something_in_the_five_notices(store: Store, asked: Question):
    rows = store.select(bind(asked, {known.name: known.example for known in asked.parameters}))
    assert (len(rows) == 0) == (asked.name in UNANSWERED)


def test_there_are_twenty_five_questions_and_all_are_documented():
    headings = (Path(__file__).parents[1] / "docs" / "queries.md").read_text("utf-8")
    names = [known.name for known in questions()]
    assert len(names) >= 25
    assert [name for name in names if f"## `{name}`" not in headings] == []


@pytest.mark.parametrize("value", HOSTILE)
def test_string_stays_a_string(value: str):
    echo = parse(
        "echo",
        "#+ param name: string, example x; 名; name\n#+ param other: string, example x; 另; other\n"
        "SELECT ?name ?other { VALUES ?name { UNDEF } VALUES ?other { UNDEF } }",
    )
    rows = memory().select(bind(echo, {"name": value, "other": f"VALUES ?other {{ UNDEF }}{value}"}))
    assert [[term.value for term in row if term] for row in rows] == [[value, f"VALUES ?other {{ UNDEF }}{value}"]]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "2022-13-01"),
        ("date", "gestern"),
        ("date", '2022-01-01" } #'),
        ("integer", "1 } #"),
        ("iri", "http://e/> } DROP ALL #"),
        ("iri", "http://e/a b"),
        ("iri", "no-scheme"),
        ("iri id/division/", "31/../0"),
    ],
)
def test_value_of_another_type_is_refused(kind: str, value: str):
    asked = parse("q", f"#+ param x: {kind}, example 1; 甲; x\nSELECT * {{ VALUES ?x {{ UNDEF }} }}")
    with pytest.raises(CatalogueError, match="parameter x"):
        bind(asked, {"x": value})


def test_bare_id_is_completed_with_the_base():
    asked = parse("q", "#+ param x: iri id/division/, example 1; 甲; x\nSELECT * { VALUES ?x { UNDEF } }")
    assert "{ <http://here/id/division/990000> }" in bind(asked, {"x": "990000"}, "http://here/")
    assert "{ <http://e/x> }" in bind(asked, {"x": "http://e/x"}, "http://here/")


def test_unknown_parameter_is_named():
    with pytest.raises(CatalogueError, match=r"no parameter 'when'; it has on"):
        bind(question("measures/in-force-on"), {"when": "2020-01-01"})


def test_unknown_question_is_named():
    with pytest.raises(CatalogueError, match="measures/none"):
        question("measures/none")


@pytest.mark.parametrize(
    "text",
    [
        "#+ parm x: date\nSELECT * {}",
        "#+ param x: date, example 1; 甲; x\nSELECT * {}",
        "SELECT * { VALUES ?x { UNDEF } }",
    ],
)
def test_faulty_front_matter_is_refused(text: str):
    with pytest.raises(CatalogueError, match=r"^q: "):
        parse("q", text)
