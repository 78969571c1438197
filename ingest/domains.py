"""Ranks the domains of a measure by the evidence for each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from ingest.cues import Cue, CueFinder, FoldedText, Hit, split_cues
from ingest.model import Span
from ingest.tables import table
from ontology.load import concepts as vocabulary

DEPARTMENT, SECTION, TITLE, CUE, WEAK_CUE, CONCEPT = 4.0, 1.0, 4.0, 2.0, 0.75, 1.5
"""What a piece of evidence weighs: the department that answers, the heading above, the lead, other words, a concept
whose home the domain is."""
_SHARE = 0.4
"""A domain is given from this share of the first one's weight on."""
_AT_MOST = 3
_LIST = 3
"""A clause that names so many lines of work is a list of them."""
_LEAST = 0.4
"""What the last of the departments still counts."""
_FLOOR = 2.5
"""What a second domain needs at least: more than one word, and more than one concept."""
_OWN = 0.5
"""A narrower domain stands in place of its wider one from this share of the wider one's weight on."""
_GUARD = "-"
"""In the concept column: the cue says nothing and hides what stands inside it."""


def rank_domains(
    text: FoldedText, lead: int, heading: str, departments: Iterable[str], concepts: Iterable[str]
) -> tuple[str, ...]:
    """Returns the one to three best supported domains, the best first; none where nothing speaks for any.

    Args:
        text: The measure's text.
        lead: How many characters of `text`, folded, are its lead.
        heading: The heading above the measure, or an empty text.
        departments: Names of the departments that answer for it, each as often as bodies have one of that name.
        concepts: The instruments and targets found in it, each once.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    names = list(departments)
    for domain, share in _department_shares(names).items():
        weights[domain] += DEPARTMENT * share
    if len(set(names)) < len(names):
        for domain in _marked("shared"):
            weights[domain] += CUE
    for domain, strength in _strengths(text, lead).items():
        weights[domain] += strength
    for domain, strength in _strengths(FoldedText(heading), 0).items():
        weights[domain] += min(strength, SECTION)
    for concept in concepts:
        for domain in _homes().get(concept, ()):
            weights[domain] += CONCEPT
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    floor = max(ranked[0][1] * _SHARE, _FLOOR) if ranked else 0.0
    enough = [domain for domain, weight in ranked if weight >= (CUE if domain in _marked("across") else floor)]
    return tuple(_one_of_a_line(enough, weights)[:_AT_MOST] or [domain for domain, _ in ranked[:1]])


def _one_of_a_line(domains: list[str], weights: Mapping[str, float]) -> list[str]:
    """Keeps of a domain and the wider one above it the narrower, or the wider where little speaks for the narrower."""
    dropped = {
        domain if weights[domain] < _OWN * weights[wider] else wider
        for domain in domains
        if (wider := _wider().get(domain)) in domains and wider
    }
    return [domain for domain in domains if domain not in dropped]


def _strengths(text: FoldedText, lead: int) -> dict[str, float]:
    """Returns what the words of a text say for each domain: full for the best cue, a quarter for each further one."""
    hits = _said(text, "cues")
    lists = _lists(text, hits)
    found: dict[str, dict[str, float]] = {}
    for hit in hits:
        weight = WEAK_CUE if hit.cue.rank or any(span.holds(hit.span) for span in lists) else CUE
        if hit.span.end <= lead:
            weight *= TITLE / CUE
        words = found.setdefault(hit.concept, {})
        words[hit.cue.written] = max(weight, words.get(hit.cue.written, 0.0))
    return {domain: max(words.values()) + sum(sorted(words.values())[:-1]) / 4 for domain, words in found.items()}


def _said(text: FoldedText, column: str) -> list[Hit]:
    """Returns the cues of a column that stand in a text and in none that says nothing."""
    hits = list(_finder(column).find(text))
    hidden = [hit.span for hit in hits if hit.concept == _GUARD]
    return [hit for hit in hits if not any(span.holds(hit.span) for span in hidden)]


def _lists(text: FoldedText, hits: list[Hit]) -> list[Span]:
    """Returns the clauses that enumerate lines of work, and so are about none of them."""
    named: defaultdict[Span, set[str]] = defaultdict(set)
    for hit in hits:
        if not hit.cue.rank:
            named[text.clause(hit.span)].add(hit.concept)
    return [
        clause
        for clause, domains in named.items()
        if len(domains - _marked("across")) >= _LIST and "、" in text.text[clause.start : clause.end]
    ]


def _department_shares(departments: Iterable[str]) -> dict[str, float]:
    """Returns what the departments say for each domain: the first in full, each further one less."""
    named = [frozenset(hit.concept for hit in _said(FoldedText(name), "departments")) for name in departments]
    ranks = {domains: rank for rank, domains in enumerate(dict.fromkeys(filter(None, named)), 1)}
    shares: dict[str, float] = {}
    for domains, rank in ranks.items():
        for domain in domains:
            shares[domain] = max(shares.get(domain, 0.0), 1 / rank, _LEAST)
    return shares


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
def _wider() -> dict[str, str | None]:
    """Returns the domain above each one."""
    return {concept.id: concept.parent for concept in vocabulary("domain")}


@cache
def _marked(column: str) -> frozenset[str]:
    """Returns the domains that a column marks.

    `across`: they lie across the lines of work, their own words are enough beside any other domain; `shared`: like
    departments of several bodies, who answer together, speak for them.
    """
    return frozenset(row["concept"] for row in table("domains") if row[column])


@cache
def _homes() -> dict[str, tuple[str, ...]]:
    """Returns the domains that a concept of another scheme belongs to."""
    homes: dict[str, tuple[str, ...]] = {}
    for row in table("domains"):
        for concept in split_cues(row["concepts"]):
            homes[concept] = (*homes.get(concept, ()), row["concept"])
    return homes
