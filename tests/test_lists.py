"""The lists: filters, facets, dates, pages, CSV, calendar, measures side by side."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import httpx
import icalendar
import pytest

from api.lists import LISTS
from ontology.iris import DEFAULT_BASE
from store.base import Store

CASES = Path(__file__).parent / "cases"
SUITE = json.loads((CASES / "lists" / "sample.json").read_text("utf-8"))


@pytest.mark.parametrize("case", SUITE, ids=lambda case: case["id"])
def test_items_of_a_case(client: httpx.Client, case: dict):
    answer = client.get(case["path"], params=case["params"])
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [item["id"].removeprefix(f"{DEFAULT_BASE}id/") for item in found["items"]] == case["items"]
    assert found["total"] == len(case["items"])
    assert found["next"] is None


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [1, 7, 500])
def test_pages_have_each_item_once(real: httpx.Client, name: str, limit: int):
    if name == "divisions" and limit == 1:
        pytest.skip("three thousand requests show no more")
    path, met, total = f"/{name}?limit={limit}&buckets=0", [], 0
    while path:
        answer = real.get(path)
        page = answer.json()
        met += [item["id"] for item in page["items"]]
        total = page["total"]
        path = answer.headers["Link"].partition(">")[0].strip("<") if page["next"] else ""
        assert ("Link" in answer.headers) == (page["next"] is not None)
    assert len(met) == len(set(met)) == total > 0


@pytest.mark.parametrize("name", LISTS)
def test_facets_count_what_the_filter_finds(real: httpx.Client, name: str):
    facets = real.get(f"/{name}", params={"limit": "1", "buckets": "3"}).json()["facets"]
    assert facets
    for facet, buckets in facets.items():
        assert [bucket["count"] for bucket in buckets] == sorted((b["count"] for b in buckets), reverse=True)
        for bucket in buckets:
            found = real.get(f"/{name}", params={facet: bucket["id"], "limit": "1", "buckets": "0"}).json()
            assert found["total"] == bucket["count"], (facet, bucket)
            assert bucket["label"]


def test_division_counts_agree_with_sparql(real: httpx.Client, store: Store):
    rows = store.select("""PREFIX ng: <https://w3id.org/noticegraph/ontology#>
      PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
      SELECT ?place (COUNT(DISTINCT ?m) AS ?n) {
        ?notice ng:hasMeasure ?m ; ng:issuedBy/ng:jurisdiction/skos:broader* ?place } GROUP BY ?place""")
    counts = {place.value: int(n.value) for place, n in rows if place and n}
    found = real.get("/measures", params={"limit": "1", "buckets": "500"}).json()["facets"]["division"]
    assert {bucket["id"]: bucket["count"] for bucket in found} == counts


def test_measures_in_force_agree_with_the_question(real: httpx.Client):
    for on in ("2020-02-20", "2022-05-01", "2026-01-01"):
        rows = real.get("/queries/measures/in-force-on", params={"on": on}, headers={"Accept": "text/csv"}).text
        wanted = {row["measure"]: row["open"] == "true" for row in csv.DictReader(io.StringIO(rows))}
        found = real.get("/measures", params={"on": on, "limit": "500", "buckets": "0"}).json()["items"]
        assert {item["id"]: item["open"] for item in found} == wanted


def test_event_relative_deadline_is_resolved_or_open(client: httpx.Client):
    deadlines = {item["id"][-1]: item for item in client.get("/deadlines").json()["items"] if "0001/" in item["id"]}
    assert (deadlines["3"]["end"], deadlines["3"]["open"]) == ("2020-05-26", False)
    assert (deadlines["1"]["end"], deadlines["1"]["open"]) == ("", True)


@pytest.mark.parametrize("sort", ["date", "-date"])
def test_what_has_no_date_comes_last(real: httpx.Client, sort: str):
    items = real.get("/deadlines", params={"sort": sort, "limit": "500"}).json()["items"]
    dates = [item["date"] for item in items]
    known = [date for date in dates if date]
    assert 0 < len(known) < len(dates)
    assert dates[: len(known)] == sorted(known, reverse=sort == "-date")


def test_csv_has_the_same_items(client: httpx.Client):
    items = client.get("/measures").json()["items"]
    answer = client.get("/measures", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == [item["id"] for item in items]
    assert rows[-1]["instrument"] == "延期办理"
    assert {row["open"] for row in rows} <= {"true", "false"}
    assert answer.headers["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/measures?division=unknown", 404),
        ("/measures?division=a%20b", 422),
        ("/divisions?force=obligation", 422),
        ("/measures?on=yesterday", 422),
        ("/measures?limit=0", 422),
        ("/measures?limit=501", 422),
        ("/measures?sort=random", 422),
        ("/measures?cursor=v0", 422),
        ("/measures?cursor=v000007.20", 410),
        ("/measures?colour=red", 422),
        ("/measures?q=a&q=b", 422),
        ("/measures/0000000000000001/99/similar", 404),
        ("/measures/0000000000000001/x/similar", 422),
        ("/compare?division=990000", 422),
        ("/compare?division=990000&division=unknown", 404),
        ("/search", 422),
        ("/suggest?q=", 422),
    ],
)
def test_refusal_is_a_problem_that_names_the_parameter(client: httpx.Client, path: str, status: int):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]


def test_calendar_is_one_by_its_library(real: httpx.Client):
    answer = real.get("/deadlines.ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    events = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    deadlines = real.get("/deadlines", params={"limit": "500", "buckets": "0"}).json()["items"]
    dated = {item["id"]: item for item in deadlines if item["end"]}
    assert {str(event["UID"]) for event in events} == set(dated)
    assert len(events) > 3
    for event in events:
        item = dated[str(event["UID"])]
        assert event.decoded("DTSTART") == date.fromisoformat(item["end"])
        assert str(event["SUMMARY"]) == item["label"]
        assert not event.errors


def test_similar_measures_share_an_instrument_and_a_target_elsewhere(real: httpx.Client):
    seen = 0
    for measure in real.get("/measures", params={"limit": "30", "buckets": "0"}).json()["items"]:
        notice, position = measure["id"].rsplit("/", 3)[1::2]
        ids = {name: [link["id"] for link in measure["links"].get(name, ())] for name in ("instrument", "target")}
        if not all(ids.values()):
            continue
        answer = real.get("/measures", params={**ids, "limit": "500", "buckets": "0"}).json()["items"]
        places = {link["id"] for link in measure["links"]["division"]}
        elsewhere = {item["id"] for item in answer if places.isdisjoint(to["id"] for to in item["links"]["division"])}
        like = real.get(f"/measures/{notice}/{position}/similar", params={"limit": "500"}).json()["items"]
        assert {item["id"] for item in like} == elsewhere
        seen += len(like)
    assert seen > 20


def test_comparison_puts_the_same_instrument_side_by_side(real: httpx.Client):
    asked = {"division": ["320700", "370100"], "instrument": "time-relief"}
    table = real.get("/compare", params=asked).json()
    assert [place["label"] for place in table["divisions"]] == ["连云港市", "济南市"]
    assert table["rows"]
    for row in table["rows"]:
        for place, cell in zip(asked["division"], row["cells"], strict=True):
            alone = {"division": place, "instrument": row["instrument"]["id"], "buckets": "0"}
            found = real.get("/measures", params=alone).json()
            assert cell == {"total": found["total"], "items": found["items"]}
        assert any(cell["total"] for cell in row["cells"])
    used = [sum(cell["total"] > 0 for cell in row["cells"]) for row in table["rows"]]
    assert used == sorted(used, reverse=True)


def test_hostile_words_are_words(client: httpx.Client):
    for words in ('"', "a OR b", "*", "[]", "label:市", "\\", "()", "市 AND", "\U0001f600", "%00", "食" * 200):
        answer = client.get("/search", params={"q": words})
        assert answer.status_code == 200, words
