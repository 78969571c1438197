"""From paragraphs to the outline: what stands before the items, the sections, the items, what stands after them.

An item is the smallest numbered operative paragraph with what belongs to it (annotation guide, Measures).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ingest.grid import Row
from ingest.layout import Layout
from ingest.model import Section, Span
from ingest.nesting import DATE, HEADING, NAME, SENTENCE_END, Nesting, Node, patterns
from ingest.numbering import ITEM_STYLES, SECTION_STYLES

MAX_LEAD = 32
_LIST_END = re.compile("[；;]$")
_ENCLOSED_LENGTH = 200
_LED = re.compile(
    "(?!“)[^，。；：！？]{4,16}(?:，[^，。；：！？]{4,16})?。(?=[^，。；：！？]*[，；。].{8})|在[^，。；：！？]{2,20}方面，.{16}"
)
_HABIT = 3
_BLANKS = re.compile("_{3,}|□")
"""What is left open in a form."""


@dataclass(frozen=True, slots=True)
class Item:
    """An operative item.

    Attributes:
        number: As printed, marks dropped.
        spans: Its paragraphs in order, the number left out; of a row of a table the cells that say what is done.
        section: Index into `Outline.sections`; None under no heading.
        responsible: The cells of a row that name who answers for it, each with its role (`Row.responsible`).
        time: The cells of a row, or lines of their own (完成时限：…), that say until when.
    """

    number: str
    spans: tuple[Span, ...]
    section: int | None
    responsible: tuple[tuple[Span, str], ...] = ()
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


def outline(text: str, layout: Layout) -> Outline:
    """Finds sections and items in the normalised `text`, folded one to one."""
    paragraphs = list(layout.paragraphs)
    parts = _documents(text, paragraphs)
    builders = [Nesting(text) for _ in parts]
    built = [builder.build(part) for builder, part in zip(builders, parts, strict=True)]
    chosen = _operative(text, paragraphs, built)
    marked = layout.marked if len(layout.marked) > 1 else _led(text, paragraphs)
    if marked and not any(roots for roots, _ in built):
        builders = [Nesting(text, marked) for _ in parts]
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


def _led(text: str, paragraphs: list[Span]) -> frozenset[Span]:
    """Where no paragraph has a number or a mark: three and more in a row that begin with a short sentence, a lead."""
    runs: list[list[Span]] = [[]]
    for p in paragraphs:
        if _LED.match(text, p.start, p.end):
            runs[-1].append(p)
        else:
            runs.append([])
    longest = max(runs, key=len)
    return frozenset(longest if len(longest) >= _HABIT else ())


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
    return max((p.end for p in paragraphs if SENTENCE_END.search(text, p.start, p.end)), default=0)


def _documents(text: str, paragraphs: list[Span]) -> list[list[Span]]:
    """Parts a letter from what it encloses: a signed and dated letter ends, an attachment's own line begins one."""
    parts: list[list[Span]] = [[]]
    signed = False
    for p in paragraphs:
        words = text[p.start : p.end]
        begins = patterns("attachment", "text").match(words) and parts[-1]
        if begins or (signed and not _is_signature(words)):
            parts.append([])
            signed = False
        parts[-1].append(p)
        signed = signed or bool(DATE.fullmatch(words) and len(parts[-1]) > 2)  # noqa: PLR2004 - a date below a title is none
    return parts


def _is_signature(words: str) -> bool:
    return bool(
        DATE.fullmatch(words)
        or NAME.fullmatch(words)
        or words.endswith("印发")
        or patterns("note", "text").match(words)
        or patterns("closing", "text").match(words)
    )


def _operative(text: str, paragraphs: list[Span], built: list[tuple[list[Node], list[Span]]]) -> int:
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


def _is_form(text: str, roots: list[Node]) -> bool:
    """Tells whether the items are mostly blanks to fill in."""
    return 2 * sum(bool(_BLANKS.search(text, n.paragraphs[0].start, n.paragraphs[-1].end)) for n in roots) > len(roots)


def _items(
    text: str, nodes: list[Node], section: int | None, sections: list[Section], set_apart: list[Span]
) -> Iterator[Item]:
    for node in nodes:
        if _is_no_measure(text, node):
            set_apart += _all_paragraphs(node)
            continue
        if not _is_heading(text, node):
            spans = [p for p in sorted(_all_paragraphs(node)) if p.end > p.start]
            time = tuple(p for p in spans if patterns("label", "time").match(text[p.start : p.end]))
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


def _all_paragraphs(node: Node) -> list[Span]:
    """The paragraphs of a node and of all below it, their numbers kept where they stand inside the item."""
    below = [
        Span(p.start - child.head.length, p.end) if i == 0 and p == child.paragraphs[0] else p
        for child in node.children
        for i, p in enumerate(_all_paragraphs(child))
    ]
    return node.paragraphs + below


def _title(text: str, node: Node) -> Span:
    first = next((p for p in node.paragraphs if p.end > p.start), node.paragraphs[0])
    stop = SENTENCE_END.search(text, first.start, first.end)
    end = stop.start() if stop else first.end
    while end > first.start and text[end - 1] in "：；，。":
        end -= 1
    return Span(first.start, end)


def _is_heading(text: str, node: Node) -> bool:
    """Tells whether the numbers below a node are the items, and the node only heads them."""
    if not node.children or node.head.style == "article":
        return bool(node.rows)
    own = "".join(text[p.start : p.end] for p in node.paragraphs)
    child = node.children[0]
    if node.rows or node.head.style in SECTION_STYLES or node.head is HEADING:
        return True
    if child.head.style == "stated":
        return False
    body = text[child.paragraphs[0].start : child.paragraphs[-1].end]
    if patterns("measures", "lead").search(own):
        return True
    if own.endswith("：") and (patterns("enumeration", "lead").search(own) or _LIST_END.search(body)):
        return False
    return child.head.style in ITEM_STYLES or not SENTENCE_END.search(own)


def _is_no_measure(text: str, node: Node) -> bool:
    title = _title(text, node)
    if patterns("no-measure", "title").fullmatch(text[title.start : title.end]):
        return True
    whole = "".join(text[p.start : p.end] for p in node.paragraphs)
    return not node.children and bool(patterns("no-measure", "text").search(whole))
