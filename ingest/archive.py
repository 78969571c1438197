"""Files that hold files: zip archives and what is packed as one, under limits, and JSON Lines."""

import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from ingest.bounds import (
    MAX_CONTAINER_BYTES,
    MAX_ENTRIES,
    MAX_PARTS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    MAX_XML_BYTES,
    SMALL_BYTES,
)
from ingest.errors import SourceError

_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1
_BY_UNIX = 3
_UNSAFE = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:|\x00")
_HIDDEN = re.compile(r"(?:^|/)(?:\.|__MACOSX/|~\$|Thumbs\.db$)")
_DECLARATIONS = tuple(
    mark.encode(encoding) for mark in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
_LETTERS = re.compile("[\x80-\u07ff]")
_JSON_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\"")


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Opens a zip file after a look at its directory.

    Raises:
        SourceError: `malformed` where it is broken or cut off, `archive-bomb` where it would unpack beyond the limits.
    """
    if len(data) > MAX_CONTAINER_BYTES:
        raise SourceError(
            "too-large", f"it has {len(data):,} bytes; at most {MAX_CONTAINER_BYTES:,} are read, so part it"
        )
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SourceError("malformed", "the zip file is broken or cut off; fetch it again") from error
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        raise SourceError("archive-bomb", f"it has {len(entries):,} entries; at most {MAX_ENTRIES:,} are read")
    if unpacked > MAX_UNPACKED_BYTES:
        raise SourceError("archive-bomb", f"it unpacks to {unpacked:,} bytes; at most {MAX_UNPACKED_BYTES:,} are read")
    if unpacked > SMALL_BYTES and unpacked > MAX_RATIO * len(data):
        raise SourceError("archive-bomb", f"it unpacks to over {MAX_RATIO} times its size, as no text does")
    return archive


def check_parts(archive: zipfile.ZipFile) -> None:
    """Looks at the parts of an office file.

    Raises:
        SourceError: `archive-bomb` where there are too many, `unsafe-name` where one points out of the file.
    """
    names = archive.namelist()
    if len(names) > MAX_PARTS:
        raise SourceError("archive-bomb", f"it has {len(names):,} parts; at most {MAX_PARTS:,} are read")
    if any(_UNSAFE.search(name) for name in names):
        raise SourceError("unsafe-name", "a part of it points out of the file; save it anew")


def unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """Returns the bytes of an entry.

    Raises:
        SourceError: `too-large`, `encrypted`, `malformed`, or `unsupported-type` for a packing unknown here.
    """
    if entry.file_size > max_bytes:
        raise SourceError("too-large", f"it has {entry.file_size:,} bytes; at most {max_bytes:,} are read, so part it")
    if entry.flag_bits & _ENCRYPTED:
        raise SourceError("encrypted", "it asks for a password; pack it without one")
    try:
        return archive.read(entry)
    except NotImplementedError as error:
        raise SourceError("unsupported-type", "it is packed in a way unknown here; pack it as plain zip") from error
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error) as error:
        raise SourceError("malformed", "it is broken in the archive; fetch it again") from error


def read_xml(archive: zipfile.ZipFile, name: str) -> Element | None:
    """Returns the root of an XML entry, names in the root's namespace without it; None where there is no such entry.

    Raises:
        SourceError: As `unpack`, and `malformed` where it is no XML or declares entities.
    """
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    data = unpack(archive, entry, MAX_XML_BYTES)
    if any(mark in data for mark in _DECLARATIONS):
        raise SourceError("malformed", f"{name} declares entities, which office programs never do; save it anew")
    try:
        root = fromstring(data)  # noqa: S314 - entities, the danger, are refused above
    except (ParseError, LookupError, ValueError) as error:
        raise SourceError("malformed", f"{name} is no XML; save the document anew") from error
    own = root.tag[: root.tag.find("}") + 1]
    for node in root.iter():
        node.tag = node.tag.removeprefix(own)
        node.attrib = {key.removeprefix(own): value for key, value in node.attrib.items()}
    return root


def members(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo | SourceError]]:
    """Yields the files of an archive with their names, hidden ones left out; what is no plain file as the error."""
    for entry in archive.infolist():
        name = member_name(entry)
        if _UNSAFE.search(name) or (entry.create_system == _BY_UNIX and stat.S_ISLNK(entry.external_attr >> 16)):
            yield name, SourceError("unsafe-name", "it points out of the archive; pack plain files", name)
        elif not entry.is_dir() and not _HIDDEN.search(name):
            yield name, entry


def member_name(entry: zipfile.ZipInfo) -> str:
    """Returns the name of an entry; Chinese systems write names in GBK, which the format takes for code page 437."""
    if entry.flag_bits & _UTF8_NAMES:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            name = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Two bytes of GBK are a letter of some alphabet in UTF-8 now and then, but hardly ever a Chinese character.
        if name.isascii() or not _LETTERS.search(name):
            return name
    return entry.filename


def is_json_lines(data: bytes) -> bool:
    """Tells whether a file begins with a JSON object."""
    return bool(_JSON_LINE.match(data[:1_000]))


def json_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields the lines that are not blank, counted from 1; a file that is one object over several lines is one line."""
    whole = data.removeprefix(b"\xef\xbb\xbf").strip()
    first, more, _ = whole.partition(b"\n")
    if more and not _is_object(first) and _is_object(whole):
        yield 1, whole
        return
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield number, line.strip()


def _is_object(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def read_record(text: str) -> dict[str, Any]:
    """Reads a line of JSON Lines.

    Raises:
        SourceError: `malformed` where it is no object with a `text` or an `html`.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError("malformed", "the line is no JSON; write one object a line") from error
    if not isinstance(record, dict) or not any(isinstance(record.get(key), str) for key in ("text", "html")):
        raise SourceError("malformed", "the line has neither `text` nor `html`; write {url, title, date, text}")
    return record
