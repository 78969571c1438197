"""Measures in a table: 序号, 措施, 责任单位, 完成时限 as columns (annotation guide, Forms met in other notices)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ingest.model import Span
from ingest.tables import table

CELL = "\t"
LINE_END = "\u2063"
"""Parts the lines inside a cell: the invisible separator, for a line end would end the row."""


_ROLES = {"lead-agency": "lead", "responsible": "", "cooperating-agency": "cooperating"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table of measures; the spans are of the normalised text.

    Attributes:
        number: As printed; the row's place in the table where no column numbers the rows.
        measure: The cells that say what is done, for whom and when, in their order.
        responsible: The cells that name who answers for it, each with the role that its heading gives: `lead`,
            `cooperating`, or none.
        time: The cells that say until when.
    """

    number: str
    measure: tuple[Span, ...]
    responsible: tuple[tuple[Span, str], ...]
    time: tuple[Span, ...]


@cache
def _headings() -> dict[str, re.Pattern[str]]:
    return {row["kind"]: re.compile(row["heading"]) for row in table("columns")}


def is_row(words: str) -> bool:
    """Tells whether a line is a row of a table: three cells and more, two of them filled."""
    cells = words.split(CELL)
    return len(cells) > 2 and sum(bool(cell.strip()) for cell in cells) > 1  # noqa: PLR2004 - one tab may only indent


class Grid:
    """Reads the rows of tables of measures, paragraph by paragraph."""

    def __init__(self, text: str) -> None:
        """Starts without a table; `text` is the normalised text."""
        self._text = text
        self._kinds: list[str] = []
        self._count = 0

    def read(self, paragraph: Span) -> Row | None:
        """Reads a row; None of a heading row, and where no heading row above has a column of measures."""
        cells = _cells(self._text, paragraph)
        kinds = [_kind(self._text[cell.start : cell.end]) for cell in cells]
        if "measure" in kinds and len(set(kinds) - {""}) > 1:
            self._kinds, self._count = kinds, 0
            return None
        if len(cells) != len(self._kinds):
            return None
        self._count += 1
        row = _row(self._text, cells, self._kinds, self._count)
        return row if row.measure else None


def _cells(text: str, paragraph: Span) -> list[Span]:
    cuts = [i for i in range(paragraph.start, paragraph.end) if text[i] == CELL]
    return [Span(a, b) for a, b in zip([paragraph.start, *(i + 1 for i in cuts)], [*cuts, paragraph.end], strict=True)]


def _cell_lines(text: str, cell: Span) -> Iterator[Span]:
    start = cell.start
    for line in text[cell.start : cell.end].split(LINE_END):
        if line:
            yield Span(start, start + len(line))
        start += len(line) + 1


def _kind(heading: str) -> str:
    return next((kind for kind, pattern in _headings().items() if pattern.match(heading)), "")


def _row(text: str, cells: list[Span], kinds: list[str], place: int) -> Row:
    def of(*wanted: str) -> tuple[Span, ...]:
        return tuple(cell for cell, kind in zip(cells, kinds, strict=True) if kind in wanted and cell.end > cell.start)

    measure = tuple(line for cell in of("lead", "condition", "measure") for line in _cell_lines(text, cell))
    responsible = tuple((cell, role) for kind, role in _ROLES.items() for cell in of(kind))
    number = next((text[cell.start : cell.end] for cell in of("number")), str(place))
    return Row(number, measure, responsible, of("time"))
