"""Ranks the domains of a measure by the evidence for each."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache

from ingest.cues import Cue, CueFinder, FoldedText, split_cues
from ingest.tables import table

DEPARTMENT, SECTION, TITLE, CUE, WEAK_CUE, CONCEPT = 4.0, 1.0, 4.0, 2.0, 0.75, 1.5
"""What a piece of evidence weighs: the department that answers, the heading above, the lead, other words, a concept
whose home the domain is."""
_SHARE = 0.4
"""A domain is given from this share of the first one's weight on."""
_AT_MOST = 3


def rank_domains(
    text: FoldedText, lead: int, heading: str, departments: Iterable[str], concepts: Iterable[str]
) -> tuple[str, ...]:
    """Returns the one to three best supported domains, the best first; none where nothing speaks for any.

    Args:
        text: The measure's text.
        lead: How many characters of `text`, folded, are its lead.
        heading: The heading above the measure, or an empty text.
        departments: Names of the bodies that answer for it.
        concepts: The instruments and targets found in it, each once.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for domain, share in _department_shares(departments).items():
        weights[domain] += DEPARTMENT * share
    for domain, strength in _strengths(text, lead).items():
        weights[domain] += strength
    for domain, strength in _strengths(FoldedText(heading), 0).items():
        weights[domain] += min(strength, SECTION)
    for concept in concepts:
        for domain in _homes().get(concept, ()):
            weights[domain] += CONCEPT
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    floor = max(ranked[0][1] * _SHARE, CONCEPT) if ranked else 0.0
    enough = [domain for domain, weight in ranked if weight >= (CUE if domain in _across() else floor)]
    return tuple(enough[:_AT_MOST] or [domain for domain, _ in ranked[:1]])


def _strengths(text: FoldedText, lead: int) -> dict[str, float]:
    """Returns what the words of a text say for each domain: full for the best cue, a quarter for each further one."""
    found: dict[str, dict[str, float]] = {}
    for hit in _finder("cues").find(text):
        weight = WEAK_CUE if hit.cue.rank else CUE
        if hit.span.end <= lead:
            weight *= TITLE / CUE
        words = found.setdefault(hit.concept, {})
        words[hit.cue.written] = max(weight, words.get(hit.cue.written, 0.0))
    return {domain: max(words.values()) + sum(sorted(words.values())[:-1]) / 4 for domain, words in found.items()}


def _department_shares(departments: Iterable[str]) -> dict[str, float]:
    """Returns each domain's share of the departments that have any."""
    homes = [{hit.concept for hit in _finder("departments").find(FoldedText(name))} for name in departments]
    named = [domains for domains in homes if domains]
    counted = Counter(domain for domains in named for domain in domains)
    return {domain: max(count / len(named), 0.5) for domain, count in counted.items()}


@cache
def _finder(column: str) -> CueFinder:
    weak = [("weak", "weak")] if column == "cues" else []
    return CueFinder(
        Cue(cue, "domains", row["concept"], rank)
        for row in table("domains")
        for name, rank in [(column, ""), *weak]
        for cue in split_cues(row[name])
    )


@cache
def _across() -> frozenset[str]:
    """Returns the domains that lie across the lines of work: their own words are enough beside any other domain."""
    return frozenset(row["concept"] for row in table("domains") if row["across"])


@cache
def _homes() -> dict[str, tuple[str, ...]]:
    """Returns the domains that a concept of another scheme belongs to."""
    homes: dict[str, tuple[str, ...]] = {}
    for row in table("domains"):
        for concept in split_cues(row["concepts"]):
            homes[concept] = (*homes.get(concept, ()), row["concept"])
    return homes
