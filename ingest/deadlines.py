"""Deadlines, by a grammar: anchor × direction × offset × bound.

A text is first read as anchors: dates and periods, acts of the document, events, recurrences and quantities of time.
Rules then compose neighbours by the words between and around them. A calendar date comes only from a printed date or
from the document's own dates; what counts from anything else stays a duration.
"""

import re
from functools import cache

from ingest.anchors import DocumentAct, Event, Line, Reading, Recurrence, scan
from ingest.dates import DocumentDates
from ingest.durations import Quantity, later
from ingest.frequencies import read_frequency
from ingest.limits import read_limit
from ingest.model import Deadline, Span
from ingest.periods import Period
from ingest.tables import table
from ingest.text import fold
from ingest.wording import without_titles, words

_NOTE = r"(?:（[^（）。]{0,14}）)?"


def find_deadlines(text: str, dates: DocumentDates) -> tuple[Deadline, ...]:
    """Finds the deadlines of one measure or provision; what stands inside 《》 counts not.

    Args:
        text: The text; full-width digits and marks are read like ASCII ones.
        dates: What expressions such as 自印发之日起 and 年底前 are resolved by; without them such dates are left out.
    """
    plain = without_titles(fold(text))
    line = Line(plain, tuple(scan(plain, dates)), dates)
    found: list[Deadline] = []
    i = 0
    while i < len(line.anchors):
        reading = next((got for rule in _RULES if (got := rule(line, i)) is not None), Reading())
        found.extend(reading.deadlines)
        i += reading.used
    return tuple(found)


