"""Deadlines and validity, from the cases in `cases/dates` and `cases/validity`."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import DocumentDates
from ingest.deadlines import find_deadlines
from ingest.model import Deadline
from ingest.validity import read_validity

CASES = Path(__file__).parent / "cases"
WORDS = (
    "自从至到由内后前起止每第本不足届满期有效延长压缩缩短为疫情解除响应终止印发之日即日当日年月日天周个工作日小时季度半"
    "上下底末两三十百０１2345678920222023，。；：（）《》—-~、.全次办结Ⅰ一级通知施行有效期"
)
TEXTS = st.text() | st.text(st.sampled_from(WORDS), max_size=60)
ISSUED = st.none() | st.dates()
ANCHORED = re.compile(r"[0-9０-９〇○零一二三四五六七八九十半两]|[印发公布施行实效]|即日|[年月季]")


def cases(folder: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{k}")
        for path in sorted((CASES / folder).glob("*.json"))
        for k, case in enumerate(json.loads(path.read_text(encoding="utf-8")))
    ]


def day(printed: str | None) -> date | None:
    return date.fromisoformat(printed) if printed else None


def as_case(deadline: Deadline, text: str) -> dict[str, Any]:
    fields = {
        "type": deadline.type,
        "start": deadline.start and deadline.start.isoformat(),
        "end": deadline.end and deadline.end.isoformat(),
        "duration": deadline.duration,
        "previousDuration": deadline.previous_duration,
        "event": deadline.event,
        "offset": deadline.offset,
        "count": deadline.count,
        "workingDays": deadline.working_days or None,
        "quote": text[deadline.span.start : deadline.span.end],
    }
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize("case", cases("dates"))
def test_deadlines_of_a_text(case: dict[str, Any]):
    found = find_deadlines(case["text"], DocumentDates(day(case["issued"])))
    assert [as_case(deadline, case["text"]) for deadline in found] == case["deadlines"]


@pytest.mark.parametrize("case", cases("validity"))
def test_validity_that_a_notice_states_for_itself(case: dict[str, Any]):
    found = read_validity(case["text"], 100, day(case["issued"]))
    assert (found.start, found.end) == (day(case.get("start")), day(case.get("end")))
    assert found.end_event == case.get("endEvent")
    assert [case["text"][s.start - 100 : s.end - 100] for s in found.spans] == case.get("quotes", [])


def test_entry_into_force_counts_from_the_effective_date():
    dates = DocumentDates(date(2023, 1, 5), effective=date(2023, 3, 1))
    (found,) = find_deadlines("自本办法施行之日起至2023年12月31日止，免收费用。", dates)
    assert (found.start, found.end) == (date(2023, 3, 1), date(2023, 12, 31))


def test_the_same_value_at_two_places_is_two_deadlines():
    found = find_deadlines("24小时内受理，24小时内办结。", DocumentDates(None))
    assert [deadline.duration for deadline in found] == ["PT24H", "PT24H"]


@given(TEXTS, ISSUED)
def test_any_text_is_read_without_error_and_quoted_truly(text: str, issued: date | None):
    for deadline in find_deadlines(text, DocumentDates(issued)):
        assert 0 <= deadline.span.start < deadline.span.end <= len(text)
        quote = text[deadline.span.start : deadline.span.end]
        if deadline.start or deadline.end:
            assert ANCHORED.search(quote)
            assert issued or re.search(r"[0-9０-９〇○零一二三四五六七八九十]", quote)
    for span in read_validity(text, 0, issued).spans:
        assert 0 <= span.start < span.end <= len(text)


@given(TEXTS)
def test_full_width_digits_read_like_ascii(text: str):
    wide = text.translate({ord("0") + k: 0xFF10 + k for k in range(10)})
    assert find_deadlines(wide, DocumentDates(None)) == find_deadlines(text, DocumentDates(None))
