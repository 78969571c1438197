"""From characters placed on pages to paragraphs and rows: what PDF and OFD have in common."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ingest.numbering import head_of

_PAGE_NUMBER = re.compile(r"[-—–－·•\s]*第?\s*\d{1,4}\s*页?(?:[，,/\s]*共?\s*\d{1,4}\s*页)?[-—–－·•\s]*")
_NUMBER_IN_HEAD = re.compile(r"第\d{1,4}页(?:[，,/]?共\d{1,4}页)?|\d{1,4}/\d{1,4}$|[-—–]+\d{1,4}[-—–]+")
_ENDED = re.compile(r"[。：；！？]$")
_EDGE_LINES = 2
_REPEATED = 2
_FULL = 2.1
_INDENT = 1.2
_BLANK, _GAP = 0.3, 1.8
_THIN = 3.0
_MAX_PLACES = 20_000
_APART = 1.2
_MIN_HEIGHTS, _MIN_COLUMNS = 3, 3
_STRAIGHT, _MIN_RULE = 1.0, 8.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Glyph:
    """Printed characters and their box in points; `top` is less than `bottom`."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """Its middle from top to bottom."""
        return (self.top + self.bottom) / 2

    @property
    def centre(self) -> float:
        """Its middle from left to right."""
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruled line of a table, or the edge of a box; the thin side tells its direction."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def upright(self) -> bool:
        """Whether it runs from top to bottom."""
        return self.bottom - self.top > self.right - self.left


def ruled(strokes: Iterable[tuple[Point, Point]]) -> Iterator[Rule]:
    """Yields the strokes (from, to, in points) that run level or upright and are long enough for a table."""
    for (x, y), (to_x, to_y) in strokes:
        across, down = abs(x - to_x), abs(y - to_y)
        if (across < _STRAIGHT) != (down < _STRAIGHT) and max(across, down) > _MIN_RULE:
            yield Rule(min(x, to_x), max(x, to_x), min(y, to_y), max(y, to_y))


@dataclass(frozen=True, slots=True)
class Page:
    """A printed page: its glyphs in the order of the file, and its ruled lines."""

    glyphs: tuple[Glyph, ...]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """A printed line; `row` marks one that is the row of a ruled table."""

    text: str
    left: float
    right: float
    top: float
    size: float
    row: bool = False


@dataclass(frozen=True, slots=True)
class _Body:
    """How the text of a document is set.

    Attributes:
        left: Its left margin.
        right: Its right margin.
        pitch: The usual distance from line to line.
        indented: Whether paragraphs begin with an indent.
        spaced: Whether they are set apart by space.
    """

    left: float
    right: float
    pitch: float
    indented: bool
    spaced: bool


def text_of(pages: Iterable[Page]) -> str:
    """Returns the text in reading order: paragraphs by line ends, a form feed behind each page, cells by tabs.

    Lines that end at the right margin go on in the next; running heads and page numbers are left out.
    """
    printed = [_lines(page) for page in pages]
    running = _running(printed)
    kept = [[line for i, line in enumerate(page) if not _is_running(page, i, running)] for page in printed]
    return "".join(_paragraphs(kept))


def _lines(page: Page) -> list[_Line]:
    table, loose = _tables(page)
    lines = [_line(line) for line in _by_height(loose)]
    return [line for line in sorted([*lines, *table], key=lambda line: line.top) if line.text.strip()]


def _by_height(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    """Groups glyphs by printed lines, from top to bottom, each from left to right."""
    line: list[Glyph] = []
    for glyph in sorted(glyphs, key=lambda g: g.middle):
        if line and glyph.middle - line[-1].middle > min(g.bottom - g.top for g in (glyph, line[-1])) / 2:
            yield sorted(line, key=lambda g: g.left)
            line = []
        line.append(glyph)
    if line:
        yield sorted(line, key=lambda g: g.left)


def _line(glyphs: list[Glyph]) -> _Line:
    size = sorted(g.bottom - g.top for g in glyphs)[len(glyphs) // 2]
    parts = [glyphs[0].text]
    for before, glyph in pairwise(glyphs):
        gap = (glyph.left - before.right) / size if size else 0
        parts.append(("\t" if gap > _GAP else " " if gap > _BLANK else "") + glyph.text)
    shown = [g for g in glyphs if g.text.strip()] or glyphs
    return _Line("".join(parts).strip(), shown[0].left, shown[-1].right, shown[0].bottom - size, size)


def _tables(page: Page) -> tuple[list[_Line], list[Glyph]]:
    """Returns the rows of the ruled tables, and the glyphs that stand in none."""
    rows: list[_Line] = []
    loose = list(page.glyphs)
    for rules in _grids(page.rules):
        heights = _distinct(rule.top for rule in rules if not rule.upright)
        columns = _distinct(rule.left for rule in rules if rule.upright)
        if len(heights) < _MIN_HEIGHTS or len(columns) < _MIN_COLUMNS or len(heights) * len(columns) > _MAX_PLACES:
            continue
        merged = _merged(heights, columns, rules)
        cells: dict[tuple[int, int], list[Glyph]] = {}
        outside = []
        for glyph in loose:
            place = bisect_right(heights, glyph.middle), bisect_right(columns, glyph.centre)
            if 0 < place[0] < len(heights) and 0 < place[1] < len(columns):
                cells.setdefault(merged[place], []).append(glyph)
            else:
                outside.append(glyph)
        loose = outside
        rows += _rows(cells, merged, heights, columns)
    return rows, loose


def _grids(rules: tuple[Rule, ...]) -> Iterator[list[Rule]]:
    """Groups the ruled lines by the tables that upright ones hold together."""
    extents: list[list[float]] = []
    for rule in sorted((rule for rule in rules if rule.upright), key=lambda rule: rule.top):
        if extents and rule.top <= extents[-1][1] + _THIN:
            extents[-1][1] = max(extents[-1][1], rule.bottom)
        else:
            extents.append([rule.top, rule.bottom])
    for top, bottom in extents:
        yield [rule for rule in rules if top - _THIN <= rule.top and rule.bottom <= bottom + _THIN]


def _merged(heights: list[float], columns: list[float], rules: list[Rule]) -> dict[tuple[int, int], tuple[int, int]]:
    """Returns for each place, by row and column from 1, the first place of its cell: no line is drawn in between."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for row in range(1, len(heights)):
        middle = (heights[row - 1] + heights[row]) / 2
        beside = [rule.left for rule in rules if rule.upright and rule.top <= middle <= rule.bottom]
        for column in range(1, len(columns)):
            centre = (columns[column - 1] + columns[column]) / 2
            across = [rule.top for rule in rules if not rule.upright and rule.left <= centre <= rule.right]
            first = (row, column)
            if column > 1 and not any(abs(columns[column - 1] - left) <= _THIN for left in beside):
                first = found[row, column - 1]
            elif row > 1 and not any(abs(heights[row - 1] - top) <= _THIN for top in across):
                first = found[row - 1, column]
            found[row, column] = first
    return found


