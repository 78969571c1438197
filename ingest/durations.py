"""Quantities of time (3个月, 5个工作日, 半年, 当日) as xsd:duration in the printed unit, and their sums with dates."""

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from ingest.model import Span
from ingest.numerals import number
from ingest.tables import table
from ingest.wording import matches, words

_COUNT = r"(?:[0-9]{1,4}(?:\.[0-9])?|[一二三四五六七八九十百两]{1,4})"
_FORM = {
    "H": ("PT", 1, "H"),
    "MIN": ("PT", 1, "M"),
    "WD": ("P", 1, "D"),
    "D": ("P", 1, "D"),
    "W": ("P", 7, "D"),
    "M": ("P", 1, "M"),
    "Q": ("P", 3, "M"),
    "Y": ("P", 1, "Y"),
}
_HALF = {"H": "T30M", "WD": "T12H", "D": "T12H", "M": "15D", "Y": "6M"}
_MAX = {"Y": 99, "M": 600}
_START = re.compile("[0-9一二三四五六七八九十百两半当同]")
_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


class Quantity(NamedTuple):
    """A quantity of time that the text prints.

    Attributes:
        span: Where it stands in the text given.
        duration: xsd:duration in the printed unit; of 3至5个工作日 the greater.
        unit: H, MIN, WD (working days), D, W, M, Q or Y.
        same_day: Whether it is printed as 当日 or 当天.
    """

    span: Span
    duration: str
    unit: str
    same_day: bool = False

    @property
    def working_days(self) -> bool:
        """Whether it counts working days."""
        return self.unit == "WD"


@cache
def unit_patterns() -> tuple[tuple[str, str], ...]:
    """Returns code and pattern of every unit."""
    return tuple((row["value"], row["pattern"]) for row in table("time") if row["slot"] == "unit")


@cache
def _quantity() -> re.Pattern[str]:
    units = "|".join(f"(?P<{code}>{pattern})" for code, pattern in unit_patterns())
    return re.compile(
        rf"(?:(?<![0-9.第〔\[#])|(?<=后第)|(?<=后的第))(?:"
        rf"(?P<today>[当同][日天](?!前|起|后|的|之|事|地|选|场))"
        rf"|(?:{_COUNT}{words('unit')}?(?:至|到|[-—–~～]))?"
        rf"(?P<count>{_COUNT}|半)(?P<half>个半)?[ \u3000]?(?:{units})(?P<tail>半(?![数价额年]))?)"
    )


def find_quantities(text: str) -> list[Quantity]:
    """Finds the quantities of time of a folded text, in their order; an ordinal (第3年) is none."""
    found = (_read(match) for match in matches(_quantity(), _START, text))
    return [quantity for quantity in found if quantity is not None]


def _read(match: re.Match[str]) -> Quantity | None:
    span = Span(*match.span())
    if match["today"]:
        return Quantity(span, "P1D", "D", same_day=True)
    unit = next(code for code in _FORM if match[code])
    half = "半" in (match["count"], match["half"] and "半", match["tail"])
    if match["count"] == "半":
        duration = f"P{_HALF[unit]}" if unit in _HALF and not match["tail"] else None
    else:
        duration = iso_duration(match["count"], unit, half=half)
    return None if duration is None else Quantity(span, duration, unit)


def iso_duration(count: str, unit: str, *, half: bool = False) -> str | None:
    """Writes a count of a unit as xsd:duration: 5, 1.5, 十二; `half` adds half a unit.

    Returns:
        The duration; None where the count is zero, too great for its unit, or has a half that the unit does not.
    """
    whole, _, tenths = count.partition(".")
    if tenths not in ("", "0", "5"):
        return None
    half = half or tenths == "5"
    value = number(whole)
    if value is None or value > _MAX.get(unit, 9999) or (value == 0 and not half) or (half and unit not in _HALF):
        return None
    designator, times, letter = _FORM[unit]
    main = f"{designator}{value * times}{letter}" if value else "P"
    if not half:
        return main
    extra = _HALF[unit]
    return main + (extra.removeprefix("T") if "T" in main else extra)


def later(day: date, duration: str) -> date | None:
    """Returns the day that lies an xsd:duration of years, months and days after `day`.

    A month's last day stands for days that the month has not (31 January and a month: 28 February).

    Returns:
        The day; None where the duration counts hours or the calendar ends before.
    """
    parts = _ISO.fullmatch(duration)
    if parts is None:
        return None
    years, months, days = (int(part or 0) for part in parts.groups())
    month_index = (day.year + years) * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    if year >= date.max.year:
        return None
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1])) + timedelta(days=days)


def rough_days(duration: str) -> float:
    """Returns about how many days an xsd:duration lasts, to tell the longer of two."""
    day, _, time = duration.partition("T")
    parts = {"Y": 365.0, "M": 30.0, "D": 1.0}
    hours = {"H": 1 / 24, "M": 1 / 1440}
    return sum(int(count) * parts[unit] for count, unit in re.findall(r"(\d+)([YMD])", day)) + sum(
        int(count) * hours[unit] for count, unit in re.findall(r"(\d+)([HM])", time)
    )
