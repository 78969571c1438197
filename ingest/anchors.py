"""What deadlines are composed of: periods, acts of the document, events, recurrences and quantities of time."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import NamedTuple

from ingest.dates import DocumentDates
from ingest.durations import Quantity, find_quantities, iso_duration, unit_patterns
from ingest.model import Deadline, Span
from ingest.periods import Period, find_periods
from ingest.tables import table
from ingest.wording import pattern, words


class DocumentAct(NamedTuple):
    """An act of the document itself (印发之日, 即日), and the day that it resolves to; None where that is not known."""

    span: Span
    day: date | None


class Event(NamedTuple):
    """The end of an event whose date the text does not give, by the event's id."""

    span: Span
    event: str


class Recurrence(NamedTuple):
    """每月, 每两年: the xsd:duration after which something comes again."""

    span: Span
    duration: str


Anchor = Period | DocumentAct | Event | Recurrence | Quantity


_LEFT_MARKS = "，。；！？\n"
_RIGHT_MARKS = _LEFT_MARKS + "："
_REACH = 64  # no word that decides stands farther off; a bound keeps long lines linear


class Line(NamedTuple):
    """A folded text and its anchors in order."""

    text: str
    anchors: tuple[Anchor, ...]
    dates: DocumentDates

    def next(self, i: int) -> tuple[Anchor | None, str]:
        """Returns the anchor after anchor i and the words between; None and no words where there is none."""
        if i + 1 >= len(self.anchors):
            return None, ""
        following = self.anchors[i + 1]
        return following, self.text[self.anchors[i].span.end : following.span.start]

    def left(self, i: int) -> str:
        """Returns the last words of the clause before anchor i, a label (完成时限：) among them."""
        stop = self.anchors[i].span.start
        first = max(stop - _REACH, 0)
        return self.text[max(self.text.rfind(mark, first, stop) + 1 or first for mark in _LEFT_MARKS) : stop]

    def right(self, position: int) -> str:
        """Returns the first words of the clause from a position on."""
        last = min(position + _REACH, len(self.text))
        ends = [end for end in (self.text.find(mark, position, last) for mark in _RIGHT_MARKS) if end >= 0]
        return self.text[position : min(ends, default=last)]


class Reading(NamedTuple):
    """What a rule made of some anchors: deadlines, and how many anchors it used up."""

    deadlines: tuple[Deadline, ...] = ()
    used: int = 1


def scan(text: str, dates: DocumentDates) -> Iterator[Anchor]:
    """Yields the anchors of a folded text in order; of those that overlap, the first, and of these the longest."""
    found: list[Anchor] = [
        *find_periods(text, dates),
        *_recurrences(text),
        *find_quantities(text),
        *_events(text),
        *_acts(text, dates),
    ]
    found.sort(key=lambda anchor: (anchor.span.start, -anchor.span.end))
    end = 0
    for anchor in found:
        if anchor.span.start >= end:
            end = anchor.span.end
            yield anchor


@cache
def _recurrence() -> re.Pattern[str]:
    units = "|".join(f"(?P<{code}>{pattern})" for code, pattern in unit_patterns())
    return re.compile(
        rf"[每隔按](?P<half>半年)|(?:每间?隔?(?:满)?(?P<count>[0-9]{{1,3}}|[一二三四五六七八九十两]{{1,3}})?|按"
        rf"|(?<![一二三四五六七八九十第])一个?(?=[年季月周]度?一))(?:(?P<year>年度?(?![级龄代轮]))|(?P<quarter>季度?)|(?P<month>月度?)|{units})"
    )


_AGAIN = re.compile("[每隔按]|一个?[年季月周]度?一")
_SHORT_UNIT = {"year": "Y", "quarter": "Q", "month": "M"}


def _recurrences(text: str) -> Iterator[Recurrence]:
    if not _AGAIN.search(text):
        return
    for match in _recurrence().finditer(text):
        if match["half"]:
            duration: str | None = "P6M"
        else:
            unit = next(name for name, value in match.groupdict().items() if value and name not in ("half", "count"))
            duration = iso_duration(match["count"] or "1", _SHORT_UNIT.get(unit, unit))
        if duration:
            yield Recurrence(Span(*match.span()), duration)


@cache
def _event() -> tuple[re.Pattern[str], tuple[str, ...], re.Pattern[str]]:
    rows = table("events")
    states = "|".join(f"(?P<e{i}>{row['state']})" for i, row in enumerate(rows))
    clues = re.compile("|".join(re.escape(clue) for row in rows for clue in row["clues"].split("|")))
    note = "(?:（[^（）。]{0,20}）)?"
    return re.compile(f"(?:{states}){note}{words('event-end')}{note}"), tuple(row["event"] for row in rows), clues


def _events(text: str) -> Iterator[Event]:
    states, ids, clues = _event()
    if not clues.search(text) or not pattern("event-end").search(text):
        return
    for match in states.finditer(text):
        yield Event(Span(*match.span()), ids[int((match.lastgroup or "e0")[1:])])


@cache
def _act() -> re.Pattern[str]:
    issued, effective, noun = (
        words("document-act", "issued"),
        words("document-act", "effective"),
        words("document-noun"),
    )
    acts = f"(?:(?P<issued>{issued})|(?P<effective>{effective}))"
    return re.compile(
        rf"(?:[自从](?:本[\u4e00-\u9fff]{{0,4}}?{noun}|{noun})?|本[\u4e00-\u9fff]{{0,4}}?{noun}|(?<![^，。；：！？\n（])){acts}之日"
        rf"|本[\u4e00-\u9fff]{{0,4}}?{noun}(?:(?P<issued_after>{issued})|(?P<effective_after>{effective}))(?=后|起|前)"
        r"|(?:[自从])?即日(?=起|至)"
    )


def _acts(text: str, dates: DocumentDates) -> Iterator[DocumentAct]:
    if "本" not in text and "之日" not in text and "即日" not in text:
        return
    for match in _act().finditer(text):
        effective = match["effective"] or match["effective_after"]
        yield DocumentAct(Span(*match.span()), dates.effective if effective else dates.issued or dates.published)
