"""Files that are broken, locked, of another kind or meant to harm: each is refused with a code and a sentence."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from ingest import bounds
from ingest.document import open_documents
from ingest.errors import SourceError
from ingest.read import read_notice
from tests import printing

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PDF = printing.pdf(printing.typeset(["一、措施。"]))
WORD = printing.word(["一、措施。"])
WORD_XML = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
OFD_XML = b'<o:OFD xmlns:o="x"><o:DocBody><o:DocRoot>D.xml</o:DocRoot></o:DocBody></o:OFD>'
BLANKS = b"<x>" + b" " * 40_000_000
KEY = b"<" + b"00" * 32 + b">"
LOCK = b"/Encrypt<</Filter/Standard/V 1/R 2/O" + KEY + b"/U" + KEY + b"/P -4>>/ID[<00><00>]"


def word(document: str, **parts: bytes) -> bytes:
    return printing.packed({"[Content_Types].xml": b"", "word/document.xml": document.encode(), **parts})


def ofd(**parts: bytes) -> bytes:
    return printing.packed({"OFD.xml": OFD_XML, **parts})


def locked(data: bytes) -> bytes:
    """Sets the mark of encryption in the directory of a zip file with one member."""
    start = data.index(b"PK\x01\x02") + 8
    return data[:start] + bytes([data[start] | 1]) + data[start + 1 :]


def lying(data: bytes) -> bytes:
    """Makes the directory of a zip file with one member say that it unpacks to five bytes."""
    start = data.index(b"PK\x01\x02") + 24
    return data[:start] + (5).to_bytes(4, "little") + data[start + 4 :]


CASES = {
    "nothing": ("empty-document", b""),
    "blanks": ("empty-document", b" \r\n\t\xe3\x80\x80"),
    "random bytes": ("undecodable", bytes(range(256)) * 8),
    "broken GB18030": ("undecodable", "各区市场监管局通知".encode("gb18030") + b"\xff" + "如下".encode("gb18030")),
    "French": ("undecodable", "Le décret énonce les règles à suivre pour l'été".encode("latin-1")),
    "Korean": ("undecodable", "시장감독관리국은 기업 등록 절차를 간소화한다".encode("euc-kr")),
    "broken UTF-32": ("undecodable", b"\xff\xfe\x00\x00\xff\xff\xff\x7f"),
    "image": ("unsupported-type", b"\xff\xd8\xff\xe0JFIF"),
    "scanned PDF": ("no-text", printing.pdf([[]])),
    "truncated PDF": ("malformed", PDF[:300]),
    "PDF without pages": ("malformed", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"),
    "PDF with a lost page": ("malformed", PDF.replace(b"/Kids[4 0 R]", b"/Kids[9 0 R]")),
    "locked PDF": ("encrypted", PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R" + LOCK)),
    "Word bomb": ("archive-bomb", printing.packed({"[Content_Types].xml": b"", "word/document.xml": BLANKS})),
    "Word with entities": ("malformed", word('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')),
    "Word without a body": ("malformed", word("<x/>")),
    "Word in an unknown encoding": ("malformed", word('<?xml version="1.0" encoding="UaF-8"?><x/>')),
    "Word in an encoding of many bytes": ("malformed", word('<?xml version="1.0" encoding="gbk"?><x/>')),
    "Word with broken XML": ("malformed", word("<x>")),
    "Word with nested tables": (
        "resource-limit",
        word(WORD_XML.format("<w:tbl><w:tr><w:tc>" * 20_000 + "</w:tc></w:tr></w:tbl>" * 20_000)),
    ),
    "Word part that points out": ("unsafe-name", word("<x/>", **{"../x.xml": b""})),
    "truncated Word": ("malformed", WORD[: len(WORD) // 2]),
    "Word 97": ("unsupported-type", OLE + b"\0" * 600),
    "locked Word": ("encrypted", OLE + "EncryptedPackage".encode("utf-16-le")),
    "spreadsheet": ("unsupported-type", printing.packed({"[Content_Types].xml": b"", "xl/workbook.xml": b"<x/>"})),
    "OFD bomb": ("archive-bomb", printing.packed({"OFD.xml": BLANKS})),
    "OFD of many parts": ("archive-bomb", ofd(**{f"{i}.xml": b"" for i in range(bounds.MAX_PARTS)})),
    "OFD without its document": ("malformed", ofd()),
    "locked OFD": ("encrypted", ofd(**{"Encryptions.xml": b"<x/>"})),
    "zip bomb": ("archive-bomb", printing.packed({"a.txt": BLANKS})),
    "empty archive": ("empty-document", printing.packed({})),
    "page of nested boxes": ("resource-limit", b"<html>" + b"<div>" * 200_000),
    "page of attributes": ("resource-limit", b"<html><div " + b" ".join(b"a%d=1" % i for i in range(100_000)) + b">"),
    "page of open comments": ("no-text", b"<html>" + b"<!--" * 1_250_000),
    "page of open tags": ("resource-limit", b"<html>" + b"<a " * 1_700_000),
    "page of cells": ("resource-limit", b"<table>" + b"<tr><td rowspan=900 colspan=900>x<td>y" * 300),
    "page of scripts": ("no-text", b"<html><script>alert('x')</script><style>p{}</style>"),
}
MEMBERS = {
    "locked": ("encrypted", locked(printing.packed({"a.txt": b"x"}))),
    "broken": ("malformed", lying(printing.packed({"a.txt": "一、措施。".encode() * 100}))),
}


def refused(data: bytes, name: str) -> SourceError:
    (error,) = open_documents(data, name)
    assert isinstance(error, SourceError), error
    return error


@pytest.mark.parametrize(("code", "data"), CASES.values(), ids=list(CASES))
def test_a_file_is_refused(code: str, data: bytes) -> None:
    error = refused(data, "hostile.bin")
    assert (error.code, error.name) == (code, "hostile.bin")
    assert len(error.reason) > 10
    with pytest.raises(SourceError, match=code):
        read_notice(data, "hostile.bin")


@pytest.mark.parametrize(("code", "data"), MEMBERS.values(), ids=list(MEMBERS))
def test_a_member_is_refused(code: str, data: bytes) -> None:
    error = refused(data, "a.zip")
    assert (error.code, error.name) == (code, "a.zip!/a.txt")


def test_links_in_an_archive_are_not_followed() -> None:
    written = BytesIO()
    link = zipfile.ZipInfo("a.txt")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refused(written.getvalue(), "a.zip").code == "unsafe-name"


def test_a_large_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.document.MAX_BYTES", 10)
    monkeypatch.setattr("ingest.text.MAX_CHARACTERS", 3)
    assert refused("一、一项措施。".encode(), "a.txt").code == "too-large"
    assert refused("措施".encode() + b"ab", "a.txt").code == "too-large"


def test_every_code_is_documented() -> None:
    root = Path(__file__).parent.parent
    told = (root / "docs/formats.md").read_text(encoding="utf-8")
    codes = {code for code, _ in (*CASES.values(), *MEMBERS.values())}
    codes |= {"too-large", "several-documents", "nested-archive", "unsafe-name"}
    assert [code for code in sorted(codes) if f"`{code}`" not in told] == []
