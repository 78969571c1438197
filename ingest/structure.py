"""From paragraphs to the outline: what stands before the items, the sections, the items, what stands after them.

An item is the smallest numbered operative paragraph with what belongs to it (annotation guide, Measures).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from ingest.grid import Grid, Row, is_row
from ingest.layout import Layout
from ingest.model import Section, Span
from ingest.numbering import ITEM_STYLES, SECTION_STYLES, Head, head_of
from ingest.tables import table

MAX_LEAD = 32
_SENTENCE_END = re.compile("[。！？]")
_LIST_END = re.compile("[；;]$")
_NAME = re.compile(r"[^，。；：、！？]{4,40}(?:局|厅|委|会|办|室|院|中心|政府|总队)(?:（[^（）]{1,8}）)?")
_DATE = re.compile(
    r"(?:\d{4}|[二〇○零一三四五六七八九]{4})年[\d一二三四五六七八九十]{1,3}月[\d一二三四五六七八九十]{1,3}日"
)
_ENCLOSED_LENGTH = 200
_BARE = re.compile(r"[^，。；：、！？\d]{2,24}")
_ENDED = re.compile(r"[。；！：）】\]〕]$")
_HEADING, _BULLET = Head("heading", "", 0, 0), Head("bullet", "", 0, 0)
_BLANKS = re.compile("_{3,}|□")
"""What is left open in a form."""


@dataclass(slots=True)
class _Node:
    """A numbered paragraph while the outline is built: its own paragraphs, then those numbered below it."""

    head: Head
    paragraphs: list[Span]
    children: list["_Node"] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Item:
    """An operative item.

    Attributes:
        number: As printed, marks dropped.
        spans: Its paragraphs in order, the number left out; of a row of a table the cells that say what is done.
        section: Index into `Outline.sections`; None under no heading.
        responsible: The cells of a row that name who answers for it.
        time: The cells of a row, or lines of their own (完成时限：…), that say until when.
    """

    number: str
    spans: tuple[Span, ...]
    section: int | None
    responsible: tuple[Span, ...] = ()
    time: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """The parts of a notice, as spans of its normalised text.

    Attributes:
        front: Paragraphs before the first number.
        sections: Headings that hold items.
        items: The operative items.
        back: Paragraphs behind the items: closing words, signature, date, imprint, notes.
        set_apart: Numbered paragraphs that are no measures: goals, safeguards, supplementary articles.
    """

    front: tuple[Span, ...]
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    back: tuple[Span, ...]
    set_apart: tuple[Span, ...] = ()


@cache
def _patterns(kind: str, where: str) -> re.Pattern[str]:
    rows = (row["pattern"] for row in table("outline") if (row["kind"], row["where"]) == (kind, where))
    return re.compile("|".join(f"(?:{pattern})" for pattern in rows))


def is_label(text: str) -> bool:
    """Tells whether a paragraph is a line of responsible bodies: `责任单位：…`."""
    return bool(_patterns("label", "text").match(text))


def outline(text: str, layout: Layout) -> Outline:
    """Finds sections and items in the normalised `text`, folded one to one."""
    paragraphs = list(layout.paragraphs)
    parts = _documents(text, paragraphs)
    builders = [_Builder(text) for _ in parts]
    built = [builder.build(part) for builder, part in zip(builders, parts, strict=True)]
    chosen = _operative(text, paragraphs, built)
    if not any(roots for roots, _ in built) and len(layout.marked) > 1:
        builders = [_Builder(text, layout.marked) for _ in parts]
        built = [builder.build(part) for builder, part in zip(builders, parts, strict=True)]
        chosen = max(range(len(built)), key=lambda i: len(built[i][0]))
    roots, loose = built[chosen]
    sections: list[Section] = []
    set_apart: list[Span] = []
    items = list(_items(text, roots, None, sections, set_apart)) or [
        _of_row(row, None) for builder in builders for row in builder.rows
    ]
    if roots:
        items = _with_rows(text, items, [row for builder in builders for row in builder.rows])
    first = roots[0].paragraphs[0].start if roots else _last_sentence(text, loose)
    before = [p for part in parts[:chosen] for p in part]
    behind = [p for part in parts[chosen + 1 :] for p in part]
    front = before + [p for p in loose if p.start < first]
    back = [p for p in loose if p.start >= first] + behind
    return Outline(tuple(front), tuple(sections), tuple(items), tuple(back), tuple(set_apart))


def _with_rows(text: str, items: list[Item], rows: list[Row]) -> list[Item]:
    """Gives the items what a table of the same numbers and leads adds: who answers, until when (责任分工表)."""
    told = {(row.number, text[row.measure[0].start : row.measure[0].end]): row for row in rows}
    found = []
    for item in items:
        begins = text[item.spans[0].start : item.spans[0].end]
        row = next(
            (row for (number, lead), row in told.items() if number == item.number and begins.startswith(lead)), None
        )
        found.append(
            replace(item, responsible=item.responsible + row.responsible, time=item.time + row.time) if row else item
        )
    return found


def _last_sentence(text: str, paragraphs: list[Span]) -> int:
    """Where a notice without items stops speaking: what follows its last sentence is signature and notes."""
    return max((p.end for p in paragraphs if _SENTENCE_END.search(text, p.start, p.end)), default=0)


def _documents(text: str, paragraphs: list[Span]) -> list[list[Span]]:
    """Parts a letter from what it encloses: a signed and dated letter ends, an attachment's own line begins one."""
    parts: list[list[Span]] = [[]]
    signed = False
    for p in paragraphs:
        words = text[p.start : p.end]
        begins = _patterns("attachment", "text").match(words) and parts[-1]
        if begins or (signed and not _is_signature(words)):
            parts.append([])
            signed = False
        parts[-1].append(p)
        signed = signed or bool(_DATE.fullmatch(words) and len(parts[-1]) > 2)  # noqa: PLR2004 - a date below a title is none
    return parts


