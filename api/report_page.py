"""A validation report as HTML: each result with its words marked in the text of the source."""

from collections.abc import Collection, Iterable
from html import escape

from api import pages
from ontology import terms
from shapes.report import Place, Report, short
from store.base import Iri

_AROUND = 30
_MARKED = 120


def report_page(title: str, entries: Iterable[tuple[str, Report, Collection[str]]], base: str) -> bytes:
    """Returns a page.

    Args:
        title: Its heading.
        entries: IRIs of graphs, their reports, and the texts of their sources.
        base: What the IRIs that this server answers begin with.
    """
    parts, judged = [], 0
    for graph, report, texts in entries:
        judged += 1
        if report.results:
            parts.append(_entry(graph, report, texts, base))
    about = f"<p>{judged} 个图已校验 · judged, {len(parts)} 个有结果 · with results</p>"
    return pages.page(title, about + "".join(parts), pages.style("report.css"))


def _entry(graph: str, report: Report, texts: Collection[str], base: str) -> str:
    counts = [f"{sum(r.severity == kind for r in report.results)} {kind}" for kind in ("Violation", "Warning", "Info")]
    verdict = "符合 · conforms" if report.conforms else "不符合 · does not conform"
    heading = pages.term(Iri(graph), base=base) if ":" in graph else escape(graph)
    head = f"<h2>{heading}</h2><p>{verdict}: {', '.join(counts)}</p>"
    rows = []
    for one in report.results:
        name = one.source_shape.removeprefix(str(terms.NGSH))
        where = "<br>".join(pages.bdi(short(term)) for term in (one.focus_node, one.path) if term)
        value = pages.bdi(short(one.value)) if one.value and one.value != one.focus_node else ""
        why = f'<p lang="zh">{escape(one.message_zh)}</p><p lang="en">{escape(one.message_en)}</p>'
        named = ":" in one.source_shape
        shape = (
            pages.link(f"/shapes#{name}" if base else one.source_shape, escape(name))
            if named
            else escape(short(one.shape))
        )
        marked = _marked(one.place, texts) if one.place else ""
        rows.append(
            (f'<span class="{escape(one.severity)}">{escape(one.severity)}</span>', where, why, value, marked, shape)
        )
    heads = ("级别 · severity", "何处 · where", "缘由 · why", "值 · value", "原文 · text", "形状 · shape")
    return head + (pages.table(heads, rows) if rows else "")


def _marked(place: Place, texts: Collection[str]) -> str:
    """Returns the words of a place with what stands around them, and what is said to stand there where it does not."""
    start, end, quote = place.start, place.end, _mark(place.quote)
    if start is not None and end is not None and 0 <= start < end:
        for text in sorted(texts, key=lambda text: text[start:end] != place.quote):
            if end <= len(text):
                before, words, after = text[max(0, start - _AROUND) : start], text[start:end], text[end : end + _AROUND]
                there = f'<bdi lang="zh">{escape(before)}{_mark(words)}{escape(after)}</bdi>'
                return there if words == place.quote else f"{there}<p>图中 · in the graph: {quote}</p>"
    return f'<bdi lang="zh">{quote}</bdi>'


def _mark(words: str) -> str:
    cut = words if len(words) <= _MARKED else f"{words[: _MARKED // 2]} … {words[-_MARKED // 2 :]}"
    return f"<mark>{escape(cut)}</mark>"
