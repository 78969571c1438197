"""Writes one notice in every format that is read: what `tests/test_document.py` compares."""

import io
import json
import zipfile
from collections.abc import Iterable
from html import escape

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

WIDTH, HEIGHT, LEFT, TOP, SIZE, LEADING = 595, 842, 80, 90, 16, 28
LINE, LINES = 27, 24


def typeset(paragraphs: Iterable[str], *, head: str = "") -> list[list[tuple[float, float, str]]]:
    """Sets paragraphs on pages: lines of 27 characters, the first one indented by two, as GB/T 9704-2012 asks.

    Returns:
        For each page its lines: left, top and text; a running `head` above and a page number below.
    """
    lines: list[tuple[float, str]] = []
    for paragraph in paragraphs:
        indent, room, line = 2.0, LINE - 2.0, ""
        for letter in paragraph:
            width = 0.5 if letter.isascii() else 1.0
            if room < width:
                lines.append((indent, line))
                indent, room, line = 0.0, float(LINE), ""
            line += letter
            room -= width
        lines.append((indent, line))
    pages = []
    for number, start in enumerate(range(0, len(lines), LINES), 1):
        page = [
            (LEFT + indent * SIZE, TOP + i * LEADING, text)
            for i, (indent, text) in enumerate(lines[start : start + LINES])
        ]
        pages.append([(LEFT, 50, head), *page, (280, 800, f"— {number} —")] if head else page)
    return pages


def pdf(pages: list[list[tuple[float, float, str]]], *, drawing: str = "") -> bytes:
    """Writes a PDF with a text layer in STSong-Light, which is not embedded; `drawing` is added to each page."""
    font = (
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[<</Type/Font"
        "/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>"
        "/W[1 95 500]/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]"
        "/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>>>]>>"
    )
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>", font]
    for i, page in enumerate(pages):
        shown = "".join(
            f"BT /F {SIZE} Tf {left:.1f} {HEIGHT - top:.1f} Td <{text.encode('utf-16-be').hex()}> Tj ET\n"
            for left, top, text in page
        )
        stream = shown + drawing
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Resources<</Font<</F 3 0 R>>>>"
            f"/Contents {5 + 2 * i} 0 R>>"
        )
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    written, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(written)}\n%%EOF\n"
    return written + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def ofd(pages: list[list[tuple[float, float, str]]]) -> bytes:
    """Writes an OFD file; positions in points become millimetres."""
    scale, ns = 25.4 / 72, 'xmlns:ofd="http://www.ofdspec.org/2016"'
    parts = {
        "OFD.xml": f"<ofd:OFD {ns}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {ns}><ofd:Pages>"
        + "".join(f'<ofd:Page ID="{i}" BaseLoc="Pages/Page_{i}/Content.xml"/>' for i in range(len(pages)))
        + "</ofd:Pages></ofd:Document>",
    }
    for i, page in enumerate(pages):
        objects = "".join(
            f'<ofd:TextObject Boundary="{left * scale:.2f} {(top - SIZE) * scale:.2f} 160 8" Size="{SIZE * scale:.4f}">'
            f'<ofd:TextCode X="0" Y="{SIZE * scale:.4f}" DeltaX="{_deltas(text, SIZE * scale)}">{escape(text)}'
            "</ofd:TextCode></ofd:TextObject>"
            for left, top, text in page
        )
        parts[f"Doc_0/Pages/Page_{i}/Content.xml"] = (
            f"<ofd:Page {ns}><ofd:Content><ofd:Layer>{objects}</ofd:Layer></ofd:Content></ofd:Page>"
        )
    return packed({name: text.encode() for name, text in parts.items()})


def _deltas(text: str, size: float) -> str:
    return " ".join(f"{size / 2 if letter.isascii() else size:.4f}" for letter in text[:-1])


def word(paragraphs: Iterable[str], lists: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Writes a DOCX file; `{n}` begins a paragraph of level n of `lists` (format, level text)."""
    document = docx.Document()
    numbering = document.part.numbering_part.element
    abstract = OxmlElement("w:abstractNum", {qn("w:abstractNumId"): "99"})
    for depth, (form, text) in enumerate(lists):
        level = OxmlElement("w:lvl", {qn("w:ilvl"): str(depth)})
        for name, value in (("start", "1"), ("numFmt", form), ("lvlText", text)):
            level.append(OxmlElement(f"w:{name}", {qn("w:val"): value}))
        abstract.append(level)
    numbering.insert(0, abstract)
    used = OxmlElement("w:num", {qn("w:numId"): "99"})
    used.append(OxmlElement("w:abstractNumId", {qn("w:val"): "99"}))
    numbering.append(used)
    document.sections[0].header.paragraphs[0].text = "页眉不是正文"
    for paragraph in paragraphs:
        if not paragraph.startswith("{"):
            document.add_paragraph(paragraph)
            continue
        added = document.add_paragraph(paragraph[3:])
        properties = added._p.get_or_add_pPr().get_or_add_numPr()  # noqa: SLF001 - python-docx has no numbering
        properties.get_or_add_ilvl().val, properties.get_or_add_numId().val = int(paragraph[1]), 99
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def page(paragraphs: Iterable[str], *, charset: str = "utf-8", entry: str = "") -> bytes:
    """Writes a web page as a government site's content system does: navigation, catalogue `entry`, text, buttons."""
    text = "".join(f"<p style='text-indent:2em'>{escape(paragraph)}</p>\n" for paragraph in paragraphs)
    return (
        f"<!DOCTYPE html><html><head><meta charset='{charset}'><title>首页</title><script>var 脚本='不是';</script>"
        f"<style>p{{}}</style></head><body><div class='nav'><a href='/'>网站首页</a><a href='/zwgk'>政务公开</a></div>"
        f"{entry}<div class='TRS_Editor'>{text}<!-- 注释不是正文 --></div>"
        "<div class='bdsharebuttonbox'>分享到：微信 微博</div><div class='footer'>版权所有：某网</div></body></html>"
    ).encode("gb18030" if charset.startswith("gb") else charset)


def packed(members: dict[str, bytes]) -> bytes:
    """Writes a zip archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return written.getvalue()


def json_line(**record: str) -> bytes:
    """Writes a line of JSON Lines."""
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
