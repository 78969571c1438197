"""The validity that a notice states for itself: 本意见自印发之日起施行，有效期至2023年12月31日."""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from ingest.anchors import Anchor, DocumentAct, Event, Line, scan
from ingest.dates import DocumentDates
from ingest.durations import Quantity, later
from ingest.model import Span, Validity
from ingest.periods import Period
from ingest.text import fold
from ingest.wording import words

_SENTENCE = re.compile(r"[^。；;！？\n]+")
_CLAUSE = re.compile(r"[^，]+")
_OTHER = re.compile(r"》[^》]*$")
_OWN = re.compile("本|现将|现予|印发|制定")


@cache
def _head() -> re.Pattern[str]:
    """A clause that speaks of the document: it names it, or begins with the statement itself."""
    noun = words("document-noun")
    # In a reading of a policy the document goes by its kind alone: 《若干措施》自…起施行.
    own = rf"(?:本|上述|以上)(?:《?[\u4e00-\u9fff（）、“”]{{0,14}}?{noun}》?|政策)(?:（[^（）]*）)?"
    subject = rf"(?:{own}|《(?:若干|实施|工作)?{noun}》)?"
    return re.compile(
        rf"(?:第[0-9一二三四五六七八九十百]+条|[0-9一二三四五六七八九十]+[、.]|（[一二三四五六七八九十]+）)?(?:并|且|现)*{subject}(?:均|都|统一|的|拟|将|暂|由)*(?={words('validity-head')})"
    )


def read_validity(text: str, offset: int, issued: date | None) -> Validity:
    """Reads what a paragraph in a notice's head, closing or supplementary part says of the notice's own validity.

    有效期5年 ends on the same day of the month, five years after the start. A sentence about anything else (a
    certificate, a cited regulation) counts not.

    Args:
        text: The paragraph or paragraphs.
        offset: Where they begin in the source's text; spans count from there.
        issued: The issue date, which 印发之日, 发布之日 and 公布之日 resolve to; None where it is not known.

    Returns:
        The validity; all its parts are missing where the text states none.
    """
    folded = fold(text)
    statement = _Statement(issued)
    for sentence in _SENTENCE.finditer(folded):
        own = False
        for clause in _CLAUSE.finditer(folded, *sentence.span()):
            before = folded[sentence.start() : clause.start()]
            if _OTHER.search(before) and not (own or _OWN.search(before)):
                continue
            verb = re.search(words("validity-verb"), clause[0]) or (clause[0][0] == "至" and statement.spans)
            if verb and _head().match(clause[0]):
                own = True
                statement.read(clause[0], Span(*clause.span()).shifted(offset))
    return statement.validity()


@dataclass(slots=True)
class _Statement:
    """What the clauses read so far say; the first that says a thing counts."""

    issued: date | None
    start: date | None = None
    end: date | None = None
    end_event: str | None = None
    lasts: str | None = None
    spans: list[Span] = field(default_factory=list)

    def read(self, clause: str, span: Span) -> None:
        dates = DocumentDates(self.issued, effective=self.start)
        line = Line(clause, tuple(scan(clause, dates)), dates)
        taken = [self._take(line, i, anchor) for i, anchor in enumerate(line.anchors)]
        if any(taken):
            self.spans.append(span)

    def _take(self, line: Line, i: int, anchor: Anchor) -> bool:
        left, right = line.text[: anchor.span.start], line.text[anchor.span.end :]
        if isinstance(anchor, Event):
            self.end_event = self.end_event or anchor.event
            return bool(re.search("(?:至|到)[^，]{0,4}$", left) or re.search("终止|失效|停止", right))
        if isinstance(anchor, Quantity):
            return self._take_quantity(anchor, left, right)
        if isinstance(anchor, DocumentAct) or (isinstance(anchor, Period) and re.search("[自从于]$", left)):
            day = anchor.day if isinstance(anchor, DocumentAct) else anchor.first
            if re.match(rf"(?:之日)?起?(?:正式)?{words('validity-verb')}的", right) or self.start:
                return False
            self.start = day
            return day is not None
        return isinstance(anchor, Period) and self._take_end(line, i, anchor, left)

    def _take_end(self, line: Line, i: int, period: Period, left: str) -> bool:
        following, gap = line.next(i)
        if isinstance(following, Period) and re.fullmatch(rf"起?{words('link')}", gap) and not self.start:
            self.start = period.first
            return period.first is not None
        if not re.search(rf"(?:{words('until')}|{words('link')})$", left) or self.end:
            return False
        if period.last is None or (self.start and period.last < self.start):
            return False
        self.end = period.last
        return True

    def _take_quantity(self, quantity: Quantity, left: str, right: str) -> bool:
        if re.search("起(?:满)?$", left) and re.match("以?后|之后", right) and self.start:
            self.start = later(self.start, quantity.duration)
            return True
        if self.lasts or not re.search(f"{words('validity-name')}(?:为|是|暂定|暂|限|定为|共|[：:])*$", left):
            return False
        self.lasts = quantity.duration
        return True

    def validity(self) -> Validity:
        end = self.end
        if end is None and self.lasts and self.start:
            end = later(self.start, self.lasts)
        return Validity(self.start, end, self.end_event, tuple(self.spans))
