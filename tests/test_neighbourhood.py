"""`/neighbourhood`: what SPARQL finds around a node, cut fairly, paged without loss, in every format."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph
import pytest
from serving import served

from ontology.iris import DEFAULT_BASE
from ontology.terms import NG, RDF, RDFS
from queries.neighbourhood import READING
from store.base import Store
from store.oxigraph import memory, open_store, publish

CASES = Path(__file__).parent / "cases"
SUITE = json.loads((CASES / "neighbourhood" / "sample.json").read_text("utf-8"))
HUB = "http://e/hub"
HIDDEN = " ".join(f"<{predicate}>" for predicate in READING.levels)


def graph_of_a_hub() -> str:
    """300 links come in by p, 5 go out by q, 40 by r; some nodes have several of them."""
    links = [(f"http://e/{n}", "http://e/p", HUB) for n in range(300)]
    links += [(HUB, "http://e/q", f"http://e/{n}") for n in (1, 2, 700, 701, 702)]
    links += [(HUB, "http://e/r", f"http://e/{n}") for n in range(280, 320)]
    links += [
        (HUB, "http://e/r", HUB),
        ("http://e/5", "http://e/p", "http://e/6"),
        ("http://e/5", "http://e/q", "http://e/9"),
    ]
    return "".join(f"<{s}> <{p}> <{o}> <http://e/g> .\n" for s, p, o in links)


@pytest.fixture(scope="module")
def hub() -> Iterator[httpx.Client]:
    store = memory()
    store.replace_graph("http://e/g", graph_of_a_hub())
    with served(store) as connected:
        yield connected


def pages(client: httpx.Client, **asked: str) -> Iterator[dict]:
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/neighbourhood", params={**asked, **cursor}).json()
        yield page
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def short(iri: str) -> str:
    return iri.removeprefix(f"{DEFAULT_BASE}id/").removeprefix("https://w3id.org/noticegraph/ontology#")


@pytest.mark.parametrize("case", SUITE, ids=lambda case: case["id"])
def test_answer_of_a_case(client: httpx.Client, case: dict):
    params = {**case["params"], "iri": f"{DEFAULT_BASE}id/{case['params']['iri']}"}
    found = client.get("/neighbourhood", params=params).json()
    assert [short(node["id"]) for node in found["nodes"]] == case["nodes"]
    edges = [[short(edge[key]) for key in ("source", "predicate", "target")] for edge in found["edges"]]
    assert edges == case["edges"]
    assert found["truncated"] == case.get("truncated", False)
    assert {short(node["id"]): node["label"] for node in found["nodes"]}.items() >= case.get("labels", {}).items()


def test_neighbours_edges_and_degrees_are_those_of_the_graph(real: httpx.Client, store: Store):
    found = store.select(
        f"SELECT DISTINCT ?s ?p ?o {{ ?s ?p ?o FILTER(ISIRI(?o)) FILTER NOT EXISTS {{ VALUES ?p {{ {HIDDEN} }} }} }}"
    )
    triples = {tuple(term.value for term in row if term) for row in found}
    of_node: dict[str, set[tuple[str, ...]]] = {}
    for triple in triples:
        for node in {triple[0], triple[2]}:
            of_node.setdefault(node, set()).add(triple)
    roots = sorted(of_node, key=lambda iri: hashlib.sha256(iri.encode()).digest())[:150]
    assert len(roots) == 150
    for root in roots:
        page = next(pages(real, iri=root, limit="500"))
        nodes = {node["id"] for node in page["nodes"]}
        assert page["root"] == page["nodes"][0]["id"] == root
        if not page["truncated"]:
            assert nodes == {end for s, _, o in of_node[root] for end in (s, o)}
        edges = {(edge["source"], edge["predicate"], edge["target"]) for edge in page["edges"]}
        assert edges == {triple for node in nodes for triple in of_node[node] if {triple[0], triple[2]} <= nodes}
        assert len(edges) == len(page["edges"])
        for node in page["nodes"]:
            into = sum(triple[2] == node["id"] for triple in of_node[node["id"]])
            out = sum(triple[0] == node["id"] for triple in of_node[node["id"]])
            assert (node["indegree"], node["outdegree"], node["degree"]) == (into, out, into + out)


def test_edge_ids_are_digests_of_the_triples(client: httpx.Client):
    page = client.get("/neighbourhood", params={"iri": f"{DEFAULT_BASE}id/target/sme"}).json()
    for edge in page["edges"]:
        line = f"<{edge['source']}> <{edge['predicate']}> <{edge['target']}> .\n"
        assert edge["id"] == hashlib.sha256(line.encode()).hexdigest()[:16]
    assert len(page["edges"]) > 2


@pytest.mark.parametrize("limit", [1, 7, 50, 400])
def test_pages_of_a_hub_have_each_neighbour_once(hub: httpx.Client, limit: int):
    met = [node["id"] for page in pages(hub, iri=HUB, limit=str(limit)) for node in page["nodes"][1:]]
    assert sorted(met) == sorted({*(f"http://e/{n}" for n in range(320)), *(f"http://e/{n}" for n in (700, 701, 702))})


def test_pages_of_a_filtered_hub_have_each_neighbour_once(hub: httpx.Client):
    met = [node["id"] for page in pages(hub, iri=HUB, limit="9", direction="out") for node in page["nodes"][1:]]
    assert sorted(met) == sorted(f"http://e/{n}" for n in (1, 2, 700, 701, 702, *range(280, 320)))


def test_a_large_group_hides_no_small_one(hub: httpx.Client):
    page = next(pages(hub, iri=HUB, limit="15"))
    by = {edge["predicate"] for edge in page["edges"] if HUB in (edge["source"], edge["target"])}
    assert by == {"http://e/p", "http://e/q", "http://e/r"}
    assert sum(node["id"] in {f"http://e/{n}" for n in (1, 2, 700, 701, 702)} for node in page["nodes"]) == 5
    assert (page["truncated"], len(page["nodes"])) == (True, 16)


def test_depth_stays_below_the_limit_and_reaches_further(real: httpx.Client, store: Store):
    measure = store.select("SELECT ?m { ?n <https://w3id.org/noticegraph/ontology#hasMeasure> ?m } ORDER BY ?m LIMIT 1")
    (iri,) = (row[0].value for row in measure if row[0])
    sizes = []
    for depth in ("1", "2", "3"):
        page = real.get("/neighbourhood", params={"iri": iri, "depth": depth, "limit": "120"}).json()
        sizes.append(len(page["nodes"]))
        assert len({node["id"] for node in page["nodes"]}) == len(page["nodes"]) <= 121
    assert sizes[0] < sizes[1] <= sizes[2]


def test_literals_and_mentions_come_when_asked_for(client: httpx.Client):
    iri = f"{DEFAULT_BASE}id/instrument/defer-renewal-filing"
    plain = client.get("/neighbourhood", params={"iri": iri}).json()
    full = client.get("/neighbourhood", params={"iri": iri, "include": "literals,mentions", "limit": "500"}).json()
    assert plain["literals"] == []
    assert {edge["predicate"] for edge in full["edges"]} - {edge["predicate"] for edge in plain["edges"]} >= {
        NG.denotes
    }
    assert {"延期办理", "Defer renewal"} <= {value["value"] for value in full["literals"] if value["node"] == iri}


def test_statistics_count_before_expanding(client: httpx.Client):
    iri = f"{DEFAULT_BASE}id/instrument/defer-renewal-filing"
    counts = client.get("/neighbourhood/stats", params={"iri": iri, "lang": "en"}).json()
    for count in counts["predicates"]:
        asked = {"iri": iri, "predicate": count["predicate"], "direction": count["direction"], "limit": "500"}
        page = client.get("/neighbourhood", params=asked).json()
        assert len(page["nodes"]) - 1 == count["count"]
    assert {"in"} <= {count["direction"] for count in counts["predicates"]}
    assert {"", "mentions"} == {count["include"] for count in counts["predicates"]}
    assert counts["root"]["label"] == "Defer renewal"


def test_cytoscape_has_the_same_nodes_and_edges(client: httpx.Client):
    asked = {"iri": f"{DEFAULT_BASE}id/target/sme"}
    plain = client.get("/neighbourhood", params=asked).json()
    elements = client.get("/neighbourhood", params={**asked, "format": "cytoscape"}).json()["elements"]
    assert [element["data"] for element in elements["nodes"]] == plain["nodes"]
    assert [element["data"] for element in elements["edges"]] == plain["edges"]


@pytest.mark.parametrize(
    ("media_type", "form"),
    [
        ("application/ld+json", pyoxigraph.RdfFormat.JSON_LD),
        ("text/turtle", pyoxigraph.RdfFormat.TURTLE),
        ("application/n-triples", pyoxigraph.RdfFormat.N_TRIPLES),
    ],
)
def test_rdf_says_the_same(client: httpx.Client, media_type: str, form: pyoxigraph.RdfFormat):
    asked = {"iri": f"{DEFAULT_BASE}id/target/sme"}
    plain = client.get("/neighbourhood", params=asked).json()
    answer = client.get("/neighbourhood", params=asked, headers={"Accept": media_type})
    assert answer.headers["Content-Type"].startswith(media_type)
    triples = {(q.subject.value, q.predicate.value, q.object.value) for q in pyoxigraph.parse(answer.content, form)}
    assert triples == {
        *((edge["source"], edge["predicate"], edge["target"]) for edge in plain["edges"]),
        *((node["id"], RDFS.label, node["label"]) for node in plain["nodes"]),
        *((node["id"], RDF.type, node["type"]) for node in plain["nodes"]),
    }


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ("iri=http://e/unknown", 404),
        ("", 422),
        ("iri=notice", 422),
        ("iri=http://e/a%20b", 422),
        ("iri=http://e/%3E", 422),
        ("iri={root}&depth=0", 422),
        ("iri={root}&depth=4", 422),
        ("iri={root}&limit=0", 422),
        ("iri={root}&limit=501", 422),
        ("iri={root}&limit=ten", 422),
        ("iri={root}&direction=up", 422),
        ("iri={root}&include=everything", 422),
        ("iri={root}&format=gexf", 422),
        ("iri={root}&lang=fr", 422),
        ("iri={root}&cursor=x", 422),
        ("iri={root}&cursor=v0.1", 410),
        ("iri={root}&cursor=v000009.1.1", 410),
        ("iri={root}&iri={root}", 422),
        ("iri={root}&colour=red", 422),
        ("iri={root}&graph=http://e/none", 404),
    ],
)
def test_refusal_is_a_problem_that_names_the_parameter(client: httpx.Client, params: str, status: int):
    answer = client.get(f"/neighbourhood?{params.format(root=f'{DEFAULT_BASE}id/target/sme')}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]


def test_nothing_acceptable_is_a_406_problem(client: httpx.Client):
    params = {"iri": f"{DEFAULT_BASE}id/target/sme"}
    assert client.get("/neighbourhood", params=params, headers={"Accept": "image/png"}).status_code == 406


def test_labels_follow_the_language(client: httpx.Client):
    params = {"iri": f"{DEFAULT_BASE}id/target/sme"}
    labels = {
        header: client.get("/neighbourhood", params=params, headers={"Accept-Language": header}).json()["nodes"][0][
            "label"
        ]
        for header in ("en", "zh-CN,zh;q=0.9,en;q=0.8", "fr, en;q=0.5", "de")
    }
    assert list(labels.values()) == ["SME", "中小企业", "SME", "中小企业"]
    assert client.get("/neighbourhood", params={**params, "lang": "en"}).json()["nodes"][0]["label"] == "SME"


def test_a_new_version_is_seen_and_old_cursors_end(tmp_path: Path):
    with publish(tmp_path) as writer:
        writer.replace_graph("http://e/g", graph_of_a_hub())
    with served(open_store(tmp_path)) as client:
        first = client.get("/neighbourhood", params={"iri": HUB}).json()
        again = client.get("/neighbourhood", params={"iri": HUB})
        assert again.json() == first
        assert (
            client.get(
                "/neighbourhood", params={"iri": HUB}, headers={"If-None-Match": again.headers["ETag"]}
            ).status_code
            == 304
        )
        with publish(tmp_path) as writer:
            writer.replace_graph("http://e/h", f"<{HUB}> <http://e/a> <http://e/new> <http://e/h> .")
        assert "http://e/new" in [
            node["id"] for node in client.get("/neighbourhood", params={"iri": HUB}).json()["nodes"]
        ]
        assert client.get("/neighbourhood", params={"iri": HUB, "cursor": first["next"]}).status_code == 410
