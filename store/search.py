"""The text index: what is searched, filtered, counted and sorted, in tantivy; the only module that drives it.

Chinese is written without gaps, so a run of it is indexed as overlapping pairs of characters, each at its place, and a
word is found as the phrase of its pairs: no dictionary decides what a word is. Letters and digits are words themselves.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tantivy
from tantivy import FieldType, Occur, Query

from store.base import StoreError

LAST_DAY = 99_991_231
_WORDS = re.compile(r"(?P<latin>[a-z]+|\d+(?:\.\d+)*)|[^\W\da-z_]+")
_WIDE = {**{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}, 0x3000: 0x20}
_HEAP = 100_000_000
_KEYS = ("node", "degree", "date", "begin", "until", "by_date", "by_early", "by_label")


@dataclass(frozen=True, slots=True)
class Document:
    """What the index holds of a node.

    Attributes:
        node: Its number; documents come in the order of their numbers.
        label: What is shown for it, and what counts most.
        texts: All else that is searched.
        facets: Numbers of nodes by facet: what it can be filtered and counted by.
        degree: How many links it has: of equals the more linked is suggested first.
        date: When it was issued or ends, as yyyymmdd; 0 where unknown.
        begin: Since when it holds, likewise.
        until: Until when it holds; `LAST_DAY` where there is no end.
        stored: What is given back as it is.
        english: The label in English, which is searched and suggested, too.
    """

    node: int
    label: str
    texts: tuple[str, ...]
    facets: Mapping[str, Sequence[int]]
    degree: int
    date: int
    begin: int
    until: int
    stored: str
    english: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents are wanted: those that fit all of it.

    Attributes:
        words: Each must be found in the text.
        prefix: What the label begins with.
        facets: Of each pair, the facet holds at least one of the nodes; who holds more and rarer ones ranks higher.
        without: Of each pair, the facet holds none of them.
        ranges: Of each triple, the key (`date`, `begin`, `until`) is from the second to the third.
    """

    words: tuple[str, ...] = ()
    prefix: str = ""
    facets: tuple[tuple[str, frozenset[int]], ...] = ()
    without: tuple[tuple[str, frozenset[int]], ...] = ()
    ranges: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the documents that were found.

    Attributes:
        total: How many there are in all.
        hits: Number of the node and what was stored, in order.
    """

    total: int
    hits: list[tuple[int, str]] = field(default_factory=list)


class TextIndex:
    """Reads what `write` has written.

    Raises:
        StoreError: It cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """Opens the index in a folder."""
        try:
            index = tantivy.Index.open(str(folder))
        except ValueError as error:
            raise StoreError(f"the text index in {folder} cannot be read: {error}") from error
        self._schema, self._searcher = index.schema, index.searcher()

    def search(self, wanted: Wanted, order: str, offset: int, limit: int) -> Page:
        """Returns a page of what is wanted.

        Args:
            wanted: What is wanted.
            order: `relevance`, `popularity` (relevance and degree), `date` or `label`; `-date` and `-label` go down.
            offset: How many are left out before.
            limit: How many are returned at most.
        """
        options: dict[str, Any] = {}
        if order == "popularity":
            options["weight_by_field"] = "degree"
        elif order != "relevance":
            # What has no date comes last in both directions.
            options["order_by_field"] = "by_early" if order == "date" else f"by_{order.removeprefix('-')}"
            options["order"] = tantivy.Order.Desc if order.startswith("-") else tantivy.Order.Asc
        found: Any = self._searcher.search(self._query(wanted), max(limit, 1), offset=offset, **options)
        places = [place for _, place in found.hits[:limit]]
        nodes = map(int, self._searcher.fast_field_values("node", places))  # type: ignore[arg-type]
        stored = [str(self._searcher.doc(place).get_first("stored")) for place in places]
        return Page(found.count or 0, list(zip(nodes, stored, strict=True)))

    def counts(self, wanted: Wanted, facets: Iterable[str], size: int) -> dict[str, list[tuple[int, int]]]:
        """Returns the most frequent nodes of each facet with their numbers of documents, at most `size`."""
        terms = {facet: {"terms": {"field": facet, "size": size, "segment_size": 1000}} for facet in facets}
        found = self._searcher.aggregate(self._query(wanted), terms)
        return {
            facet: [(int(bucket["key"]), bucket["doc_count"]) for bucket in found[facet]["buckets"]] for facet in terms
        }

    def _query(self, wanted: Wanted) -> Query:
        parts = [(Occur.Must, self._word(word)) for word in wanted.words]
        if wanted.prefix:
            parts.append((Occur.Must, self._regex("name", re.escape(folded(wanted.prefix)) + ".*")))
        parts += [(Occur.Must, self._any(facet, nodes)) for facet, nodes in wanted.facets]
        parts += [(Occur.MustNot, self._any(facet, nodes)) for facet, nodes in wanted.without]
        for key, low, high in wanted.ranges:
            parts.append((Occur.Must, Query.range_query(self._schema, key, FieldType.Unsigned, low, high)))
        positive = any(occur == Occur.Must for occur, _ in parts)
        return Query.boolean_query(parts if positive else [(Occur.Must, Query.all_query()), *parts])

    def _any(self, facet: str, nodes: Iterable[int]) -> Query:
        terms = [(Occur.Should, Query.term_query(self._schema, facet, node)) for node in sorted(nodes)]
        return Query.boolean_query(terms) if terms else Query.empty_query()

    def _word(self, word: str) -> Query:
        label, text = self._phrase("label", word), self._phrase("text", word)
        return Query.boolean_query([(Occur.Should, Query.boost_query(label, 3.0)), (Occur.Should, text)])

    def _phrase(self, name: str, word: str) -> Query:
        """Returns the phrase of a word's terms; a last character that stands alone begins a pair in the text."""
        terms = _grams(word, last=False)
        if not terms:
            return Query.empty_query()
        begins = len(terms[-1]) == 1 and not terms[-1].isascii()
        if len(terms) == 1:
            return self._regex(name, f"{re.escape(terms[0])}.?") if begins else self._term(name, terms[0])
        if begins:
            patterns: list[str | tuple[int, str]] = [*map(re.escape, terms[:-1]), f"{re.escape(terms[-1])}.?"]
            return Query.regex_phrase_query(self._schema, name, patterns)
        return Query.phrase_query(self._schema, name, _needed(terms))

    def _term(self, name: str, term: str) -> Query:
        return Query.term_query(self._schema, name, term)

    def _regex(self, name: str, pattern: str) -> Query:
        return Query.regex_query(self._schema, name, pattern)


