"""Lists of items: what is asked for by filters and words, a page of it, and how often each facet has which value."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from ontology.iris import DEFAULT_BASE
from ontology.terms import NG
from queries import cursors, paths
from queries.index import Index, day
from store import search
from store.arrays import local_name
from store.search import LAST_DAY, Wanted

MAX_LIMIT = 500
# More items than these are counted only where it is asked for: it takes longer than all else.
MANY = 20_000
_BUCKETS = 20
_SCHEMES = {"level": "agency-level", "issuer": "agency"}
Sort = Literal["", "relevance", "date", "-date", "label", "-label"]
_BEARS_DATES = {"Notice", "Measure", "Provision", "Deadline"}


class FilterError(ValueError):
    """These items are not filtered by that."""


class UnknownError(ValueError):
    """A filter names what is not known."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Another node, by IRI and label."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Highlight:
    """Where a word that was searched for stands: a half-open stretch, in code points, of a value of the item."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list.

    Attributes:
        id: Its IRI.
        label: What to show for it.
        type: IRI of its class.
        date: When it was issued; of a deadline, when it ends. xsd:date, empty where it is not known.
        begin: Since when it holds, likewise.
        end: Until when it holds, with the dates of events reckoned in; empty where there is no end or it is not known.
        open: Whether the start or the end waits for something that is not known yet.
        values: Its literals in Chinese or without language, by the local name of their predicate.
        links: The nodes that it leads to, by facet.
        highlights: Where the words that were searched for stand, in `values` and in `label`.
    """

    id: str
    label: str
    type: str
    date: str
    begin: str
    end: str
    open: bool
    values: dict[str, str]
    links: dict[str, list[Reference]]
    highlights: list[Highlight] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A value of a facet, and how many of the items have it."""

    id: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Items:
    """A page of a list.

    Attributes:
        items: The items.
        total: How many there are on all pages.
        next: Cursor of the next page; None at the end.
        facets: Values of each facet among all items, the most frequent first.
    """

    items: list[Item]
    total: int
    next: str | None
    facets: dict[str, list[Bucket]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        kinds: Local names of the classes of items; empty for all.
        filters: Values by facet, IRIs or ids: of each facet one must fit. Divisions stand for all below them,
            concepts for all narrower ones.
        q: Words that must all be found in the text.
        on: The day on which it holds, xsd:date; what is open is not left out.
        since: The first date, xsd:date.
        until: The last date, likewise.
        sort: Empty for that by relevance where there are words, else by date downwards, or by label.
        limit: How many a page.
        cursor: Where to go on; None for the first page.
        language: `zh` or `en`, of labels.
        buckets: How many values of each facet; 0 for none; None for 20 where there are not more than `MANY` items.
        base: What minted IRIs begin with.
    """

    kinds: tuple[str, ...] = ()
    filters: Mapping[str, Iterable[str]] = field(default_factory=dict)
    q: str = ""
    on: date | None = None
    since: date | None = None
    until: date | None = None
    sort: Sort = ""
    limit: int = 20
    cursor: str | None = None
    language: str = "zh"
    buckets: int | None = None
    base: str = DEFAULT_BASE


def listed(index: Index, asked: Asked) -> Items:
    """Returns a page of the items that are asked for.

    Raises:
        FilterError: These items have no such filter.
        UnknownError: A filter names what is not known.
        CursorError: The cursor is of another version.
    """
    (offset,) = cursors.read(asked.cursor, index.version, 1)
    condition = wanted(index, asked)
    found = index.items.search(condition, _order(asked), offset, asked.limit)
    following = offset + len(found.hits)
    more = cursors.write(index.version, following) if found.hits and following < found.total else None
    items = [item(index, node, stored, asked.language, condition.words) for node, stored in found.hits]
    buckets = (_BUCKETS if found.total <= MANY else 0) if asked.buckets is None else asked.buckets
    return Items(items, found.total, more, _facets(index, condition, asked, buckets) if buckets else {})


