"""Finds the instruments, targets and domains of a measure, with the words that say each.

Cues and conditions are data: `patterns/instruments.tsv`, `targets.tsv`, `domains.tsv` and `masks.tsv`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from operator import itemgetter

from ingest.cues import Cue, CueFinder, FoldedText, Hit, any_of, split_cues
from ingest.domains import domain_cues, rank_domains
from ingest.model import ConceptMention, Span
from ingest.tables import table
from ontology.load import concepts as vocabulary

_GUARD = "-"
"""In the concept column: the cue says nothing and hides what stands inside it."""


@dataclass(frozen=True, slots=True)
class MeasureText:
    """What is known of a measure before its meaning is read.

    Attributes:
        text: The measure's text as printed; paragraphs may be separated by line ends.
        sentences: Its provisions, as spans of `text`.
        title: The lead that `text` begins with; None where there is none.
        section_title: The heading above; None where there is none.
        departments: Names of the responsible bodies and departments as printed.
        cited: What stands inside 《》, as spans of `text`.
        notice_title: The title of the notice; None where it prints none.
    """

    text: str
    sentences: tuple[Span, ...] = ()
    title: str | None = None
    section_title: str | None = None
    departments: tuple[str, ...] = ()
    cited: tuple[Span, ...] = ()
    notice_title: str | None = None


@dataclass(frozen=True, slots=True)
class Concepts:
    """What a measure is about.

    Attributes:
        instruments: Mentions in the order of the text, at least one for each concept.
        targets: Likewise.
        domains: At most three ids, the best supported first.
    """

    instruments: tuple[ConceptMention, ...]
    targets: tuple[ConceptMention, ...]
    domains: tuple[str, ...]


def find_concepts(measure: MeasureText) -> Concepts:
    """Reads the concepts of a measure; without any cue the tuples are empty."""
    folded = FoldedText(measure.text)
    hits = sorted(_finder().find(folded), key=itemgetter(1))
    masked = _masked(folded, hits, measure.cited)
    found = {scheme: _counted(folded, hits, scheme, masked[scheme]) for scheme in ("instruments", "targets")}
    domains = rank_domains(
        folded,
        [hit for hit in hits if hit.cue.scheme == "domains"],
        lead=folded.folded(Span(0, len(measure.title or ""))).end,
        headings=(measure.section_title or "", measure.notice_title or ""),
        departments=measure.departments,
        concepts=dict.fromkeys(hit.concept for kept in found.values() for hit in kept),
    )
    return Concepts(
        _mentions(folded, found["instruments"], measure.sentences),
        _mentions(folded, found["targets"], measure.sentences),
        domains,
    )


@cache
def _finder() -> CueFinder:
    cues = [
        Cue(cue, scheme, row["concept"], row["rank"], any_of(row["when"]), any_of(row["unless"]))
        for scheme in ("instruments", "targets")
        for row in table(scheme)
        for cue in split_cues(row["cues"])
    ]
    cues += [
        Cue(cue, f"{scheme}-mask", row["reach"])
        for row in table("masks")
        for scheme in ("instruments", "targets")
        if row["scheme"] in {scheme, "both"}
        for cue in split_cues(row["cues"])
    ]
    return CueFinder(cues + domain_cues())


def _masked(folded: FoldedText, hits: list[Hit], cited: tuple[Span, ...]) -> dict[str, list[Span]]:
    """Returns the stretches in which words of a scheme say nothing of the measure."""
    inside_marks = [folded.folded(span) for span in cited]
    certificates = ("证", "证书", "执照", "证明")
    masked = {
        "instruments": list(inside_marks),
        "targets": [s for s in inside_marks if not folded.text[s.start : s.end].endswith(certificates)],
    }
    for hit in hits:
        scheme = hit.cue.scheme.removesuffix("-mask")
        if scheme != hit.cue.scheme:
            clause = folded.clause(hit.span)
            reach = {
                "itself": hit.span,
                "after": Span(hit.span.start, clause.end),
                "before": Span(clause.start, hit.span.end),
                "clause": clause,
                "sentence": folded.sentence(hit.span),
            }
            masked[scheme].append(reach[hit.concept])
    return masked


def _counted(folded: FoldedText, hits: list[Hit], scheme: str, masked: list[Span]) -> list[Hit]:
    """Returns the hits of a scheme that say something of the measure."""
    own = [hit for hit in hits if hit.cue.scheme == scheme]
    masks = [(*span, "") for span in masked]
    hiding = sorted([*masks, *((*hit.span, hit.cue.concept) for hit in own if hit.cue.gapless)])
    seen = [hit for hit in own if hit.cue.concept != _GUARD and not _hidden(hit, hiding)]
    return _narrowest(_without_rivals(folded, _by_rank(folded, seen), scheme), _ancestors(scheme))


def _hidden(hit: Hit, hiding: list[tuple[int, int, str]]) -> bool:
    """Tells whether a hit stands in a mask (no concept) or is a part of wording that says another thing."""
    (start, end), concept = hit.span, hit.cue.concept
    for a, b, other in hiding:
        if a > start:
            return False
        if end <= b and (not other or (other != concept and b - a > end - start)):
            return True
    return False


def _narrowest(hits: list[Hit], ancestors: dict[str, frozenset[str]]) -> list[Hit]:
    """Drops the hits whose concept is an ancestor of another one's."""
    wider = frozenset[str]().union(*(ancestors[hit.concept] for hit in hits))
    return [hit for hit in hits if hit.concept not in wider]