@cache
def _pattern(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


def _range(line: Line, i: int) -> Reading | None:
    """自…起至…止, 7月至12月: two anchors of the calendar and a link."""
    first, (second, gap) = line.anchors[i], line.next(i)
    if not isinstance(first, Period | DocumentAct) or not isinstance(second, Period | Event):
        return None
    extra = r"(?:施行|实施|执行|开始)?，?(?:本?[\u4e00-\u9fff]{0,4}有效期限?|执行期限?|实施期限?)?"
    if not _pattern(rf"{_NOTE}(?:起{extra})?{words('link')}").fullmatch(gap):
        return None
    start = first.first if isinstance(first, Period) else first.day
    if isinstance(second, Event):
        span = _from_preposition(line, first.span)
        return Reading((Deadline("date-range", span, start=start),) if start else ())
    if second.kind == "year" and line.text[first.span.start - 1 : first.span.start] in ("（", "("):
        return Reading(used=2)  # （2023—2025年） belongs to a name
    span = _from_preposition(line, Span(first.span.start, second.span.end))
    if line.text.startswith("止", span.end):
        span = Span(span.start, span.end + 1)
    if second.last is None or (start is not None and start > second.last) or _stale(second, line):
        return Reading(used=2)
    return Reading((Deadline("date-range", span, start=start, end=second.last),), 2)


def _stale(period: Period, line: Line) -> bool:
    """Tells whether the year was worked out and the period is over at the issue: then it is not known."""
    issued = line.dates.issued
    return not period.dated and issued is not None and period.last is not None and period.last < issued


def _from_preposition(line: Line, span: Span) -> Span:
    begins = span.start > 0 and line.text[span.start - 1] in "自从"
    return Span(span.start - 1, span.end) if begins else span


def _counted(line: Line, i: int) -> Reading | None:
    """自印发之日起30日内, 自2023年1月1日起3年: a known day and a quantity that counts from it."""
    first, (second, gap) = line.anchors[i], line.next(i)
    if not isinstance(first, Period | DocumentAct) or not isinstance(second, Quantity):
        return None
    day = first.day if isinstance(first, DocumentAct) else first.first if first.kind == "day" else None
    filler = "(?:，|的|为期|连续|在|有效期限?|期限|试行|施行|执行|实施|暂定|最长|不超过|为|计算){0,4}"
    if day is None or second.same_day or not _pattern(rf"{words('after')}{filler}").fullmatch(gap):
        return None
    end = None if second.working_days else later(day, second.duration)
    if end is None:
        return None
    bound = _pattern(f"{words('within')}|后|之后|以后").match(line.text, second.span.end)
    span = _from_preposition(line, Span(first.span.start, bound.end() if bound else second.span.end))
    if bound and bound[0].endswith("后"):
        return Reading((Deadline("date-range", span, start=end),), 2)
    return Reading((Deadline("date-range", span, start=day, end=end),), 2)


def _act(line: Line, i: int) -> Reading | None:
    """自印发之日起 with nothing after it that closes the period."""
    act = line.anchors[i]
    if not isinstance(act, DocumentAct):
        return None
    following, gap = line.next(i)
    limited = isinstance(following, Quantity) and _pattern(rf"{words('after')}的?").fullmatch(gap)
    if act.day is None or limited or not line.text.startswith("起", act.span.end):
        return Reading()
    span = _from_preposition(line, Span(act.span.start, act.span.end + 1))
    return Reading((Deadline("date-range", span, start=act.day),))


def _event(line: Line, i: int) -> Reading | None:
    """疫情解除后3个月, 至疫情解除前: an event, a direction and an offset that may be nought."""
    event = line.anchors[i]
    if not isinstance(event, Event):
        return None
    name = _level(line.text, event.event)
    second, gap = line.next(i)
    filler = "(?:，|的|再|延长|顺延|满|最长|不超过|可以?|应当?|须|在|至少|起|计算|自动|有效期限?|为|内|第){0,4}"
    if (
        isinstance(second, Quantity)
        and not second.same_day
        and _pattern(rf"{words('event-after')}{filler}").fullmatch(gap)
    ):
        bound = _pattern(words("within")).match(line.text, second.span.end)
        span = Span(event.span.start, bound.end() if bound else second.span.end)
        offset = Deadline("event-relative", span, event=name, offset=second.duration, working_days=second.working_days)
        return Reading((offset,), 2)
    side = _pattern(words("event-side")).match(line.text, event.span.end)
    if side is None and not _pattern("(?:至|到)[^，。；]{0,6}$").search(line.left(i)):
        return Reading()
    span = Span(event.span.start, side.end() if side else event.span.end)
    return Reading((Deadline("event-relative", span, event=name, offset="P0D"),))


def _level(text: str, event: str) -> str:
    """The response that ends is the one whose level the text names elsewhere, if it names but one."""
    if event != "emergency-response-ended":
        return event
    named = {row["event"] for row in table("events") if "级" in row["state"] and re.search(row["state"], text)}
    return named.pop() if len(named) == 1 else event


def _period(line: Line, i: int) -> Reading | None:
    """One period: before it, until it, from it on, or in it."""
    period = line.anchors[i]
    if not isinstance(period, Period):
        return None
    if period.first is None or period.last is None:
        return Reading()
    left, right = line.left(i), line.right(period.span.end)
    for read in (_until, _since, _within):
        deadline = read(line, period, left, right)
        if deadline is not None:
            return Reading((deadline,))
    return Reading()


def _until(line: Line, period: Period, left: str, right: str) -> Deadline | None:
    before = _pattern(rf"{_NOTE}{words('before')}").match(right)
    after = _pattern(words("until") + "$").search(left)
    issued = line.dates.issued
    over = issued is not None and period.last is not None and period.last < issued
    if _stale(period, line) or (over and after is not None and "截" in after[0]):
        return None
    if period.kind == "named" and before is None:
        return None
    bare = period.kind == "end" and _ends_something(period, left, right)
    if before is None and after is None and not bare and not _pattern(words("due") + "$").search(left):
        return None
    if before is None and _pattern(words("background")).match(right):
        return None
    end = period.span.end + (before.end() if before else 0)
    start = period.span.start - (len(after[0]) if after and before is None else 0)
    return Deadline("absolute-date", Span(start, end), end=period.last)


def _ends_something(period: Period, left: str, right: str) -> bool:
    """2025年底 sets an end by itself; 年底 does so only where something is to be finished by then."""
    if _pattern(words("background-left") + "$").search(left):
        return False
    return period.dated or _pattern(words("achieve")).match(right) is not None


def _since(line: Line, period: Period, left: str, right: str) -> Deadline | None:
    if period.kind not in ("day", "month", "year", "part"):
        return None
    after = _pattern(rf"(?:之日)?{_NOTE}{words('after')}").match(right)
    if after and ("后" not in after[0] or period.kind == "day"):
        span = Span(period.span.start, period.span.end + after.end())
        other = _of_another(line.text[: period.span.start][-12:], right[after.end() :])
        return None if other else Deadline("date-range", _from_preposition(line, span), start=period.first)
    act = _pattern(r"[^，。；]{2,40}?(?:之日起|后|起)(?=[，（有到期届])").match(right)
    if period.kind == "day" and act and left.endswith(("自", "从")):
        return Deadline("date-range", _from_preposition(line, period.span), start=period.first)
    return None


def _of_another(before: str, behind: str) -> bool:
    """Tells whether 自…起施行 says when another document came into force, or 自…起已 what has happened since."""
    act = _pattern(f"(?:正式)?{words('document-act')}").match(behind)
    if act is None:
        return behind.startswith(("已", "，已"))
    return (
        behind.startswith("的", act.end())
        or _pattern(r"(?:》[^，。；]{0,4}，?|(?:通过|公布|修订|发布)，)[自从]?$").search(before) is not None
    )


def _within(line: Line, period: Period, left: str, right: str) -> Deadline | None:
    issued = line.dates.issued
    if period.kind not in ("named", "part") or (issued and period.last and period.last < issued):
        return None
    if _pattern(words("background-left") + "$").search(left) or _pattern(words("background")).match(right):
        return None
    quote = line.text[period.span.start : period.span.end]
    plain = quote.endswith("全年") or (quote.endswith("年度") and period.dated)
    if plain and not _pattern(words("used")).match(right):
        return None
    return Deadline("calendar-period", period.span, start=period.first, end=period.last)


def _recurring(line: Line, i: int) -> Reading | None:
    return read_frequency(line, i) if isinstance(line.anchors[i], Recurrence | Quantity | Period) else None


_RULES = (_recurring, _range, _counted, _act, _event, _period, read_limit)