def wanted(index: Index, asked: Asked) -> Wanted:
    """Returns what is asked for as the index has it; raises FilterError, UnknownError."""
    facets = [("kind", _kinds(index, asked.kinds))] if asked.kinds else []
    for name, values in asked.filters.items():
        allowed = {known for kind in asked.kinds or ("",) for known in paths.names(kind)}
        if name not in allowed:
            raise FilterError(f"{name}: these items are filtered by {', '.join(sorted(allowed))}")
        facets.append((name, frozenset(known(index, name, value, asked.base) for value in values)))
    ranges = []
    if asked.since or asked.until:
        last = _number(asked.until) if asked.until else LAST_DAY
        ranges.append(("date", _number(asked.since) if asked.since else 1, last))
    if asked.on:
        on = _number(asked.on)
        ranges += [("begin", 0, on), ("until", on, LAST_DAY)]
    return Wanted(words=search.words(asked.q), facets=tuple(facets), ranges=tuple(ranges))


def known(index: Index, facet: str, value: str, base: str) -> int:
    """Returns the node that a filter's value names; raises UnknownError where there is none."""
    iri = value if ":" in value else f"{base}id/{_SCHEMES.get(facet, facet)}/{value}"
    node = index.graph.find(iri)
    if node is None:
        raise UnknownError(f"{facet}: nothing is known about <{iri}>")
    return node


def item(index: Index, node: int, stored: str, language: str, words: Iterable[str] = ()) -> Item:
    """Returns an item of the index.

    Args:
        index: Where it stands.
        node: Its number.
        stored: What the index gives back for it.
        language: `zh` or `en`, of labels.
        words: What is highlighted.
    """
    graph, kept = index.graph, json.loads(stored)
    kind = graph.types[graph.type(node)]
    links = paths.facet_values(graph, node, kind.removeprefix(str(NG)), shown=True)
    label, values = graph.label(node, language), kept["values"]
    return Item(
        id=graph.iri(node),
        label=label,
        type=kind,
        date=kept["date"],
        begin=kept["begin"],
        end=kept["end"],
        open=kept["open"],
        values=values,
        links={name: [reference(index, other, language) for other in found] for name, found in links.items() if found},
        highlights=list(_highlights({"label": label, **values}, words)),
    )


def reference(index: Index, node: int, language: str) -> Reference:
    """Returns a node by IRI and label."""
    return Reference(index.graph.iri(node), index.graph.label(node, language))


def suggested(index: Index, prefix: str, limit: int, language: str) -> list[Reference]:
    """Returns what a search box may offer: things whose name begins with `prefix`, those with the most links first."""
    named = ("Notice", "Agency", "CitedDocument", "Instrument", "TargetEntity", "Domain", "AdministrativeDivision")
    asked = Wanted(prefix=prefix, facets=(("kind", _kinds(index, named)),))
    return [reference(index, node, language) for node, _ in index.items.search(asked, "popularity", 0, limit).hits]


def _kinds(index: Index, kinds: Iterable[str]) -> frozenset[int]:
    types = index.graph.types
    return frozenset(types.index(NG[kind]) for kind in kinds if NG[kind] in types)


def _order(asked: Asked) -> str:
    if asked.sort:
        return asked.sort
    if search.words(asked.q):
        return "relevance"
    return "-date" if _BEARS_DATES.issuperset(asked.kinds) else "label"


def _number(date: date) -> int:
    return day(date.isoformat()) or 0


def _facets(index: Index, condition: Wanted, asked: Asked, buckets: int) -> dict[str, list[Bucket]]:
    names = {name: None for kind in asked.kinds or ("",) for name in paths.names(kind)}
    found = index.items.counts(condition, ("kind", *names), buckets)
    types = index.graph.types
    kinds = [
        Bucket(types[kind], _class(index, types[kind], asked.language), count) for kind, count in found.pop("kind")
    ]
    facets = {
        name: [Bucket(index.graph.iri(node), index.graph.label(node, asked.language), count) for node, count in values]
        for name, values in found.items()
        if values
    }
    return facets if len(asked.kinds) == 1 else {"type": kinds, **facets}


def _class(index: Index, iri: str, language: str) -> str:
    node = index.graph.find(iri)
    return local_name(iri) if node is None else index.graph.label(node, language)


def _highlights(values: Mapping[str, str], words: Iterable[str]) -> Iterable[Highlight]:
    parts = [re.escape(search.folded(word)) for word in words]
    if parts:
        pattern = re.compile("|".join(parts))
        for name, value in values.items():
            for found in pattern.finditer(search.folded(value)):
                yield Highlight(name, found.start(), found.end())
