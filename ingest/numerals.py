"""Chinese and Arabic numerals, full-width ones included, as integers."""

import re

DIGITS = "零〇一二三四五六七八九"
_VALUE = {"零": 0, "〇": 0, "○": 0, "两": 2} | {c: i - 1 for i, c in enumerate(DIGITS) if i > 0}
_UNIT = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_ASCII = {0xFF10 + i: ord("0") + i for i in range(10)}
_PLACES = re.compile(r"[零〇○一二三四五六七八九]{2,}")


def number(text: str) -> int | None:
    """Reads a whole number: 12, １２, 十二, 二十, 两, 一百零五, 二〇二三.

    Returns:
        The value; None where the text is no numeral.
    """
    plain = text.translate(_ASCII).strip()
    if plain.isascii() and plain.isdigit():
        return int(plain)
    if _PLACES.fullmatch(plain):
        return int("".join(str(_VALUE[c]) for c in plain))
    return _by_units(plain)


def _by_units(text: str) -> int | None:
    total, group, digit = 0, 0, None
    for c in text:
        if c in _VALUE:
            digit = _VALUE[c]
        elif c == "万":
            total, group, digit = (total + group + (digit or 0)) * _UNIT[c], 0, None
        elif c in _UNIT:
            group += (1 if digit is None else digit) * _UNIT[c]
            digit = None
        else:
            return None
    return total + group + (digit or 0) if text else None