def _is_signature(words: str) -> bool:
    return bool(
        _DATE.fullmatch(words)
        or _NAME.fullmatch(words)
        or words.endswith("印发")
        or _patterns("note", "text").match(words)
        or _patterns("closing", "text").match(words)
    )


def _operative(text: str, paragraphs: list[Span], built: list[tuple[list[_Node], list[Span]]]) -> int:
    """Chooses the part that holds the measures: of a letter that issues a plan the plan, else the first with items."""
    holding = [i for i, (roots, _) in enumerate(built) if len(roots) > 1 and not _is_form(text, roots)]
    if not holding:
        return next((i for i, (roots, _) in enumerate(built) if roots), 0)
    issuing = re.search(
        "印发|转发|发布|公布", "".join(text[p.start : p.end] for p in paragraphs[:6])[:_ENCLOSED_LENGTH]
    )
    later = [i for i in holding if i > 0]
    if holding[0] == 0 and issuing and later and len(built[0][0]) <= len(built[later[0]][0]):
        return later[0]
    return holding[0]


def _is_form(text: str, roots: list[_Node]) -> bool:
    """Tells whether the items are mostly blanks to fill in."""
    return 2 * sum(bool(_BLANKS.search(text, n.paragraphs[0].start, n.paragraphs[-1].end)) for n in roots) > len(roots)


class _Builder:
    """Hangs each paragraph below the number that it belongs to."""

    def __init__(self, text: str, marked: frozenset[Span] = frozenset()) -> None:
        self.text = text
        self.marked = marked
        self.roots: list[_Node] = []
        self.stack: list[_Node] = []
        self.last: dict[str, int] = {}
        self.loose: list[Span] = []
        self.rows: list[Row] = []
        self.grid = Grid(text)
        self.closed = False
        self.listing = False

    def build(self, paragraphs: list[Span]) -> tuple[list[_Node], list[Span]]:
        """Returns the top nodes and the paragraphs that belong to none."""
        headings = self._headings(paragraphs)
        for p in paragraphs:
            words = self.text[p.start : p.end]
            head = _HEADING if p in headings else self._head(p)
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

    def _is_bare(self, node: _Node) -> bool:
        first = node.paragraphs[0]
        return len(node.paragraphs) == 1 and not _SENTENCE_END.search(self.text, first.start, first.end)

    def _head(self, paragraph: Span) -> Head | None:
        if paragraph in self.marked:
            return _BULLET
        return head_of(self.text[paragraph.start : paragraph.end])

    def _lists(self, words: str) -> bool:
        """In a list of attachments, or of what closing words announce (下列文件废止：), numbers head no items."""
        if not self.loose:
            return False
        before = self.text[self.loose[-1].start : self.loose[-1].end]
        announced = self.closed and before.endswith("：")
        attached = bool(_patterns("attachments", "text").match(before)) and not _SENTENCE_END.search(words)
        return announced or attached

    def _headings(self, paragraphs: list[Span]) -> frozenset[Span]:
        """Returns the headings without a number: short lines, each right before numbered items, two at least."""
        found = [
            (p, head.style)
            for before, p, after in zip([None, *paragraphs], paragraphs, paragraphs[1:], strict=False)
            if _BARE.fullmatch(self.text, p.start, p.end)
            and self._head(p) is None
            and (head := self._head(after)) is not None
            and head.style in ITEM_STYLES
            and before is not None
            and _ENDED.search(self.text, before.start, before.end)
        ]
        styles = {style for _, style in found}
        return frozenset(p for p, _ in found) if len(found) > 1 and len(styles) == 1 else frozenset()

    def _continues(self, head: Head) -> bool:
        if head in (_HEADING, _BULLET):
            return True
        expected = self.last.get(head.style, 0) + 1
        siblings = [n.head.ordinal for n in self.stack if n.head.style == head.style]
        return head.ordinal == 1 or abs(head.ordinal - expected) <= 1 or head.ordinal - 1 in siblings

    def _open(self, head: Head, span: Span) -> None:
        styles = [n.head.style for n in self.stack]
        if head.style in styles:
            del self.stack[styles.index(head.style) :]
        elif head.style in SECTION_STYLES or head is _HEADING:
            self.stack.clear()
        node = _Node(head, [span])
        (self.stack[-1].children if self.stack else self.roots).append(node)
        self.stack.append(node)
        self.last[head.style] = head.ordinal
        self.closed = False

    def _closes(self, words: str) -> bool:
        if self.closed or is_label(words):
            return self.closed
        if self.stack[-1].rows:
            return True
        closing = bool(_patterns("closing", "text").match(words)) and not self._is_bare(self.stack[-1])
        return closing or bool(_NAME.fullmatch(words) or _DATE.fullmatch(words)) or words.endswith("印发")

    def _trim(self) -> None:
        """The last item keeps following paragraphs only where its siblings have such."""
        if not self.stack:
            return
        last = self.stack[-1]
        siblings = self.stack[-2].children if len(self.stack) > 1 else self.roots
        own = self._unlabelled(last)[1:]
        habit = any(len(self._unlabelled(n)) > 1 and not n.children for n in siblings[:-1])
        lead = self.text[last.paragraphs[0].start : last.paragraphs[0].end]
        if own and not habit and len(siblings) > 1 and _SENTENCE_END.search(lead):
            self.loose += own
            last.paragraphs = [p for p in last.paragraphs if p not in own]

    def _unlabelled(self, node: _Node) -> list[Span]:
        return [p for p in node.paragraphs if not is_label(self.text[p.start : p.end])]


