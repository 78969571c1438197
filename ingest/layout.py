"""From raw text to the normalised text: hard wraps, page breaks and list marks healed, one paragraph a line.

The normalised text (`ng:text`) holds the printed characters in their order. White space goes, save one blank between
Latin words or numbers; page numbers and list marks at a line's head go; line feeds part the paragraphs, tabs the
cells of a row. A run table leads every offset back to the raw text.
"""

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ingest.grid import CELL, is_row
from ingest.model import Span
from ingest.numbering import Head, head_of

_LINE = re.compile(r"[^\n\r\f\v\x85\u2028\u2029]+")
_COLUMN = re.compile(r"\u3000{2,}")
_LOST_END = re.compile(
    r"(?<=[^\sA-Za-z0-9.,|>])[^\S\t]+(?=[^\s\w|>]|[^\W\d]\S|\d{1,2}[.．、)）](?!\d)|\d{4}年(?:第|\d{1,2}月\d{1,2}日))|(?<=[。；！？])[^\S\t]+(?=\S)"
)
"""A blank that may have been a line's end: not one beside the numerals of a sentence, which Word sets."""
_SPACE = re.compile(r"\*\*|[\s\u200b\u200c\u200d\u2060\ufeff\xad]+")
_CELL_SPACE = re.compile(r"\*\*|[^\S\t]+|[\u200b\u200c\u200d\u2060\ufeff\xad]+")
_NUMBER_BEHIND = r"(?=[0-9０-９一二三四五六七八九十（(]{1,3}[.．、）)])"
_LIST_MARK = re.compile(
    rf"\s*(?:(?:[-*•●○▪◆◇■□★☆▶►➤√✓·]|[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?|[—–－](?![—–－]))(?:\s+|{_NUMBER_BEHIND})"
    r"|[●▪◆◇■▶►➤](?=[\u4e00-\u9fff“《])"
    rf"|[—–－]{{2}}\s*{_NUMBER_BEHIND}|#{{1,6}}\s+|\*\*(?=\S)|>\s+)+"
)
_PAGE_NUMBER = re.compile(r"[-—–－·•\s]*\d{1,3}[-—–－·•\s]*|第?\s*\d{1,3}\s*页(?:[，,/\s]*共\s*\d{1,3}\s*页)?")
_TERMINAL, _CLOSING = tuple("。！？；：!?;:…"), tuple("”」』）)】〕]》")
_RULE = re.compile(r"\W*")
"""A line without a letter or digit: a rule, a row of marks, an ornament."""
_LABELLED = re.compile(
    r"——[\u4e00-\u9fff]|[（【\[〔*—–-]*(?:责任|牵头|配合|负责|主办|协办|承办|参与|实施|落实|主责|完成|办结|办理|推进|适用|处理|处罚|免罚|享受)"
    r"(?:单位|部门|处室|科室|股室|机构|时限|时间|期限|领导|条件|情形|方式|依据|对象)(?:[：:]|】)"
)
_PAGE_HEAD = re.compile(r"[^，。；：！？]{4,40}")
_SPACED_DIGITS = re.compile(r"(?<!\d)\d \d(?!\d)")
_HEADING_ROW = re.compile(r"(?:序号|编号|项目)[^\S\n]*\t")
_LISTED = re.compile(
    r"^[^\S\n]*[★☆◆●]?(?:\d{1,2}[.．、]|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)])\t.*$",
    re.MULTILINE,
)
_LONE_NUMBER = re.compile(
    r"^([^\S\n]*(?:0[1-9]|[1-9][0-9]|P(?:art|ART)\.?[^\S\n]*[0-9]{1,2})[^\S\n]*)(\s+)(?=[\u4e00-\u9fff“《])",
    re.MULTILINE,
)
"""01 on a line of its own: it heads the next line where the numbers begin at 01, which no page's number does."""
_SHORT = 5
_DECIMAL_OUTLINE = re.compile(r"^[^\S\n]*\d{1,2}[.．-]\d{1,2}[^\S\n]+[\u4e00-\u9fff“《]", re.MULTILINE)
_SPACED_NUMBER = re.compile(r"\s*\d{1,2}(?:[.．-]\d{1,2})?(?=\s+[\u4e00-\u9fff“《])")
_STOP = re.compile(r"[。；！？，]")
_WORDLIKE = re.compile("[A-Za-z0-9]")
_TITLE_OR_DATE = re.compile(
    r"[^，。；：]{0,40}(?:局|厅|委员会|办公室|总队|年\d{1,2}月\d{1,2}日|印发|附件\d*|公开发布）|公开）)"
)
_OPENED = re.compile("《[^《》]*$")
_GOES_ON = re.compile("(?:联合)?(?:印发|发布|出台|推出|制定)(?:了)?《")
_MIN_WRAP, _MAX_WRAP = 10, 60
_HABIT = 5
_SLACK = 3
_LONG = 30
_RUN_ON = 400
_RUN_ON_STYLES = ("cn-comma", "cn-paren", "ar-dot")
_RUN_ON_CUT = re.compile(
    r"(?<=[。；：！？）〕】;:!?)\]])(?:(?=[一二三四五六七八九十（(\d])|(?=(?P<tail>本(?:通知|通告|公告|意见|办法|方案|措施|规定|决定)自"
    r"|特此(?:通知|通告|公告)|[^，。；：]{2,24}(?:局|委员会|厅|政府|办公室)[\d二〇○零一三四五六七八九]{4}年[\d一二三四五六七八九十]{1,2}月[\d一二三四五六七八九十]{1,3}日)))"
    r"|(?<=日)(?=(?P<note>（此件|附件))"
)


