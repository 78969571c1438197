"""The text of a DOCX file (ISO/IEC 29500): paragraphs with their numbers as printed, and tables."""

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from ingest.archive import read_xml
from ingest.autonumbers import AutoNumbers, said
from ingest.bounds import MAX_CELLS, MAX_XML_DEPTH
from ingest.errors import SourceError

_PRINTED_AS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Deleted and moved text, pinyin, what paragraphs look like, and the older copy of a drawing.
_UNPRINTED = frozenset(
    ["del", "moveFrom", "rt", "pPr", "rPr", "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"]
)
_MAX_SPAN = 63


def read_docx(archive: ZipFile) -> str:
    """Reads the body of a DOCX file; running heads, footnotes and comments are left out.

    Args:
        archive: The file, opened by `ingest.archive.open_zip`.

    Raises:
        SourceError: `malformed`, `encrypted`, `too-large` or `resource-limit`.
    """
    main = _main_part(archive)
    root = read_xml(archive, main)
    body = None if root is None else root.find("body")
    if body is None:
        raise SourceError("malformed", "it has no body; open it in an office program and save it anew")
    folder = posixpath.dirname(main)
    numbering, styles = (read_xml(archive, posixpath.join(folder, name)) for name in ("numbering.xml", "styles.xml"))
    return "".join(f"{line}\n" for line in _lines(body, AutoNumbers(numbering, styles), 0))


def _main_part(archive: ZipFile) -> str:
    relationships = read_xml(archive, "_rels/.rels")
    for node in () if relationships is None else relationships:
        if node.get("Type", "").endswith("/officeDocument"):
            return node.get("Target", "").lstrip("/")
    return "word/document.xml"


def _lines(parent: Element, numbers: AutoNumbers, depth: int) -> Iterator[str]:
    if depth > MAX_XML_DEPTH:
        raise SourceError("resource-limit", "its tables are nested beyond use; give its text alone")
    for node in parent:
        if node.tag == "p":
            yield from _paragraph(node, numbers, depth)
        elif node.tag == "tbl":
            yield from _rows(node, numbers, depth)
        elif node.tag not in _UNPRINTED:
            yield from _lines(node, numbers, depth + 1)


def _paragraph(node: Element, numbers: AutoNumbers, depth: int) -> Iterator[str]:
    """Yields the lines of the text boxes that hang on a paragraph, then its own."""
    boxes: list[Element] = []
    text = "".join(_runs(node, boxes, depth))
    for box in boxes:
        yield from _lines(box, numbers, depth + 1)
    if text.strip():
        yield from f"{numbers.next(node)}{text}".split("\n")


def _runs(parent: Element, boxes: list[Element], depth: int) -> Iterator[str]:
    if depth > MAX_XML_DEPTH:
        raise SourceError("resource-limit", "its parts are nested beyond use; give its text alone")
    for node in parent:
        if node.tag == "t":
            yield node.text or ""
        elif node.tag in _PRINTED_AS:
            yield _PRINTED_AS[node.tag]
        elif node.tag == "txbxContent":
            boxes.append(node)
        elif node.tag not in _UNPRINTED:
            yield from _runs(node, boxes, depth + 1)


def _rows(table: Element, numbers: AutoNumbers, depth: int) -> Iterator[str]:
    """Yields the rows, cells by tabs; a cell that spans rows stands in each. A table of one column is plain lines."""
    rows = [list(_inside(row, "tc")) for row in _inside(table, "tr")]
    if all(len(row) < 2 for row in rows):  # noqa: PLR2004 - cells of a row
        for cell in (cell for row in rows for cell in row):
            yield from _lines(cell, numbers, depth + 1)
        return
    above: dict[int, str] = {}
    count = 0
    for row in rows:
        line: list[str] = []
        for cell in row:
            merge = cell.find("tcPr/vMerge")
            goes_on = merge is not None and merge.get("val", "continue") == "continue"
            words = " ".join(" ".join(_lines(cell, numbers, depth + 1)).split())
            above[len(line)] = words = above.get(len(line), "") if goes_on else words
            width = said(cell, "tcPr/gridSpan")
            line += [words, *[""] * (min(int(width) if width.isdigit() else 1, _MAX_SPAN) - 1)]
        count += len(line)
        if count > MAX_CELLS:
            raise SourceError("resource-limit", f"a table has over {MAX_CELLS:,} cells; give it in parts")
        yield "\t".join(line)


def _inside(parent: Element, name: str) -> Iterator[Element]:
    """Yields the elements of a name right below `parent`, or below the content controls there."""
    for node in parent:
        if node.tag == name:
            yield node
        elif node.tag == "sdt":
            for content in node.iterfind("sdtContent"):
                yield from content.iterfind(name)
