"""The text of an OFD file (GB/T 33190-2016): text objects placed on pages, as in PDF."""

import posixpath
import re
from collections.abc import Iterator
from math import isfinite
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from ingest.archive import read_xml
from ingest.bounds import MAX_CHARACTERS, MAX_PAGES
from ingest.errors import SourceError
from ingest.pages import Glyph, Page, Point, ruled, text_of

_MAX_REPEAT = 10_000
_POINTS = 72 / 25.4  # OFD counts in millimetres
_RISE, _FALL = 0.85, 0.15
_COMMAND = re.compile(r"([A-Z])([^A-Z]*)")
_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def read_ofd(archive: ZipFile) -> str:
    """Reads the text of an OFD file, page templates (running heads) and seals left out.

    Args:
        archive: The file, opened by `ingest.archive.open_zip`.

    Raises:
        SourceError: `malformed`, `encrypted`, `no-text` (a scan), `too-large` or `resource-limit`.
    """
    if any(posixpath.basename(name) == "Encryptions.xml" for name in archive.namelist()):
        raise SourceError("encrypted", "the OFD file is encrypted; save it without a password")
    pages = [Page(tuple(_glyphs(content)), tuple(ruled(_strokes(content)))) for content in _contents(archive)]
    text = text_of(pages)
    if not text.strip():
        raise SourceError("no-text", "the OFD file has no text, it is a scan; recognise its characters (OCR) first")
    return text


def _contents(archive: ZipFile) -> Iterator[Element]:
    """Yields the pages in the order of the document."""
    count = 0
    for root in _required(archive, "OFD.xml").iterfind("DocBody/DocRoot"):
        document_name = _resolved("", root.text)
        document = _required(archive, document_name)
        folder = posixpath.dirname(document_name)
        for page in document.iterfind("Pages/Page"):
            count += 1
            if count > MAX_PAGES:
                raise SourceError("resource-limit", f"the OFD file has over {MAX_PAGES:,} pages; give it in parts")
            content = _required(archive, _resolved(folder, page.get("BaseLoc"))).find("Content")
            if content is not None:
                yield content


def _required(archive: ZipFile, name: str) -> Element:
    root = read_xml(archive, name)
    if root is None:
        raise SourceError("malformed", f"{name or 'a part'} is missing in the OFD file; fetch it again")
    return root


def _resolved(folder: str, location: str | None) -> str:
    """Resolves a location of the package: from its root where it begins with a slash, else from `folder`."""
    return posixpath.normpath(posixpath.join("/", folder, (location or "").strip())).lstrip("/")


def _glyphs(content: Element) -> Iterator[Glyph]:
    count = 0
    for printed in content.iter("TextObject"):
        left, top = _numbers(printed.get("Boundary"), (0.0, 0.0))[:2]
        size = _numbers(printed.get("Size"), (1.0,))[0]
        a, b, c, d, e, f = _numbers(printed.get("CTM"), _IDENTITY)[:6]
        width, height = size * abs(a or 1), size * abs(d or 1)
        for code in printed.iterfind("TextCode"):
            text = code.text or ""
            count += len(text)
            if count > MAX_CHARACTERS:
                raise SourceError("resource-limit", "a page of the OFD file holds more text than any print")
            for letter, x, y in _placed(code, text, size):
                at, base = left + a * x + c * y + e, top + b * x + d * y + f
                end = at + (width / 2 if letter.isascii() else width)
                if not letter.isspace():
                    yield Glyph(
                        letter, *(_POINTS * edge for edge in (at, end, base - _RISE * height, base + _FALL * height))
                    )


def _placed(code: Element, text: str, size: float) -> Iterator[tuple[str, float, float]]:
    """Yields the characters with their origins; where the deltas give out, each follows by its usual width."""
    x, y = _numbers(code.get("X"), (0.0,))[0], _numbers(code.get("Y"), (0.0,))[0]
    across, down = _deltas(code.get("DeltaX"), len(text)), _deltas(code.get("DeltaY"), len(text))
    for i, letter in enumerate(text):
        yield letter, x, y
        usual = 0.0 if down else size / 2 if letter.isascii() else size
        x += across[i] if i < len(across) else usual
        y += down[i] if i < len(down) else 0.0


def _deltas(stated: str | None, count: int) -> list[float]:
    """Reads distances; `g 3 5.6` says 5.6 three times (section 11.3)."""
    found: list[float] = []
    words = iter((stated or "").split())
    for word in words:
        if word == "g":
            times, value = next(words, "0"), next(words, "0")
            found += [_number(value)] * min(int(_number(times)), _MAX_REPEAT)
        else:
            found.append(_number(word))
        if len(found) >= count:
            break
    return found


def _numbers(stated: str | None, default: tuple[float, ...]) -> tuple[float, ...]:
    found = tuple(_number(word) for word in (stated or "").split())
    return found if len(found) >= len(default) else default


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise SourceError("malformed", f"{word[:20]!r} is no number in the OFD file; save it anew")
    return value


def _strokes(content: Element) -> Iterator[tuple[Point, Point]]:
    """Yields what the paths draw: M x y L x y … C (section 9.2)."""
    for path in content.iter("PathObject"):
        left, top = _numbers(path.get("Boundary"), (0.0, 0.0))[:2]
        a, b, c, d, e, f = _numbers(path.get("CTM"), _IDENTITY)[:6]
        begin = at = (0.0, 0.0)
        for command in _COMMAND.finditer(path.findtext("AbbreviatedData", "")):
            values = [_number(word) for word in command[2].split()]
            to = begin
            if len(values) > 1:
                x, y = values[-2:]
                to = _POINTS * (left + a * x + c * y + e), _POINTS * (top + b * x + d * y + f)
            if command[1] in "MS":
                begin = to
            elif command[1] in "LC":
                yield at, to
            at = to
