"""Calendar dates as they are printed: 2022年3月28日, 二〇二二年三月二十八日, 2022-03-28, 3月28日, 2022年3月."""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from ingest.model import Span
from ingest.numerals import number
from ingest.text import fold

_GAP = r"[ \u3000]{0,2}"
YEAR = r"(?:(?:19|20)[0-9]{2}|[一二][〇○零O0一二三四五六七八九]{3})"
MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[元一二三四五六七八九])"
DAY = r"(?:[12][0-9]|3[01]|0?[1-9]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
NOT_INSIDE = r"(?<![0-9.〇○零一二三四五六七八九十百第])"
_DATE = re.compile(
    rf"{NOT_INSIDE}(?:(?P<year>{YEAR}){_GAP}年{_GAP})?(?P<month>{MONTH}){_GAP}月(?:份|{_GAP}(?P<day>{DAY}){_GAP}[日号])?"
    rf"|(?<![0-9.\-/])(?P<y>(?:19|20)[0-9]{{2}})(?P<mark>[-./])(?P<m>1[0-2]|0?[1-9])(?P=mark)"
    rf"(?P<d>3[01]|[12][0-9]|0?[1-9])(?![0-9\-/]|\.[0-9])"
)
_CLUE = re.compile("[月./-]")


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date that the text prints, wholly or in part.

    Attributes:
        span: Where it stands in the text given.
        value: The date; None where the year or the day is missing, or where the calendar has no such day.
        year: The year, None where it is not printed.
        month: The month, 1 to 12.
        day: The day of the month, None where it is not printed.
    """

    span: Span
    value: date | None
    year: int | None
    month: int
    day: int | None


@dataclass(frozen=True, slots=True)
class DocumentDates:
    """The dates of a document that its expressions count from: issue, publication, entry into force."""

    issued: date | None
    published: date | None = None
    effective: date | None = None


def find_dates(text: str) -> list[DateMention]:
    """Finds the dates of a text that print a month and with it a year or a day, in their order.

    A year or a month alone is no date here: 2022年 and 3月 are left out.
    """
    return [mention for mention in find_month_dates(text) if mention.year is not None or mention.day is not None]


def find_month_dates(text: str) -> list[DateMention]:
    """Finds the same dates as `find_dates`, and months that stand alone (3月, 12月份)."""
    folded = fold(text)
    return [_mention(match) for match in _DATE.finditer(folded)] if _CLUE.search(folded) else []


def _mention(match: re.Match[str]) -> DateMention:
    year, month, day = (
        None if printed is None else read_number(printed)
        for printed in (
            match["year"] or match["y"],
            match["month"] or match["m"],
            match["day"] or match["d"],
        )
    )
    if month is None:
        raise ValueError(f"no month in {match[0]!r}")
    value = None
    if year and day and day <= days_of(year, month):
        value = date(year, month, day)
    return DateMention(Span(*match.span()), value, year, month, day)


def read_number(printed: str) -> int | None:
    """Reads a year, month or day as `YEAR`, `MONTH` and `DAY` match it; 元月 is January."""
    return number(printed.replace("O", "〇").replace("元", "一"))


def days_of(year: int, month: int) -> int:
    """Returns how many days a month has."""
    return calendar.monthrange(year, month)[1]
