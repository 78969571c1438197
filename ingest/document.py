"""From the bytes of a file to its documents: what each is, told by its content, and its raw text."""

import hashlib
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from zipfile import ZipFile, ZipInfo

from ingest.archive import check_parts, is_json_lines, json_lines, members, open_zip, read_record, unpack
from ingest.bounds import MAX_BYTES, MAX_CONTAINER_BYTES
from ingest.docx import read_docx
from ingest.errors import SourceError
from ingest.html import declared_charset, first_date, is_html, read_html, with_title
from ingest.markdown import is_markdown, to_html
from ingest.model import Document
from ingest.ofd import read_ofd
from ingest.pdf import read_pdf
from ingest.text import Decoded, decode, mend

TEXT, HTML, PDF, OFD = "text/plain", "text/html", "application/pdf", "application/ofd"
MARKDOWN = "text/markdown"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SAID_BY_NAME = {
    ".txt": TEXT, ".html": HTML, ".htm": HTML, ".shtml": HTML, ".pdf": PDF, ".ofd": OFD, ".docx": DOCX,
}  # fmt: skip
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UNREAD = (
    (_OLE, "a Word 97 or WPS file; save it as DOCX or PDF"),
    (b"{\\rtf", "RTF; save it as DOCX or PDF"),
    (b"Rar!", "a RAR archive; unpack it or pack it as zip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it or pack it as zip"),
    (b"\x1f\x8b", "packed by gzip; unpack it"),
    (b"\x89PNG", "an image; recognise its characters (OCR) first"),
    (b"\xff\xd8\xff", "an image; recognise its characters (OCR) first"),
    (b"GIF8", "an image; recognise its characters (OCR) first"),
    (b"II*\x00", "an image; recognise its characters (OCR) first"),
    (b"MIME-Version:", "a web archive; save the page as HTML"),
)
_PDF_WITHIN = 1_024
_OFFICE = frozenset(["[Content_Types].xml", "OFD.xml", "mimetype"])


def open_documents(data: bytes, name: str) -> Iterator[Document | SourceError]:
    """Yields the documents of a file: one of a plain file, several of an archive or of JSON Lines.

    A document that cannot be read is yielded as the SourceError that names it; the others are not held up.

    Args:
        data: The file as received.
        name: Its name, without folders.
    """
    yield from _documents(data, name, inside=False)


def _documents(data: bytes, name: str, *, inside: bool) -> Iterator[Document | SourceError]:
    try:
        if is_json_lines(data):
            yield from _lines(data, name)
        elif data.startswith(_ZIP_MARKS):
            yield from _zipped(data, name, inside=inside)
        else:
            yield _plain(data, name)
    except SourceError as error:
        yield SourceError(error.code, error.reason, name)


def _zipped(data: bytes, name: str, *, inside: bool) -> Iterator[Document | SourceError]:
    with open_zip(data) as archive:
        names = set(archive.namelist())
        if not names.isdisjoint(_OFFICE):
            yield _office(archive, names, data, name)
            return
        if inside:
            raise SourceError("nested-archive", "it is an archive in an archive; unpack it")
        empty = True
        for member, entry in members(archive):
            empty = False
            yield from _member(archive, entry, f"{name}!/{member}")
        if empty:
            raise SourceError("empty-document", "the archive holds no files; leave it out")


def _member(archive: ZipFile, entry: ZipInfo | SourceError, name: str) -> Iterator[Document | SourceError]:
    if isinstance(entry, SourceError):
        yield SourceError(entry.code, entry.reason, name)
        return
    try:
        data = unpack(archive, entry, MAX_BYTES)
    except SourceError as error:
        yield SourceError(error.code, error.reason, name)
    else:
        yield from _documents(data, name, inside=True)


def _office(archive: ZipFile, names: set[str], data: bytes, name: str) -> Document:
    _measure(data)
    check_parts(archive)
    if "OFD.xml" in names:
        return _document(data, name, OFD, mend(read_ofd(archive)))
    if "word/document.xml" in names or any(part.startswith("word/document") for part in names):
        return _document(data, name, DOCX, mend(read_docx(archive)))
    raise SourceError("unsupported-type", "it is an office file without a text; save it as DOCX or PDF")


def _plain(data: bytes, name: str) -> Document:
    _measure(data)
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return _document(data, name, PDF, mend(read_pdf(data)))
    for mark, what in _UNREAD:
        if data.startswith(mark):
            if mark == _OLE and "EncryptedPackage".encode("utf-16-le") in data:
                raise SourceError("encrypted", "the office file asks for a password; save it without one")
            raise SourceError("unsupported-type", f"it is {what}")
    decoded = decode(data, declared_charset(data))
    if is_html(decoded.text):
        media_type, page = HTML, read_html(decoded.text)
    elif is_markdown(decoded.text):
        media_type, page = MARKDOWN, read_html(to_html(decoded.text))
    else:
        return _document(data, name, TEXT, decoded)
    document = _document(data, name, media_type, mend(page.text), decoded.warnings)
    return replace(document, title=page.title, published=page.published)


def _measure(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise SourceError("too-large", f"it has {len(data):,} bytes; at most {MAX_BYTES:,} are read, so part it")


def _document(data: bytes, name: str, media_type: str, mended: Decoded, warnings: tuple[str, ...] = ()) -> Document:
    if not mended.text.strip():
        raise SourceError("empty-document", "it holds no text; leave it out")
    said = _SAID_BY_NAME.get(posixpath.splitext(name)[1].lower(), media_type)
    mismatch = () if said == media_type else (f"its name says {said}, its content is {media_type}",)
    told = tuple(dict.fromkeys((*mismatch, *warnings, *mended.warnings)))
    return Document(name, hashlib.sha256(data).hexdigest(), media_type, mended.text, warnings=told)


def _lines(data: bytes, name: str) -> Iterator[Document | SourceError]:
    if len(data) > MAX_CONTAINER_BYTES:
        raise SourceError("too-large", f"it has {len(data):,} bytes; at most {MAX_CONTAINER_BYTES:,} are read")
    for number, line in json_lines(data):
        line_name = f"{name}#{number}"
        try:
            yield _record(line, line_name)
        except SourceError as error:
            yield SourceError(error.code, error.reason, line_name)


def _record(line: bytes, name: str) -> Document:
    decoded = decode(line)
    record = read_record(decoded.text)
    stated = {key: value for key in ("url", "title", "date") if isinstance(value := record.get(key), str) and value}
    published = first_date(stated.get("date"))
    warnings = decoded.warnings
    if record.get("date") and published is None:
        warnings += (f"its date {str(record['date'])[:40]!r} is no full date",)
    if isinstance(record.get("text"), str) and record["text"].strip():
        media_type, title, text = TEXT, stated.get("title"), record["text"]
    else:
        page = read_html(mend(record.get("html") or "").text)
        media_type, title, text = HTML, stated.get("title") or page.title, page.text
        published = published or page.published
    document = _document(line, name, media_type, mend(with_title(text, title)), warnings)
    return replace(document, url=stated.get("url"), title=title, published=published)
