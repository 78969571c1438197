"""`/sparql`: the SPARQL 1.1 Protocol, and what must not run. Cases in `cases/http/sparql.json`."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import served
from SPARQLWrapper import CSV, JSON, POST, TURTLE, SPARQLWrapper

from api.settings import Settings
from ontology.terms import NG, SH
from store.base import Store
from store.oxigraph import memory, open_store, publish
from store.pool import Pool, Reply, Run

CASES = json.loads((Path(__file__).parent / "cases" / "http" / "sparql.json").read_text("utf-8"))
FORM = "application/x-www-form-urlencoded"
# Of graphs by name, and of the union; `rows` is what they count, and more than they have.
OF_GRAPHS = [
    {"query": f"PREFIX g: <http://e/> SELECT (COUNT(*) AS ?n) {query}", "rows": rows, **graphs}
    for query, rows, graphs in (
        ("{ ?s ?p ?o }", 2, {}),
        ("{ ?s ?p ?o . ?s ?p ?o }", 2, {}),
        ("{ GRAPH ?g { ?s ?p ?o } }", 3, {}),
        ("{ GRAPHg:h{ ?s ?p ?o } }", 1, {}),
        ("{ graph<http://e/g>{ ?s ?p ?o } }", 2, {}),
        ("FROM g:h { ?s ?p ?o . ?s ?p ?o }", 1, {}),
        ("FROM NAMED g:h { GRAPH ?g { ?s ?p ?o } }", 1, {}),
        ("FROMg:h WHERE { ?s ?p ?o . ?s ?p ?o }", 1, {}),
        ("{ ?s ?p ?o . ?s ?p ?o }", 1, {"default-graph-uri": "http://e/h"}),
    )
]
SD = "http://www.w3.org/ns/sparql-service-description#"


def filled() -> Store:
    store = memory()
    store.replace_graph(
        "http://e/g", '<http://e/a> <http://e/p> "1" <http://e/g> .\n<http://e/a> <http://e/p> "2" <http://e/g> .'
    )
    store.replace_graph("http://e/h", '<http://e/a> <http://e/p> "2" <http://e/h> .')
    return store


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    store, file = filled(), tmp_path_factory.mktemp("served") / "filled.nq"
    file.write_text("".join(f"{line}\n" for line in store.nquads()), encoding="utf-8")
    with served(store, Settings(client_seconds=10_000, client_queries=100), [file]) as connected:
        yield connected


@pytest.fixture(scope="module")
def canary() -> Iterator[tuple[int, list[str]]]:
    """A listener that notes every connection; yields its port and the notes."""
    hits: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def watch() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    hits.append("hit")

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        yield listener.getsockname()[1], hits
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("case", CASES["requests"], ids=lambda case: case["is"])
def test_request_gets_its_answer(client: httpx.Client, case: dict):
    headers = {"Accept": case["accept"]} if "accept" in case else {}
    if "content_type" in case:
        headers["Content-Type"] = case["content_type"]
    method = case.get("method", "POST" if "form" in case or "body" in case else "GET")
    answer = client.request(
        method, "/sparql", params=case.get("get"), data=case.get("form"), content=case.get("body"), headers=headers
    )
    assert answer.status_code == case["status"], answer.text
    if answer.status_code >= 400:
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["status"] == case["status"]
        assert {"type", "title", "detail"} <= problem.keys()
    if "type" in case:
        assert answer.headers["Content-Type"] == case["type"]
    assert case.get("holds", "") in answer.text


@pytest.mark.parametrize("query", CASES["served"])
def test_look_alikes_are_served(client: httpx.Client, query: str):
    answer = client.post("/sparql", data={"query": query})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("query", CASES["refused"])
def test_nothing_leaves_the_house(client: httpx.Client, canary: tuple[int, list[str]], query: str):
    port, hits = canary
    answer = client.post("/sparql", data={"query": query.replace("PORT", str(port))})
    assert answer.status_code in {400, 403}, answer.text
    assert hits == []


@pytest.mark.parametrize("case", CASES["too_large"], ids=lambda case: case["is"])
def test_query_that_could_kill_is_refused(client: httpx.Client, case: dict):
    query = case["head"] + case["repeat"] * case["times"] + case["tail"]
    answer = client.post("/sparql", content=query, headers={"Content-Type": "application/sparql-query"})
    assert answer.status_code == case["status"], answer.text


def test_depth_of_64_is_served_and_65_refused(client: httpx.Client):
    for depth, status in ((64, 200), (65, 400)):
        query = "SELECT * " + "{" * depth + "}" * depth
        assert client.post("/sparql", data={"query": query}).status_code == status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"query=ASK%20%7B%7D%FF", FORM),
        (b"ASK {} #\xff", "application/sparql-query"),
        ("ASK {}".encode("utf-16"), "application/sparql-query"),
        (b"query=ASK {}\xff", FORM),
    ],
)
def test_bytes_that_are_no_utf8_are_refused(client: httpx.Client, body: bytes, content_type: str):
    assert client.post("/sparql", content=body, headers={"Content-Type": content_type}).status_code == 400


def test_content_encoding_is_refused(client: httpx.Client):
    headers = {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"}
    assert client.post("/sparql", content=b"x", headers=headers).status_code == 415


def test_long_accept_is_refused(client: httpx.Client):
    answer = client.get("/sparql", params={"query": "ASK {}"}, headers={"Accept": "text/x," * 4000})
    assert answer.status_code == 400


def test_service_is_described(client: httpx.Client):
    here = client.base_url.join("/sparql")
    answer = client.get("/sparql", headers={"Accept": "application/n-triples"})
    assert f"<{here}> <{SD}endpoint> <{here}> ." in answer.text
    assert f"<{SD}feature> <{SD}UnionDefaultGraph>" in answer.text
    assert client.get("/sparql").headers["Content-Type"] == "text/turtle; charset=utf-8"


def test_browser_gets_the_editor_that_needs_nothing_from_elsewhere(client: httpx.Client):
    for parameters in ({}, {"query": "SELECT ('</script><script>alert(1)</script>' AS ?x) {}"}):
        answer = client.get(
            "/sparql", params=parameters, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        )
        assert "alert" not in answer.text
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        for file in re.findall(r'(?:href|src)="(/web/[^"]+)"', answer.text):
            assert client.get(file).status_code == 200
    assert client.get("/web/..%2fapi%2fapp.py").status_code == 404


def test_an_unknown_term_of_the_ontology_offers_the_nearest(client: httpx.Client):
    for declared, hint in (("ng", "ng:hasMesure is not in the ontology; is ng:hasMeasure"), ("", ":hasMesure is not")):
        query = f"PREFIX {declared}: <{NG}> SELECT * {{ ?s {declared}:hasMesure ?o ; {declared}:text ?t }}"
        answer = client.get("/sparql", params={"query": query})
        assert answer.headers["X-Query-Hint"].startswith(hint)
        assert ":text" not in answer.headers["X-Query-Hint"]


def test_options_say_what_may_be_posted(client: httpx.Client):
    headers = client.options("/sparql").headers
    assert "QUERY" in headers["Allow"]
    assert "application/sparql-query" in headers["Accept-Query"]


def test_the_catalogue_is_rdf_and_openapi(client: httpx.Client):
    described = client.get("/queries", headers={"Accept": "application/n-triples"}).text
    assert described.count(f"<{SH}SPARQLSelectExecutable>") == client.get("/queries").json()["total"]
    operation = client.get("/openapi.json").json()["paths"]["/queries/measures/in-force-on"]["get"]
    assert operation["summary"]
    assert "'format': 'date'" in str(operation["parameters"])
    enumerated = client.get("/openapi.json").json()["paths"]["/queries/measures/for-target"]["get"]["parameters"]
    assert "'sme'" in str(enumerated[0]["schema"])


def test_head_has_the_headers_of_get(client: httpx.Client):
    get = client.get("/sparql", params={"query": "ASK {}"})
    head = client.head("/sparql", params={"query": "ASK {}"})
    assert head.status_code == 200
    assert head.headers["ETag"] == get.headers["ETag"]


def test_answer_says_what_caches_and_other_origins_need(client: httpx.Client):
    answer = client.get("/sparql", params={"query": "ASK {}"}, headers={"Origin": "http://elsewhere"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Accept" in answer.headers["Vary"]
    again = client.get("/sparql", params={"query": "ASK {}"}, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_an_answer_is_kept_for_the_same_request_alone(client: httpx.Client, monkeypatch: pytest.MonkeyPatch):
    jobs, run = list[str](), Pool.answer

    async def noted(self: Pool, asked: Run, version: Path | None) -> Reply:
        jobs.append(asked.job.query)
        return await run(self, asked, version)

    monkeypatch.setattr(Pool, "answer", noted)
    query = "SELECT ?o { ?s ?p ?o } ORDER BY ?o # kept"
    for parameters, accept, runs in (
        ({"query": query}, "*/*", 1),
        ({"query": query}, "text/csv", 1),
        ({"query": query, "timeout": "5"}, "*/*", 1),
        ({"query": query, "rows": "5"}, "*/*", 1),
        ({"query": query, "default-graph-uri": "http://e/h"}, "*/*", 1),
        ({"query": query, "named-graph-uri": "http://e/h"}, "*/*", 1),
        ({"query": query, "rows": "1"}, "*/*", 3),  # cut
        ({"query": "SELECT (RAND() AS ?x) {}"}, "*/*", 3),
        ({"query": "ASK nonsense"}, "*/*", 3),
    ):
        answers = [client.post("/sparql", data=parameters, headers={"Accept": accept}) for _ in range(3)]
        assert len(jobs) == runs, parameters
        if runs == 1:
            assert answers[0].content == answers[2].content
            first, last = ({**answer.headers, "date": ""} for answer in (answers[0], answers[2]))
            assert first == last
        jobs.clear()


def test_a_replica_answers_as_the_disk_does(tmp_path: Path):
    with publish(tmp_path) as writer:
        for graph in filled().graphs():
            writer.replace_graph(graph, "\n".join(filled().nquads(graph)))
    with served(open_store(tmp_path), Settings(client_seconds=10_000)) as client:
        first = [client.post("/sparql", data=asked, headers={"Accept": "text/csv"}).text for asked in OF_GRAPHS]
        while client.get("/limits").json()["servedFrom"] != "memory":
            time.sleep(0.01)
        again = [
            client.post("/sparql", data={**asked, "timeout": "9"}, headers={"Accept": "text/csv"}).text
            for asked in OF_GRAPHS
        ]
    assert first == again
    assert [text.split("\r\n")[1] for text in first] == [str(asked["rows"]) for asked in OF_GRAPHS]


def test_a_browser_may_ask_from_any_origin_by_any_method_for_reading(client: httpx.Client):
    wanted = {"Access-Control-Request-Method": "QUERY", "Access-Control-Request-Headers": "authorization, content-type"}
    answer = client.options("/sparql", headers={"Origin": "http://elsewhere", **wanted})
    assert answer.status_code == 200
    assert answer.headers.get_list("Access-Control-Allow-Origin") == ["*"]
    assert "QUERY" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert client.get("/healthz").headers.get_list("Access-Control-Allow-Origin") == ["*"]


def test_data_are_as_before(client: httpx.Client):
    for update in ("CLEAR ALL", "DELETE WHERE { ?s ?p ?o }", "DROP ALL"):
        client.post("/sparql", data={"query": update})
        client.post("/sparql", data={"update": update})
    assert client.get("/sparql", params={"query": "ASK { ?s ?p ?o }"}).json()["boolean"] is True


def test_sparqlwrapper_is_served(client: httpx.Client):
    wrapper = SPARQLWrapper(str(client.base_url.join("/sparql")))
    wrapper.setQuery("SELECT ?o { ?s ?p ?o } ORDER BY ?o")
    wrapper.setReturnFormat(JSON)
    bindings = wrapper.queryAndConvert()["results"]["bindings"]
    assert [row["o"]["value"] for row in bindings] == ["1", "2"]
    wrapper.setMethod(POST)
    wrapper.setReturnFormat(CSV)
    assert wrapper.queryAndConvert() == b"o\r\n1\r\n2\r\n"
    wrapper.setQuery("CONSTRUCT WHERE { ?s ?p ?o }")
    wrapper.setReturnFormat(TURTLE)
    assert b"<http://e/p>" in wrapper.queryAndConvert()
