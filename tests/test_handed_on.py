"""A notice says the same however its text was handed on: by a crawler, a word processor, or another keyboard."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from opencc import OpenCC

from ingest.layout import lay_out
from ingest.model import Notice
from ingest.read import read_notice
from ingest.text import fold

ROOT = Path(__file__).parent.parent
NOTICES = sorted([*ROOT.glob("data/notices/*.txt"), *ROOT.glob("tests/cases/notices/seen/[!a]*.txt")])
LETTERS = [chr(code) for code in range(0x4E00, 0xA000)]
TRADITIONAL = str.maketrans(dict(zip(LETTERS, OpenCC("s2t").convert("\n".join(LETTERS)).split("\n"), strict=True)))
WAYS: dict[str, Callable[[str], str]] = {
    "ASCII marks": lambda text: text.translate(str.maketrans("，；：！？（）", ",;:!?()")),
    "wide digits": lambda text: re.sub("[0-9]", lambda digit: chr(ord(digit[0]) + 0xFEE0), text),
    "traditional characters": lambda text: text.translate(TRADITIONAL),
    "blank lines between": lambda text: text.replace("\n", "\n\n"),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "indented": lambda text: "\n".join(
        "\u3000\u3000" + line.strip() if line.strip() else line for line in text.split("\n")
    ),
    "line ends made a blank": lambda text: re.sub(r"\s*\n\s*", " ", text.strip()),
    "line ends made ideographic blanks": lambda text: re.sub(r"\s*\n\s*", "\u3000\u3000", text.strip()),
}
# Where the blanks that a line end became look like those that a line has already.
LOST = {
    ("line ends made a blank", "e2"),  # a table
    ("line ends made a blank", "e5"),  # the year stands in what was the headline's own line
    ("line ends made a blank", "e7"),  # four sentences end a line, of twenty-six lines
    ("line ends made ideographic blanks", "e2"),
}


def said(notice: Notice) -> list[tuple[object, ...]]:
    return [
        (
            measure.number.translate(str.maketrans("０１２３４５６７８９", "0123456789")),
            "".join(fold(measure.text).split()),
            {body.agency for body in measure.responsible},
            [(d.type, d.start, d.end, d.event, d.offset) for p in measure.provisions for d in p.deadlines],
        )
        for measure in notice.measures
    ]


@pytest.mark.parametrize("path", NOTICES, ids=lambda path: path.stem)
def test_measures_are_the_same(path: Path):
    text = path.read_text(encoding="utf-8")
    expected = said(read_notice(text.encode(), "n.txt"))
    for way, hand_on in WAYS.items():
        if (way, path.stem) not in LOST:
            assert said(read_notice(hand_on(text).encode(), "n.txt")) == expected, way


def test_items_run_together_on_one_line_are_parted():
    text = "　　一、对变更登记的，可延期办理。   二、证书过期的，延期至年底。（危险品除外）三、复查的，有效期延长。"
    layout = lay_out(text)
    assert [layout.text[p.start : p.start + 2] for p in layout.paragraphs] == ["一、", "二、", "三、"]
    assert lay_out("（三）材料齐全的，当场办结：1.申请书；2.身份证明。").text.count("\n") == 0


def test_numerals_with_blanks_around_them_end_no_line():
    sentence = "自 2020 年 2 月起，对 60 户企业补助 3 万元，其中 12 户提高 1.5 倍。"
    assert lay_out(" ".join([sentence] * 12)).text.count("\n") == 11
