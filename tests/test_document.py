"""What a file is, its text in every format, what is mended, and what archives hold."""

import csv
import hashlib
import json
import pickle
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from ingest.autonumbers import printed_number
from ingest.document import DOCX, HTML, OFD, PDF, TEXT, open_documents
from ingest.errors import SourceError
from ingest.layout import lay_out
from ingest.model import Document, Notice
from ingest.read import read_notice
from tests import printing

CASES = Path(__file__).parent / "cases/documents"
NOTICES = sorted((Path(__file__).parent.parent / "data/notices").iterdir())
PLAIN = "各县（市、区）市场监督管理局：为优化营商环境，现就压缩企业开办时间的有关事项通知如下。"
TRADITIONAL = "各縣（市、區）市場監督管理局：為優化營商環境，現就壓縮企業開辦時間的有關事項通知如下。"


def opened(data: bytes, name: str = "notice") -> Document:
    (document,) = open_documents(data, name)
    assert isinstance(document, Document), document
    return document


def paragraphs(path: Path) -> list[str]:
    return lay_out(opened(path.read_bytes()).text).text.split("\n")


def said(notice: Notice) -> list[object]:
    return [
        (
            measure.number,
            measure.title,
            measure.text,
            [
                (deadline.type, deadline.start, deadline.end, deadline.duration)
                for provision in measure.provisions
                for deadline in provision.deadlines
            ],
        )
        for measure in notice.measures
    ]


@pytest.mark.parametrize("path", NOTICES, ids=lambda path: path.name[:3])
def test_one_notice_says_the_same_in_every_format(path: Path) -> None:
    lines = paragraphs(path)
    text = "\n".join(lines)
    expected = read_notice(text.encode(), "notice.txt")
    printed = printing.typeset(lines, head="内部刊物")
    forms = {
        TEXT: [text.encode(code) for code in ("gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32")],
        HTML: [printing.page(lines), printing.page(lines, charset="gb2312")],
        PDF: [printing.pdf(printed)],
        DOCX: [printing.word(lines)],
        OFD: [printing.ofd(printed)],
    }
    for media_type, written in forms.items():
        for data in written:
            notice = read_notice(data, "notice")
            assert (notice.document.media_type, notice.text) == (media_type, expected.text)
            assert (notice.header, said(notice)) == (expected.header, said(expected))
            assert notice.document.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", ["catalogue", "known", "layout-table"])
def test_page(name: str) -> None:
    html = (CASES / f"pages/{name}.html").read_text(encoding="utf-8")
    document = opened(html.encode("gb2312" if "gb2312" in html else "utf-8"), f"{name}.html")
    assert document.text == (CASES / f"pages/{name}.txt").read_text(encoding="utf-8").rstrip("\n")
    assert document.warnings == ()


def test_a_page_states_its_title_and_day_and_the_notice_keeps_its_own() -> None:
    data = (CASES / "pages/catalogue.html").read_bytes()
    document = opened(data)
    assert (document.title, document.published) == (
        "梧桐市市场监督管理局关于促进检验检测服务业发展的若干措施",
        date(2023, 6, 2),
    )
    header = read_notice(data, "page.html").header
    assert (header.title, header.document_number, header.issue_date) == (
        document.title,
        "梧市监〔2023〕17号",
        date(2023, 5, 30),
    )


def test_columns_of_a_table_in_pdf() -> None:
    xs, ys = (80, 120, 340, 440), (500, 560, 600, 640)
    drawing = "".join(f"{xs[0]} {y} m {xs[-1]} {y} l S\n" for y in ys if y != 560)
    drawing += f"{xs[0]} 560 m {xs[2]} 560 l S\n" + "".join(f"{x} {ys[0]} m {x} {ys[-1]} l S\n" for x in xs)
    words = [
        (85, 842 - 615, "序号"), (130, 842 - 615, "措施"), (350, 842 - 615, "责任单位"),
        (85, 842 - 575, "1"), (130, 842 - 575, "当场办结"), (350, 842 - 555, "登记处"),
        (85, 842 - 530, "2"), (130, 842 - 540, "不予"), (130, 842 - 515, "处罚"), (80, 842 - 700, "某市措施清单"),
    ]  # fmt: skip
    text = opened(printing.pdf([words], drawing=drawing)).text
    assert text.split() == [
        "某市措施清单",
        "序号",
        "措施",
        "责任单位",
        "1",
        "当场办结",
        "登记处",
        "2",
        "不予",
        "处罚",
        "登记处",
    ]
    assert text.split("\n")[1:4] == ["序号\t措施\t责任单位", "1\t当场办结\t登记处", "2\t不予 处罚\t登记处"]


