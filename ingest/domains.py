"""Ranks the domains of a measure by the evidence for each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from ingest.cues import Cue, CueFinder, FoldedText, Hit, split_cues
from ingest.tables import table
from ontology.load import concepts as vocabulary

DEPARTMENT, SECTION, NOTICE, TITLE, CUE, WEAK_CUE, CONCEPT = 4.0, 1.0, 0.75, 4.0, 2.0, 0.75, 1.5
"""What a piece of evidence weighs: the department that answers, the heading above, the title of the notice, the lead,
other words, a concept whose home the domain is."""
_SHARE = 0.4
"""A domain is given from this share of the first one's weight on."""
AT_MOST = 3
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


def domain_cues() -> list[Cue]:
    """Returns the cues that stand for domains in a text: of scheme `domains`, their rank empty or `weak`."""
    return _cues("cues", "") + _cues("weak", "weak")


def rank_domains(
    text: FoldedText,
    hits: list[Hit],
    lead: int,
    headings: Sequence[str],
    departments: Sequence[str],
    concepts: Iterable[str],
) -> tuple[str, ...]:
    """Returns the one to three best supported domains, the best first; none where nothing speaks for any.

    Args:
        text: The measure's text.
        hits: The domains' cues in it.
        lead: How many characters of `text`, folded, are its lead.
        headings: The heading above the measure and the title of the notice; an empty text where one is missing.
        departments: Names of the departments that answer for it, each as often as bodies have one of that name.
        concepts: The instruments and targets found in it, each once.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for domain, share in _department_shares(departments).items():
        weights[domain] += DEPARTMENT * share
    if len(set(departments)) < len(departments):
        for domain in _marked("shared"):
            weights[domain] += CUE
    for domain, strength in _strengths(text, hits, lead).items():
        weights[domain] += strength
    for heading, most in zip(headings, (SECTION, NOTICE), strict=True):
        for domain, strength in _heading_strengths(heading):
            weights[domain] += min(strength, most)
    for concept in concepts:
        for domain in _homes().get(concept, ()):
            weights[domain] += CONCEPT
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    least = CUE if ranked and ranked[0][0] in _marked("way") else _FLOOR
    floor = max(ranked[0][1] * _SHARE, least) if ranked else 0.0
    across = _marked("across")
    enough = [domain for domain, weight in ranked if weight >= (CUE if domain in across else floor)]
    enough = [domain for domain in enough if _rivals(domain).isdisjoint(enough)]
    return tuple(_one_of_a_line(enough, weights)[:AT_MOST] or [domain for domain, _ in ranked[:1]])


def _one_of_a_line(domains: list[str], weights: Mapping[str, float]) -> list[str]:
    """Keeps of a domain and the wider one above it the narrower, or the wider where little speaks for the narrower."""
    dropped = {
        domain if weights[domain] < _OWN * weights[wider] else wider
        for domain in domains
        if (wider := _wider().get(domain)) in domains and wider
    }
    return [domain for domain in domains if domain not in dropped]


@lru_cache(4096)
def _heading_strengths(heading: str) -> tuple[tuple[str, float], ...]:
    text = FoldedText(heading)
    return tuple(_strengths(text, _heading_finder().find(text)["domains"], 0).items())


def _strengths(text: FoldedText, hits: list[Hit], lead: int) -> dict[str, float]:
    """Returns what the words of a text say for each domain: full for the best cue, a quarter for each further one."""
    hits = _said(hits)
    lists = _lists(text, hits)
    found: dict[str, dict[str, float]] = {}
    for start, end, cue in hits:
        weight = WEAK_CUE if cue.rank or (lists and any(a <= start and end <= b for a, b in lists)) else CUE
        if end <= lead:
            weight *= TITLE / CUE
        words = found.setdefault(cue.concept, {})
        if weight > words.get(cue.written, 0.0):
            words[cue.written] = weight
    best = {domain: max(words.values()) for domain, words in found.items()}
    return {domain: most + (sum(found[domain].values()) - most) / 4 for domain, most in best.items()}


def _said(hits: list[Hit]) -> list[Hit]:
    """Returns the cues that stand in none that says nothing."""
    hidden = [hit for hit in hits if hit[2].concept == _GUARD]
    return [hit for hit in hits if not any(a <= hit[0] and hit[1] <= b for a, b, _ in hidden)] if hidden else hits


def _lists(text: FoldedText, hits: list[Hit]) -> list[tuple[int, int]]:
    """Returns the clauses that enumerate lines of work, and so are about none of them."""
    across = _marked("across")
    firm = [(start, end, cue.concept) for start, end, cue in hits if not cue.rank and cue.concept not in across]
    if len({domain for _, _, domain in firm}) < _LIST or "、" not in text.text:
        return []
    named: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for start, end, domain in firm:
        named[text.clause(start, end)].add(domain)
    return [clause for clause, domains in named.items() if len(domains) >= _LIST and "、" in text.text[slice(*clause)]]


def _department_shares(departments: Iterable[str]) -> dict[str, float]:
    """Returns what the departments say for each domain: the first in full, each further one less."""
    named = map(_department_domains, departments)
    ranks = {domains: rank for rank, domains in enumerate(dict.fromkeys(filter(None, named)), 1)}
    shares: dict[str, float] = {}
    for domains, rank in ranks.items():
        for domain in domains:
            shares[domain] = max(shares.get(domain, 0.0), 1 / rank, _LEAST)
    return shares


@lru_cache(4096)
def _department_domains(name: str) -> frozenset[str]:
    return frozenset(cue.concept for _, _, cue in _said(_department_finder().find(FoldedText(name))["domains"]))


@cache
def _heading_finder() -> CueFinder:
    return CueFinder(domain_cues())


@cache
def _department_finder() -> CueFinder:
    return CueFinder(_cues("departments", ""))


def _cues(column: str, rank: str) -> list[Cue]:
    return [Cue(cue, "domains", row["concept"], rank) for row in table("domains") for cue in split_cues(row[column])]


@cache
def _wider() -> dict[str, str | None]:
    """Returns the domain above each one."""
    return {concept.id: concept.parent for concept in vocabulary("domain")}


@cache
def _rivals(domain: str) -> frozenset[str]:
    """Returns the domains that a domain yields to."""
    rows = [row for row in table("rivals") if (row["scheme"], row["concept"]) == ("domains", domain)]
    return frozenset(rival for row in rows for rival in row["rivals"].split("|"))


@cache
def _marked(column: str) -> frozenset[str]:
    """Returns the domains that a column marks.

    `across`: they lie across the lines of work, their own words are enough beside any other domain; `shared`: like
    departments of several bodies, who answer together, speak for them; `way`: they are a way to work in some field,
    one word is enough for the field beside them.
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
