"""How often something is done: 每两年进行一次, 一年内开展2次, 每季度通报."""

import re
from functools import cache

from ingest.anchors import Line, Reading, Recurrence
from ingest.durations import Quantity
from ingest.model import Deadline, Span
from ingest.numerals import number
from ingest.periods import Period
from ingest.wording import pattern, words

_NUMBER = r"(?:[0-9]{1,3}|[一二三四五六七八九十两]{1,3})"
_LONG_UNITS = frozenset("YMQWD")


@cache
def _count(reach: int) -> re.Pattern[str]:
    times = rf"(?P<count>{_NUMBER})(?:[-—–~～至到](?P<most>{_NUMBER}))?{words('times')}"
    return re.compile(rf"[^，。；：！？\n]{{0,{reach}}}?(?<![0-9第]){times}(?!以上的?违)")


def read_frequency(line: Line, i: int) -> Reading | None:
    """Reads anchor i as a frequency; None where it is none."""
    anchor = line.anchors[i]
    if isinstance(anchor, Recurrence):
        return _every(line, i, anchor)
    if isinstance(anchor, Quantity) and anchor.unit in _LONG_UNITS and not anchor.same_day:
        return _times_in(line, i, anchor)
    if isinstance(anchor, Period) and line.text[anchor.span.start : anchor.span.end].endswith("全年"):
        found = _count(12).match(line.text, anchor.span.end)
        return _reading(line, anchor.span.start, found, "P1Y") if found else None
    return None


def _every(line: Line, i: int, every: Recurrence) -> Reading:
    found = _count(24).match(line.text, every.span.end)
    if found and not pattern("past-right").match(line.text, every.span.end):
        return _reading(line, every.span.start, found, every.duration)
    used = _days_named(line, i)
    if used > 1 or pattern("recurring").match(line.text, every.span.end):
        return Reading((Deadline("frequency", every.span, count=1, duration=every.duration),), used)
    return Reading()


def _days_named(line: Line, i: int) -> int:
    """How many anchors belong to 每年1月1日至6月30日, 每月10日前: the days only say when in the year or month."""
    used = 1
    while True:
        following, gap = line.next(i + used - 1)
        days = isinstance(following, Period) or (isinstance(following, Quantity) and following.unit == "D")
        if not days or not re.fullmatch(r"(?:首月|末月|次月|的|最后|第一个月|起?[至到]|[-—–~～]|、|前){0,3}", gap):
            return used
        used += 1


def _times_in(line: Line, i: int, stretch: Quantity) -> Reading | None:
    """一年内开展2次, 两年一次."""
    left, right = line.left(i), line.right(stretch.span.end)
    if re.search(words("past-left") + "$", left) or re.match(f"{words('within')}?{words('past-right')}", right):
        return None
    inside = re.match(f"(?:度|{words('within')}|中)", right)
    found = _count(14 if inside else 5).match(line.text, stretch.span.end)
    if found is None or "以上" in line.text[found.end() : found.end() + 2]:
        return None
    often = stretch.unit == "Y" or (number(found["count"]) or 0) > 1
    if inside and not often:
        return None
    return _reading(line, stretch.span.start, found, stretch.duration)


def _reading(line: Line, start: int, found: re.Match[str], duration: str) -> Reading:
    if _replaced().match(line.text, found.end()):
        return Reading()
    count = number(found["most"] or found["count"])
    return Reading((Deadline("frequency", Span(start, found.end()), count=count, duration=duration),))


@cache
def _replaced() -> re.Pattern[str]:
    """由每年2次调整为每两年1次: the first is no more."""
    return re.compile(f"[^，。；]{{0,8}}?{words('restated-to')}")
