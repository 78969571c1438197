"""A validation report as HTML: each result with its words marked in the text of the source."""

from collections.abc import Collection, Iterable
from html import escape

from api import pages
from ontology import terms
from shapes.report import Place, Report, short
from store.base import Iri

_AROUND = 30
_STYLE = (
    "<style>.Violation{background:#fdd}.Warning{background:#ffd}.Info{background:#eef}mark{background:#fc6}"
    "span{white-space:nowrap}</style>"
)


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
    return pages.page(title, _STYLE + about + "".join(parts))


def _entry(graph: str, report: Report, texts: Collection[str], base: str) -> str:
    counts = [f"{sum(r.severity == kind for r in report.results)} {kind}" for kind in ("Violation", "Warning", "Info")]
    verdict = "符合 · conforms" if report.conforms else "不符合 · does not conform"
    heading = pages.term(Iri(graph), base=base) if ":" in graph else escape(graph)
    head = f"<h2>{heading}</h2><p>{verdict}: {', '.join(counts)}</p>"
    rows = []
    for one in report.results:
        name = one.source_shape.removeprefix(terms.NGSH)
        where = "<br>".join(f"<bdi>{escape(short(term))}</bdi>" for term in (one.focus_node, one.path) if term)
        value = f"<bdi>{escape(short(one.value))}</bdi>" if one.value and one.value != one.focus_node else ""
        why = f'<p lang="zh">{escape(one.message_zh)}</p><p lang="en">{escape(one.message_en)}</p>'
        shape = pages.link(f"/shapes#{name}" if base else one.source_shape, escape(name))
        marked = _marked(one.place, texts) if one.place else ""
        rows.append(
            (f'<span class="{escape(one.severity)}">{escape(one.severity)}</span>', where, why, value, marked, shape)
        )
    heads = ("级别 · severity", "何处 · where", "缘由 · why", "值 · value", "原文 · text", "形状 · shape")
    return head + (pages.table(heads, rows) if rows else "")


def _marked(place: Place, texts: Collection[str]) -> str:
    """Returns the words of a place with what stands around them; the words alone where no text has them there."""
    start, end = place.start, place.end
    if start is not None and end is not None and 0 <= start < end:
        for text in sorted(texts, key=lambda text: text[start:end] != place.quote):
            if end <= len(text):
                before, words, after = text[max(0, start - _AROUND) : start], text[start:end], text[end : end + _AROUND]
                return f'<bdi lang="zh">{escape(before)}<mark>{escape(words)}</mark>{escape(after)}</bdi>'
    return f'<bdi lang="zh"><mark>{escape(place.quote)}</mark></bdi>'
