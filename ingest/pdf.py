"""The text layer of a PDF file, in reading order."""

import ctypes
from collections.abc import Iterator
from time import monotonic

import pypdfium2  # type: ignore[import-untyped]  # it comes without types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # likewise

from ingest.bounds import MAX_CHARACTERS, MAX_PAGE_CHARACTERS, MAX_PAGES, MAX_PDF_SECONDS
from ingest.errors import SourceError
from ingest.pages import Glyph, Page, Point, ruled, text_of

_MAX_SEGMENTS = 5_000
_FAR = 1e5


def read_pdf(data: bytes) -> str:
    """Reads the text of a PDF file.

    Raises:
        SourceError: `encrypted`, `malformed`, `no-text` (a scan), or `resource-limit`.
    """
    try:
        with pypdfium2.PdfDocument(data) as document:
            if len(document) > MAX_PAGES:
                raise SourceError("resource-limit", f"it has {len(document):,} pages; at most {MAX_PAGES:,} are read")
            if not len(document):
                raise SourceError("empty-document", "the PDF has no pages; leave it out")
            text = text_of(list(_pages(document)))
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise SourceError("encrypted", "the PDF asks for a password; save it without one") from error
        raise SourceError("malformed", "the PDF is broken or cut off; fetch it again") from error
    if not text.strip():
        raise SourceError("no-text", "the PDF has no text layer, it is a scan; recognise its characters (OCR) first")
    return text


def _pages(document: pypdfium2.PdfDocument) -> Iterator[Page]:
    start, characters = monotonic(), 0
    for number, page in enumerate(document, 1):
        text_page = page.get_textpage()
        count = text_page.count_chars()
        characters += count
        if count > MAX_PAGE_CHARACTERS or characters > MAX_CHARACTERS:
            raise SourceError("resource-limit", f"page {number} of the PDF holds more characters than any print")
        height = page.get_height()
        yield Page(tuple(_glyphs(text_page, count, height)), tuple(ruled(_strokes(page, height))))
        text_page.close()
        page.close()
        if monotonic() - start > MAX_PDF_SECONDS:
            raise SourceError("resource-limit", f"{number} pages took over {MAX_PDF_SECONDS:.0f} s; give it in parts")


def _glyphs(text_page: pypdfium2.PdfTextPage, count: int, height: float) -> Iterator[Glyph]:
    box = pdfium.FS_RECTF()
    for i in range(count):
        code = pdfium.FPDFText_GetUnicode(text_page, i)
        if code <= ord(" ") or pdfium.FPDFText_IsGenerated(text_page, i) == 1:
            continue
        placed = pdfium.FPDFText_GetLooseCharBox(text_page, i, ctypes.byref(box))
        left, right, top, bottom = box.left, box.right, box.top, box.bottom
        if placed and -_FAR < left <= right < _FAR and -_FAR < bottom <= top < _FAR:
            yield Glyph(chr(code), left, right, height - top, height - bottom)


def _strokes(page: pypdfium2.PdfPage, height: float) -> Iterator[tuple[Point, Point]]:
    """Yields what the paths of a page draw; of a page of drawings, the first part."""
    seen = 0
    x, y = ctypes.c_float(), ctypes.c_float()
    for drawn in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]):
        count = pdfium.FPDFPath_CountSegments(drawn)
        seen += count
        if seen > _MAX_SEGMENTS:
            return
        matrix = drawn.get_matrix()
        begin = at = (0.0, 0.0)
        for i in range(count):
            segment = pdfium.FPDFPath_GetPathSegment(drawn, i)
            pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
            across, up = matrix.on_point(x.value, y.value)
            to = across, height - up
            if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_MOVETO:
                begin = to
            else:
                yield at, to
            if pdfium.FPDFPathSegment_GetClose(segment):
                yield to, begin
            at = to
