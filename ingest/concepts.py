"""Finds the instruments, targets and domains of a measure, with the words that say each.

Cues and conditions are data: `patterns/instruments.tsv`, `targets.tsv`, `domains.tsv` and `masks.tsv`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from operator import itemgetter
from typing import NamedTuple

from ingest.cues import Cue, CueFinder, FoldedText, Hit, Stretch, any_of, split_cues
from ingest.domains import AT_MOST, domain_cues, rank_domains
from ingest.model import ConceptMention, Span
from ingest.tables import table
from ingest.weights import Weighed, weights
from ontology.load import concepts as vocabulary

_GUARD = "-"
"""In the concept column: the cue says nothing and hides what stands inside it."""
_SCHEMES = ("instruments", "targets")


class MeasureText(NamedTuple):
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


class Concepts(NamedTuple):
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
    """Reads the concepts of a measure: what cues say and the weights of all words do not deny, or these alone say."""
    folded = FoldedText(measure.text)
    cued, mute, domains = _cued(folded, measure)
    heading = _folded(measure.section_title or "")
    weighed = weights().weigh(folded.text, heading, {**cued, "domains": domains})
    sentences = [folded.folded(sentence) for sentence in measure.sentences]
    instruments, targets = (
        _mentions(folded, _agreed(weighed, scheme, cued[scheme], sentences, mute[scheme]), sentences)
        for scheme in _SCHEMES
    )
    fields = weighed.said["domains"]
    best = sorted(fields, key=lambda domain: (-fields[domain], domain))[:AT_MOST]
    return Concepts(instruments, targets, tuple(best) or domains[:1])


@lru_cache(4096)
def _folded(heading: str) -> str:
    return FoldedText(heading).text


def _agreed(
    weighed: Weighed, scheme: str, cued: dict[str, list[Stretch]], sentences: list[Stretch], mute: list[Stretch]
) -> dict[str, list[Stretch]]:
    """Returns where the concepts that are said stand: their cues, or else the words that say them outside `mute`."""
    said = weighed.said[scheme]
    found = {concept: stretches for concept, stretches in cued.items() if concept in said}
    for concept in sorted(said.keys() - cued.keys()):
        stretch = weighed.strongest(scheme, concept, sentences)
        if stretch and not any(a < stretch[1] and stretch[0] < b for a, b in mute):
            found[concept] = [stretch]
    return _narrowest(found, scheme)


def find_cued(measure: MeasureText) -> dict[str, frozenset[str]]:
    """Returns by scheme the concepts that cues alone say; without any cue the sets are empty."""
    cued, _, domains = _cued(FoldedText(measure.text), measure)
    return {**{scheme: frozenset(cued[scheme]) for scheme in _SCHEMES}, "domains": frozenset(domains)}


def _cued(
    folded: FoldedText, measure: MeasureText
) -> tuple[dict[str, dict[str, list[Stretch]]], dict[str, list[Stretch]], tuple[str, ...]]:
    """Returns by scheme the concepts that cues say and where, and where words say nothing; and the domains."""
    hits = _finder().find(folded)
    masked = _masked(folded, hits, measure.cited)
    cued = {scheme: _said(folded, hits[scheme], scheme, masked[scheme]) for scheme in _SCHEMES}
    domains = rank_domains(
        folded,
        hits["domains"],
        lead=folded.folded(Span(0, len(measure.title or "")))[1],
        headings=(measure.section_title or "", measure.notice_title or ""),
        departments=measure.departments,
        concepts=cued["instruments"].keys() | cued["targets"].keys(),
    )
    for scheme in _SCHEMES:
        masked[scheme] += [(start, end) for start, end, cue in hits[scheme] if cue.concept == _GUARD]
    return cued, masked, domains


def _narrowest(said: dict[str, list[Stretch]], scheme: str) -> dict[str, list[Stretch]]:
    """Drops the concepts that are ancestors of others."""
    ancestors = _ancestors(scheme)
    wider = frozenset[str]().union(*[ancestors[concept] for concept in said])
    return {concept: stretches for concept, stretches in said.items() if concept not in wider}


@cache
def _finder() -> CueFinder:
    cues = [
        Cue(cue, scheme, row["concept"], row["rank"], any_of(row["when"]), any_of(row["unless"]))
        for scheme in _SCHEMES
        for row in table(scheme)
        for cue in split_cues(row["cues"])
    ]
    cues += [
        Cue(cue, f"{scheme}-mask", row["reach"])
        for row in table("masks")
        for scheme in _SCHEMES
        if row["scheme"] in {scheme, "both"}
        for cue in split_cues(row["cues"])
    ]
    return CueFinder(cues + domain_cues())


def _masked(folded: FoldedText, hits: dict[str, list[Hit]], cited: tuple[Span, ...]) -> dict[str, list[Stretch]]:
    """Returns the stretches in which words of a scheme say nothing of the measure."""
    inside_marks = [folded.folded(span) for span in cited]
    certificates = ("证", "证书", "执照", "证明")
    masked = {
        "instruments": list(inside_marks),
        "targets": [s for s in inside_marks if not folded.text[slice(*s)].endswith(certificates)],
    }
    for scheme, stretches in masked.items():
        for start, end, cue in hits[f"{scheme}-mask"]:
            clause = folded.clause(start, end)
            reach = {
                "itself": (start, end),
                "after": (start, clause[1]),
                "before": (clause[0], end),
                "clause": clause,
                "sentence": folded.sentence(start, end),
            }
            stretches.append(reach[cue.concept])
    return masked


def _said(folded: FoldedText, hits: list[Hit], scheme: str, masked: list[Stretch]) -> dict[str, list[Stretch]]:
    """Returns the concepts of a scheme that the measure says, and where the words for each stand."""
    for first, last in masked:
        hits = [hit for hit in hits if hit[0] < first or hit[1] > last]
    said: dict[str, list[Stretch]] = {}
    for start, end, cue in _by_rank(folded, _unhidden(hits)):
        said.setdefault(cue.concept, []).append((start, end))
    return _narrowest(_without_rivals(folded, said, scheme), scheme)


def _unhidden(hits: list[Hit]) -> list[Hit]:
    """Drops the hits that say nothing, and those that are a part of unbroken wording that says another thing."""
    seen: list[Hit] = []
    wordings: list[Hit] = []
    reach = 0
    longest_first = sorted(hits, key=itemgetter(1), reverse=True)
    for hit in sorted(longest_first, key=itemgetter(0)):
        start, end, cue = hit
        concept = cue.concept
        if start >= reach:
            wordings.clear()
        for a, b, other in wordings if end <= reach else ():
            if end <= b and b - a > end - start and other.concept != concept:
                break
        else:
            if concept != _GUARD:
                seen.append(hit)
        if cue.gapless:
            wordings.append(hit)
            reach = max(reach, end)
    return seen


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
    kept: list[Hit] = []
    yielding: dict[str, list[Hit]] = {}
    for hit in seen:
        rank = hit[2].rank
        (yielding.setdefault(rank, []) if rank else kept).append(hit)
    for rank in sorted(yielding, key=_RANKS.index):
        reach, stronger = _YIELDS[rank]
        firm = [(a, b) for a, b, cue in kept if cue.rank in stronger]
        own = yielding[rank]
        kept += [hit for hit in own if not _holds_any(reach(folded, hit[0], hit[1]), firm)] if firm else own
    return kept


def _without_rivals(folded: FoldedText, said: dict[str, list[Stretch]], scheme: str) -> dict[str, list[Stretch]]:
    """Drops the words that a rival's words near them explain better."""
    rivals = _rivals(scheme)
    if said.keys().isdisjoint(rivals):
        return said
    kept = dict(said)
    for concept in said.keys() & rivals.keys():
        for rival, reach in rivals[concept]:
            if rival in said:
                kept[concept] = [s for s in kept[concept] if not _holds_any(reach(folded, *s), said[rival])]
    return {concept: stretches for concept, stretches in kept.items() if stretches}


