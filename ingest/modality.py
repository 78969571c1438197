"""How binding a provision is (不得, 应当, 可以, 鼓励, 探索), under which conditions, and with which exclusions.

Words and phrases are data: `patterns/modality.tsv`. What stands inside 《》, quotation marks and brackets says nothing
of the force; of the words of a provision's main clauses the strongest counts.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from ingest.model import Modality, Span
from ingest.tables import table

FORCES = ("prohibition", "obligation", "exemption", "permission", "encouragement", "exploration")
"""The forces that words say, the strongest first."""
STATED = "commitment"
"""The force of a plain statement of an act."""
_MASKED = re.compile(r"《[^》]*》|“[^”]*”|「[^」]*」|‘[^’]*’")
_ASIDE = re.compile(r"（[^（）]*）")
_HAN = re.compile("[\u4e00-\u9fff]")
_DE = re.compile("的(?=，)")
_CLAUSE_MARK = re.compile("[，。；：！？\n]")
_MAX_CLAUSES = 3


_ANYWHERE, _FIRST, _HEAD = "", "first", "head"


class _Word(NamedTuple):
    """A word of force; `place` is where in its sentence it counts: anywhere, in the first clause, or as its verb."""

    force: str
    place: str
    span: Span


def read_modality(text: str, sentences: tuple[Span, ...]) -> tuple[Modality, ...]:
    """Reads the modality of each sentence of a measure's folded `text`.

    Returns:
        A Modality a sentence, spans counted in `text`; without a word of force a statement is a commitment of who acts.
    """
    open_text = _MASKED.sub(_blank, text)
    words = list(_words(open_text))
    exclusions = _phrases(open_text, "exclusion")
    found = [*_phrases(open_text, "condition"), *_ending_in_de(open_text, words)]
    conditions = _longest(span for span in found if not _meets_any(span, exclusions))
    asides = [*conditions, *exclusions, *(Span(*match.span()) for match in _ASIDE.finditer(open_text))]
    main = [word for word in words if not _meets_any(word.span, asides)]
    return tuple(_modality(open_text, sentence, main, conditions, exclusions) for sentence in sentences)


def _modality(
    text: str, sentence: Span, words: list[_Word], conditions: tuple[Span, ...], exclusions: tuple[Span, ...]
) -> Modality:
    own_conditions, own_exclusions = (tuple(filter(sentence.holds, spans)) for spans in (conditions, exclusions))
    own = _words_inside(sentence, words) if words else []
    aside = (*own_conditions, *own_exclusions)
    strong = [word for word in own if word.place != _HEAD and _in_place(text, sentence, word, aside)]
    if not strong:
        strong = [word for word in own if word.place == _HEAD and _in_place(text, sentence, word, aside)][:1]
    if strong:
        word = min(strong, key=lambda word: (FORCES.index(word.force), word.span))
        return Modality(word.force, word.span, own_conditions, own_exclusions)
    return Modality(_stated(text, sentence, aside), None, own_conditions, own_exclusions)


def _stated(text: str, sentence: Span, aside: tuple[Span, ...]) -> str | None:
    """Returns the force of a sentence without a word of force; None of a definition, or where only asides stand."""
    said = text[sentence.start : sentence.end]
    needs, pattern = _patterns("no-force")[0]
    if any(map(said.__contains__, needs)) and pattern.search(said):
        return None
    rest, start = "", sentence.start
    for span in sorted(aside):
        rest, start = rest + text[start : span.start], span.end
    rest += text[start : sentence.end]
    return STATED if _HAN.search(_ASIDE.sub("", rest) if "（" in rest else rest) else None


def _in_place(text: str, sentence: Span, word: _Word, aside: tuple[Span, ...]) -> bool:
    """Tells whether a word stands where it counts; clauses of conditions and adverbials are passed over."""
    if word.place == _ANYWHERE:
        return True
    start = sentence.start
    for mark in _CLAUSE_MARK.finditer(text, sentence.start, word.span.start):
        clause = Span(start, mark.start())
        passed = _meets_any(clause, aside) or _pattern("adverbial").match(text[start : mark.start()])
        if not passed:
            return False
        start = mark.end()
    if word.place == _FIRST:
        return True
    ends = (span.end for span in aside if start <= span.start and span.end <= word.span.start)
    return bool(_pattern("head").match(text[max(start, *ends, start) : word.span.start].lstrip()))


def _ending_in_de(text: str, words: list[_Word]) -> Iterator[Span]:
    """Yields the clauses that end in 的 before a mark, a word of force or an act (发现问题的，责令整改)."""
    ends = {match.start() + 1 for match in _DE.finditer(text)}
    ends |= {match.start() + 1 for match in _pattern("then").finditer(text)}
    starts = [word.span.start for word in words if word.place != _HEAD]
    ends |= {start for start in starts if start and text[start - 1] == "的"}
    for end in sorted(ends):
        start = _clause_start(text, end)
        if _pattern("not-that").search(text[start:end]):
            continue
        start = _with_states(text, start, words)
        lead_in = _pattern("lead-in").match(text[start:end])
        start += lead_in.end() if lead_in else 0
        if end - start > 1 and not any(word.place != _HEAD for word in _words_inside(Span(start, end), words)):
            yield Span(start, end)


def _clause_start(text: str, end: int) -> int:
    return max((mark.end() for mark in _CLAUSE_MARK.finditer(text, max(0, end - 120), end)), default=max(0, end - 120))


def _with_states(text: str, start: int, words: list[_Word]) -> int:
    """Takes in the clauses before one that ends in 的, as far as they tell a state (有效期届满，未发生事故的)."""
    for _ in range(_MAX_CLAUSES):
        if not start or text[start - 1] != "，":
            break
        before = _clause_start(text, start - 1)
        clause = Span(before, start - 1)
        goes_on = _pattern("joined").match(text, start) or _pattern("state").search(text, before, start - 1)
        if not goes_on or text[start - 2] == "的" or _words_inside(clause, words):
            break
        start = before
    return start


def _phrases(text: str, kind: str) -> tuple[Span, ...]:
    return _longest(
        Span(*match.span("q"))
        for needs, pattern in _patterns(kind)
        if any(map(text.__contains__, needs))
        for match in pattern.finditer(text)
    )


def _longest(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Keeps of spans that meet the longest, in order."""
    kept: list[Span] = []
    for span in sorted(set(spans), key=lambda span: (span.start - span.end, span)):
        if not _meets_any(span, kept):
            kept.append(span)
    return tuple(sorted(kept))


