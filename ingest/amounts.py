"""Amounts and rates, by a grammar: bound × numeral × multiplier × unit; the words are in `patterns/amounts.tsv`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import prod

from ingest.model import Amount, Span
from ingest.numerals import number
from ingest.tables import table
from ingest.wording import matches, without_titles

_DIGIT = "一二三四五六七八九两"
# Well-formed, so that 统一三家 is no 一三; what has no digit (百家, 万元) is no number.
_SMALL = rf"(?:[{_DIGIT}]千)?零?(?:[{_DIGIT}]百)?零?(?:[{_DIGIT}]?十)?零?[{_DIGIT}]?"
_CHINESE = rf"(?<![{_DIGIT}十百千万零])(?=[{_DIGIT}十零]){_SMALL}(?:万{_SMALL})?(?:点[零〇{_DIGIT}]+)?"
_ARABIC = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,15})(?:\.[0-9]{1,6})?"
_NUMERAL = rf"(?:{_ARABIC}|{_CHINESE})"
_TIMES = "[十百千万亿]{0,2}"
_GAP = "[ \u3000]?"
_NOT_INSIDE = r"(?<![0-9A-Za-z第.,〔\[#/])"
_POWER = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_WHOLE = {"百": 100, "千": 1000, "万": 10**4}
# What an amount can begin with; 一般, 统一 and their like are too common to be tried. One class in front, for speed.
_START = re.compile(
    r"[0-9百千万减半对一二三四五六七八九两十零](?:(?<![0-9A-Za-z第.,〔\[#/].)(?<=[0-9])(?![0-9]*[年月日])|(?<=[百千万])分之"
    r"|(?<=[减半对二三四五六七八九两十零])|(?<=一)(?<![统进同逐唯].)(?![般律体致定并站旦起批对网件照张个]))"
)
_REACH = 16
_PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class _Found:
    """A numeral with its unit, before its bound is known; `low` is the lower value of 3至5家."""

    span: Span
    value: Decimal
    unit: str
    word: str | None = None
    low: Decimal | None = None
    more: bool = False
    vague: bool = False


def find_amounts(text: str, taken: Iterable[Span] = ()) -> tuple[Amount, ...]:
    """Finds the amounts of money, rates and counts of a text, in their order; what stands inside 《》 counts not.

    Of a range (5000元至2万元) both ends are given, each with the quote of the whole. A single Chinese digit counts only
    where a bound stands beside it: 不少于三家 is an amount, 三家 is none.

    Args:
        text: The text, folded (`ingest.text.fold`).
        taken: Where quantities of time stand; no amount overlaps one.
    """
    plain = without_titles(text)
    times = tuple(taken)
    found = [f for f in _scan(plain) if not any(f.span.start < t.end and t.start < f.span.end for t in times)]
    amounts: list[Amount] = []
    for one in found:
        read = _bounded(plain, one, times)
        if amounts and read and _continues(plain, amounts[-1], read[0]):
            low = amounts.pop()
            span = Span(low.span.start, read[0].span.end)
            amounts += [low._replace(span=span, bound="at-least"), read[0]._replace(span=span, bound="at-most")]
        else:
            amounts += read
    return tuple(amounts)


@cache
def _words(slot: str) -> str:
    return "(?:" + "|".join(row["pattern"] for row in table("amounts") if row["slot"] == slot) + ")"


@cache
def _named(slot: str) -> dict[str, dict[str, str]]:
    """Returns the rows of a slot by the names of their groups in the pattern."""
    rows = (row for row in table("amounts") if row["slot"] == slot)
    return {f"{slot}{i}": row for i, row in enumerate(rows)}


def _groups(slot: str) -> str:
    return "|".join(f"(?P<{name}>{row['pattern']})" for name, row in _named(slot).items())


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"{_NOT_INSIDE}(?:"
        rf"(?P<whole>百|千|万|{_CHINESE}|[0-9]{{1,4}})分之(?P<part>{_NUMERAL})"
        rf"|(?P<tenths>[{_DIGIT}]|[0-9](?:\.[0-9])?){_GAP}成(?P<half>半)?(?!立|熟|果|为|效|本|功|员|长|套|品|交|型|绩|都|新)"
        rf"|(?P<off>[{_DIGIT}]{{1,2}}|[0-9](?:\.[0-9])?){_GAP}折(?!旧|腾|叠|射|算)"
        rf"|(?:(?P<low>{_NUMERAL}){_GAP}(?P<low_times>{_TIMES}){_GAP}{_words('link')}{_GAP})?"
        rf"(?P<count>{_NUMERAL}){_GAP}(?P<times>{_TIMES}){_GAP}(?P<more>{_words('more')})?{_GAP}(?:{_groups('unit')})(?![0-9一])"
        rf"|(?P<permille>{_ARABIC}){_GAP}‰"
        rf")|{_groups('word')}"
    )


def _scan(text: str) -> Iterator[_Found]:
    for match in matches(_pattern(), _START, text):
        word = next((row for name, row in _named("word").items() if match[name]), None)
        if word:
            yield _Found(Span(*match.span()), Decimal(word["value"]), _PERCENT)
        elif found := _rate(match) if match["count"] is None else _counted(match):
            yield found


def _rate(match: re.Match[str]) -> _Found | None:
    """百分之五十, 四分之一, 三成, 八五折, 5‰: in per cent; None where that is no finite decimal (三分之一)."""
    if match["whole"]:
        value = _part(match["part"], match["whole"])
    elif match["tenths"]:
        value = _scaled(match["tenths"], 10)
        value = value + 5 if value is not None and match["half"] else value
    elif match["off"]:
        value = _scaled(match["off"], 1)
        value = value * 10 if value is not None and value < 10 else value  # noqa: PLR2004 - 八折 and 八五折
    else:
        value = _scaled(match["permille"], Decimal("0.1"))
    return None if value is None else _Found(Span(*match.span()), value, _PERCENT)


def _part(part: str, whole: str) -> Decimal | None:
    over, value = _WHOLE.get(whole) or number(whole), _decimal(part)
    if not over or value is None:
        return None
    exact = Fraction(value) * 100 / over
    is_finite = 10**20 % exact.denominator == 0
    return Decimal(exact.numerator) / Decimal(exact.denominator) if is_finite else None


def _counted(match: re.Match[str]) -> _Found | None:
    unit, row = next((name, row) for name, row in _named("unit").items() if match[name])
    value = _scaled(match["count"], _times(match["times"]))
    if value is None:
        return None
    low = _scaled(match["low"], _times(match["low_times"])) if match["low"] else None
    # 5至10万元 prints the multiplier once; 5000至1万元 does not mean it twice.
    if low is not None and not match["low_times"] and low * _times(match["times"]) < value:
        low *= _times(match["times"])
    word = match[unit] if row["value"] == "count" else None
    vague = word is not None and match["low"] is None and match["count"] + match["times"] in set(_DIGIT)
    return _Found(Span(*match.span()), value, row["value"], word, low, more=match["more"] is not None, vague=vague)


def _times(printed: str) -> int:
    return prod(_POWER[letter] for letter in printed)


def _scaled(printed: str, by: Decimal | int) -> Decimal | None:
    value = _decimal(printed)
    return None if value is None else value * by


def _decimal(printed: str) -> Decimal | None:
    whole, _, places = printed.replace(",", "").replace("点", ".").partition(".")
    value = number(whole)
    digits = [number(place) for place in places]
    if value is None or None in digits:
        return None
    return Decimal(f"{value}.{''.join(map(str, digits))}")


@cache
def _bounds(slot: str, behind: str = "") -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = (row for row in table("amounts") if row["slot"] == slot)
    return tuple((row["value"], re.compile(f"(?:{row['pattern']}){behind}")) for row in rows)


def _bounded(text: str, found: _Found, taken: tuple[Span, ...]) -> list[Amount]:
    """Gives what was found its bound and the quote that carries it; two amounts for a range, none for a bare 三家."""
    first = max([found.span.start - _REACH, 0, *(t.end for t in taken if t.end <= found.span.start)])
    left = text[first : found.span.start]
    filled = _bounds("before", f"{_words('filler')}*{_GAP}$")
    before = [(m.start(), bound) for bound, p in filled if (m := p.search(left))]
    start, bound = min(before, default=(len(left), ""))
    after = next(((m.end(), b) for b, p in _bounds("after") if (m := p.match(text, found.span.end))), None)
    end, bound_after = after or (found.span.end, "")
    span = Span(first + start, end)
    bound = bound or bound_after or ("above" if found.more else "exact")
    if found.vague and bound == "exact":
        return []
    amount = Amount(span, found.value, found.unit, bound, found.word)
    if found.low is None:
        return [amount]
    return [amount._replace(value=found.low, bound="at-least"), amount._replace(bound="at-most")]


def _continues(text: str, low: Amount, high: Amount) -> bool:
    """Tells whether two amounts are the ends of one range: 5000元至2万元."""
    same = (low.unit, low.unit_word, low.bound) == (high.unit, high.unit_word, "exact")
    link = re.fullmatch(_words("link"), text[low.span.end : high.span.start]) is not None
    return same and link and low.value < high.value
