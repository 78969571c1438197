"""Every statement is grounded: offsets, quotes, and the way back to the raw text (contract, section Terms)."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import SourceError
from ingest.layout import lay_out
from ingest.model import Notice
from ingest.read import read_notice
from ingest.text import decode, fold
from store.base import Iri, Literal, Store, Term

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "data/notices").iterdir()) + sorted((ROOT / "tests/cases/notices").rglob("*.txt"))
PREFIXES = """PREFIX ng: <https://w3id.org/noticegraph/ontology#> PREFIX dct: <http://purl.org/dc/terms/>
"""
CHINESE = st.text(
    alphabet="一二三、（）1.。，：；　\n \f关于通知市场监管局责任单位：2023年5月日《》-abｘ", max_size=400
)


def value(term: Term | None) -> str:
    assert isinstance(term, Iri | Literal)
    return term.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_normalised_text_leads_back_to_the_raw_text(path: Path) -> None:
    raw = decode(path.read_bytes()).text
    layout = lay_out(raw)
    for offset, character in enumerate(layout.text):
        if not character.isspace():
            assert raw[layout.raw_offset(offset)] == character
    for paragraph in layout.paragraphs:
        span = layout.raw_span(paragraph)
        printed = re.sub(r"[\s\u200b\ufeff]", "", raw[span.start : span.end])
        words = re.sub(r"\s", "", layout.text[paragraph.start : paragraph.end])
        assert all(character in printed for character in words)


@given(CHINESE)
def test_any_text_is_laid_out_and_leads_back(raw: str) -> None:
    layout = lay_out(raw)
    assert all(raw[layout.raw_offset(i)] == c for i, c in enumerate(layout.text) if not c.isspace())
    assert len(fold(layout.text)) == len(layout.text)


@given(CHINESE.filter(lambda text: bool(text.strip())))
def test_any_text_is_read(raw: str) -> None:
    if lay_out(raw).text:
        assert all(spans_hold(read_notice(raw.encode(), "any.txt")))
    else:
        with pytest.raises(SourceError, match="empty-document"):
            read_notice(raw.encode(), "any.txt")


def spans_hold(notice: Notice) -> list[bool]:
    text = notice.text
    found = [
        mention.span
        for measure in notice.measures
        for provision in measure.provisions
        for mention in (*provision.instruments, *provision.targets, *provision.deadlines)
    ]
    found += [mention.span for measure in notice.measures for mention in measure.responsible]
    found += [mention.span for mention in notice.header.issuers]
    return [0 <= span.start < span.end <= len(text) for span in found]


def test_each_quote_is_the_text_at_its_offsets(store: Store) -> None:
    rows = store.select(
        PREFIXES
        + """SELECT ?text ?start ?end ?quote
        { ?m ng:inSource/ng:text ?text ; ng:start ?start ; ng:end ?end .
          { ?m ng:quote ?quote } UNION { ?m ng:text ?quote } }"""
    )
    assert len(rows) > 1000
    for text, start, end, quote in rows:
        assert value(text)[int(value(start)) : int(value(end))] == value(quote)


@pytest.mark.parametrize(
    ("asserted", "subject"),
    [
        ("ng:responsible|ng:usesInstrument|ng:targets|ng:hasDeadline|ng:cites", "ng:Measure"),
        ("ng:issuedBy|ng:addressedTo|ng:cites", "ng:Notice"),
        ("ng:usesInstrument|ng:targets|ng:hasDeadline", "ng:Provision"),
    ],
)
def test_whatever_is_asserted_has_a_mention_there(store: Store, asserted: str, subject: str) -> None:
    bare = store.select(
        PREFIXES
        + f"""SELECT ?s ?o {{ ?s a {subject} ; {asserted} ?o .
        FILTER NOT EXISTS {{ ?mention ng:denotes ?o ; ng:within/^ng:hasProvision? ?s }} }}"""
    )
    assert list(bare) == []


def test_a_measure_says_what_its_provisions_say(store: Store) -> None:
    for predicate in ("ng:usesInstrument", "ng:targets", "ng:hasDeadline"):
        for one, other in (("", "ng:hasProvision/"), ("ng:hasProvision/", "")):
            query = f"ASK {{ ?m a ng:Measure ; {one}{predicate} ?o FILTER NOT EXISTS {{ ?m {other}{predicate} ?o }} }}"
            assert not store.ask(PREFIXES + query)