def _items(
    text: str, nodes: list[_Node], section: int | None, sections: list[Section], set_apart: list[Span]
) -> Iterator[Item]:
    for node in nodes:
        if _is_no_measure(text, node):
            set_apart += _all_paragraphs(node)
            continue
        if not _is_heading(text, node):
            spans = [p for p in sorted(_all_paragraphs(node)) if p.end > p.start]
            time = tuple(p for p in spans if _patterns("label", "time").match(text[p.start : p.end]))
            if len(time) < len(spans):
                yield Item(node.head.number, tuple(p for p in spans if p not in time), section, time=time)
            continue
        title = _title(text, node)
        sections.append(Section(node.head.number, text[title.start : title.end], title))
        here = len(sections) - 1
        yield from (_of_row(row, here) for row in node.rows)
        yield from _items(text, node.children, here, sections, set_apart)


def _of_row(row: Row, section: int | None) -> Item:
    return Item(row.number, row.measure, section, row.responsible, row.time)


def _all_paragraphs(node: _Node) -> list[Span]:
    """The paragraphs of a node and of all below it, their numbers kept where they stand inside the item."""
    below = [
        Span(p.start - child.head.length, p.end) if i == 0 and p == child.paragraphs[0] else p
        for child in node.children
        for i, p in enumerate(_all_paragraphs(child))
    ]
    return node.paragraphs + below


def _title(text: str, node: _Node) -> Span:
    first = node.paragraphs[0]
    stop = _SENTENCE_END.search(text, first.start, first.end)
    end = stop.start() if stop else first.end
    while end > first.start and text[end - 1] in "：；，。":
        end -= 1
    return Span(first.start, end)


def _is_heading(text: str, node: _Node) -> bool:
    """Tells whether the numbers below a node are the items, and the node only heads them."""
    if node.rows:
        return True
    if not node.children or node.head.style == "article":
        return False
    own = "".join(text[p.start : p.end] for p in node.paragraphs)
    child = node.children[0]
    if node.head.style in SECTION_STYLES or node.head is _HEADING:
        return True
    body = text[child.paragraphs[0].start : child.paragraphs[-1].end]
    if _patterns("measures", "lead").search(own):
        return True
    if own.endswith("：") and (_patterns("enumeration", "lead").search(own) or _LIST_END.search(body)):
        return False
    return child.head.style in ITEM_STYLES or not _SENTENCE_END.search(own)


def _is_no_measure(text: str, node: _Node) -> bool:
    title = _title(text, node)
    if _patterns("no-measure", "title").fullmatch(text[title.start : title.end]):
        return True
    whole = "".join(text[p.start : p.end] for p in node.paragraphs)
    return not node.children and bool(_patterns("no-measure", "text").search(whole))
