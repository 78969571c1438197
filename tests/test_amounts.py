"""Amounts, from the cases in `cases/amounts`, and what claims every other numeral, from `cases/residue`."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.amounts import find_amounts
from ingest.dates import DocumentDates
from ingest.deadlines import find_deadlines
from ingest.model import Measure, Notice, Provision, Span
from ingest.read import read_notice
from ingest.residue import Claim, residue
from ingest.tables import table
from ingest.text import fold
from ontology import terms
from ontology.load import concepts
from store.base import Literal, Store

CASES = Path(__file__).parent / "cases"
SEEN = sorted((CASES / "notices/seen").glob("*.txt"))
WORDS = (
    "0123456789０９.,%％‰零一二三五十百千万亿两半成折倍元家户名个次批分之减免最高不超过低于少至到以上下内约近余多"
    "（含）、，。；：《》—-第条月日年工作统"
)
TEXTS = st.text() | st.text(st.sampled_from(WORDS), max_size=50)
NUMERAL = re.compile("[0-9零〇○一二三四五六七八九十百千万亿两半]")


def cases(folder: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{k}")
        for path in sorted((CASES / folder).glob("*.json"))
        for k, case in enumerate(json.loads(path.read_text(encoding="utf-8")))
    ]


def measure(text: str) -> Measure:
    """The text as a measure of one provision, read as `read_measure` does."""
    whole = Span(0, len(text))
    deadlines = find_deadlines(text, DocumentDates(None))
    amounts = find_amounts(fold(text), (deadline.span for deadline in deadlines))
    provision = Provision(whole, deadlines=deadlines, amounts=amounts)
    return Measure("1", whole, text, None, None, (), (), (provision,), ())


@pytest.mark.parametrize("case", cases("amounts"))
def test_amounts_of_a_text(case: dict[str, Any]):
    text = case["text"]
    found = [
        {
            "quote": text[amount.span.start : amount.span.end],
            "value": f"{amount.value.normalize():f}",
            "unit": amount.unit,
            "bound": amount.bound,
            **({"word": amount.unit_word} if amount.unit_word else {}),
        }
        for amount in measure(text).provisions[0].amounts
    ]
    assert found == case["amounts"]


@given(TEXTS)
def test_any_text_gives_amounts_that_are_quoted_and_overlap_no_deadline(text: str):
    provision = measure(text).provisions[0]
    for amount in provision.amounts:
        assert 0 <= amount.span.start < amount.span.end <= len(text)
        assert NUMERAL.search(fold(text[amount.span.start : amount.span.end]))
        assert amount.value >= Decimal(0)
        for deadline in provision.deadlines:
            assert amount.span.end <= deadline.span.start or deadline.span.end <= amount.span.start


@given(TEXTS)
def test_full_width_digits_read_like_ascii(text: str):
    wide = text.translate({ord("0") + k: 0xFF10 + k for k in range(10)})
    assert find_amounts(fold(wide)) == find_amounts(fold(text))


def test_units_and_bounds_of_the_table_are_concepts():
    units = {row["value"] for row in table("amounts") if row["slot"] == "unit"}
    bounds = {row["value"] for row in table("amounts") if row["slot"] in ("before", "after", "more")}
    assert units == {concept.id for concept in concepts("amount-unit")}
    assert bounds | {"exact"} == {concept.id for concept in concepts("amount-bound")}


@pytest.mark.parametrize("case", cases("residue"))
def test_every_numeral_is_claimed_by_a_rule_or_listed(case: dict[str, Any]):
    text = case["text"]
    found = [[text[claim.span.start : claim.span.end], claim.rule] for claim in residue(measure(text), text)]
    assert found == case["claims"]


@given(TEXTS)
def test_no_numeral_is_left_out_and_none_is_claimed_twice(text: str):
    claims = residue(measure(text), text)
    places = [place for claim in claims for place in range(claim.span.start, claim.span.end)]
    assert len(places) == len(set(places))
    assert {place for place, character in enumerate(fold(text)) if NUMERAL.match(character)} <= set(places)


def claims_of(notice: Notice) -> list[Claim]:
    return [claim for measure in notice.measures for claim in residue(measure, notice.text)]


def test_hardly_a_number_stays_unexplained(notices: tuple[Notice, ...]):
    seen = [read_notice(path.read_bytes(), path.name) for path in SEEN]
    claims = [claim for notice in (*notices, *seen) for claim in claims_of(notice)]
    assert len(claims) > 300
    assert sum(claim.rule is None for claim in claims) < 0.02 * len(claims)


def test_the_graph_states_amounts_exactly_where_they_are_read(notices: tuple[Notice, ...], store: Store):
    rows = store.select(
        f"""PREFIX ng: <{terms.NG}> SELECT ?value ?quote
        {{ ?measure a ng:Measure ; ng:hasAmount ?a ; ng:hasProvision/ng:hasAmount ?a .
           ?a a ng:Amount ; ng:value ?value ; ng:unit ?unit ; ng:bound ?bound ; ng:quote ?quote .
           ?mention ng:denotes ?a ; ng:quote ?quote }}"""
    )
    stated = sorted(tuple(term.value for term in row if isinstance(term, Literal)) for row in rows)
    read = sorted(
        (f"{amount.value.normalize():f}", notice.text[amount.span.start : amount.span.end])
        for notice in notices
        for measure in notice.measures
        for provision in measure.provisions
        for amount in provision.amounts
    )
    assert stated == read
    assert ("50", "50%") in read