@cache
def _ancestors(scheme: str) -> dict[str, frozenset[str]]:
    parents = {concept.id: concept.parent for concept in vocabulary(scheme.removesuffix("s"))}
    return {concept: frozenset(_above(parents, concept)) for concept in parents}


def _above(parents: dict[str, str | None], concept: str) -> Iterator[str]:
    parent = parents[concept]
    while parent:
        yield parent
        parent = parents[parent]


def _by_rank(folded: FoldedText, seen: list[Hit]) -> list[Hit]:
    """Drops the hits whose rank yields to others that stand in its reach."""
    kept = [hit for hit in seen if not hit.cue.rank]
    yielding = [hit for hit in seen if hit.cue.rank]
    for rank, (reach, stronger) in _YIELDS.items() if yielding else ():
        firm = [hit.span for hit in kept if hit.cue.rank in stronger]
        for hit in yielding:
            if hit.cue.rank == rank:
                around = reach(folded, hit)
                if not any(around.holds(span) for span in firm):
                    kept.append(hit)
    return kept


def _without_rivals(folded: FoldedText, hits: list[Hit], scheme: str) -> list[Hit]:
    """Drops the hits that a rival's words near them explain better."""
    said: dict[str, list[Span]] = {}
    for hit in hits:
        said.setdefault(hit.concept, []).append(hit.span)
    lost = {
        (hit.concept, hit.span)
        for hit in hits
        for rival, reach in _rivals(scheme).get(hit.concept, ())
        if rival in said and any(map(reach(folded, hit).holds, said[rival]))
    }
    return [hit for hit in hits if (hit.concept, hit.span) not in lost]


@cache
def _rivals(scheme: str) -> dict[str, list[tuple[str, Callable[[FoldedText, Hit], Span]]]]:
    """Returns for a concept those that it yields to, and how far around it."""
    rivals: dict[str, list[tuple[str, Callable[[FoldedText, Hit], Span]]]] = {}
    for row in table("rivals"):
        if row["scheme"] == scheme:
            rivals.setdefault(row["concept"], []).extend((r, _REACH[row["within"]]) for r in row["rivals"].split("|"))
    return rivals


def _whole(folded: FoldedText, _: Hit) -> Span:
    return Span(0, len(folded.text))


_REACH: dict[str, Callable[[FoldedText, Hit], Span]] = {
    "clause": lambda folded, hit: folded.clause(hit.span),
    "sentence": lambda folded, hit: folded.sentence(hit.span),
    "measure": _whole,
}
_YIELDS: dict[str, tuple[Callable[[FoldedText, Hit], Span], frozenset[str]]] = {
    "clause": (_REACH["clause"], frozenset({""})),
    "sentence": (_REACH["sentence"], frozenset({""})),
    "beside": (_whole, frozenset()),
    "topic": (_whole, frozenset({"", "clause", "sentence", "beside"})),
    "general": (_whole, frozenset({"", "clause", "sentence", "topic"})),
    "last": (_whole, frozenset({"", "clause", "sentence", "beside", "topic", "general"})),
    "default": (_whole, frozenset({"", "clause", "sentence", "beside", "topic", "general", "last"})),
}
"""What a rank yields to, and how far around it: `topic` is a field of work that stands for who works in it,
`general` a wide class, `last` a resort, `default` whom such work is for where nobody is named at all; nothing general
yields to `beside` (persons, offices)."""


def _mentions(folded: FoldedText, hits: list[Hit], sentences: tuple[Span, ...]) -> tuple[ConceptMention, ...]:
    """Keeps the first words of each concept in each sentence."""
    first: dict[tuple[str, int], ConceptMention] = {}
    starts = [sentence.start for sentence in sentences]
    for concept, span in sorted((hit.concept, folded.printed(hit.span)) for hit in hits):
        i = bisect_right(starts, span.start) - 1
        sentence = i if i >= 0 and sentences[i].holds(span) else -1
        first.setdefault((concept, sentence), ConceptMention(concept, span))
    return tuple(sorted(first.values(), key=lambda mention: (mention.span, mention.concept)))