def _meets_any(span: Span, spans: Iterable[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in spans)


_start = attrgetter("span.start")


def _words_inside(stretch: Span, words: list[_Word]) -> list[_Word]:
    first = bisect_left(words, stretch.start, key=_start)
    last = bisect_left(words, stretch.end, first, key=_start)
    return [word for word in words[first:last] if word.span.end <= stretch.end]


def _blank(match: re.Match[str]) -> str:
    return match[0][0] + "□" * (len(match[0]) - 2) + match[0][-1]


@cache
def _patterns(kind: str) -> tuple[tuple[frozenset[str], re.Pattern[str]], ...]:
    """Returns the patterns of a kind, each with the words of which one stands in all that it finds."""
    rows = [row for row in table("modality") if row["kind"] == kind]
    return tuple((frozenset(row["needs"].split("|")), re.compile(row["pattern"], re.MULTILINE)) for row in rows)


def _pattern(kind: str) -> re.Pattern[str]:
    return _patterns(kind)[0][1]


@cache
def _lexicon() -> tuple[AhoCorasick, tuple[_Word, ...]]:
    """Returns the words in their surroundings, and of each its force, its place and which part it is."""
    entries = {}
    for row in table("modality"):
        if row["kind"] == "word":
            for written in row["pattern"].split("|"):
                before, _, rest = written.rpartition("(") if "(" in written else ("", "", written)
                word, _, behind = rest.partition(")")
                part = Span(len(before), len(before) + len(word))
                entries[before + word + behind] = _Word(row["force"], row["place"], part)
    return AhoCorasick(list(entries), matchkind=MatchKind.LeftmostLongest), tuple(entries.values())


def _words(text: str) -> Iterator[_Word]:
    automaton, entries = _lexicon()
    for index, start, _ in automaton.find_matches_as_indexes(text):
        entry = entries[index]
        if entry.force != "-":
            yield entry._replace(span=entry.span.shifted(start))
