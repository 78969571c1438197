"""From raw text to the normalised text: hard wraps, page breaks and list marks healed, one paragraph a line.

The normalised text (`ng:text`) holds the printed characters in their order. White space goes, save one blank between
Latin words or numbers; page numbers and list marks at a line's head go; line feeds part the paragraphs, tabs the
cells of a row. A run table leads every offset back to the raw text.
"""

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from ingest.grid import CELL, is_row
from ingest.model import Span
from ingest.numbering import Head, head_of

_LINE = re.compile(r"[^\n\r\f\v\x85\u2028\u2029]+")
_COLUMN = re.compile(r"\u3000{2,}")
_SPACE = re.compile(r"\*\*|[\s\u200b\u200c\u200d\u2060\ufeff\xad]+")
_BLANK = re.compile(rf"[^\S{CELL}]")
_CELL_SPACE = re.compile(r"\*\*|[^\S\t]+|[\u200b\u200c\u200d\u2060\ufeff\xad]+")
_LIST_MARK = re.compile(
    r"\s*(?:(?:[-*•●○▪◆◇■□★☆▶►➤√✓·]|[—–－]{1,2})(?:\s+|(?=[0-9０-９一二三四五六七八九十（(]{1,3}[.．、）)]))"
    r"|#{1,6}\s+|\*\*(?=\S)|>\s+)+"
)
_PAGE_NUMBER = re.compile(r"[-—–－·•\s]*\d{1,3}[-—–－·•\s]*|第?\s*\d{1,3}\s*页(?:[，,/\s]*共\s*\d{1,3}\s*页)?")
_TERMINAL = re.compile(r"[。！？；：!?;:…][”’」』）)】]*$|[”」』）)】》]$")
_STOP = re.compile(r"[。；！？，]")
_WORDLIKE = re.compile("[A-Za-z0-9]")
_TITLE_OR_DATE = re.compile(
    r"[^，。；：]{0,40}(?:局|厅|委员会|办公室|总队|年\d{1,2}月\d{1,2}日|印发|附件\d*|公开发布）|公开）)"
)
_OPENED = re.compile("《[^《》]*$")
_MIN_WRAP, _MAX_WRAP = 10, 60
_HABIT = 5
_SLACK = 3
_LONG = 30
_RUN_ON = 400


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line without white space, and the raw offset of each of its characters."""

    text: str
    offsets: tuple[int, ...]
    indented: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The normalised text, its paragraphs, and the way back.

    Attributes:
        text: The normalised text.
        paragraphs: Spans of its lines.
        runs: Where a run of characters that are neighbours in both texts begins: (offset in `text`, raw offset).
    """

    text: str
    paragraphs: tuple[Span, ...]
    runs: tuple[tuple[int, int], ...]

    def raw_offset(self, offset: int) -> int:
        """Returns the raw offset of the character at `offset`."""
        start, raw = self.runs[bisect_right(self.runs, (offset, float("inf"))) - 1]
        return raw + offset - start

    def raw_span(self, span: Span) -> Span:
        """Returns the smallest raw stretch that holds the characters of a non-empty `span`."""
        return Span(self.raw_offset(span.start), self.raw_offset(span.end - 1) + 1)

    def gaps(self, span: Span) -> tuple[int, ...]:
        """Returns the offsets inside `span` before which raw characters (white space, line ends) were left out."""
        first = bisect_right(self.runs, (span.start, float("inf")))
        return tuple(start for start, _ in self.runs[first:] if start < span.end)


def lay_out(raw: str) -> Layout:
    """Heals the layout of `raw`."""
    lines = _lines(raw)
    width = _wrap_width(lines)
    paragraphs: list[list[Line]] = []
    numbers: dict[str, int] = {}
    for line in lines:
        head = head_of(line.text)
        if not paragraphs or _begins(paragraphs[-1], line, head, width, numbers):
            paragraphs.append([line])
            if head is not None:
                numbers[head.style] = head.ordinal
        else:
            paragraphs[-1].append(line)
    return _assembled([piece for paragraph in paragraphs for piece in _split_run_on(_joined(paragraph))])


def _lines(raw: str) -> list[Line]:
    found = []
    for match in _LINE.finditer(raw):
        start = match.start()
        for column in _columns(match[0]):
            line = _line(match[0][column.start : column.end], start + column.start)
            if line.text and not _PAGE_NUMBER.fullmatch(line.text):
                found.append(line)
    return found


