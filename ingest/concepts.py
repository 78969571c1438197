"""Finds the instruments, targets and domains of a measure, with the words that say each.

Cues and conditions are data: `patterns/instruments.tsv`, `targets.tsv` and `masks.tsv`; domains have weights alone.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from operator import itemgetter
from typing import NamedTuple

from ingest.cues import Cue, CueFinder, FoldedText, Hit, Stretch, any_of, split_cues
from ingest.model import ConceptMention, Span
from ingest.tables import table
from ingest.weights import Weighed, weights
from ontology.load import concepts as vocabulary

_GUARD = "-"
"""In the concept column: the cue says nothing and hides what stands inside it."""
_SCHEMES = ("instruments", "targets")
_MOST_DOMAINS = 3


class MeasureText(NamedTuple):
    """What is known of a measure before its meaning is read.

    Attributes:
        text: The measure's text as printed; paragraphs may be separated by line ends.
        sentences: Its provisions, as spans of `text`.
        section_title: The heading above; None where there is none.
        departments: Names of the responsible bodies and departments as printed.
        cited: What stands inside 《》, as spans of `text`.
    """

    text: str
    sentences: tuple[Span, ...] = ()
    section_title: str | None = None
    departments: tuple[str, ...] = ()
    cited: tuple[Span, ...] = ()


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
    cued, mute = _cued(folded, measure.cited)
    headings = [_folded(name) for name in dict.fromkeys((measure.section_title or "", *measure.departments)) if name]
    weighed = weights().weigh(folded.text, "\n".join(headings), {**cued, "domains": ()})
    sentences = [folded.folded(sentence) for sentence in measure.sentences]
    instruments, targets = (
        _mentions(folded, _agreed(weighed, scheme, cued[scheme], sentences, mute[scheme]), sentences)
        for scheme in _SCHEMES
    )
    return Concepts(instruments, targets, _best(weighed.said["domains"]))


@lru_cache(4096)
def _folded(heading: str) -> str:
    return FoldedText(heading).text


def _best(domains: Mapping[str, float]) -> tuple[str, ...]:
    """Returns those of the highest sums, a domain beside a narrower one left out."""
    ancestors = _ancestors("domains")
    wider = frozenset[str]().union(*[ancestors[domain] for domain in domains])
    return tuple(sorted(domains.keys() - wider, key=lambda domain: (-domains[domain], domain))[:_MOST_DOMAINS])


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


def find_cued(text: str, cited: tuple[Span, ...] = ()) -> dict[str, frozenset[str]]:
    """Returns by scheme the concepts that cues alone say in a measure's text; domains have none."""
    cued, _ = _cued(FoldedText(text), cited)
    return {scheme: frozenset(cued[scheme]) for scheme in _SCHEMES}


def _cued(
    folded: FoldedText, cited: tuple[Span, ...]
) -> tuple[dict[str, dict[str, list[Stretch]]], dict[str, list[Stretch]]]:
    """Returns by scheme the concepts that cues say and where, and where words say nothing."""
    hits = _finder().find(folded)
    masked = _masked(folded, hits, cited)
    cued = {scheme: _said(hits[scheme], masked[scheme]) for scheme in _SCHEMES}
    for scheme in _SCHEMES:
        masked[scheme] += [(start, end) for start, end, cue in hits[scheme] if cue.concept == _GUARD]
    return cued, masked


def _narrowest(said: dict[str, list[Stretch]], scheme: str) -> dict[str, list[Stretch]]:
    """Drops the concepts that are ancestors of others."""
    ancestors = _ancestors(scheme)
    wider = frozenset[str]().union(*[ancestors[concept] for concept in said])
    return {concept: stretches for concept, stretches in said.items() if concept not in wider}


@cache
def _finder() -> CueFinder:
    cues = [
        Cue(cue, scheme, row["concept"], any_of(row["when"]), any_of(row["unless"]))
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
    return CueFinder(cues)


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


def _said(hits: list[Hit], masked: list[Stretch]) -> dict[str, list[Stretch]]:
    """Returns the concepts of a scheme that cues outside of `masked` say, and where they stand."""
    for first, last in masked:
        hits = [hit for hit in hits if hit[0] < first or hit[1] > last]
    said: dict[str, list[Stretch]] = {}
    for start, end, cue in _unhidden(hits):
        said.setdefault(cue.concept, []).append((start, end))
    return said


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
