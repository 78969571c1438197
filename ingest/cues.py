"""Finds cues, the words and word frames that say a concept, in one pass over a text.

A cue is written as it is read, with these marks; every other character stands for itself:

- `…` a gap of at most 16 characters inside a clause, `~` one of at most 40 inside a clause,
  `……` one of at most 40 inside a sentence;
- `(甲/乙)` either of them; `(的/)` may be missing;
- `@` a number, in digits or Chinese numerals; `^` at the front: the beginning of a clause.

A cell of a pattern table holds cues split by `|`. White space and quotation marks in the text are passed over.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick

from ingest.model import Span
from ingest.text import fold

_NUMERALS = "0123456789一二两三四五六七八九十百"
_MARK = re.compile(r"……|[…~()/@^]")
_MEANING = {
    "……": "[^。；！？\n]{0,40}?",
    "…": "[^，。；：！？\n]{0,16}?",
    "~": "[^，。；：！？\n]{0,40}?",
    "(": "(?:",
    ")": ")",
    "/": "|",
    "@": f"[.{_NUMERALS}]+",
    "^": r"(?<![^，。；：！？\n（])",
}
_PASSED_OVER = re.compile(r"[^\S\n]+|[“”‘’\"'「」]")
_CLAUSE_END = re.compile("[，。；：！？\n]")
_SENTENCE_MARKS = "。；！？\n"


class FoldedText:
    """A text as cues are matched on it: folded, without white space inside lines and without quotation marks.

    Attributes:
        text: The folded text; all offsets that methods take and give count in it, save those of `printed`.
    """

    def __init__(self, printed: str) -> None:
        """Folds `printed`, keeping the way back."""
        folded = fold(printed)
        kept: list[int] = []
        pieces: list[str] = []
        position = 0
        for gap in _PASSED_OVER.finditer(folded):
            kept.extend(range(position, gap.start()))
            pieces.append(folded[position : gap.start()])
            position = gap.end()
        kept.extend(range(position, len(folded)))
        pieces.append(folded[position:])
        self.text = "".join(pieces)
        self._kept = kept
        self._clause_ends = [mark.start() for mark in _CLAUSE_END.finditer(self.text)]
        self._sentence_ends = [at for at in self._clause_ends if self.text[at] in _SENTENCE_MARKS]

    def printed(self, span: Span) -> Span:
        """Returns where a non-empty stretch stands in the printed text."""
        return Span(self._kept[span.start], self._kept[span.end - 1] + 1)

    def folded(self, span: Span) -> Span:
        """Returns the stretch that a span of the printed text became."""
        kept = self._kept
        return Span(bisect_left(kept, span.start), bisect_left(kept, span.end))

    def clause(self, span: Span) -> Span:
        """Returns the stretch between two clause marks that holds `span`."""
        return self._between(self._clause_ends, span)

    def sentence(self, span: Span) -> Span:
        """Returns the stretch between two sentence marks that holds `span`."""
        return self._between(self._sentence_ends, span)

    def _between(self, marks: list[int], span: Span) -> Span:
        before, after = bisect_left(marks, span.start), bisect_left(marks, span.end)
        return Span(marks[before - 1] + 1 if before else 0, marks[after] if after < len(marks) else len(self.text))


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue and what it says.

    Attributes:
        written: The cue as the table has it.
        scheme: The table it stands in.
        concept: What it says: a concept's id, or a mask's reach.
        rank: How it stands to other concepts of its scheme; empty where it stands for itself.
        when: A pattern that must occur in the sentence; None where nothing must.
        unless: A pattern that must not occur in the clause; None where anything may.
    """

    written: str
    scheme: str
    concept: str
    rank: str = ""
    when: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    pattern: re.Pattern[str] | None = field(init=False)
    anchors: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Works out what to look for.

        Raises:
            ValueError: The brackets do not match, or the cue does not begin with words.
        """
        plain = not _MARK.search(self.written)
        object.__setattr__(self, "pattern", None if plain else re.compile(cue_regex(self.written)))
        object.__setattr__(self, "anchors", (self.written,) if plain else _anchors(self.written))

    @property
    def gapless(self) -> bool:
        """Whether the cue is unbroken wording; such a cue hides shorter ones inside it."""
        return "…" not in self.written and "~" not in self.written

    def counts(self, folded: FoldedText, span: Span) -> bool:
        """Tells whether what stands around it lets the cue count."""
        if self.when:
            sentence = folded.sentence(span)
            if not self.when.search(folded.text, sentence.start, sentence.end):
                return False
        if self.unless:
            clause = folded.clause(span)
            return not self.unless.search(folded.text, clause.start, clause.end)
        return True


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue that stands in a text, in offsets of the folded text."""

    cue: Cue
    span: Span

    @property
    def concept(self) -> str:
        """What the cue says."""
        return self.cue.concept

    def hides(self, other: "Hit") -> bool:
        """Tells whether `other` says another thing and is a part of this one."""
        mine, its = self.span, other.span
        return mine.holds(its) and mine != its and self.cue.concept != other.cue.concept


