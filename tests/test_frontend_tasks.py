"""What pages are built for: each task in at most three requests, on the five notices."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from serving import served

from ontology.iris import DEFAULT_BASE
from queries.index import index_of
from store.base import Store

ID = f"{DEFAULT_BASE}id/"
_MOST = 3


class Page:
    """A page that asks the server a few times."""

    def __init__(self, client: httpx.Client) -> None:
        """Has asked nothing yet."""
        self._client = client
        self._left = _MOST

    def get(self, path: str, **params: str | int | list[str]) -> Any:  # noqa: ANN401 - JSON or text
        """Asks once."""
        assert self._left > 0, f"the task takes more than {_MOST} requests"
        self._left -= 1
        answer = self._client.get(path, params=params or None)
        assert answer.status_code == 200, answer.text
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.text


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[httpx.Client]:
    index_of(store)  # made before the clock of a request runs
    with served(store) as connected:
        yield connected


@pytest.fixture
def page(client: httpx.Client) -> Page:
    return Page(client)


def test_expand_a_node_and_one_of_its_neighbours(page: Page):
    first = page.get("/neighbourhood", iri=f"{ID}instrument/extend-certificate-validity", format="cytoscape")
    other = first["elements"]["nodes"][-1]["data"]["id"]
    second = page.get("/neighbourhood", iri=other, format="cytoscape")
    merged = {edge["data"]["id"]: edge for part in (first, second) for edge in part["elements"]["edges"]}
    ends = {(e["data"]["source"], e["data"]["predicate"], e["data"]["target"]) for e in merged.values()}
    nodes = {node["data"]["id"] for part in (first, second) for node in part["elements"]["nodes"]}
    assert len(ends) == len(merged) > len(first["elements"]["edges"])
    assert all({source, target} <= nodes for source, _, target in ends)


def test_look_before_expanding_a_hub_and_page_through_it(page: Page):
    hub = f"{ID}target/enterprise"
    counts = page.get("/neighbourhood/stats", iri=hub)["predicates"]
    wanted = next(count for count in counts if count["predicate"].endswith("#targets") and count["direction"] == "in")
    asked = {"iri": hub, "predicate": wanted["predicate"], "direction": "in", "limit": -(-wanted["count"] // 2)}
    first = page.get("/neighbourhood", **asked)
    rest = page.get("/neighbourhood", **asked, cursor=first["next"])
    met = [node["id"] for part in (first, rest) for node in part["nodes"][1:]]
    assert len(met) == len(set(met)) == wanted["count"]
    assert rest["next"] is None


def test_list_what_ends_this_month_in_a_province(page: Page):
    found = page.get("/deadlines", **{"from": "2022-06-01", "to": "2022-06-30", "division": "370000", "sort": "date"})
    assert found["total"] > 0
    for item in found["items"]:
        assert date(2022, 6, 1) <= date.fromisoformat(item["end"]) <= date(2022, 6, 30)
        assert item["links"]["measure"]
        assert item["values"]["quote"]


def test_compare_two_cities(page: Page):
    table = page.get("/compare", division=["320700", "370100"], instrument="cost-relief")
    assert [place["label"] for place in table["divisions"]] == ["连云港市", "济南市"]
    assert all(len(row["cells"]) == 2 for row in table["rows"])
    assert any(cell["items"] for row in table["rows"] for cell in row["cells"])


def test_complete_a_name_and_list_its_measures(page: Page):
    chosen = page.get("/suggest", q="延长证")[0]
    found = page.get("/measures", instrument=chosen["id"], limit=500)
    assert found["total"] == len(found["items"]) > 3
    assert all(chosen in item["links"]["instrument"] for item in found["items"])


def test_search_then_narrow_by_a_facet(page: Page):
    found = page.get("/search", q="食品")
    division = found["facets"]["division"][0]
    narrowed = page.get("/search", q="食品", division=division["id"], type="Measure")
    assert 0 < narrowed["total"] <= division["count"] < found["total"]
    assert all(item["highlights"] for item in narrowed["items"])


def test_show_a_measure_with_its_evidence(page: Page):
    iri = f"{ID}notice/2b3610a6bd83ddcc/measure/19"
    around = page.get("/neighbourhood", iri=iri, depth=2, limit=200, include="literals,mentions")
    quotes = {value["value"] for value in around["literals"] if value["predicate"].endswith("#quote")}
    assert "Ⅰ级响应解除之日起90日内" in quotes
    kinds = {node["type"].rpartition("#")[2] for node in around["nodes"]}
    assert {"Measure", "Provision", "Deadline", "Mention", "Instrument", "TargetEntity", "Notice"} <= kinds


def test_find_what_other_cities_do_about_the_same(page: Page):
    chosen = page.get("/measures", q="健康证明", division="460000")["items"][0]
    notice, position = chosen["id"].rsplit("/", 3)[1::2]
    like = page.get(f"/measures/{notice}/{position}/similar")
    assert like["items"]
    assert {to["label"] for item in like["items"] for to in item["links"]["division"]}.isdisjoint({"海南省"})


def test_what_holds_on_a_day_and_what_is_open(page: Page):
    found = page.get("/measures", on="2022-06-01", limit=500)
    assert 0 < found["total"] <= 90
    assert all(not item["begin"] or item["begin"] <= "2022-06-01" for item in found["items"])
    assert all(not item["end"] or item["end"] >= "2022-06-01" for item in found["items"])


def test_a_page_in_english_for_an_agency(page: Page):
    agency = page.get("/agencies", q="济南市市场监督管理局", lang="en")["items"][0]
    measures = page.get("/measures", issuer=agency["id"], lang="en", limit=500)
    stats = page.get("/neighbourhood/stats", iri=agency["id"], lang="en")
    assert measures["total"] == 12
    labels = {to["label"] for item in measures["items"] for to in item["links"]["instrument"]}
    assert labels
    assert not any("\u4e00" <= character <= "\u9fff" for label in labels for character in label)
    assert stats["root"]["label"] == "济南市市场监督管理局"


def test_a_page_of_a_notice_with_its_contents(page: Page):
    chosen = page.get("/notices", q="助企纾困", division="370100")["items"][0]
    notice = page.get(f"/{chosen['id'].removeprefix(DEFAULT_BASE)}.jsonld")
    assert notice["title"] == chosen["label"]
    assert notice["hasMeasure"][0]["title"]
    assert notice["hasMeasure"][0]["usesInstrument"][0]["prefLabel"]["en"]


def test_put_the_deadlines_into_a_calendar_and_measures_into_a_sheet(client: httpx.Client, page: Page):
    assert page.get("/deadlines.ics", division="370000").startswith("BEGIN:VCALENDAR\r\n")
    sheet = client.get("/measures", params={"division": "370000"}, headers={"Accept": "text/csv"})
    assert len(sheet.text.splitlines()) > 12
