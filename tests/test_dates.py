"""Calendar dates as printed, in every usual form."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import DocumentDates, find_dates
from ingest.durations import find_quantities, later
from ingest.model import Span
from ingest.periods import find_periods

FULL = [
    ("2022年3月28日", date(2022, 3, 28)),
    ("2022 年 3 月 28 日", date(2022, 3, 28)),
    ("２０２２年３月２８日", date(2022, 3, 28)),
    ("二〇二二年三月二十八日", date(2022, 3, 28)),
    ("二○二二年十二月三十一日", date(2022, 12, 31)),
    ("二零二四年二月二十九日", date(2024, 2, 29)),
    ("2022-03-28", date(2022, 3, 28)),
    ("2022/3/28", date(2022, 3, 28)),
    ("2022.3.28", date(2022, 3, 28)),
    ("2021年12月1号", date(2021, 12, 1)),
]
PARTIAL = [
    ("2022年3月", 2022, 3, None),
    ("3月28日", None, 3, 28),
    ("１２月５日", None, 12, 5),
    ("2022年2月30日", 2022, 2, 30),
    ("2023年2月29日", 2023, 2, 29),
]
NO_DATE = [
    "2022年",
    "3月",
    "3个月",
    "〔2020〕26号",
    "192.168.2022.1.1",
    "2022-03-281",
    "13月40日",
    "12022年13月",
    "2022.3",
]


@pytest.mark.parametrize(("printed", "value"), FULL)
def test_a_full_date_has_its_value_and_its_place(printed: str, value: date):
    text = f"于{printed}印发"
    (found,) = find_dates(text)
    assert found.value == value
    assert text[found.span.start : found.span.end] == printed


@pytest.mark.parametrize(("printed", "year", "month", "day"), PARTIAL)
def test_a_part_of_a_date_or_an_impossible_one_has_no_value(printed: str, year: int, month: int, day: int):
    (found,) = find_dates(printed)
    assert (found.year, found.month, found.day, found.value) == (year, month, day, None)


@pytest.mark.parametrize("text", NO_DATE)
def test_what_only_looks_like_a_date_is_none(text: str):
    assert find_dates(text) == []


def test_several_dates_are_given_in_order():
    found = find_dates("2022年4月1日至2022年12月31日")
    assert [m.value for m in found] == [date(2022, 4, 1), date(2022, 12, 31)]


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_date_is_read_back(day: date):
    for printed in (f"{day.year}年{day.month}月{day.day}日", day.isoformat(), f"{day.year}/{day.month}/{day.day}"):
        (found,) = find_dates(printed)
        assert (found.value, found.span) == (day, Span(0, len(printed)))


PERIODS = [
    ("上半年", "named", "2022-01-01", "2022-06-30"),
    ("2023年下半年", "named", "2023-07-01", "2023-12-31"),
    ("第二季度", "named", "2022-04-01", "2022-06-30"),
    ("二三季度", "named", "2022-04-01", "2022-09-30"),
    ("2-3季度", "named", "2022-04-01", "2022-09-30"),
    ("前三季度", "named", "2022-01-01", "2022-09-30"),
    ("三季度末", "end", "2022-09-30", "2022-09-30"),
    ("本季度", "named", "2022-04-01", "2022-06-30"),
    ("年底", "end", "2022-12-31", "2022-12-31"),
    ("二〇二五年底", "end", "2025-12-31", "2025-12-31"),
    ("2024年2月末", "end", "2024-02-29", "2024-02-29"),
    ("6月中旬", "part", "2022-06-11", "2022-06-20"),
    ("2023年2月下旬", "part", "2023-02-21", "2023-02-28"),
    ("明年3月底", "end", "2023-03-31", "2023-03-31"),
    ("年内", "named", "2022-01-01", "2022-12-31"),
    ("2023年度", "named", "2023-01-01", "2023-12-31"),
    ("2022年6月", "month", "2022-06-01", "2022-06-30"),
]


@pytest.mark.parametrize(("printed", "kind", "first", "last"), PERIODS)
def test_a_named_period_has_its_days(printed: str, kind: str, first: str, last: str):
    (found,) = find_periods(printed, DocumentDates(date(2022, 5, 18)))
    assert (found.kind, str(found.first), str(found.last)) == (kind, first, last)
    assert found.span == Span(0, len(printed))


@pytest.mark.parametrize("text", ["上半年", "6月底", "年内", "本季度", "7月1日", "明年底"])
def test_no_year_is_guessed_without_a_document_date(text: str):
    (found,) = find_periods(text, DocumentDates(None))
    assert (found.first, found.last) == (None, None)


@pytest.mark.parametrize("text", ["去年", "一年内", "三年底", "近年内", "每年度", "统一季度", "半年内"])
def test_what_only_looks_like_a_period_is_none(text: str):
    assert find_periods(text, DocumentDates(date(2022, 5, 18))) == []


QUANTITIES = [
    ("3个月", "P3M"),
    ("5个工作日", "P5D"),
    ("半年", "P6M"),
    ("一年半", "P1Y6M"),
    ("两天半", "P2DT12H"),
    ("一个半月", "P1M15D"),
    ("1.5天", "P1DT12H"),
    ("0.5个工作日", "PT12H"),
    ("半日", "PT12H"),
    ("24小时", "PT24H"),
    ("半小时", "PT30M"),
    ("1个半小时", "PT1H30M"),
    ("十分钟", "PT10M"),
    ("3至5个工作日", "P5D"),
    ("2-3年", "P3Y"),
    ("一周", "P7D"),
    ("2个季度", "P6M"),
    ("一百二十日", "P120D"),
    ("10个自然日", "P10D"),
]


@pytest.mark.parametrize(("printed", "duration"), QUANTITIES)
def test_a_quantity_is_written_in_its_printed_unit(printed: str, duration: str):
    (found,) = find_quantities(printed)
    assert (found.duration, found.working_days) == (duration, "工作日" in printed)
    assert found.span == Span(0, len(printed))


@pytest.mark.parametrize("text", ["第3年", "2023年", "统一日常", "统一周期", "18周岁", "三年级", "0个月", "100年"])
def test_what_only_looks_like_a_quantity_is_none(text: str):
    assert find_quantities(text) == []


@pytest.mark.parametrize(
    ("day", "duration", "expected"),
    [
        (date(2024, 1, 31), "P1M", date(2024, 2, 29)),
        (date(2024, 1, 1), "P5Y", date(2029, 1, 1)),
        (date(2024, 2, 29), "P1Y", date(2025, 2, 28)),
        (date(2022, 12, 15), "P30D", date(2023, 1, 14)),
        (date(2022, 1, 1), "P1Y6M", date(2023, 7, 1)),
        (date(9998, 1, 1), "P99Y", None),
        (date(2022, 1, 1), "PT24H", None),
    ],
)
def test_a_day_and_a_duration_make_a_day(day: date, duration: str, expected: date | None):
    assert later(day, duration) == expected
