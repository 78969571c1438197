"""From an outlined item to a Measure: its text, lead and provisions, and what each provision says."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from ingest.amounts import find_amounts
from ingest.bodies import Bodies
from ingest.concepts import Concepts, MeasureText, find_concepts
from ingest.dates import DocumentDates
from ingest.deadlines import find_deadlines
from ingest.grid import CELL
from ingest.modality import read_modality
from ingest.model import Amount, Citation, ConceptMention, Deadline, Measure, Modality, Provision, Section, Span
from ingest.nesting import patterns
from ingest.responsible import Responsibility, find_responsible
from ingest.structure import MAX_LEAD, Item

_TITLE = re.compile(r"《((?:[^《》]|《[^《》]*》)+)》")
_SENTENCE = re.compile(r"[^。！？；\n]*(?:[。！？；]+[”’）]?|\n|$)")
_LEAD = re.compile(r"([^。！？\n]*[^。！？\n：；，])[。！？\n]")
_NAMED = re.compile(r"【([^【】。]{2,32})】(?=.)", re.DOTALL)
_BESIDE = re.compile("[^；，。）】]+")
_UNTIL = "期限："
"""What the heading of a column of dates says of each of its cells."""
_Found = TypeVar("_Found", ConceptMention, Deadline, Amount)
_MARK = re.compile(r"[？?！!、，,;；\s]")
_STRAY = re.compile(r"(?<=[。！？；”）])[？?！!、，,;；]+$|[\s，、]+$")


def find_citations(text: str, span: Span) -> tuple[Citation, ...]:
    """Finds the titles inside 《》 in a stretch of `text`, marks excluded, each at every place."""
    return tuple(Citation(match[1], Span(*match.span(1))) for match in _TITLE.finditer(text, span.start, span.end))


class _Pieces:
    """A measure's text put together from stretches of the notice's text, and the way back."""

    def __init__(self, text: str, spans: list[Span]) -> None:
        self.spans = spans
        self.text = ""
        self._starts: list[int] = []
        for i, span in enumerate(spans):
            # Stretches of one paragraph were parted by a bracket alone; paragraphs and cells stay parted.
            if i and not {"\n", CELL}.isdisjoint(text[spans[i - 1].end : span.start]):
                self.text += "\n"
            self._starts.append(len(self.text))
            self.text += text[span.start : span.end]

    def back(self, span: Span) -> Span:
        """Returns where a stretch of the measure's text stands in the notice; cut at the piece it begins in."""
        i = bisect_right(self._starts, span.start) - 1
        offset = self.spans[i].start - self._starts[i]
        return Span(span.start + offset, min(span.end + offset, self.spans[i].end))

    def sentences(self) -> tuple[Span, ...]:
        """Returns the operative sentences, none of which crosses a piece."""
        return tuple(
            Span(match.start(), match.end() - match[0].endswith("\n"))
            for start, span in zip(self._starts, self.spans, strict=True)
            for match in _SENTENCE.finditer(self.text, start, start + span.end - span.start)
            if match[0].strip()
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a notice says beside its items, and a measure is read by.

    Attributes:
        sections: Its sections, to which `Item.section` is an index.
        bodies: Resolves names of bodies.
        dates: The notice's own dates, which anchor deadlines.
    """

    sections: tuple[Section, ...]
    bodies: Bodies
    dates: DocumentDates


def read_measure(printed: str, text: str, item: Item, notice: Surroundings) -> Measure:
    """Reads one item.

    Args:
        printed: The normalised text.
        text: The same, folded one to one.
        item: The item's number and paragraphs.
        notice: What stands around the items.
    """
    responsibility = find_responsible(text, item.spans, notice.bodies, cells=item.responsible)
    pieces = _Pieces(printed, list(_text_spans(text, item, responsibility)))
    folded = _Pieces(text, pieces.spans).text
    sentences = pieces.sentences()
    lead = lead_of(pieces.text)
    whole = Span(0, len(pieces.text))
    concepts = find_concepts(
        MeasureText(
            text=pieces.text,
            sentences=sentences,
            section_title=None if item.section is None else notice.sections[item.section].title,
            departments=tuple(mention.agency.name for mention in responsibility.agencies),
            cited=tuple(citation.span for citation in find_citations(folded, whole)),
        )
    )
    deadlines = find_deadlines(folded, notice.dates)
    amounts = find_amounts(folded, (deadline.span for deadline in deadlines))
    modalities = read_modality(folded, sentences)
    return Measure(
        number=item.number,
        span=Span(pieces.spans[0].start, pieces.spans[-1].end),
        text=pieces.text,
        title=lead,
        section=item.section,
        responsible=responsibility.agencies,
        domains=concepts.domains,
        provisions=(
            *_provisions(pieces, sentences, concepts, deadlines, amounts, modalities),
            *_time_cells(text, (*item.time, *_times_beside(text, responsibility)), notice.dates),
        ),
        citations=tuple(c for span in pieces.spans for c in find_citations(printed, span)),
        leads=responsibility.leads,
        cooperating=responsibility.cooperating,
    )


def _text_spans(text: str, item: Item, responsibility: Responsibility) -> Iterator[Span]:
    """Yields what is left of the item's paragraphs without brackets of responsibility and stray marks."""
    kept = []
    for paragraph in item.spans:
        start = paragraph.start
        for gap in sorted(s for s in responsibility.left_out if paragraph.holds(s)):
            kept.append(Span(start, gap.start))
            start = gap.end
        kept.append(Span(start, paragraph.end))
    kept = [span for span in kept if text[span.start : span.end].strip()]
    for i, span in enumerate(kept):
        ends = i == len(kept) - 1 and _MARK.match(text, span.end - 1)
        stray = _STRAY.search(text, span.start, span.end) if ends else None
        yield Span(span.start, stray.start()) if stray and stray.start() > span.start else span
    if not kept:
        yield item.spans[0]


def lead_of(text: str) -> str | None:
    """Returns the lead that names a measure, without its mark; None where it has none (annotation guide)."""
    if named := _NAMED.match(text):
        return named[1]
    match = _LEAD.match(text)
    if match is None or len(match[1]) > MAX_LEAD or not text[match.end() :].strip():
        return None
    return match[1]


def _provisions(
    pieces: _Pieces,
    sentences: tuple[Span, ...],
    concepts: Concepts,
    deadlines: tuple[Deadline, ...],
    amounts: tuple[Amount, ...],
    modalities: tuple[Modality, ...],
) -> Iterator[Provision]:
    starts = [sentence.start for sentence in sentences]
    back = pieces.back
    for sentence, modality, used, meant, limits, counted in zip(
        sentences,
        modalities,
        _by_sentence(starts, concepts.instruments),
        _by_sentence(starts, concepts.targets),
        _by_sentence(starts, deadlines),
        _by_sentence(starts, amounts),
        strict=True,
    ):
        yield Provision(
            span=back(sentence),
            instruments=tuple([ConceptMention(mention.concept, back(mention.span)) for mention in used]),
            targets=tuple([ConceptMention(mention.concept, back(mention.span)) for mention in meant]),
            deadlines=tuple([replace(deadline, span=back(deadline.span)) for deadline in limits]),
            amounts=tuple([amount._replace(span=back(amount.span)) for amount in counted]),
            modality=Modality(
                modality.force,
                modality.word and back(modality.word),
                tuple(map(back, modality.conditions)),
                tuple(map(back, modality.exclusions)),
            ),
        )


def _times_beside(text: str, responsibility: Responsibility) -> Iterator[Span]:
    """Yields what stands beside the bodies of when: 责任科室：计量科；完成时限：2022年9月底前."""
    for span in responsibility.left_out:
        for part in _BESIDE.finditer(text, span.start, span.end):
            if label := patterns("label", "time").match(text, part.start()):
                yield Span(label.end(), part.end())


def _by_sentence(starts: list[int], found: Iterable[_Found]) -> list[list[_Found]]:
    """Parts what was found by the sentence that it begins in; what stands before the first one belongs to it."""
    parted: list[list[_Found]] = [[] for _ in starts]
    for one in found if starts else ():
        parted[max(bisect_right(starts, one.span.start) - 1, 0)].append(one)
    return parted


def _time_cells(text: str, cells: Iterable[Span], dates: DocumentDates) -> Iterator[Provision]:
    """The cell that says until when is no part of the measure's text, and a provision of it all the same."""
    for cell in cells:
        found = find_deadlines(_UNTIL + text[cell.start : cell.end], dates)
        if found:
            moved = (deadline.span.shifted(cell.start - len(_UNTIL)) for deadline in found)
            inside = (Span(max(span.start, cell.start), span.end) for span in moved)
            timed = tuple(replace(deadline, span=span) for deadline, span in zip(found, inside, strict=True))
            yield Provision(span=cell, deadlines=timed)
