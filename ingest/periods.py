"""Stretches of the calendar as days: dates, months, years, and named ones (上半年, 第二季度, 6月底, 本年度, 年内).

A year that is not printed is taken from a date before it or from the issue date, never from elsewhere.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ingest.dates import DAY, MONTH, NOT_INSIDE, YEAR, DocumentDates, days_of, read_number
from ingest.model import Span
from ingest.wording import matches

_GAP = r"[ \u3000]{0,2}"
_LINK = r"(?:[-—–－~～―]{1,2}|至|到)"
_START = re.compile("[0-9〇○零一二三四五六七八九十元上下前第本今明次翌当去全年]")
_HEAD = (
    rf"(?:{NOT_INSIDE}(?P<year>{YEAR}){_GAP}(?:年{_GAP}|(?={_LINK}{YEAR}年))"
    r"|(?P<relative>[今本明次翌当去]年(?![龄轮])))"
)
_NUMERIC = (
    r"(?P<y>(?<![0-9.\-/])(?:19|20)[0-9]{2})(?P<mark>[-./])(?P<m>1[0-2]|0?[1-9])(?P=mark)"
    r"(?P<d>3[01]|[12][0-9]|0?[1-9])(?![0-9\-/]|\.[0-9])"
)
_MONTH = (
    rf"{NOT_INSIDE}(?P<month>{MONTH}){_GAP}(?:(?={_LINK}{MONTH}月)|月(?:份?(?P<part>[底末]|[上中下]旬)"
    rf"|份?{_GAP}(?P<day>{DAY}){_GAP}(?:[日号]|(?={_LINK}{DAY}[日号]))|份)?)"
)
_QUARTERS = (
    r"前(?P<quarters>[二两三23])个?季度|(?P<this_quarter>本季度)(?P<this_quarter_end>[末底])?"
    r"|第?(?<![0-9.统同唯单])(?P<quarter>[一二三四1-4])"
    rf"(?:(?:(?:个?季度)?(?:{_LINK}|[、和])第?)?(?P<last_quarter>[二三四2-4]))?季度(?P<quarter_end>[末底])?"
)
# 年底, 年内 and 年度 stand by themselves or behind a year that has taken the 年; 三年内 and 每年度 are something else.
_BARE_YEAR = r"(?:(?<![0-9〇○零一二三四五六七八九十百近几多两数每半])年)?"
_IN_YEAR = rf"{_BARE_YEAR}(?:(?P<year_end>(?<=年)[底末])|(?P<in_year>(?<=年)[内度](?!部|容|外|审|需|设|置)))"
_PERIOD = re.compile(
    rf"{_NUMERIC}|{_HEAD}?(?:(?<![0-9.])(?P<half>[上下])半年|{_QUARTERS}|(?P<whole>(?<!百)全年)|{_MONTH}"
    rf"|(?<=[-—–－~～至到])(?P<later_day>{DAY})[日号]|{_IN_YEAR})"
    rf"|{NOT_INSIDE}(?P<only_year>{YEAR}){_GAP}(?:年|(?={_LINK}{YEAR}年))|(?P<only_relative>[今本明次翌]年)(?![龄轮])"
)
_LINKED = re.compile(rf"起?{_LINK}?")
_QUARTER = {c: i for i, c in enumerate("一二三四", 1)} | {c: i for i, c in enumerate("1234", 1)} | {"两": 2}
_PART = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31)}


_Bounds = tuple[str | None, tuple[date, date] | None]


class Period(NamedTuple):
    """A stretch of the calendar that the text prints.

    Attributes:
        span: Where it stands in the text given.
        kind: day, month, year, part (of a month), end (of a month, quarter or year) or named.
        first: Its first day; None where its year is not known or the calendar has no such day.
        last: Its last day; None as `first`.
        dated: Whether the year is printed; else it was worked out.
    """

    span: Span
    kind: str
    first: date | None
    last: date | None
    dated: bool


@dataclass(slots=True)
class _Reader:
    """Reads the periods of one text in turn, and remembers the year and month before."""

    text: str
    issued: date | None
    year: int | None = None
    month: int | None = None
    end: int = 0

    def read(self, match: re.Match[str]) -> Period | None:
        printed = match["y"] or match["year"] or match["only_year"]
        year = read_number(printed) if printed else self._year(match)
        kind, bounds = self._bounds(match, year)
        if kind is None:
            return None
        if year:
            self.year = year
        self.end = match.end()
        first, last = bounds if bounds and year else (None, None)
        return Period(Span(*match.span()), kind, first, last, dated=printed is not None)

    def _year(self, match: re.Match[str]) -> int | None:
        """Returns the year of a period that prints none: of its link, of a coming date before it, of the issue."""
        relative = (match["relative"] or match["only_relative"] or "")[:1]
        linked = self._linked(match)
        if relative in ("次", "翌"):
            return self.year + 1 if self.year and linked else None
        if relative in ("当", "去"):
            return None
        if relative == "明":
            return self.issued.year + 1 if self.issued else None
        if not relative and self.year and (linked or (self.issued and self.year >= self.issued.year)):
            return self.year
        return self.issued.year if self.issued else None

    def _linked(self, match: re.Match[str]) -> bool:
        """Tells whether a period is the second of two: 7月至12月."""
        return self.end > 0 and _LINKED.fullmatch(self.text, self.end, match.start()) is not None

    def _bounds(self, match: re.Match[str], year: int | None) -> _Bounds:
        """Returns the kind of a period (None: it is none) and its days, for a year that is known."""
        known = year or 2000
        if match["m"] or match["month"] or match["later_day"]:
            return self._month_bounds(match, known)
        if match["quarter"] or match["this_quarter"]:
            return self._quarter_bounds(match, known)
        if match["half"] or match["quarters"]:
            last = 6 if match["half"] else 3 * _QUARTER[match["quarters"]]
            return "named", _months(known, 7, 12) if match["half"] == "下" else _months(known, 1, last)
        if match[0][0] in "底末内度" or match[0] == "年度":
            return None, None
        if match["year_end"]:
            return "end", (date(known, 12, 31), date(known, 12, 31))
        return "named" if match["in_year"] or match["whole"] else "year", _months(known, 1, 12)

    def _quarter_bounds(self, match: re.Match[str], year: int) -> _Bounds:
        if match["this_quarter"]:
            if self.issued is None:
                return "named", None
            year, first = self.issued.year, (self.issued.month + 2) // 3
            last, end = first, match["this_quarter_end"]
        else:
            first, end = _QUARTER[match["quarter"]], match["quarter_end"]
            last = _QUARTER[match["last_quarter"]] if match["last_quarter"] else first
        if last < first:
            return "named", None
        bounds = _months(year, first * 3 - 2, last * 3)
        return ("end", (bounds[1], bounds[1])) if end else ("named", bounds)

    def _month_bounds(self, match: re.Match[str], year: int) -> _Bounds:
        if match["later_day"]:
            if self.month is None or not self._linked(match):
                return None, None
            month, printed_day = self.month, match["later_day"]
        else:
            month, printed_day = read_number(match["m"] or match["month"]) or 1, match["d"] or match["day"]
        self.month = month
        last = days_of(year, month)
        if printed_day:
            day = read_number(printed_day) or 0
            return "day", (date(year, month, day),) * 2 if 0 < day <= last else None
        if match["part"] in ("底", "末"):
            return "end", (date(year, month, last),) * 2
        if match["part"]:
            start, stop = _PART[match["part"]]
            return "part", (date(year, month, start), date(year, month, min(stop, last)))
        return "month", _months(year, month, month)


def find_periods(text: str, dates: DocumentDates) -> list[Period]:
    """Finds the stretches of the calendar that a folded text prints, in their order."""
    reader = _Reader(text, dates.issued)
    found = (reader.read(match) for match in matches(_PERIOD, _START, text))
    return [period for period in found if period is not None]


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, days_of(year, last))