class Line(NamedTuple):
    """A printed line without white space, with what led it.

    Attributes:
        text: What is left of it.
        runs: Where a run of characters that are neighbours in both texts begins: (offset in `text`, raw offset).
        indented: Whether it began with white space.
        marked: Whether a list mark led it.
    """

    text: str
    runs: tuple[tuple[int, int], ...]
    indented: bool
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The normalised text, its paragraphs, and the way back.

    Attributes:
        text: The normalised text.
        paragraphs: Spans of its lines.
        marked: Those of them that a list mark (●, -) led, which the text has no more.
        runs: Where a run of characters that are neighbours in both texts begins: (offset in `text`, raw offset).
    """

    text: str
    paragraphs: tuple[Span, ...]
    marked: frozenset[Span]
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
    lines = _without_page_heads(_lines(raw))
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


def _lines(raw: str) -> list[Line | None]:
    """Returns the lines; None stands for the number of a page."""
    found: list[Line | None] = []
    numbered = len(_DECIMAL_OUTLINE.findall(raw)) > 1
    lone = [match[1].split()[-1] for match in _LONE_NUMBER.finditer(raw)]
    if "01" in lone and len(lone) > 1:
        raw = _LONE_NUMBER.sub(lambda head: head[1] + " " * len(head[2]), raw)
        numbered = True
    if not _HEADING_ROW.search(raw):
        raw = _LISTED.sub(lambda line: line[0].replace(CELL, " "), raw)  # Word parts a number from its text by tabs
    for match in _LINE.finditer(raw):
        start = match.start()
        for column in _columns(match[0]):
            line = _line(match[0][column.start : column.end], start + column.start, numbered=numbered)
            if _PAGE_NUMBER.fullmatch(line.text):
                found.append(None)
            elif not _RULE.fullmatch(line.text):
                found.append(line)
    return found


def _without_page_heads(lines: list[Line | None]) -> list[Line]:
    """Drops page numbers, and the lines below them that repeat a line, or the masthead with a word more."""
    kept = [line for line in lines if line is not None]
    often = {text for text, count in Counter(line.text for line in kept).items() if count > 1}
    first = kept[0].text if kept else ""
    heads = {
        id(line)
        for before, line in pairwise(lines)
        if before is None
        and line is not None
        and _PAGE_HEAD.fullmatch(line.text)
        and (line.text in often or (len(first) > _SHORT and line.text.startswith(first)))
    }
    return [line for line in kept if id(line) not in heads]


def _columns(printed: str) -> list[Span]:
    """Two ideographic blanks indent a paragraph: inside a line they part paragraphs that lost their line ends.

    So does any blank of a long line in which many follow a sentence: a crawler made blanks of its line ends.
    """
    marks = [m.end() for m in _COLUMN.finditer(printed)] if "\u3000\u3000" in printed else []
    if marks:
        letters = [place for place, letter in enumerate(printed) if not letter.isspace()]
        first, last = (letters[_SHORT - 1], letters[-_SHORT]) if len(letters) >= _SHORT else (len(printed), 0)
        marks = [mark for mark in marks if first < mark <= last]
    if len(printed) > _RUN_ON and CELL not in printed:
        lost = _lost_ends(printed)
        marks = marks if 2 * len(marks) > len(lost) else lost
    return [Span(a, b) for a, b in pairwise((0, *marks, len(printed)))]


def _lost_ends(printed: str) -> list[int]:
    """Returns where lines begin whose ends became blanks, if an eighth of the blanks follow a sentence."""
    blanks = list(_LOST_END.finditer(printed))
    before = zip((0, *(blank.end() for blank in blanks)), blanks, strict=False)
    ended = sum(1 for start, blank in before if _is_ended(printed[start : blank.start()]))
    marks: list[int] = []
    for blank in blanks if ended >= max(_SLACK, len(blanks) / 8) else ():
        if not _is_mark(printed[marks[-1] if marks else 0 : blank.start()]):
            marks.append(blank.end())
    return marks


def _is_mark(piece: str) -> bool:
    """Tells whether what stands before a blank is no line of its own: a list mark, or a number such as 一、."""
    head = head_of(piece)
    return bool(_RULE.fullmatch(piece) and len(piece) < _SHORT) or (head is not None and head.length == len(piece))


def _line(printed: str, start: int, *, numbered: bool) -> Line:
    mark = _LIST_MARK.match(printed)
    first = mark.end() if mark else 0
    # Where 2.1 heads a paragraph without a mark behind it, the blank is what tells the number from the text.
    number = _SPACED_NUMBER.match(printed, first) if numbered else None
    spaced = {m.start() + 1 for m in _SPACED_DIGITS.finditer(printed)} if " " in printed else set()
    pieces: list[str] = []
    runs: list[tuple[int, int]] = []
    length, position = 0, first

    def keep(piece: str, at: int) -> None:
        nonlocal length
        if not runs or length - runs[-1][0] != start + at - runs[-1][1]:
            runs.append((length, start + at))
        pieces.append(piece)
        length += len(piece)

    for space in (_CELL_SPACE if is_row(printed) else _SPACE).finditer(printed, first):
        if space.start() > position:
            keep(printed[position : space.start()], position)
        position = space.end()
        between_words = pieces and _WORDLIKE.match(pieces[-1][-1]) and _WORDLIKE.match(printed, position)
        if (between_words and space.start() not in spaced) or (number and space.start() == number.end()):
            keep(" ", space.start())
    if position < len(printed):
        keep(printed[position:], position)
    return Line("".join(pieces), tuple(runs), indented=printed[:1].isspace(), marked=mark is not None)


def _wrap_width(lines: list[Line]) -> int | None:
    """Returns the width at which the lines are wrapped, in characters; None where line ends are paragraph ends."""
    lengths = [len(line.text) for line in lines]
    broken = [len(line.text) for line in lines if not _is_ended(line.text)]
    common = [length for length, count in Counter(broken).items() if count >= len(broken) / 12]
    width = max(common, default=0)
    near = sum(1 for length in broken if abs(length - width) <= _SLACK)
    longer = sum(1 for length in lengths if length > width + _SLACK)
    wrapped = near >= max(_HABIT, len(lengths) / 3) and longer <= len(lengths) / 20 and _MIN_WRAP < width <= _MAX_WRAP
    return width if wrapped else None


def _is_ended(text: str) -> bool:
    """Tells whether a line ends with a mark that ends a sentence or clause, or with a closing one."""
    return text.endswith(_CLOSING) or text.rstrip("”’」』）)】〕]*").endswith(_TERMINAL)


def _begins(paragraph: list[Line], line: Line, head: Head | None, width: int | None, numbers: dict[str, int]) -> bool:
    """Tells whether `line` begins a paragraph after `paragraph`."""
    last = paragraph[-1].text
    if CELL in last or CELL in line.text or _LABELLED.match(line.text):
        return True
    ended = _is_ended(last)
    full = width is not None and len(last) >= width - _SLACK
    if head is not None:
        return ended or not full or head.ordinal in (1, numbers.get(head.style, 0) + 1)
    wrapped = _OPENED.search(last) or (_is_wrapped(paragraph, last) and width and not ended)
    if last[-1] in "，、" or (_GOES_ON.match(line.text) and not ended) or (wrapped and not line.indented):
        return False
    if width is not None:
        return not full if not ended else not full or line.indented
    if ended or _TITLE_OR_DATE.fullmatch(line.text):
        return True
    whole = "".join(part.text for part in paragraph)
    # A sentence that stops without a mark was broken by a page or an editor; a heading or a name was not.
    return not (_STOP.search(whole) and len(whole) > _LONG and (head_of(whole) is None or "。" in whole))


def _is_wrapped(paragraph: list[Line], last: str) -> bool:
    """Tells whether an indented sentence goes on: where lines are wrapped, only what begins a paragraph is indented."""
    return paragraph[0].indented and _STOP.search(last) is not None


def _joined(paragraph: list[Line]) -> Line:
    if len(paragraph) == 1:
        return paragraph[0]
    runs, length = [], 0
    for line in paragraph:
        runs += [(length + here, raw) for here, raw in line.runs]
        length += len(line.text)
    return Line("".join(line.text for line in paragraph), tuple(runs), indented=False, marked=paragraph[0].marked)


def _cut(line: Line, start: int, end: int) -> Line:
    first = bisect_right(line.runs, (start, float("inf"))) - 1
    runs = [(max(here - start, 0), raw + max(start - here, 0)) for here, raw in line.runs[first:] if here < end]
    return Line(line.text[start:end], tuple(runs), indented=False)


def _split_run_on(line: Line) -> list[Line]:
    """Parts a paragraph that holds several: before each 一、 二、 三、 in turn, then before what they hold.

    A short one is parted only where it begins with such a number and the next of its kind follows.
    """
    first = head_of(line.text[:12])
    short = len(line.text) < _RUN_ON
    expected = {first.style: first.ordinal + 1} if short and first and first.style in _RUN_ON_STYLES else {}
    if not short:
        expected = dict.fromkeys(_RUN_ON_STYLES, 1)
    cuts = [0]
    for match in _RUN_ON_CUT.finditer(line.text) if expected else ():
        if match["tail"] is not None or match["note"] is not None:
            cuts += () if short else (match.start(),)
            continue
        head = head_of(line.text[match.start() : match.start() + 12])
        if head is None or head.style not in expected:
            continue
        if head.ordinal == expected[head.style] or (head.ordinal == 1 and not short):
            cuts.append(match.start())
            expected[head.style] = head.ordinal + 1
    if len(cuts) < (2 if short else 4):  # a short list inside a sentence is no structure
        return [line]
    ends = [*cuts[1:], len(line.text)]
    return [_cut(line, a, b) for a, b in zip(cuts, ends, strict=True)]


def _assembled(lines: list[Line]) -> Layout:
    paragraphs, marked, position = [], [], 0
    runs: list[tuple[int, int]] = []
    for line in lines:
        runs += [(position + here, raw) for here, raw in line.runs]
        paragraphs.append(Span(position, position + len(line.text)))
        if line.marked:
            marked.append(paragraphs[-1])
        position += len(line.text) + 1
    return Layout("\n".join(line.text for line in lines), tuple(paragraphs), frozenset(marked), tuple(runs))
