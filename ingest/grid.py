"""Measures in a table: 序号, 措施, 责任单位, 完成时限 as columns (annotation guide, Forms met in other notices)."""

import re
from dataclasses import dataclass
from functools import cache

from ingest.model import Span
from ingest.tables import table

CELL = "\t"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table of measures; the spans are of the normalised text.

    Attributes:
        number: As printed; the row's place in the table where no column numbers the rows.
        measure: The cells that say what is done.
        responsible: The cells that name who answers for it.
        time: The cells that say until when.
    """

    number: str
    measure: tuple[Span, ...]
    responsible: tuple[Span, ...]
    time: tuple[Span, ...]


@cache
def _headings() -> dict[str, re.Pattern[str]]:
    return {row["kind"]: re.compile(row["heading"]) for row in table("columns")}


def is_row(words: str) -> bool:
    """Tells whether a line is a row of a table: three cells and more, two of them filled."""
    cells = words.split(CELL)
    return len(cells) > 2 and sum(bool(cell.strip()) for cell in cells) > 1  # noqa: PLR2004 - one tab may only indent


def read_rows(text: str, paragraphs: list[Span]) -> tuple[Row, ...]:
    """Returns the rows below the first heading row that has a column of measures; none where there is no such table."""
    kinds: list[str] = []
    rows: list[Row] = []
    for paragraph in paragraphs:
        if not is_row(text[paragraph.start : paragraph.end]):
            continue
        cells = _cells(text, paragraph)
        found = [_kind(text[cell.start : cell.end]) for cell in cells]
        if "measure" in found and len(set(found) - {""}) > 1:
            kinds = found
        elif kinds and len(cells) == len(kinds):
            rows.append(_row(text, cells, kinds, len(rows) + 1))
    return tuple(row for row in rows if row.measure)


def _cells(text: str, paragraph: Span) -> list[Span]:
    cuts = [i for i in range(paragraph.start, paragraph.end) if text[i] == CELL]
    return [Span(a, b) for a, b in zip([paragraph.start, *(i + 1 for i in cuts)], [*cuts, paragraph.end], strict=True)]


def _kind(heading: str) -> str:
    return next((kind for kind, pattern in _headings().items() if pattern.match(heading)), "")


def _row(text: str, cells: list[Span], kinds: list[str], place: int) -> Row:
    def of(kind: str) -> tuple[Span, ...]:
        return tuple(cell for cell, k in zip(cells, kinds, strict=True) if k == kind and cell.end > cell.start)

    number = next((text[cell.start : cell.end] for cell in of("number")), str(place))
    return Row(number, (*of("lead"), *of("measure")), of("responsible"), of("time"))
