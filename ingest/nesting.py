"""Hangs the paragraphs of a document below the numbers that head them.

Numbers are followed as they nest; a heading may have none, an item a list mark alone, and the rows of a table belong
to the heading above it.
"""

import re
from functools import cache

from ingest.grid import Grid, Row, is_row
from ingest.model import Span
from ingest.numbering import ITEM_STYLES, SECTION_STYLES, Head, head_of
from ingest.tables import table

SENTENCE_END = re.compile("[。！？]")
NAME = re.compile(r"[^，。；：、！？]{4,40}(?:局|厅|委|会|办|室|院|中心|政府|总队)(?:（[^（）]{1,8}）)?")
DATE = re.compile(
    r"(?:\d{4}|[二〇○零一三四五六七八九]{4})年[\d一二三四五六七八九十]{1,3}月[\d一二三四五六七八九十]{1,3}日"
)
HEADING, BULLET = Head("heading", "", 0, 0), Head("bullet", "", 0, 0)
_BARE = re.compile(r"[^，。；：、！？\d]{2,24}")
_ENDED = re.compile(r"[。；！：）】\]〕]$")


class Node:
    """A numbered paragraph: its own paragraphs, then those numbered below it, or the rows of a table below it."""

    def __init__(self, head: Head, paragraph: Span) -> None:
        """Starts with the paragraph that the number heads."""
        self.head = head
        self.paragraphs = [paragraph]
        self.children: list[Node] = []
        self.rows: list[Row] = []


@cache
def patterns(kind: str, where: str) -> re.Pattern[str]:
    """Returns what `patterns/outline.tsv` has of a kind, for a title, a lead, or a text."""
    rows = (row["pattern"] for row in table("outline") if (row["kind"], row["where"]) == (kind, where))
    return re.compile("|".join(f"(?:{pattern})" for pattern in rows))


def is_label(text: str) -> bool:
    """Tells whether a paragraph is a line of responsible bodies: `责任单位：…`."""
    return bool(patterns("label", "text").match(text))


class Nesting:
    """Hangs each paragraph below the number that it belongs to."""

    def __init__(self, text: str, marked: frozenset[Span] = frozenset()) -> None:
        """Starts with nothing; `marked` are the paragraphs that count as items because a list mark leads them."""
        self.text = text
        self.marked = marked
        self.roots: list[Node] = []
        self.stack: list[Node] = []
        self.last: dict[str, int] = {}
        self.loose: list[Span] = []
        self.rows: list[Row] = []
        self.grid = Grid(text)
        self.closed = False
        self.listing = False

    def build(self, paragraphs: list[Span]) -> tuple[list[Node], list[Span]]:
        """Returns the top nodes and the paragraphs that belong to none."""
        headings, others = self._headings(paragraphs)
        for p in paragraphs:
            words = self.text[p.start : p.end]
            head = HEADING if p in headings else self._head(p)
            if p in others:
                self.closed = bool(self.stack) and self.stack[0].head is HEADING
            if is_row(words):
                self._add(self.grid.read(p))
                continue
            self.listing = head is not None and (self.listing or self._lists(words))
            if head is not None and self._continues(head) and not self.listing:
                self._open(head, Span(p.start + head.length, p.end))
            elif self.stack and not self._closes(words):
                self.stack[-1].paragraphs.append(p)
            else:
                self.loose.append(p)
                self.closed = self.closed or bool(self.stack)
        self._trim()
        return self.roots, self.loose

    def _add(self, row: Row | None) -> None:
        """A row belongs to the heading above its table, if there is one."""
        if row is not None:
            headed = self.stack and not self.closed and self._is_bare(self.stack[-1])
            (self.stack[-1].rows if headed else self.rows).append(row)

    def _is_bare(self, node: Node) -> bool:
        first = node.paragraphs[0]
        return len(node.paragraphs) == 1 and not SENTENCE_END.search(self.text, first.start, first.end)

    def _head(self, paragraph: Span) -> Head | None:
        if paragraph in self.marked:
            return BULLET
        return head_of(self.text[paragraph.start : paragraph.end])

    def _lists(self, words: str) -> bool:
        """In a list of attachments, or of what closing words announce (下列文件废止：), numbers head no items."""
        if not self.loose:
            return False
        before = self.text[self.loose[-1].start : self.loose[-1].end]
        announced = self.closed and before.endswith("：")
        attached = bool(patterns("attachments", "text").match(before)) and not SENTENCE_END.search(words)
        return announced or attached

    def _headings(self, paragraphs: list[Span]) -> tuple[frozenset[Span], frozenset[Span]]:
        """Returns the headings without a number, right before items and of other parts; two such lines at least."""
        bare = [
            (p, self._head(after))
            for before, p, after in zip(paragraphs, paragraphs[1:], paragraphs[2:], strict=False)
            if _BARE.fullmatch(self.text, p.start, p.end)
            and self._head(p) is None
            and not is_label(self.text[p.start : p.end])
            and _ENDED.search(self.text, before.start, before.end)
            and (self._head(after) or SENTENCE_END.search(self.text, after.start, after.end))
        ]
        heading = [
            (p, head.style) for p, head in bare if head and (head.style in ITEM_STYLES or head.style == "stated")
        ]
        styles = {style for _, style in heading}
        alone = len(heading) == 1 and styles != {"stated"}
        if len(bare) == 1 or len(styles) != 1 or alone:  # one short line may be anything
            return frozenset(), frozenset()
        found = frozenset(p for p, _ in heading)
        return found, frozenset(p for p, _ in bare) - found

    def _continues(self, head: Head) -> bool:
        if head in (HEADING, BULLET):
            return True
        expected = self.last.get(head.style, 0) + 1
        siblings = [n.head.ordinal for n in self.stack if n.head.style == head.style]
        return head.ordinal == 1 or abs(head.ordinal - expected) <= 1 or head.ordinal - 1 in siblings

    def _open(self, head: Head, span: Span) -> None:
        styles = [n.head.style for n in self.stack]
        if head.style in styles:
            del self.stack[styles.index(head.style) :]
        elif head.style in SECTION_STYLES or head is HEADING:
            self.stack.clear()
        node = Node(head, span)
        (self.stack[-1].children if self.stack else self.roots).append(node)
        self.stack.append(node)
        self.last[head.style] = head.ordinal
        self.closed = False

    def _closes(self, words: str) -> bool:
        if self.closed or is_label(words):
            return self.closed
        if self.stack[-1].rows:
            return True
        closing = bool(patterns("closing", "text").match(words)) and not self._is_bare(self.stack[-1])
        return closing or bool(NAME.fullmatch(words) or DATE.fullmatch(words)) or words.endswith("印发")

    def _trim(self) -> None:
        """The last item keeps following paragraphs only where its siblings have such."""
        if not self.stack:
            return
        last = self.stack[-1]
        siblings = self.stack[-2].children if len(self.stack) > 1 else self.roots
        own = self._unlabelled(last)[1:]
        habit = any(len(self._unlabelled(n)) > 1 and not n.children for n in siblings[:-1])
        lead = self.text[last.paragraphs[0].start : last.paragraphs[0].end]
        if own and not habit and len(siblings) > 1 and SENTENCE_END.search(lead):
            self.loose += own
            last.paragraphs = [p for p in last.paragraphs if p not in own]

    def _unlabelled(self, node: Node) -> list[Span]:
        return [p for p in node.paragraphs if not is_label(self.text[p.start : p.end])]