def test_word_prints_its_numbers() -> None:
    lists = (("chineseCounting", "%1、"), ("decimal", "（%2）"), ("decimal", "%2.%3"))
    lines = ["{0}准入", "{1}登记。", "{1}备案。", "{2}材料。", "正文。", "{0}监管", "{1}检查。"]
    text = opened(printing.word(lines, lists)).text
    assert text.split() == ["一、准入", "（1）登记。", "（2）备案。", "2.1材料。", "正文。", "二、监管", "（1）检查。"]


@pytest.mark.parametrize(
    "case",
    list(csv.DictReader((CASES / "numbers.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t")),
    ids=str,
)
def test_number_format(case: dict[str, str]) -> None:
    assert printed_number(int(case["value"]), case["form"]) == case["printed"]


def test_word_tables_with_merged_cells() -> None:
    import docx  # noqa: PLC0415 - the library writes what our reader reads

    document = docx.Document()
    table = document.add_table(3, 3)
    for i, words in enumerate(["序号", "措施", "责任单位", "1", "减免", "计量处", "2", "免检", ""]):
        table.cell(i // 3, i % 3).text = words
    table.cell(1, 2).merge(table.cell(2, 2))
    written = BytesIO()
    document.save(written)
    assert opened(written.getvalue()).text.strip("\n").split("\n") == [
        "序号\t措施\t责任单位",
        "1\t减免\t计量处",
        "2\t免检\t计量处",
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (TRADITIONAL.encode("big5"), TRADITIONAL),
        (b"\xfe\xff" + TRADITIONAL.encode("utf-16-be"), TRADITIONAL),
        ("一、优化服务。\u202e第十二条\u200b".encode(), "一、优化服务。\u202e第十二条\u200b"),
    ],
)
def test_text_is_kept(data: bytes, text: str) -> None:
    assert (opened(data).text, opened(data).warnings) == (text, ())


@pytest.mark.parametrize(
    ("data", "text", "warnings"),
    [
        (
            "第\x00一\x0b条\x07\ufffe".encode(),
            "第一\x0b条",
            ["2 control characters were dropped", "1 non-characters were dropped"],
        ),
        ("第\ud800条".encode("utf-8", "surrogatepass"), "第\ufffd条", ["1 lone surrogates were replaced by U+FFFD"]),
        (
            "各区市场监管局：通知如下。".encode("gb18030")[:-1],
            "各区市场监管局：通知如下\ufffd",
            ["its end is cut off within a character", "1 characters are lost (U+FFFD)"],
        ),
        ("锟斤拷措施".encode(), "锟斤拷措施", ["1 characters are lost (U+FFFD)"]),
    ],
)
def test_what_is_mended_is_told(data: bytes, text: str, warnings: list[str]) -> None:
    assert (opened(data).text, list(opened(data).warnings)) == (text, warnings)


@pytest.mark.parametrize(
    ("taken", "told"),
    [
        (TRADITIONAL.encode().decode("latin-1"), "utf-8 that somebody had taken for windows-1252 was put right"),
        (PLAIN.encode("gb18030").decode("latin-1"), "gb18030 that somebody had taken for windows-1252 was put right"),
        (PLAIN.encode("gb18030").decode("cp1252"), "gb18030 that somebody had taken for windows-1252 was put right"),
        (f"<html><meta charset=utf-8><p>{PLAIN}".encode().decode("latin-1"), "utf-8 that somebody had taken for"),
    ],
)
def test_what_was_read_in_a_wrong_encoding_before_is_put_right(taken: str, told: str) -> None:
    document = opened(taken.encode())
    assert any(text in document.text for text in (PLAIN, TRADITIONAL))
    assert document.warnings[0].startswith(told)


@pytest.mark.parametrize("wrong", ["gb18030", "cp1252", "ascii"])
def test_what_lost_characters_in_a_wrong_encoding_is_refused(wrong: str) -> None:
    (found,) = open_documents((PLAIN * 3).encode().decode(wrong, "replace").encode(), "notice")
    assert isinstance(found, SourceError)
    assert (found.code, found.reason.endswith("fetch it again")) == ("undecodable", True)


def test_a_name_that_says_otherwise_is_told() -> None:
    data = printing.word(["一、措施。"])
    assert opened(data, "notice.txt").warnings == (f"its name says text/plain, its content is {DOCX}",)
    assert opened("一、措施。".encode(), "notice.docx").media_type == TEXT


def test_an_archive_gives_its_members_and_names_those_that_fail() -> None:
    data = printing.packed(
        {
            "dir/甲.txt": "一、措施。".encode("gb18030"),
            "乙.bin": bytes(range(256)),
            "../丙.txt": "三、措施。".encode(),
            "__MACOSX/丁.txt": b"",
            ".DS_Store": b"",
            "内.zip": printing.packed({"x.txt": b"x"}),
            "戊.docx": printing.word(["一、措施。"]),
        }
    )
    found = {d.name: d.code if isinstance(d, SourceError) else d.text.strip() for d in open_documents(data, "a.zip")}
    assert found == {
        "a.zip!/dir/甲.txt": "一、措施。",
        "a.zip!/乙.bin": "undecodable",
        "a.zip!/../丙.txt": "unsafe-name",
        "a.zip!/内.zip": "nested-archive",
        "a.zip!/戊.docx": "一、措施。",
    }


def test_member_names_written_in_gbk_are_read() -> None:
    name = "通知".encode("gb18030")
    data = printing.packed({"ab.c": "一、措施。".encode()}).replace(b"ab.c", name)
    assert opened(data, "a.zip").name == "a.zip!/通知"


def test_json_lines_give_what_crawlers_wrote() -> None:
    lines = [
        printing.json_line(
            url="https://example.org/1",
            title="关于甲项措施的通知",
            date="2022-04-09T08:00:00Z",
            text="一、措施\u0000。",
        ),
        b"\n",
        b'{"title": "x"\n',
        printing.json_line(
            title="另一个标题", date="昨天", html="<div><p>关于乙的另一个标题</p><p>一、措施。</p></div>"
        ),
        printing.json_line(title="没有正文"),
    ]
    first, broken, page, empty = open_documents(b"".join(lines), "crawl.jsonl")
    assert isinstance(first, Document)
    assert (first.name, first.sha256) == ("crawl.jsonl#1", hashlib.sha256(lines[0].strip()).hexdigest())
    assert (first.url, first.title, first.published) == (
        "https://example.org/1",
        "关于甲项措施的通知",
        date(2022, 4, 9),
    )
    assert (first.text, first.warnings) == ("关于甲项措施的通知\n一、措施。", ("1 control characters were dropped",))
    assert isinstance(page, Document)
    assert (page.name, page.media_type, page.text) == ("crawl.jsonl#4", HTML, "关于乙的另一个标题\n一、措施。")
    assert page.warnings == ("its date '昨天' is no full date",)
    assert [(e.name, e.code) for e in (broken, empty) if isinstance(e, SourceError)] == [
        ("crawl.jsonl#3", "malformed"),
        ("crawl.jsonl#5", "malformed"),
    ]


def test_a_single_object_over_several_lines_is_one_document() -> None:
    data = json.dumps({"text": "一、措施。"}, ensure_ascii=False, indent=1).encode()
    assert opened(data, "one.json").name == "one.json#1"


def test_a_file_of_several_documents_is_no_single_notice() -> None:
    with pytest.raises(SourceError, match="several-documents"):
        read_notice(printing.packed({"a.txt": b"x", "b.txt": b"y"}), "a.zip")


def test_errors_cross_processes() -> None:
    error = SourceError("no-text", "it is a scan", "a.pdf")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(copy), copy.name) == (str(error), "a.pdf")
