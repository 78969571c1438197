"""The numbers that a word processor prints before paragraphs without writing them down (ISO/IEC 29500-1, 17.9).

Elements are as `ingest.archive.read_xml` gives them: names without their namespace.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

_SILENT = frozenset(["bullet", "none"])
_DIGITS, _UNITS, _STEMS = "零一二三四五六七八九", ("", "十", "百", "千"), "甲乙丙丁戊己庚辛壬癸"
_ROMAN = tuple(zip((100, 90, 50, 40, 10, 9, 5, 4, 1), ["C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"], strict=True))
_CIRCLED, _LETTERS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", 26
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_STYLE_STEPS = 20


@dataclass(slots=True)
class _List:
    """A list definition by levels, and where its numbers stand."""

    levels: dict[int, Element]
    at: dict[int, int] = field(default_factory=dict)

    def start(self, depth: int) -> int:
        return _integer(said(self.levels[depth], "start"), 1)

    def printed(self, depth: int, *, plain: bool) -> str:
        """Returns the number of a level as it stands; `plain` in digits, whatever its form."""
        if depth not in self.levels:
            return ""
        form = "decimal" if plain else said(self.levels[depth], "numFmt") or "decimal"
        return printed_number(self.at.get(depth, self.start(depth)), form)


class AutoNumbers:
    """Counts through a document: `next` is called once a paragraph, in their order."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        """Reads the list definitions of `numbering` and the styles that use them; either may be missing."""
        lists, self._starts = {}, dict[tuple[str, int], int]()
        self._lists: dict[str, _List] = {}
        for node in () if numbering is None else numbering.iterfind("abstractNum"):
            levels = {_integer(level.get("ilvl"), 0): level for level in node.iterfind("lvl")}
            lists[node.get("abstractNumId", "")] = _List(levels)
        for node in () if numbering is None else numbering.iterfind("num"):
            number, abstract = node.get("numId", ""), said(node, "abstractNumId")
            if abstract in lists:
                self._lists[number] = lists[abstract]
            for override in node.iterfind("lvlOverride"):
                if start := said(override, "startOverride"):
                    self._starts[number, _integer(override.get("ilvl"), 0)] = _integer(start, 1)
        self._styles = {node.get("styleId", ""): node for node in (() if styles is None else styles.iterfind("style"))}

    def next(self, paragraph: Element) -> str:
        """Returns the number printed before a paragraph; empty where it has none."""
        number, depth = self._place(paragraph)
        used = self._lists.get(number)
        if used is None or depth not in used.levels:
            return ""
        level, start = used.levels[depth], self._starts.pop((number, depth), None)
        used.at[depth] = used.at.get(depth, used.start(depth) - 1) + 1 if start is None else start
        for deeper in [d for d in used.at if d > depth and said(used.levels[d], "lvlRestart") != "0"]:
            del used.at[deeper]
        if said(level, "numFmt") in _SILENT:
            return ""
        plain = level.find("isLgl") is not None
        # %1 stands for the number of the first level, and so on.
        return re.sub("%([1-9])", lambda mark: used.printed(int(mark[1]) - 1, plain=plain), said(level, "lvlText"))

    def _place(self, paragraph: Element) -> tuple[str, int]:
        """Returns the list and the level of a paragraph, its own or its style's; an empty name for none."""
        number, depth = said(paragraph, "pPr/numPr/numId"), said(paragraph, "pPr/numPr/ilvl")
        name = said(paragraph, "pPr/pStyle")
        for _ in range(_STYLE_STEPS):
            node = self._styles.get(name)
            if number or node is None:
                break
            if number := said(node, "pPr/numPr/numId"):
                depth = depth or said(node, "pPr/numPr/ilvl") or self._linked(number, name)
            name = said(node, "basedOn")
        return number, _integer(depth, 0)

    def _linked(self, number: str, style: str) -> str:
        levels = self._lists[number].levels if number in self._lists else {}
        return next((str(depth) for depth, level in levels.items() if said(level, "pStyle") == style), "")


def said(node: Element, path: str) -> str:
    """Returns the value of the first element at a path below a node; empty where there is none."""
    found = node.find(path)
    return "" if found is None else found.get("val", "")


def printed_number(value: int, form: str) -> str:
    """Returns a number in one of the forms of ST_NumberFormat; those unknown here are printed as decimal."""
    return (_FORMS.get(form, str)(value) if value > 0 else "") or str(value)


def _chinese(value: int) -> str:
    """一, 十二, 二十, 一百零五: up to 9999; the number in digits beyond."""
    if value >= 10 ** len(_UNITS):
        return str(value)
    digits = str(value)
    words = "".join(
        _DIGITS[int(digit)] + _UNITS[len(digits) - i - 1] if digit != "0" else "零" for i, digit in enumerate(digits)
    )
    return re.sub("^一十", "十", re.sub("零+", "零", words).rstrip("零"))


def _roman(value: int) -> str:
    parts = []
    for size, letters in _ROMAN:
        parts.append(letters * (value // size))
        value %= size
    return "".join(parts)


def _letters(value: int) -> str:
    return chr(ord("A") + (value - 1) % _LETTERS) * ((value - 1) // _LETTERS + 1)


_FORMS: dict[str, Callable[[int], str]] = {
    "chineseCounting": _chinese,
    "chineseCountingThousand": _chinese,
    "ideographDigital": _chinese,
    "japaneseCounting": _chinese,
    "taiwaneseCounting": _chinese,
    "taiwaneseCountingThousand": _chinese,
    "decimalEnclosedCircle": lambda n: _CIRCLED[n - 1 : n],
    "decimalEnclosedCircleChinese": lambda n: _CIRCLED[n - 1 : n],
    "ideographTraditional": lambda n: _STEMS[n - 1 : n],
    "decimalFullWidth": lambda n: str(n).translate(_FULL_WIDTH),
    "decimalZero": lambda n: f"{n:02}",
    "upperLetter": _letters,
    "lowerLetter": lambda n: _letters(n).lower(),
    "upperRoman": _roman,
    "lowerRoman": lambda n: _roman(n).lower(),
}


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else default  # noqa: PLR2004 - 9999 items