def _columns(printed: str) -> list[Span]:
    """Two ideographic blanks indent a paragraph: inside a line they part paragraphs that lost their line ends."""
    marks = [m.end() for m in _COLUMN.finditer(printed) if printed[: m.start()].strip()]
    return [Span(a, b) for a, b in zip([0, *marks], [*marks, len(printed)], strict=True)]


def _line(printed: str, start: int) -> Line:
    mark = _LIST_MARK.match(printed)
    first = mark.end() if mark else 0
    kept: list[int] = []
    position = first
    for space in [*(_CELL_SPACE if is_row(printed) else _SPACE).finditer(printed, first), None]:
        end = space.start() if space else len(printed)
        kept.extend(range(position, end))
        if space is None:
            break
        position = space.end()
        if kept and _WORDLIKE.match(printed[kept[-1]]) and _WORDLIKE.match(printed, position):
            kept.append(space.start())
    text = _BLANK.sub(" ", "".join(map(printed.__getitem__, kept)))
    return Line(text, tuple(start + i for i in kept), indented=printed[:1].isspace())


def _wrap_width(lines: list[Line]) -> int | None:
    """Returns the width at which the lines are wrapped, in characters; None where line ends are paragraph ends."""
    lengths = [len(line.text) for line in lines]
    broken = [len(line.text) for line in lines if not _TERMINAL.search(line.text)]
    common = [length for length, count in Counter(broken).items() if count >= len(broken) / 12]
    width = max(common, default=0)
    near = sum(1 for length in broken if abs(length - width) <= _SLACK)
    longer = sum(1 for length in lengths if length > width + _SLACK)
    wrapped = near >= max(_HABIT, len(lengths) / 3) and longer <= len(lengths) / 20 and _MIN_WRAP < width <= _MAX_WRAP
    return width if wrapped else None


def _begins(paragraph: list[Line], line: Line, head: Head | None, width: int | None, numbers: dict[str, int]) -> bool:
    """Tells whether `line` begins a paragraph after `paragraph`."""
    last = paragraph[-1].text
    if CELL in last or CELL in line.text:
        return True
    ended = bool(_TERMINAL.search(last))
    full = width is not None and len(last) >= width - _SLACK
    if head is not None:
        return ended or not full or head.ordinal in (1, numbers.get(head.style, 0) + 1)
    if _OPENED.search(last) and not line.indented:
        return False
    if width is not None:
        return not full if not ended else not full or line.indented
    if ended or _TITLE_OR_DATE.fullmatch(line.text):
        return True
    whole = "".join(part.text for part in paragraph)
    # A sentence that stops without a mark was broken by a page or an editor; a heading or a name was not.
    return not (_STOP.search(whole) and len(whole) > _LONG and (head_of(whole) is None or "。" in whole))


def _joined(paragraph: list[Line]) -> Line:
    text = "".join(line.text for line in paragraph)
    return Line(text, tuple(offset for line in paragraph for offset in line.offsets), indented=False)


def _split_run_on(line: Line) -> list[Line]:
    """Parts a paragraph that holds a whole notice: before each 一、 二、 三、 in turn, then before what they hold."""
    if len(line.text) < _RUN_ON:
        return [line]
    cuts, expected = [0], {"cn-comma": 1, "cn-paren": 1, "ar-dot": 1}
    for match in re.finditer(r"(?<=[。；：！？）])(?=[一二三四五六七八九十（(\d])", line.text):
        head = head_of(line.text[match.start() : match.start() + 12])
        if head is not None and head.style in expected and head.ordinal in (1, expected[head.style]):
            cuts.append(match.start())
            expected[head.style] = head.ordinal + 1
    if len(cuts) < 4:  # noqa: PLR2004 - a short list inside a sentence is no structure
        return [line]
    ends = [*cuts[1:], len(line.text)]
    return [Line(line.text[a:b], line.offsets[a:b], indented=False) for a, b in zip(cuts, ends, strict=True)]


def _assembled(lines: list[Line]) -> Layout:
    paragraphs, runs, position = [], [], 0
    for line in lines:
        previous = -2
        for i, offset in enumerate(line.offsets):
            if offset != previous + 1:
                runs.append((position + i, offset))
            previous = offset
        paragraphs.append(Span(position, position + len(line.text)))
        position += len(line.text) + 1
    return Layout("\n".join(line.text for line in lines), tuple(paragraphs), tuple(runs))
