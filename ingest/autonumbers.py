"""The numbers that a word processor prints before paragraphs without writing them down (ISO/IEC 29500-1, 17.9)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

_SILENT = frozenset(["bullet", "none"])
_DIGITS, _UNITS, _STEMS = "零一二三四五六七八九", ("", "十", "百", "千"), "甲乙丙丁戊己庚辛壬癸"
_ROMAN = tuple(zip((100, 90, 50, 40, 10, 9, 5, 4, 1), ["C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"], strict=True))
_CIRCLED, _LETTERS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", 26
_STYLE_STEPS = 20


def word(name: str) -> str:
    """Returns a name of WordprocessingML as ElementTree writes it."""
    return f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{name}"


_NUMBERED, _STYLED = f"{word('pPr')}/{word('numPr')}", f"{word('pPr')}/{word('pStyle')}"


@dataclass(frozen=True, slots=True)
class _Level:
    """How the numbers of one level are printed; `text` holds %1 for the number of the first level, and so on."""

    start: int
    form: str
    text: str
    plain: bool
    restarts: bool
    style: str | None


@dataclass(slots=True)
class _List:
    """A list definition and where its numbers stand."""

    levels: dict[int, _Level]
    at: dict[int, int] = field(default_factory=dict)


class AutoNumbers:
    """Counts through a document: `next` is called once a paragraph, in their order."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        """Reads the list definitions of `numbering` and the styles that use them; either may be missing."""
        lists = {_value(node, "abstractNumId"): _read_list(node) for node in _all(numbering, "abstractNum")}
        self._lists: dict[str, _List] = {}
        self._overrides: dict[str, dict[int, int]] = {}
        for node in _all(numbering, "num"):
            number, abstract = _value(node, "numId"), _child_value(node, "abstractNumId")
            if abstract in lists:
                self._lists[number] = lists[abstract]
                self._overrides[number] = _overrides(node)
        self._styles = {_value(node, "styleId"): node for node in _all(styles, "style")}

    def next(self, paragraph: Element) -> str:
        """Returns the number printed before a paragraph; empty where it has none."""
        number, depth = self._place(paragraph)
        used = self._lists.get(number)
        if used is None or depth not in used.levels:
            return ""
        start = self._overrides[number].pop(depth, None)
        level = used.levels[depth]
        used.at[depth] = start if start is not None else used.at.get(depth, level.start - 1) + 1
        for deeper in [d for d in used.at if d > depth and used.levels[d].restarts]:
            del used.at[deeper]
        return (
            ""
            if level.form in _SILENT
            else re.sub(r"%([1-9])", lambda mark: _printed(used, int(mark[1]) - 1, level), level.text)
        )

    def _place(self, paragraph: Element) -> tuple[str, int]:
        """Returns the list and the level of a paragraph, its own or its style's; an empty name for none."""
        own = paragraph.find(_NUMBERED)
        number, depth = (_child_value(own, "numId"), _child_value(own, "ilvl")) if own is not None else ("", "")
        style = paragraph.find(_STYLED)
        name = _value(style, "val") if style is not None else ""
        for _ in range(_STYLE_STEPS):
            node = self._styles.get(name)
            if number or node is None:
                break
            stated = node.find(_NUMBERED)
            if stated is not None:
                number = _child_value(stated, "numId")
                depth = depth or _child_value(stated, "ilvl") or self._linked(number, name)
            name = _child_value(node, "basedOn")
        return number, int(depth) if depth.isdigit() else 0

    def _linked(self, number: str, style: str) -> str:
        used = self._lists.get(number)
        return next((str(depth) for depth, level in used.levels.items() if level.style == style), "") if used else ""


def _read_list(node: Element) -> _List:
    levels = {}
    for level in _all(node, "lvl"):
        levels[_integer(_value(level, "ilvl"), 0)] = _Level(
            _integer(_child_value(level, "start"), 1),
            _child_value(level, "numFmt") or "decimal",
            _child_value(level, "lvlText"),
            level.find(word("isLgl")) is not None,
            _child_value(level, "lvlRestart") != "0",
            _child_value(level, "pStyle") or None,
        )
    return _List(levels)


def _overrides(node: Element) -> dict[int, int]:
    found = {}
    for override in _all(node, "lvlOverride"):
        start = _child_value(override, "startOverride")
        if start:
            found[_integer(_value(override, "ilvl"), 0)] = _integer(start, 1)
    return found


def _printed(used: _List, depth: int, printing: _Level) -> str:
    level = used.levels.get(depth)
    if level is None:
        return ""
    return printed_number(used.at.get(depth, level.start), "decimal" if printing.plain else level.form)


def printed_number(value: int, form: str) -> str:
    """Returns a number in one of the forms of ST_NumberFormat; those unknown here are printed as decimal."""
    return (_FORMS.get(form, str)(value) if value > 0 else "") or str(value)


def _chinese(value: int) -> str:
    """一, 十二, 二十, 一百零五: up to 9999; the number in digits beyond."""
    if not 0 < value < 10 ** len(_UNITS):
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


def _full_width(value: int) -> str:
    return "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in str(value))


_FORMS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(
        (
            "chineseCounting",
            "chineseCountingThousand",
            "japaneseCounting",
            "taiwaneseCounting",
            "taiwaneseCountingThousand",
            "ideographDigital",
        ),
        _chinese,
    ),
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), lambda n: _CIRCLED[n - 1 : n]),
    "ideographTraditional": lambda n: _STEMS[n - 1 : n],
    "decimalFullWidth": _full_width,
    "decimalZero": lambda n: f"{n:02}",
    "upperLetter": _letters,
    "lowerLetter": lambda n: _letters(n).lower(),
    "upperRoman": _roman,
    "lowerRoman": lambda n: _roman(n).lower(),
}


def _all(node: Element | None, name: str) -> list[Element]:
    return [] if node is None else node.findall(word(name))


def _value(node: Element, name: str) -> str:
    return node.get(word(name)) or ""


def _child_value(node: Element, name: str) -> str:
    child = node.find(word(name))
    return "" if child is None else child.get(word("val")) or ""


def _integer(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else default  # noqa: PLR2004 - 9999 items