def write(documents: Iterable[Document], labels: Sequence[int], folder: Path, facets: Iterable[str]) -> None:
    """Writes an index into a folder that exists.

    Args:
        documents: What it holds.
        labels: Numbers of all nodes that have a document, in the order of their labels.
        folder: Where the files go.
        facets: Names of the facets.
    """
    builder = tantivy.SchemaBuilder()
    for name in ("label", "text"):
        builder.add_text_field(name, tokenizer_name="whitespace")
    builder.add_text_field("name", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("stored", stored=True, tokenizer_name="raw", index_option="basic")
    for name in (*_KEYS, *facets):
        builder.add_unsigned_field(name, fast=True, indexed=True)
    index = tantivy.Index(builder.build(), path=str(folder))
    places = {node: place for place, node in enumerate(labels)}
    writer = index.writer(_HEAP, num_threads=1)
    for document in documents:
        added = tantivy.Document()
        added.add_text("label", " ".join(_grams(document.label)))
        for name in {document.label, document.english} - {""}:
            added.add_text("name", folded(name))
        texts = (*document.texts, document.english)
        added.add_text("text", " ".join(gram for text in texts for gram in _grams(text)))
        added.add_text("stored", document.stored)
        for key in ("node", "degree", "date", "begin", "until"):
            added.add_unsigned(key, getattr(document, key))
        # The node's place makes every order total, so that pages neither overlap nor leave a gap.
        added.add_unsigned("by_date", document.date << 32 | document.node)
        added.add_unsigned("by_early", (document.date or LAST_DAY + 1) << 32 | document.node)
        added.add_unsigned("by_label", places[document.node])
        for facet, nodes in document.facets.items():
            for node in nodes:
                added.add_unsigned(facet, node)
        writer.add_document(added)
    writer.commit()
    writer.wait_merging_threads()


def folded(text: str) -> str:
    """Returns text as it is compared: full-width forms and capitals made plain, character by character."""
    plain = text.translate(_WIDE)
    low = plain.lower()
    # A few capitals have small forms of two characters; offsets must not move.
    return low if len(low) == len(plain) else "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


def words(asked: str) -> tuple[str, ...]:
    """Returns what is searched for: the parts between blanks, without those that are but marks where others are not."""
    parts = tuple(asked.split())
    return tuple(part for part in parts if _WORDS.search(folded(part))) or parts


def _needed(terms: Sequence[str]) -> list[str | tuple[int, str]]:
    """Returns the terms of a phrase by their places, without pairs whose characters stand in the pairs beside them."""
    pairs = [len(term) > 1 and not term.isascii() for term in terms]
    kept: list[tuple[int, str]] = []
    for place, term in enumerate(terms):
        inner = 0 < place < len(terms) - 1 and all(pairs[place - 1 : place + 2])
        if not inner or kept[-1][0] < place - 1:
            kept.append((place, term))
    return [*kept]


def _grams(text: str, *, last: bool = True) -> list[str]:
    """Returns the terms of a text; each run ends with its last character alone, but for the last one of a query."""
    found: list[str] = []
    runs = list(_WORDS.finditer(folded(text)))
    for run in runs:
        word = run[0]
        if run["latin"]:
            found.append(word)
        else:
            ends = len(word) == 1 or last or run is not runs[-1]
            found += [word[place : place + 2] for place in range(len(word) - (not ends))]
    return found
