"""The explanation of a reading: marks nest over the text without losing a character, in the terminal and as a page."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli import main
from api.explain import as_text, explain, summary
from api.explain_page import explain_page
from api.marks import KINDS, Mark, Node, blocks, nest
from ingest.model import Notice, Span
from ingest.read import read_notice

ROOT = Path(__file__).parent.parent
NOTICE = ROOT / "tests/cases/notices/seen/a3.txt"
HOSTILE = """<b>某某市</b>市场监督管理局关于“<script>alert(1)</script>”的通知
一、支持企业
1.对企业减免50%的检验费，\u202e代码7749&amp;8848，依据《"onclick="x" 办法》，3个工作日内办结。
"""
SPANS = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: Span(min(ends), max(ends)))
MARKS = st.lists(st.builds(Mark, SPANS, st.sampled_from(sorted(KINDS)), st.just("甲"), st.just("乙")), max_size=8)


def read(text: str) -> Notice:
    return read_notice(text.encode(), "n.txt")


def leaves(nodes: tuple[Node, ...]) -> list[Span]:
    return [leaf for node in nodes for leaf in (leaves(node.inner) if node.mark else [node.span])]


def marked(nodes: tuple[Node, ...], around: tuple[Mark, ...] = ()) -> dict[int, set[tuple[str, Span]]]:
    """For each character what marks it, by kind and the piece that the mark has there."""
    found: dict[int, set[tuple[str, Span]]] = {}
    for node in nodes:
        own = (*around, node.mark) if node.mark else around
        if node.mark:
            found |= marked(node.inner, own)
        else:
            found |= {at: {(m.kind, m.span) for m in own} for at in range(node.span.start, node.span.end)}
    return found


@given(st.text(min_size=30, max_size=30), SPANS, MARKS)
def test_nested_pieces_are_the_text_again_and_keep_every_mark(text: str, span: Span, marks: list[Mark]):
    nodes = nest(span, marks)
    assert "".join(text[leaf.start : leaf.end] for leaf in leaves(nodes)) == text[span.start : span.end]
    for at, own in marked(nodes).items():
        assert {kind for kind, _ in own} == {m.kind for m in marks if m.span.start <= at < m.span.end}
        assert all(piece.start <= at < piece.end for _, piece in own)


def test_a_mark_that_crosses_another_is_split_where_that_ends():
    a, b = Mark(Span(0, 4), "target", "", ""), Mark(Span(2, 6), "deadline", "", "")
    first, second = nest(Span(0, 8), [b, a])[:2]
    assert (first.mark, [node.span for node in first.inner]) == (a, [Span(0, 2), Span(2, 4)])
    assert second.mark == Mark(Span(4, 6), "deadline", "", "")


def test_blocks_are_the_whole_text_in_order_with_all_measures(notices: tuple[Notice, ...]):
    for notice in (*notices, read_notice(NOTICE.read_bytes(), "a3.txt")):
        parts = blocks(notice)
        assert "".join(notice.text[b.span.start : b.span.end] for b in parts) == notice.text
        assert [b.position for b in parts if b.measure] == list(range(1, len(notice.measures) + 1))
        for block in parts:
            if block.measure:
                assert {"responsible"} >= {m.kind for m in block.marks if not block.measure.span.holds(m.span)} - {
                    "number"
                }


class Page(HTMLParser):
    """Reads a page strictly: what it opens it closes, in order."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self) -> None:
        """Begins a page with nothing open."""
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Refuses the end of what was not opened last."""
        assert self.open.pop() == tag


def page_of(notice: Notice) -> Page:
    page = Page()
    page.feed(explain_page(notice, blocks(notice)))
    page.close()
    assert page.open == []
    return page


def test_page_is_whole_and_asks_for_nothing(notices: tuple[Notice, ...]):
    for notice in (*notices, read(HOSTILE)):
        page = page_of(notice)
        assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "object"}
        assert not [attrs for _, attrs in page.tags if {"src", "onclick", "style"} & attrs.keys()]
        targets = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
        links = {str(attrs["href"]) for tag, attrs in page.tags if tag == "a"}
        assert links
        assert {link.removeprefix("#") for link in links} <= targets
        style = explain_page(notice, blocks(notice)).partition("</style>")[0]
        assert not re.search(r"url\(|@import|https?:", style)


def test_words_of_the_notice_are_escaped_and_isolated():
    html = explain_page(read(HOSTILE), blocks(read(HOSTILE)))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "7749</mark>&amp;amp;" in html
    for run in re.findall("[^<>]*\u202e[^<>]*", html):
        assert re.search(rf"<bdi[^>]*>(?:(?!</bdi>).)*{re.escape(run)}", html, re.DOTALL)


def test_page_names_rule_and_value_and_the_numbers_without_any():
    html = explain_page(read(HOSTILE), blocks(read(HOSTILE)))
    assert 'title="数额 amount: = 50 百分比 · Per cent\namount-bound:exact amount-unit:percent"' in html
    assert "deadline-type:processing-limit duration P3D in working days" in html
    assert '<span class="wrong">2: <a href="#measure-1">#1</a></span>' in html


def test_notice_without_measures_is_one_block():
    notice = read("关于放假的通知\n各单位：\n国庆节放假七天，请安排好值班。\n")
    assert [block.span for block in blocks(notice)] == [Span(0, len(notice.text))]


def test_text_without_colour_has_brackets_and_none_of_its_own_escapes():
    notice = read(HOSTILE)
    shown = as_text(notice, blocks(notice), colour=False)
    assert "减免⟦50%⟧" in re.sub("⟦(?!50)|(?<!50%)⟧", "", shown)
    assert "unexplained   7749" in shown
    assert "\x1b" not in shown
    assert shown.endswith(summary(blocks(notice)) + "\n")


def test_coloured_text_without_its_codes_is_the_text_again():
    notice = read_notice(NOTICE.read_bytes(), "a3.txt")
    coloured = re.sub(r"\x1b\[[\d;]*m", "", as_text(notice, blocks(notice), colour=True))
    plain = as_text(notice, blocks(notice), colour=False)
    assert coloured == re.sub("[⟦⟧]", "", plain)
    assert "\x1b[35m" in as_text(notice, blocks(notice), colour=True)


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        """Says so."""
        return True


@pytest.mark.parametrize(("no_colour", "escapes"), [("", True), ("1", False)])
def test_colour_only_on_a_terminal_that_wants_it(no_colour: str, *, escapes: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", no_colour)
    terminal, piped = Terminal(), io.StringIO()
    explain(NOTICE, None, terminal)
    explain(NOTICE, None, piped)
    assert ("\x1b[" in terminal.getvalue()) is escapes
    assert "\x1b[" not in piped.getvalue()


def test_command_reads_standard_input_and_writes_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HOSTILE.encode())))
    assert main(["explain", "-", "--html", str(tmp_path / "n.html")]) == 0
    assert capsys.readouterr().out.endswith(f"unexplained numbers: 2; written to {tmp_path / 'n.html'}\n")
    assert (tmp_path / "n.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["explain", str(NOTICE), "--html", "-"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


def test_command_says_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    assert main(["explain", str(tmp_path / "empty.txt")]) == 1
    assert main(["explain", str(tmp_path / "missing.txt")]) == 1
    errors = capsys.readouterr().err
    assert "empty-document" in errors
    assert "missing.txt" in errors