def _rows(
    cells: dict[tuple[int, int], list[Glyph]],
    merged: dict[tuple[int, int], tuple[int, int]],
    heights: list[float],
    columns: list[float],
) -> Iterator[_Line]:
    """Yields the rows; a cell that spans rows stands in each, one that spans columns in the first of them."""
    for row in range(1, len(heights)):
        words = []
        for column in range(1, len(columns)):
            first = merged[row, column]
            glyphs = cells.get(first, ()) if first[1] == column else ()
            words.append(" ".join(_line(line).text.replace("\t", " ") for line in _by_height(glyphs)))
        yield _Line("\t".join(words), columns[0], columns[-1], heights[row - 1], 0, row=True)


def _distinct(values: Iterable[float]) -> list[float]:
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _THIN:
            found.append(value)
    return found


def _running(pages: list[list[_Line]]) -> frozenset[tuple[str, int, int]]:
    """What half of the pages print in the same place at their edges, but for the page's number."""
    edges = (dict.fromkeys(_mark(line) for line in (*page[:_EDGE_LINES], *page[-_EDGE_LINES:])) for page in pages)
    counts = Counter(mark for page in edges for mark in page)
    return frozenset(mark for mark, count in counts.items() if count >= max(_REPEATED, len(pages) / 2))


def _mark(line: _Line) -> tuple[str, int, int]:
    return _NUMBER_IN_HEAD.sub("#", "".join(line.text.split())), round(line.left), round(line.top)


def _is_running(page: list[_Line], i: int, running: frozenset[tuple[str, int, int]]) -> bool:
    at_edge = i < _EDGE_LINES or i >= len(page) - _EDGE_LINES
    return at_edge and not page[i].row and (_mark(page[i]) in running or bool(_PAGE_NUMBER.fullmatch(page[i].text)))


def _paragraphs(pages: list[list[_Line]]) -> Iterator[str]:
    """Yields the paragraphs; one that goes on over a page's end is closed by the form feed only when it ends."""
    body = _body(pages)
    before: _Line | None = None
    ends = ""
    for page in pages:
        for line in page:
            if before is None or not _goes_on(before, line, body):
                yield ends
                ends = "\n"
                yield "\u3000\u3000" if not line.row and _indent(line, body) > _INDENT else ""
            yield line.text
            before = line
        ends = "\n\f" if before is not None else ""
    yield ends


def _body(pages: list[list[_Line]]) -> _Body:
    lines = [line for page in pages for line in page if not line.row]
    if not lines:
        return _Body(0.0, 0.0, 0.0, indented=False, spaced=False)
    pitches = [line.top - above.top for page in pages for above, line in pairwise(page) if not above.row | line.row]
    # The smallest of the usual values: what is set apart further is the exception.
    pitch, left = _usual(pitches), _usual([line.left for line in lines])
    return _Body(
        left,
        max(line.right for line in lines),
        pitch,
        indented=any(_INDENT < (line.left - left) / line.size <= 2 * _FULL for line in lines if line.size),
        spaced=sum(_APART * pitch < distance for distance in pitches) >= _REPEATED,
    )


def _usual(values: list[float]) -> float:
    counts = Counter(round(value) for value in values)
    return min((value for value, count in counts.items() if count * 8 >= max(counts.values())), default=0)


def _indent(line: _Line, body: _Body) -> float:
    return (line.left - body.left) / line.size if line.size else 0.0


def _goes_on(before: _Line, line: _Line, body: _Body) -> bool:
    """Tells whether `line` continues the paragraph of the line `before` it."""
    if before.row or line.row or "\t" in before.text or "\t" in line.text:
        return False
    full = body.right - before.right < _FULL * before.size
    alike = abs(before.size - line.size) < max(before.size, line.size) / 4
    same_page = line.top > before.top
    apart = same_page and line.top - before.top > _APART * body.pitch
    if not full or not alike or apart or _indent(line, body) > _INDENT:
        return False
    return body.indented or (body.spaced and same_page) or not (_ENDED.search(before.text) or head_of(line.text))