def cue_regex(cue: str) -> str:
    """Translates a cue to a regular expression.

    Raises:
        ValueError: The brackets do not match.
    """
    parts: list[str] = []
    depth = position = 0
    for mark in _MARK.finditer(cue):
        parts.append(re.escape(cue[position : mark.start()]))
        position = mark.end()
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        parts.append("/" if mark[0] == "/" and not depth else _MEANING[mark[0]])
    if depth:
        raise ValueError(f"the brackets of the cue {cue!r} do not match")
    return "".join(parts) + re.escape(cue[position:])


def any_of(cell: str) -> re.Pattern[str] | None:
    """Returns a pattern that finds any cue of a cell; None for an empty cell."""
    cues = split_cues(cell)
    return re.compile("|".join(map(cue_regex, cues))) if cues else None


def split_cues(cell: str) -> list[str]:
    """Returns the cues of a cell."""
    return [cue for cue in cell.split("|") if cue]


def _anchors(cue: str) -> tuple[str, ...]:
    """Returns the literal beginnings, one of which stands wherever the cue does."""
    cue = cue.removeprefix("^")
    heads, rest = [cue], ""
    if cue.startswith("("):
        group, _, rest = cue[1:].partition(")")
        heads = group.split("/")
    anchors: list[str] = []
    for head in heads:
        literal = _MARK.split(head, maxsplit=1)[0]
        if literal == head:
            literal += _MARK.split(rest, maxsplit=1)[0]
        anchors.extend(_NUMERALS if head.startswith("@") else [literal])
    if not all(anchors):
        raise ValueError(f"the cue {cue!r} must begin with words")
    return tuple(dict.fromkeys(anchors))


class _Anchored:
    """The cues that begin with the same words."""

    def __init__(self, cues: list[Cue]) -> None:
        self._cues = cues
        frames = [cue.pattern.pattern for cue in cues if cue.pattern]
        self._words = [cue for cue in cues if cue.pattern is None]
        # Most frames fail for want of their other words: all are tried at once before each by itself.
        self._any = re.compile("|".join(frames)).match if frames else None

    def standing(self, text: str, start: int, end: int) -> Iterator[tuple[Cue, int]]:
        """Yields those that stand in a text where the words do, and their ends."""
        if self._any is None or not self._any(text, start):
            for cue in self._words:
                yield cue, end
            return
        for cue in self._cues:
            if cue.pattern is None:
                yield cue, end
            elif found := cue.pattern.match(text, start):
                yield cue, found.end()


class CueFinder:
    """Finds the cues of any number of schemes together."""

    def __init__(self, cues: Iterable[Cue]) -> None:
        """Builds the automaton."""
        by_anchor: dict[str, list[Cue]] = {}
        for cue in cues:
            for anchor in cue.anchors:
                by_anchor.setdefault(anchor, []).append(cue)
        self._cues = [_Anchored(cues) for cues in by_anchor.values()]
        self._automaton = AhoCorasick(list(by_anchor))

    def find(self, folded: FoldedText) -> Iterator[Hit]:
        """Yields every cue that stands in the text, overlapping ones too, in order of the anchors' ends."""
        text = folded.text
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            for cue, stop in self._cues[index].standing(text, start, end):
                span = Span(start, stop)
                if cue.counts(folded, span):
                    yield Hit(cue, span)
