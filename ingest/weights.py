"""Weighs the words of a measure for each concept: a second witness beside the cues.

`patterns/weights.tsv` is learnt from labelled measures (`bench/learn.py`): for a concept, words of two to four
characters, each with a weight. The weights of the words that stand in a measure add up; a cue adds its own. A concept
whose sum is above zero is said: so the words around may deny a cue, or say a concept without one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter

from ahocorasick_rs import AhoCorasick

from ingest.tables import table

Stretch = tuple[int, int]
_CLAUSE_MARK = re.compile("[，。；：！？\n]")
_CUE = "cue"
"""In the concept column: what a cue adds, whichever concept of the scheme it is of."""
_BY_THE_TEXT_ALONE = "instruments"
"""For what a measure is meant and to which field it belongs, the heading above it tells too."""
_NEVER_NONE = "domains"
"""Every measure belongs to a field: where no sum is above zero, the highest is said, if any words speak for it."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A measure whose words have been weighed.

    Attributes:
        said: By scheme, the concepts that it says, with their sums; one domain at least, if any words speak for one.
        text: Its folded text.
        words: Where the words that weigh stand in it: (index of the words, start, end).
        speaks: By scheme and concept, what the words that speak for it weigh, by their index.
    """

    said: Mapping[str, Mapping[str, float]]
    text: str
    words: Sequence[tuple[int, int, int]]
    speaks: Mapping[tuple[str, str], Mapping[int, float]]

    def strongest(self, scheme: str, concept: str, sentences: Iterable[Stretch]) -> Stretch | None:
        """Returns from where to where the words for a concept stand in the clause that speaks most for it.

        Args:
            scheme: `instruments`, `targets` or `domains`.
            concept: A concept that is said.
            sentences: The stretches of the text that may be quoted, in order; no quote crosses one.

        Returns:
            The stretch; None where no words of them speak for the concept.
        """
        speaks = self.speaks[scheme, concept]
        words = [(speaks[index], start, end) for index, start, end in self.words if index in speaks]
        best = 0.0, (0, 0)
        for first, last in sentences:
            total, begin, stop = 0.0, first, first
            for weight, start, end in words:
                if start < first or end > last or _CLAUSE_MARK.search(self.text, start, end):
                    continue
                if not total or _CLAUSE_MARK.search(self.text, stop, start):
                    total, begin, stop = 0.0, start, end
                total, stop = total + weight, max(stop, end)
                best = max(best, (total, (begin, stop)), key=itemgetter(0))
        return best[1] if best[0] else None


class Weights:
    """The weights of all schemes; one pass over a text finds the words of all."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Reads rows of scheme, concept, words and weight."""
        rows = list(rows)
        self._cue = {row["scheme"]: float(row["weight"]) for row in rows if row["concept"] == _CUE}
        begins = [row for row in rows if not row["words"] and row["concept"] != _CUE]
        self._begins = [float(row["weight"]) for row in begins]
        self._slots = {(row["scheme"], row["concept"]): slot for slot, row in enumerate(begins)}
        self._speaks: dict[tuple[str, str], dict[int, float]] = {named: {} for named in self._slots}
        indexes: dict[str, int] = {}
        # What stands in a heading speaks of targets and domains only.
        self._text: list[list[tuple[int, float]]] = []
        self._heading: list[list[tuple[int, float]]] = []
        for row in (row for row in rows if row["words"]):
            named, weight = (row["scheme"], row["concept"]), float(row["weight"])
            index = indexes.setdefault(row["words"], len(indexes))
            if index == len(self._text):
                self._text.append([])
                self._heading.append([])
            self._text[index].append((self._slots[named], weight))
            if row["scheme"] != _BY_THE_TEXT_ALONE:
                self._heading[index].append((self._slots[named], weight))
            if weight > 0:
                self._speaks[named][index] = weight
        self._automaton = AhoCorasick(list(indexes))

    def weigh(self, text: str, heading: str, cued: Mapping[str, Iterable[str]]) -> Weighed:
        """Weighs a measure.

        Args:
            text: Its folded text (`ingest.cues.FoldedText`).
            heading: The folded heading above it and the names of the bodies that answer for it; may be empty.
            cued: By scheme, the concepts of which a cue counts.
        """
        words = self._automaton.find_matches_as_indexes(text, overlapping=True)
        sums = self._sums({index for index, _, _ in words}, heading)
        said: dict[str, dict[str, float]] = {scheme: {} for scheme in cued}
        for scheme, concepts in cued.items():
            for concept in concepts:
                if (slot := self._slots.get((scheme, concept))) is not None:
                    sums[slot] += self._cue[scheme]
                else:  # nothing is known of it but its cue
                    said[scheme][concept] = self._cue[scheme]
        for (scheme, concept), total in zip(self._slots, sums, strict=True):
            if total > 0:
                said[scheme][concept] = total
        if not said.get(_NEVER_NONE, True):
            total, domain, begins = max(
                (sums[slot], concept, self._begins[slot])
                for (scheme, concept), slot in self._slots.items()
                if scheme == _NEVER_NONE
            )
            if total > begins:
                said[_NEVER_NONE][domain] = total
        return Weighed(said, text, words, self._speaks)

    def _sums(self, seen: set[int], heading: str) -> list[float]:
        sums = self._begins.copy()
        for index in seen:
            for slot, weight in self._text[index]:
                sums[slot] += weight
        if heading:
            above = {index for index, _, _ in self._automaton.find_matches_as_indexes(heading, overlapping=True)}
            for index in above - seen:
                for slot, weight in self._heading[index]:
                    sums[slot] += weight
        return sums


@cache
def weights() -> Weights:
    """Returns what has been learnt."""
    return Weights(table("weights"))
