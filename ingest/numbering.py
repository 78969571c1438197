"""The numbers that head sections and items: 第一章, 第一条, 一、, （一）, 1., （1）, 1）, ① (GB/T 9704-2012, 7.3.3).

Besides them those that are met: 第一部分, Ⅰ., 第1项, 任务1：, 第一，, 其一，, 一是, 1.1 and 1-1 with a blank behind.
"""

import re
from dataclasses import dataclass

from ingest.numerals import number

_CN = r"[一二三四五六七八九十百零〇两]{1,5}"
_AR = r"[0-9０-９]{1,3}"
_NO_DECIMAL = r"(?![0-9０-９](?!(?:[0-9]{3}年|[0-9]?月|[0-9]{4}(?![0-9]))))"
"""Behind 1. stands a numeral only where it begins a year, a month or a hotline (7.2022年…, 15.12315热线…)."""
_HAN = "[\u4e00-\u9fff“《]"
_STYLES = (
    ("chapter", re.compile(rf"第({_CN}|{_AR})(?:[章编篇]|部分?)|P(?:art|ART)[. ]?({_AR})(?![0-9])")),
    ("part", re.compile(rf"第({_CN}|{_AR})节")),
    ("article", re.compile(rf"第({_CN}|{_AR})条(?![的款例之]|规定)")),
    ("entry", re.compile(rf"第({_CN}|{_AR})项(?!目)")),
    (
        "task",
        re.compile(
            rf"(?:措施|举措|任务|行动|工程|条款|事项)({_CN}|{_AR})[：:、．.]?|(?:要求|要点|政策|红利|承诺|亮点)({_CN}|{_AR})[：:]"
        ),
    ),
    ("stated", re.compile(rf"({_CN})是")),
    ("roman", re.compile("([Ⅰ-Ⅻ])[.．、]")),
    ("ordinal", re.compile(rf"第({_CN})[，、：]")),
    ("one-of", re.compile(rf"其({_CN})[，、：]")),
    ("cn-comma", re.compile(rf"({_CN})[、．.](?!{_AR}[、，])")),
    ("cn-paren", re.compile(rf"[（(]({_CN})[）)]、?")),
    ("ar-pair", re.compile(rf"([0-9０-９]{{1,2}}[.．-][0-9０-９]{{1,2}}) (?={_HAN})")),
    ("ar-blank", re.compile(rf"([0-9０-９]{{1,2}}) (?={_HAN})")),
    ("ar-dot", re.compile(rf"({_AR})(?:[.．]{_NO_DECIMAL}|、{_NO_DECIMAL})")),
    ("ar-paren", re.compile(rf"[（(]({_AR})[）)]")),
    ("ar-half", re.compile(rf"({_AR})[）)]")),
    ("circled", re.compile("([①-⑳])")),
)
_FIRST = {"circled": "①", "roman": "Ⅰ"}
SECTION_STYLES = frozenset({"chapter", "part", "roman"})
ITEM_STYLES = frozenset(
    {"article", "entry", "task", "ordinal", "one-of", "cn-comma", "cn-paren", "ar-pair", "ar-dot", "bullet"}
)


@dataclass(frozen=True, slots=True)
class Head:
    """A number at the head of a paragraph.

    Attributes:
        style: How it is printed, by the names of this module.
        number: As printed, marks dropped.
        ordinal: Its value.
        length: Characters up to the text that it heads.
    """

    style: str
    number: str
    ordinal: int
    length: int


def head_of(text: str) -> Head | None:
    """Reads the number at the head of `text`; None where there is none."""
    for style, pattern in _STYLES:
        match = pattern.match(text)
        if match is None:
            continue
        printed = match[match.lastindex or 1]
        last = re.split("[.．-]", printed)[-1]
        ordinal = ord(last) - ord(_FIRST[style]) + 1 if style in _FIRST else number(last)
        if ordinal:
            return Head(style, printed, ordinal, match.end())
    return None
