"""Finds cues, the words and word frames that say a concept, in one pass over a text.

A cue is written as it is read, with these marks; every other character stands for itself:

- `…` a gap of at most 16 characters inside a clause, `~` one of at most 40 inside a clause,
  `……` one of at most 40 inside a sentence;
- `(甲/乙)` either of them; `(的/)` may be missing;
- `@` a number, in digits or Chinese numerals; `^` at the front: the beginning of a clause;
- `<name>` any word of a class of `patterns/words.tsv`; `A&B` is `A~B` or `B~A`: both in a clause, in either order.

A cell of a pattern table holds cues split by `|`. White space and quotation marks in the text are passed over.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter

from ahocorasick_rs import AhoCorasick

from ingest.model import Span
from ingest.tables import table
from ingest.text import fold

_NUMERALS = "0123456789一二两三四五六七八九十百"
_MARK = re.compile(r"……|[…~()/@^]")
_CLASS = re.compile(r"<([\w-]+)>")
_PART = re.compile(r"\([^()]*\)|……|[…~@]|[^…~()@]+")
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
_LONGEST = {"……": 40, "…": 16, "~": 40, "@": 20}
_PASSED_OVER = re.compile(r"[^\S\n]+|[“”‘’\"'「」]")
_CLAUSE_END = re.compile("[，。；：！？\n]")
_SENTENCE_MARKS = "。；！？\n"
Stretch = tuple[int, int]
"""From start to end in the folded text: a plain tuple, for there are hundreds a notice."""


class FoldedText:
    """A text as cues are matched on it: folded, without white space inside lines and without quotation marks.

    Attributes:
        text: The folded text; all offsets that methods take and give count in it, save those of `printed`.
    """

    def __init__(self, printed: str) -> None:
        """Folds `printed`, keeping the way back."""
        text = fold(printed)
        kept, places, length = [], [], 0
        position = 0
        for gap in _PASSED_OVER.finditer(text):
            kept.append(text[position : gap.start()])
            places.append((length, position))
            length += gap.start() - position
            position = gap.end()
        if position:
            places.append((length, position))
            text = "".join([*kept, text[position:]])
        self.text = text
        self._places = places
        """Where a kept piece begins here and in the printed text; none where nothing was passed over."""
        self._clause_ends = [mark.start() for mark in _CLAUSE_END.finditer(text)]
        self._sentence_ends = [at for at in self._clause_ends if text[at] in _SENTENCE_MARKS]

    def printed(self, start: int, end: int) -> Span:
        """Returns where a non-empty stretch stands in the printed text."""
        if not self._places:
            return Span(start, end)
        return Span(self._back(start), self._back(end - 1) + 1)

    def folded(self, span: Span) -> Stretch:
        """Returns the stretch that a span of the printed text became."""
        if not self._places:
            return span
        return self._kept_before(span.start), self._kept_before(span.end)

    def clause(self, start: int, end: int) -> Stretch:
        """Returns the stretch between two clause marks that holds the one from `start` to `end`."""
        return self._between(self._clause_ends, start, end)

    def sentence(self, start: int, end: int) -> Stretch:
        """Returns the stretch between two sentence marks that holds the one from `start` to `end`."""
        return self._between(self._sentence_ends, start, end)

    def sentence_starts(self) -> list[int]:
        """Returns where the sentences begin, in order."""
        return [0, *(at + 1 for at in self._sentence_ends)]

    def _back(self, offset: int) -> int:
        here, printed = self._places[bisect_right(self._places, offset, key=itemgetter(0)) - 1]
        return offset - here + printed

    def _kept_before(self, offset: int) -> int:
        i = bisect_right(self._places, offset, key=itemgetter(1))
        here, printed = self._places[i - 1]
        end = self._places[i][0] if i < len(self._places) else len(self.text)
        return min(offset - printed + here, end)

    def _between(self, marks: list[int], start: int, end: int) -> Stretch:
        before, after = bisect_left(marks, start), bisect_left(marks, end)
        return marks[before - 1] + 1 if before else 0, marks[after] if after < len(marks) else len(self.text)


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """A cue and what it says.

    Attributes:
        written: The cue as the table has it.
        scheme: The table it stands in.
        concept: What it says: a concept's id, or a mask's reach.
        when: A pattern that must occur in the sentence; None where nothing must.
        unless: A pattern that must not occur in the clause; None where anything may.
    """

    written: str
    scheme: str
    concept: str
    when: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    pattern: re.Pattern[str] | None = field(init=False)
    anchors: tuple[str, ...] = field(init=False)
    needs: tuple[tuple[str, int], ...] = field(init=False)
    guarded: bool = field(init=False)
    gapless: bool = field(init=False)
    """Whether the cue is unbroken wording; such a cue hides shorter ones inside it."""

    def __post_init__(self) -> None:
        """Works out what to look for.

        Raises:
            ValueError: The brackets do not match, or the cue does not begin with words.
        """
        plain = not _MARK.search(self.written)
        object.__setattr__(self, "pattern", None if plain else re.compile(cue_regex(self.written)))
        object.__setattr__(self, "anchors", (self.written,) if plain else _anchors(self.written))
        object.__setattr__(self, "needs", () if plain else _needs(self.written))
        object.__setattr__(self, "guarded", self.when is not None or self.unless is not None)
        object.__setattr__(self, "gapless", "…" not in self.written and "~" not in self.written)

    def counts(self, folded: FoldedText, start: int, end: int) -> bool:
        """Tells whether what stands around it, from `start` to `end`, lets the cue count."""
        if self.when and not self.when.search(folded.text, *folded.sentence(start, end)):
            return False
        return not (self.unless and self.unless.search(folded.text, *folded.clause(start, end)))


Hit = tuple[int, int, Cue]
"""Where a cue stands, from start to end in the folded text."""


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
    """Returns the cues of a cell, classes of words and free orders written out.

    Raises:
        KeyError: A class is not in `patterns/words.tsv`.
    """
    cues = _CLASS.sub(lambda name: f"({_words()[name[1]]})", cell).split("|")
    pairs = [cue.partition("&") for cue in cues if cue]
    return [cue for a, free, b in pairs for cue in ((f"{a}~{b}", f"{b}~{a}") if free else (a,))]


@cache
def _words() -> dict[str, str]:
    """Returns the words of each class as a choice is written."""
    return {row["class"]: row["words"].replace("|", "/") for row in table("words")}


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


def _needs(cue: str) -> tuple[tuple[str, int], ...]:
    """Returns words of which one stands in the cue behind its beginning, and how far behind at most.

    They are the words, or the choice of words, whose shortest is the longest: the rarest, at a guess. None where no
    words are sure to stand there.
    """
    needs: list[tuple[str, int]] = []
    far = 0
    for part in _PART.findall(cue.removeprefix("^"))[1:]:
        choice = part.strip("()").split("/") if part[0] == "(" else [part]
        words = [(max(_MARK.split(one), key=len), far + _longest(one)) for one in choice]
        needs = max(needs or words, words, key=lambda words: min(len(word) for word, _ in words))
        far += max(map(_longest, choice))
    return tuple(needs) if all(word for word, _ in needs) else ()


def _longest(written: str) -> int:
    """Returns how many characters a part of a cue covers at most; a number is taken to have no more than twenty."""
    return sum(_LONGEST.get(part, len(part)) for part in re.findall(r"……|[…~@]|[^…~@]+", written))


@dataclass(slots=True)
class _Anchored:
    """The cues that begin with the same words.

    Attributes:
        sure: Those that are these words and no more, and frames of which no further word is known.
        frames: The others, by the number of a further word they need; with how far behind it stands at most.
        needs: A bit for each of these numbers.
    """

    sure: list[Cue] = field(default_factory=list)
    frames: dict[int, list[tuple[Cue, int]]] = field(default_factory=dict)
    needs: int = 0

    def likely(self, needs: int, end: int, near: dict[int, int]) -> list[Cue]:
        """Returns the cues but for frames of which no needed word is near behind `end`; one may be given twice.

        Args:
            needs: A bit for each word that they need and that stands behind them in the sentence.
            end: Where these words end.
            near: Where such a word stands first.
        """
        likely = self.sure.copy()
        while needs:
            need = needs.bit_length() - 1
            needs ^= 1 << need
            distance = near[need] - end
            for cue, far in self.frames[need]:
                if distance <= far:
                    likely.append(cue)
        return likely


class CueFinder:
    """Finds the cues of any number of schemes together."""

    def __init__(self, cues: Iterable[Cue]) -> None:
        """Builds the automaton; the words that frames need, the most needed first, have the low numbers."""
        cues = list(cues)
        self._schemes = {cue.scheme for cue in cues}
        needed = Counter(word for cue in cues for word, _ in cue.needs).most_common()
        numbers = {word: i for i, (word, _) in enumerate(needed)}
        bits = [1 << i for i in range(len(numbers))]
        anchored: dict[int, _Anchored] = {}
        for cue in cues:
            for anchor in cue.anchors:
                here = anchored.setdefault(numbers.setdefault(anchor, len(numbers)), _Anchored())
                if not cue.needs:
                    here.sure.append(cue)
                for word, far in cue.needs:
                    here.frames.setdefault(numbers[word], []).append((cue, far))
                    here.needs |= bits[numbers[word]]
        bits += [0] * (len(numbers) - len(bits))
        self._met = [(anchored.get(i), bit) for i, bit in enumerate(bits)]
        """What begins with each word, and the word's bit where a frame needs it."""
        self._automaton = AhoCorasick(list(numbers))

    def find(self, folded: FoldedText) -> dict[str, list[Hit]]:
        """Returns by scheme every cue that stands in the text, overlapping ones too; one may be given twice."""
        text, met = folded.text, self._met
        hits: dict[str, list[Hit]] = {scheme: [] for scheme in self._schemes}
        starts = folded.sentence_starts()
        near: dict[int, int] = {}
        present = 0
        # From the end on: what a frame needs behind its beginning is known before the beginning is met.
        for index, start, end in reversed(self._automaton.find_matches_as_indexes(text, overlapping=True)):
            while end <= starts[-1]:
                starts.pop()
                present = 0
            here, bit = met[index]
            if here is not None:
                needs = here.needs & present
                for cue in here.likely(needs, end, near) if needs else here.sure:
                    stop = end
                    if cue.pattern:
                        found = cue.pattern.match(text, start)
                        if not found:
                            continue
                        stop = found.end()
                    if not cue.guarded or cue.counts(folded, start, stop):
                        hits[cue.scheme].append((start, stop, cue))
            if bit:
                near[index] = start
                present |= bit
        return hits
