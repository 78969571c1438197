"""Linked data, the catalogue and the operations over HTTP, on the sample graph of `cases/queries`."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest
from serving import served

from api.app import create_app
from api.negotiate import HTML
from api.settings import Settings, described, from_environment
from ontology.iris import DEFAULT_BASE
from ontology.terms import DCT, NG, PROV, RDF
from store.base import Store, StoreError
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


def test_a_profile_says_how_much(client: httpx.Client):
    path = "/id/agency/000000000000000a"
    agency, label = f"<{DEFAULT_BASE}{path[1:]}>", "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    full, brief, labels = (
        set(client.get(f"{path}.nt", params={"_profile": name}).text.splitlines())
        for name in ("full", "brief", "labels")
    )
    assert full > brief > labels
    assert labels == {f'{agency} {label} "甲省市场监督管理局"@zh .'}
    assert not any(line.endswith(f" {agency} .") for line in brief)
    assert set(client.get(f"{path}.nt").text.splitlines()) == full
    liked = "<urn:noticegraph:profile:brief>;q=0.5, <urn:noticegraph:profile:labels>; q=0.9, <urn:e:other>"
    pointed = client.get(path, headers={"Accept-Profile": liked, "Accept": "text/turtle"})
    assert pointed.headers["Location"] == f"{path}.ttl?_profile=labels"
    assert "Accept-Profile" in pointed.headers["Vary"]
    document = client.get(pointed.headers["Location"])
    assert '<urn:noticegraph:profile:labels>; rel="profile"' in document.headers["Link"]
    assert document.headers["Content-Location"] == f"{path}.ttl?_profile=labels"
    for wrong in ("?_profile=none", "?_profile=full&_profile=full"):
        assert client.get(path + wrong).status_code == 422


def test_documents_are_signposted(client: httpx.Client):
    assert f'<{NOTICE}.nt>; rel="describedby"; type="application/n-triples"' in client.get(NOTICE).headers["Link"]
    links = client.get(f"{NOTICE}.html").headers["Link"]
    for relation in ("describes", "cite-as"):
        assert f'<{DEFAULT_BASE}{NOTICE[1:]}>; rel="{relation}"' in links
    assert f'<{NG}Notice>; rel="type"' in links


def test_a_withdrawn_notice_leaves_a_tombstone():
    store, base = memory(), DEFAULT_BASE
    notice, event, graph = (f"{base}{path}" for path in ("id/notice/a", "id/notice/a/withdrawal", "graph/withdrawn"))
    lines = [
        f"<{notice}> <{PROV}wasInvalidatedBy> <{event}> <{graph}> .",
        f'<{event}> <http://www.w3.org/2000/01/rdf-schema#label> "撤回：关于甲的通知"@zh <{graph}> .',
    ]
    store.replace_graph(graph, "\n".join(lines))
    with served(store) as client:
        for path in ("/id/notice/a", "/id/notice/a.ttl", "/id/notice/a/measure/1", "/graph/notice/a"):
            answer = client.get(path, headers={"Accept": "text/turtle"})
            assert (answer.status_code, answer.headers["Content-Type"]) == (410, "text/turtle; charset=utf-8"), path
            assert "撤回：关于甲的通知" in answer.text
        assert "撤回：关于甲的通知" in client.get("/id/notice/a", headers={"Accept": BROWSER}).text
        assert client.get("/id/notice/a.jsonld").headers["Content-Type"] == "application/ld+json"
        assert client.get("/id/notice/a", headers={"If-None-Match": "*"}).status_code == 410
        assert client.get("/id/notice/b").status_code == 404
        assert client.get("/id/notice/a/withdrawal").status_code == 303
        assert client.get("/id/notice/a/withdrawal.nt").status_code == 200
        assert client.get("/graph/withdrawn").status_code == 200


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
        assert not re.search(r"<img|(?:src|<link [^>]*href)=\"(?!/web/)|@import|url\(", answer.text)


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
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "version": None, "workers": {}}


def test_metrics_count_by_route_and_keep_apps_apart():
    with served(memory([SAMPLE])) as other:
        for _ in range(2):
            other.get(NOTICE)
        other.head("/healthz")
        other.delete("/healthz")
        other.get("/nowhere/42")
        answer = other.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    counted = {line for line in answer.text.splitlines() if line.startswith("noticegraph_requests_total{")}
    assert 'noticegraph_requests_total{method="GET",route="/id/{path:path}",status="303"} 2.0' in counted
    assert 'noticegraph_requests_total{method="HEAD",route="/healthz",status="200"} 1.0' in counted
    assert 'noticegraph_requests_total{method="other",route="/healthz",status="405"} 1.0' in counted
    assert 'noticegraph_requests_total{method="GET",route="none",status="404"} 1.0' in counted
    lines = answer.text.splitlines()
    assert 'noticegraph_request_duration_seconds_count{route="/id/{path:path}"} 2.0' in lines
    assert 'noticegraph_store_info{version=""} 1.0' in lines
    assert "noticegraph_store_up 1.0" in lines
    with served(memory()) as fresh:
        assert "noticegraph_requests_total{" not in fresh.get("/metrics").text


def test_metrics_tell_what_fails(monkeypatch: pytest.MonkeyPatch):
    store = memory()
    with served(store) as client:
        client.headers["Connection"] = "close"  # uvicorn ends a connection after a fault, at once or a little later
        monkeypatch.setattr("api.operations.pages.page", lambda *_: 1 / 0)
        assert client.get("/").status_code == 500
        monkeypatch.setattr(type(store), "snapshot", Mock(side_effect=StoreError("gone")))
        assert client.get("/readyz").status_code == 503
        lines = client.get("/metrics").text.splitlines()
    assert 'noticegraph_requests_total{method="GET",route="/",status="500"} 1.0' in lines
    assert 'noticegraph_requests_total{method="GET",route="/readyz",status="503"} 1.0' in lines
    assert "noticegraph_store_up 0.0" in lines


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/measures?from=0", 422),
        ("/measures?on=20200101", 422),
        ("/feed/8224795618735352274690768896", 404),
        ("/queries/measures/for-target?target=nobody", 400),
    ],
)
def test_what_would_mislead_is_refused(client: httpx.Client, address: str, status: int):
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_metrics_tell_workers_and_version(store: Store):
    with served(store) as client:
        lines = client.get("/metrics").text.splitlines()
    assert store.version
    assert f'noticegraph_store_info{{version="{store.version.name}"}} 1.0' in lines
    assert {line.split()[0] for line in lines if line.startswith("noticegraph_workers")} == {
        f'noticegraph_workers{{state="{state}"}}' for state in ("busy", "idle")
    }


def test_every_route_is_documented():
    app = create_app(Settings(), memory())
    paths = set(app.openapi()["paths"])
    headings = set(re.findall(r"^## `([^`]+)`", (ROOT / "docs" / "http.md").read_text("utf-8"), re.MULTILINE))
    assert {path for path in paths if not path.startswith("/queries/") or "{" in path} <= headings


def test_a_number_or_title_leads_to_its_notice():
    store, base = memory(), DEFAULT_BASE
    named = {
        "a": ("关于甲的通知", "甲市监发〔2020〕2号"),
        "b": ("关于乙的通知", "甲市监发〔2020〕26号"),
        "c": ("关于乙的通知", None),
    }
    for slug, (title, number) in named.items():
        graph, notice = f"{base}graph/notice/{slug}", f"<{base}id/notice/{slug}>"
        lines = [f"{notice} <{RDF.type}> <{NG}Notice> <{graph}> .", f'{notice} <{DCT.title}> "{title}"@zh <{graph}> .']
        lines += [f'{notice} <{NG}documentNumber> "{number}" <{graph}> .'] if number else []
        store.replace_graph(graph, "\n".join(lines))
    with served(store) as client:
        for number in (
            "甲市监发〔2020〕26号",
            "甲市监发[2020]26号",
            " 甲市监发 （２０２０） 第26 号",
            "甲市监发【2020】26号",
        ):
            answer = client.get("/id", params={"number": number})
            assert (answer.status_code, answer.headers["Location"]) == (301, "/id/notice/b"), number
        assert client.get("/id", params={"title": "关于甲的通知 "}).headers["Location"] == "/id/notice/a"
        several = client.get("/id", params={"title": "关于乙的通知"})
        assert several.status_code == 300
        assert {item["id"] for item in several.json()["items"]} == {f"{base}id/notice/b", f"{base}id/notice/c"}
        page = client.get("/id", params={"title": "关于乙的通知"}, headers={"Accept": BROWSER})
        assert 'href="/id/notice/c"' in page.text
        for query, status in (
            ({"number": "甲市监发〔2020〕6号"}, 404),
            ({"title": "通知"}, 404),
            ({"number": "〔〕"}, 404),
            ({}, 404),
            ({"number": "1", "title": "2"}, 404),
            ({"number": "甲市监发〔2020〕26号", "title": "关于甲的通知"}, 404),
            ({"number": "甲市监发〔2020〕26号", "title": "关于乙的通知"}, 301),
        ):
            assert client.get("/id", params=query).status_code == status, query


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


def test_settings_are_printed_with_their_origin():
    rows = described({"NOTICEGRAPH_TOKEN": "secret", "NOTICEGRAPH_QUERY_ROWS": "7"})
    assert ("NOTICEGRAPH_TOKEN", "(set)", "environment") in rows
    assert ("NOTICEGRAPH_QUERY_ROWS", "7", "environment") in rows
    assert ("NOTICEGRAPH_BASE", DEFAULT_BASE, "default") in rows
    assert len(rows) == len(fields(Settings))


def test_settings_come_from_a_file_too(tmp_path: Path):
    file = tmp_path / "noticegraph.env"
    file.write_text('# ours\n\nNOTICEGRAPH_QUERY_ROWS=7\nNOTICEGRAPH_HOSTS="a.example,b.example"\nOTHER=1\n', "utf-8")
    told = {"NOTICEGRAPH_SETTINGS": str(file), "NOTICEGRAPH_QUERY_ROWS": "8"}
    assert from_environment(told) == Settings(hosts="a.example,b.example", query_rows=8)
    assert ("NOTICEGRAPH_HOSTS", "a.example,b.example", str(file)) in described(told)
    assert ("NOTICEGRAPH_QUERY_ROWS", "8", "environment") in described(told)
    for wrong in ("NOTICEGRAPH_ROWS=7", "query rows"):
        file.write_text(f"\n{wrong}\n", "utf-8")
        with pytest.raises(ValueError, match="line 2: no setting"):
            from_environment(told)
    with pytest.raises(ValueError, match="cannot be read"):
        from_environment({"NOTICEGRAPH_SETTINGS": str(tmp_path)})


def test_openapi_names_every_operation_once():
    document = create_app(Settings(), memory()).openapi()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert json.dumps(document)
    assert len(names) > 10
