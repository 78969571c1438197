"""No number without an explanation: which rule claims each numeral of a measure, and which numerals none claims.

What the reading took (deadlines, amounts, citations, bodies) claims first, then other expressions of time, then the
classes of `patterns/residue.tsv`, in their order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from ingest.anchors import scan
from ingest.dates import DocumentDates
from ingest.model import Measure, Span
from ingest.tables import table
from ingest.text import fold

_HAN_NUMERALS = "零〇○一二三四五六七八九十百千万亿两半"
_NUM = rf"(?:[0-9]+(?:[.,][0-9]+)*[百千万亿]*|[{_HAN_NUMERALS}]+)"
_HAN = rf"(?:(?![{_HAN_NUMERALS}])[\u4e00-\u9fff])"
_RUN = re.compile(_NUM)
_TITLE = re.compile(r"《(?:[^《》]|《[^《》]*》)+》")
_QUOTED = re.compile(r"“[^“”\n]{1,24}”")


@dataclass(frozen=True, slots=True)
class Claim:
    """A numeral, or the part of one that one rule claims; `rule` is None where nothing explains it."""

    span: Span
    rule: str | None


def residue(measure: Measure, text: str) -> tuple[Claim, ...]:
    """Accounts for every run of digits and every Chinese numeral of a measure, in order.

    Args:
        measure: The measure as read.
        text: The text that its spans count in.
    """
    offset = measure.span.start
    whole = Span(offset, max(measure.span.end, *(p.span.end for p in measure.provisions)))
    folded = fold(text[whole.start : whole.end])
    owner: dict[int, str] = {}
    for span, rule in _claims(measure, folded):
        for position in range(span.start, span.end):
            owner.setdefault(position, rule)
    return tuple(
        Claim(Span(part[0], part[-1] + 1), rule)
        for provision in measure.provisions
        for run in _RUN.finditer(folded, provision.span.start - offset, provision.span.end - offset)
        for rule, places in groupby(range(run.start() + offset, run.end() + offset), key=owner.get)
        if (part := list(places))
    )


def _claims(measure: Measure, folded: str) -> Iterator[tuple[Span, str]]:
    """Yields claims in the notice's offsets, the stronger first."""
    for provision in measure.provisions:
        yield from ((deadline.span, "deadline") for deadline in provision.deadlines)
        yield from ((amount.span, "amount") for amount in provision.amounts)
    offset = measure.span.start
    yield from ((span.shifted(offset), rule) for span, rule in _found(folded))
    yield from ((mention.span, "agency") for mention in measure.responsible)


def _found(folded: str) -> Iterator[tuple[Span, str]]:
    for title in _TITLE.finditer(folded):
        yield Span(*title.span()), "citation"
    for anchor in scan(folded, DocumentDates(None)):
        yield anchor.span, "time"
    for quoted in _QUOTED.finditer(folded):
        yield Span(*quoted.span()), "quoted-name"
    for place in _places().finditer(folded):
        yield Span(*place.span()), "place"
    for rule, pattern in _rules():
        for match in pattern.finditer(folded):
            yield Span(*match.span()), rule


@cache
def _rules() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (row["rule"], re.compile(row["pattern"].replace("[HAN]", "HAN").replace("NUM", _NUM).replace("HAN", _HAN)))
        for row in table("residue")
    )


@cache
def _places() -> re.Pattern[str]:
    """The names of divisions that hold a numeral: 三明市, 九江."""
    names = {name for row in table("divisions") for name in (row["name"], row["short"]) if _RUN.search(name)}
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