def _holds_any(around: Stretch, stretches: list[Stretch]) -> bool:
    first, last = around
    for start, end in stretches:  # noqa: SIM110 - any() costs twice as much, and this is asked often
        if first <= start and end <= last:
            return True
    return False


_Reach = Callable[[FoldedText, int, int], Stretch]


@cache
def _rivals(scheme: str) -> dict[str, list[tuple[str, _Reach]]]:
    """Returns for a concept those that it yields to, and how far around it."""
    rivals: dict[str, list[tuple[str, _Reach]]] = {}
    for row in table("rivals"):
        if row["scheme"] == scheme:
            rivals.setdefault(row["concept"], []).extend((r, _REACH[row["within"]]) for r in row["rivals"].split("|"))
    return rivals


def _whole(folded: FoldedText, _start: int, _end: int) -> Stretch:
    return 0, len(folded.text)


_REACH: dict[str, _Reach] = {"clause": FoldedText.clause, "sentence": FoldedText.sentence, "measure": _whole}
_YIELDS: dict[str, tuple[_Reach, frozenset[str]]] = {
    "clause": (FoldedText.clause, frozenset({""})),
    "sentence": (FoldedText.sentence, frozenset({""})),
    "beside": (_whole, frozenset()),
    "topic": (_whole, frozenset({"", "clause", "sentence", "beside"})),
    "general": (_whole, frozenset({"", "clause", "sentence", "topic"})),
    "last": (_whole, frozenset({"", "clause", "sentence", "beside", "topic", "general"})),
    "default": (_whole, frozenset({"", "clause", "sentence", "beside", "topic", "general", "last"})),
}
"""What a rank yields to, and how far around it: `topic` is a field of work that stands for who works in it,
`general` a wide class, `last` a resort, `default` whom such work is for where nobody is named at all; nothing general
yields to `beside` (persons, offices)."""
_RANKS = tuple(_YIELDS)


def _mentions(
    folded: FoldedText, said: dict[str, list[Stretch]], sentences: list[Stretch]
) -> tuple[ConceptMention, ...]:
    """Keeps the first words of each concept in each sentence."""
    found = []
    starts = [start for start, _ in sentences]
    for concept, stretches in said.items():
        met = set()
        for start, end in sorted(stretches) if len(stretches) > 1 else stretches:
            i = bisect_right(starts, start) - 1
            sentence = i if i >= 0 and end <= sentences[i][1] else -1
            if sentence not in met:
                met.add(sentence)
                found.append((folded.printed(start, end), concept))
    return tuple([ConceptMention(concept, span) for span, concept in sorted(found)])
