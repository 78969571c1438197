"""Explains how a notice was read: its text with every mention marked, in a terminal or as a page."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from api.explain_page import explain_page
from api.marks import KINDS, Block, Mark, Node, blocks, nest
from ingest.model import Notice
from ingest.read import read_notice

_COLOURS = {
    "agency": "36",
    "responsible": "96",
    "instrument": "32",
    "target": "34",
    "deadline": "33",
    "amount": "35",
    "citation": "4",
    "modality": "1",
    "condition": "3",
    "number": "2",
    "unexplained": "97;41",
}
_ESCAPES = dict.fromkeys((*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0)), "\ufffd")
_WIDTH = 72
_INDENT = 14


def explain(file: Path, html: Path | None, output: TextIO) -> None:
    """Reads a notice and shows what was read from it.

    Args:
        file: The notice; `-` is standard input.
        html: Where to write a page; `-` is standard output. Without it the text is written to `output`.
        output: Where the text goes, and a line that sums up where a page is written to a file; in colour on a terminal
            unless `NO_COLOR` is set.

    Raises:
        SourceError: The file is no notice that can be read.
        OSError: A file cannot be read or written.
    """
    piped = str(file) == "-"
    data = sys.stdin.buffer.read() if piped else file.read_bytes()
    notice = read_notice(data, "standard input" if piped else file.name)
    parts = blocks(notice)
    if html is None:
        output.write(as_text(notice, parts, colour=output.isatty() and not os.environ.get("NO_COLOR")))
    elif str(html) == "-":
        output.write(explain_page(notice, parts))
    else:
        html.write_text(explain_page(notice, parts), encoding="utf-8")
        output.write(f"{summary(parts)}; written to {html}\n")


def summary(parts: tuple[Block, ...]) -> str:
    """Says how many measures, marks and unexplained numbers there are."""
    counts = Counter(mark.kind for block in parts for mark in block.marks)
    measures = sum(block.measure is not None for block in parts)
    said = ", ".join(f"{counts[kind]} {KINDS[kind][1]}" for kind in KINDS if counts[kind] and kind != "unexplained")
    return f"{measures} measures; {said or 'nothing marked'}; unexplained numbers: {counts['unexplained']}"


def as_text(notice: Notice, parts: tuple[Block, ...], *, colour: bool) -> str:
    """Returns the notice's text block by block, what is marked in it below each; without colour marks stand in ⟦ ⟧."""
    # A terminal obeys escape sequences; none may come from the notice.
    text = notice.text.translate(_ESCAPES)
    lines = []
    for block in parts:
        marks = [mark for mark in block.marks if mark.kind != "number"]
        shown = "".join(_shown(text, node, (), colour=colour) for node in nest(block.span, marks)).strip("\n")
        if block.measure is not None:
            heading = f"── {block.position} "
            lines.append(_paint(heading + "─" * (_WIDTH - len(heading)), ("2",), colour=colour))
            lines += [shown, *(f"   {row}" for row in _listed(text, block, colour=colour)), ""]
        elif shown.strip():
            lines += [shown, ""]
    return "\n".join([*lines, summary(parts), ""])


def _paint(text: str, codes: tuple[str, ...], *, colour: bool) -> str:
    return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if colour and codes and text else text


def _shown(text: str, node: Node, around: tuple[str, ...], *, colour: bool) -> str:
    if node.mark is None:
        return _paint(text[node.span.start : node.span.end], around, colour=colour)
    codes = (*around, _COLOURS[node.mark.kind])
    inner = "".join(_shown(text, piece, codes, colour=colour) for piece in node.inner)
    return inner if colour else f"⟦{inner}⟧"


def _listed(text: str, block: Block, *, colour: bool) -> Iterator[str]:
    for kind, (_, name) in KINDS.items():
        found = [
            (mark, _quote(text, mark), mark.label.translate(_ESCAPES)) for mark in block.marks if mark.kind == kind
        ]
        head = _paint(name, (_COLOURS[kind],), colour=colour) + " " * (_INDENT - len(name))
        if kind == "number" and found:
            yield head + " · ".join(f"{quote} {label}" for _, quote, label in found)
        elif kind != "number":
            yield from (f"{head}{quote} → {label}  [{mark.rule}]" for mark, quote, label in found)


def _quote(text: str, mark: Mark) -> str:
    return "".join(text[mark.span.start : mark.span.end].split("\n"))
