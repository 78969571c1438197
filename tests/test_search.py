"""`/search` and `/suggest`: what is found, in which order, where the words stand."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import served

from ontology.iris import DEFAULT_BASE
from queries.index import PART, index_of, make_index
from queries.lists import Asked, listed
from store import versions
from store.base import Store
from store.oxigraph import memory, open_store, publish
from store.remote import Endpoint
from store.search import folded

CASES = Path(__file__).parent / "cases"
SUITE = json.loads((CASES / "lists" / "search.json").read_text("utf-8"))
SAMPLE = memory([CASES / "queries" / "sample.trig"])


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(SAMPLE) as connected:
        yield connected


@pytest.mark.parametrize("case", SUITE, ids=lambda case: case["id"])
def test_what_a_case_finds(client: httpx.Client, case: dict):
    params = {"q": case["q"], "type": case.get("type", []), "limit": "100"}
    found = client.get("/search", params=params).json()
    assert sorted(item["id"].removeprefix(f"{DEFAULT_BASE}id/") for item in found["items"]) == case["items"]
    assert found["total"] == len(case["items"])


@pytest.mark.parametrize("words", ["食品", "食品 证明", "延长", "2022年", "许可证", "网上"])
def test_search_finds_what_a_scan_finds(real: httpx.Client, store: Store, words: str):
    parts = " ".join(f'FILTER(CONTAINS(STR(?t), "{word}"))' for word in words.split())
    rows = store.select(f"""PREFIX ng: <https://w3id.org/noticegraph/ontology#>
      SELECT DISTINCT ?m {{ ?m a ng:Measure ; ng:text ?t {parts} }}""")
    found = real.get("/search", params={"q": words, "type": "Measure", "limit": "500"}).json()
    assert {item["id"] for item in found["items"]} == {row[0].value for row in rows if row[0]}
    assert found["total"] > 0


@pytest.mark.parametrize("words", ["食品 证明", "GB", "２０２２年", "Fee Exemption"])
def test_highlights_are_the_words(real: httpx.Client, words: str):
    for item in real.get("/search", params={"q": words, "limit": "50"}).json()["items"]:
        values = {**item["values"], "label": item["label"]}
        marked = {folded(values[mark["field"]][mark["start"] : mark["end"]]) for mark in item["highlights"]}
        assert marked <= {folded(word) for word in words.split()}
        assert marked or item["label"]


def test_a_label_counts_more_than_a_text(real: httpx.Client):
    items = real.get("/search", params={"q": "延长证照有效期", "limit": "5"}).json()["items"]
    assert items[0]["id"] == f"{DEFAULT_BASE}id/instrument/extend-certificate-validity"


def test_facets_of_a_search_narrow_it(real: httpx.Client):
    found = real.get("/search", params={"q": "食品", "buckets": "50"}).json()
    kinds = {bucket["id"].rpartition("#")[2]: bucket["count"] for bucket in found["facets"]["type"]}
    assert sum(kinds.values()) == found["total"]
    for kind, count in kinds.items():
        assert real.get("/search", params={"q": "食品", "type": kind}).json()["total"] == count
    for bucket in found["facets"]["division"]:
        narrowed = real.get("/search", params={"q": "食品", "division": bucket["id"]}).json()
        assert narrowed["total"] == bucket["count"]


def test_suggestions_begin_with_what_was_typed(real: httpx.Client):
    for typed in ("市", "市场", "延", "连云港", "江苏省"):
        found = real.get("/suggest", params={"q": typed}).json()
        assert found
        assert all(item["label"].startswith(typed) for item in found)
    assert len(real.get("/suggest", params={"q": "市", "limit": "3"}).json()) == 3
    assert real.get("/suggest", params={"q": "没有这个名称"}).json() == []
    assert "延长证照有效期" in [name["label"] for name in real.get("/suggest", params={"q": "extend"}).json()]


@given(st.text(max_size=40))
def test_any_words_give_an_answer(words: str):
    found = listed(index_of(SAMPLE), Asked(q=words, kinds=("Measure",)))
    assert all(mark.start < mark.end for item in found.items for mark in item.highlights)


@given(st.text(max_size=40))
def test_folding_moves_no_offset(text: str):
    assert len(folded(text)) == len(text)


def test_a_remote_store_answers_the_same(client: httpx.Client, tmp_path: Path):
    with served(Endpoint(f"{str(client.base_url).rstrip('/')}/sparql", tmp_path).published()) as remote:
        for path in (
            f"/neighbourhood?iri={DEFAULT_BASE}id/target/sme&include=literals",
            f"/neighbourhood?iri={DEFAULT_BASE}id/target/sme&graph={DEFAULT_BASE}graph/notice/0000000000000002",
            "/measures?division=990000",
            "/search?q=许可证",
        ):
            answer = remote.get(path, timeout=60)
            assert answer.status_code == 200, answer.text
            assert answer.json() == client.get(path).json()


def test_index_is_a_part_of_the_version(tmp_path: Path):
    quads = "".join(f"{line}\n" for line in SAMPLE.nquads("https://w3id.org/noticegraph/graph/notice/0000000000000001"))
    with publish(tmp_path, parts=[make_index]) as writer:
        writer.replace_graph("https://w3id.org/noticegraph/graph/notice/0000000000000001", quads)
    store = open_store(tmp_path).snapshot()
    assert versions.part(versions.current(tmp_path), PART).is_dir()
    index = index_of(store)
    assert index.version == "v000001"
    assert listed(index, Asked(kinds=("Notice",))).total == 1
    assert index_of(open_store(tmp_path).snapshot()) is index
