"""Linked data, the catalogue and the operations over HTTP, on the sample graph of `cases/queries`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import served

from api.app import create_app
from api.negotiate import HTML
from api.settings import Settings, from_environment
from ontology.iris import DEFAULT_BASE
from store.formats import DATASET_FORMATS, Format
from store.oxigraph import memory

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "cases" / "queries" / "sample.trig"
NOTICE = "/id/notice/0000000000000001"
GRAPH = "/graph/notice/0000000000000001"
FORMATS = (*DATASET_FORMATS, HTML)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(memory([SAMPLE])) as connected:
        yield connected


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_thing_points_at_its_document(client: httpx.Client, form: Format):
    answer = client.get(NOTICE, headers={"Accept": form.media_type, "Host": "evil.example"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{NOTICE}.{form.suffix}"
    assert "Accept" in answer.headers["Vary"]
    document = client.get(answer.headers["Location"])
    assert document.status_code == 200
    assert document.headers["Content-Type"] == form.content_type
    assert document.headers["Content-Location"] == f"{NOTICE}.{form.suffix}"
    assert f'<{NOTICE}.jsonld>; rel="alternate"' in document.headers["Link"] or form.suffix == "jsonld"
    assert "evil.example" not in document.text


@pytest.mark.parametrize("path", [GRAPH, "/graph/vocabulary", "/graph/ontology", "/ontology"])
@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_document_is_the_same_by_suffix_and_by_header(client: httpx.Client, path: str, form: Format):
    negotiated = client.get(path, headers={"Accept": form.media_type})
    assert negotiated.status_code == 200
    assert negotiated.headers["Content-Type"] == form.content_type
    assert client.get(f"{path}.{form.suffix}").content == negotiated.content


def test_description_says_what_is_known_of_a_thing(client: httpx.Client):
    lines = client.get("/id/agency/000000000000000a.nt").text.splitlines()
    agency = f"<{DEFAULT_BASE}id/agency/000000000000000a>"
    label = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    assert f'{agency} {label} "甲省市场监督管理局"@zh .' in lines
    assert f'<{DEFAULT_BASE}id/division/990000> {label} "甲省"@zh .' in lines
    assert (
        f"<{DEFAULT_BASE}id/notice/0000000000000002> <https://w3id.org/noticegraph/ontology#issuedBy> {agency} ."
        in lines
    )
    assert len(lines) == len(set(lines))


def test_notice_names_its_measures(client: httpx.Client):
    text = client.get(f"{NOTICE}.nt").text
    assert f"#hasMeasure> <{DEFAULT_BASE}id/notice/0000000000000001/measure/2> ." in text


def test_every_iri_of_ours_is_answered(client: httpx.Client):
    nquads = "".join(memory([SAMPLE]).nquads())
    subjects = set(re.findall(rf"<{DEFAULT_BASE}((?:id|graph)/[^>]+)> <http", nquads))
    assert len(subjects) > 30
    for path in subjects:
        assert client.get(f"/{path}", follow_redirects=True).status_code == 200, path


def test_graph_keeps_its_name_where_the_format_can(client: httpx.Client):
    lines = client.get(f"{GRAPH}.nq").text.splitlines()
    assert all(line.endswith(f" <{DEFAULT_BASE}graph/notice/0000000000000001> .") for line in lines)
    assert lines == sorted(memory([SAMPLE]).nquads(f"{DEFAULT_BASE}graph/notice/0000000000000001"))
    assert DEFAULT_BASE + "graph" in client.get(f"{GRAPH}.trig").text


@pytest.mark.parametrize(
    "path",
    [
        "/id/notice/none",
        "/id/notice/none.ttl",
        "/id/",
        "/id/../../etc/passwd",
        "/id/%2e%2e/%2e%2e/etc/passwd",
        "/id//evil.example",
        "/id/notice/0000000000000001%3E%20%7D%20%23",
        "/id/notice/甲",
        "/id/notice/0000000000000001.exe",
        "/graph/none",
        "/graph/none.ttl",
        "/ontology.exe",
        "/queries/none",
        "/none",
    ],
)
def test_unknown_is_a_404_problem(client: httpx.Client, path: str):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


def test_nothing_acceptable_is_a_406_problem(client: httpx.Client):
    for path in (NOTICE, GRAPH, "/ontology"):
        answer = client.get(path, headers={"Accept": "image/png"})
        assert answer.status_code == 406
        assert "text/turtle" in answer.json()["available"]


def test_wrong_method_is_a_405_problem(client: httpx.Client):
    for path in (NOTICE, GRAPH, "/ontology", "/queries", "/healthz"):
        answer = client.delete(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")


def test_etag_spares_the_body(client: httpx.Client):
    turtle = client.get(GRAPH, headers={"Accept": "text/turtle"})
    triples = client.get(GRAPH, headers={"Accept": "application/n-triples"})
    assert turtle.headers["ETag"] != triples.headers["ETag"]
    again = client.get(f"{GRAPH}.ttl", headers={"If-None-Match": f'"other", {turtle.headers["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head(f"{GRAPH}.ttl")
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", turtle.headers["ETag"])


def test_page_is_escaped_and_links_stay_here():
    store = memory()
    graph = f"{DEFAULT_BASE}graph/g"
    hostile = '"</bdi><script>alert(1)</script>\\u202Ex"'
    store.replace_graph(
        graph,
        f"<{DEFAULT_BASE}id/x> <http://www.w3.org/2004/02/skos/core#prefLabel> {hostile}@zh <{graph}> .\n"
        f"<{DEFAULT_BASE}id/x> <http://e/p> <javascript:alert(1)> <{graph}> .\n"
        f"<{DEFAULT_BASE}id/x> <http://e/p> <{DEFAULT_BASE}id/y> <{graph}> .",
    )
    with served(store) as client:
        for path in ("/id/x.html", "/graph/g.html"):
            page = client.get(path).text
            assert "<script" not in page
            assert 'href="javascript' not in page
            assert "<bdi>&lt;/bdi&gt;&lt;script&gt;" in page or "<bdi lang=" in page
        assert 'href="/id/y"' in client.get("/id/x.html").text


def test_browser_is_led_through_pages(client: httpx.Client):
    for path in ("/", NOTICE, GRAPH, "/ontology", "/queries", "/sparql", "/queries/measures/for-target?target=sme"):
        answer = client.get(path, headers={"Accept": BROWSER}, follow_redirects=True)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "<h1>" in answer.text
        assert not re.search(r"<(?:script|link|img)|src=|@import|url\(", answer.text)


def test_another_base_moves_every_iri():
    base = "https://data.example/"
    store = memory()
    store.replace_graph(f"{base}graph/g", f'<{base}id/x> <http://e/p> "1" <{base}graph/g> .')
    with served(store, Settings(base=base)) as client:
        assert client.get("/id/x").headers["Location"] == "/id/x.ttl"
        assert f"<{base}id/x>" in client.get("/id/x.nt").text
        assert client.get("/graph/g.nq").status_code == 200


def test_questions_are_listed_and_run(client: httpx.Client):
    items = client.get("/queries").json()["items"]
    assert "measures/in-force-on" in [item["id"] for item in items]
    assert all(client.get(item["href"]).status_code == 200 for item in items)
    rows = client.get("/queries/measures/for-target", params={"target": "enterprise"}, headers={"Accept": "text/csv"})
    assert len(rows.text.splitlines()) == 4
    text = client.get("/queries/measures/for-target.rq")
    assert text.headers["Content-Type"] == "application/sparql-query"
    assert text.text == (ROOT / "queries" / "measures" / "for-target.rq").read_text("utf-8")


@pytest.mark.parametrize("query", ["on=gestern", "when=2020-01-01", "on=2020-01-01&on=2020-01-02"])
def test_wrong_parameter_is_a_400_problem(client: httpx.Client, query: str):
    answer = client.get(f"/queries/measures/in-force-on?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_server_says_that_it_lives(client: httpx.Client):
    for path in ("/healthz", "/readyz"):
        assert client.get(path).json() == {"status": "ok"}


def test_every_route_is_documented():
    app = create_app(Settings(), memory())
    paths = set(app.openapi()["paths"])
    headings = set(re.findall(r"^## `([^`]+)`", (ROOT / "docs" / "http.md").read_text("utf-8"), re.MULTILINE))
    assert paths <= headings


def test_settings_come_from_the_environment():
    assert from_environment({}) == Settings()
    assert from_environment({"NOTICEGRAPH_BASE": "http://x/"}).base == "http://x/"
    for wrong in (
        {"NOTICEGRAPH_BASE": "x"},
        {"NOTICEGRAPH_MAX_QUERY_BYTES": "many"},
        {"NOTICEGRAPH_MAX_QUERY_BYTES": "0"},
    ):
        with pytest.raises(ValueError, match=r"base|NOTICEGRAPH_MAX_QUERY_BYTES"):
            from_environment(wrong)


def test_openapi_names_every_operation_once():
    document = create_app(Settings(), memory()).openapi()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert json.dumps(document)
    assert len(names) > 10
