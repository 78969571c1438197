"""From a web page to its main text: lines for paragraphs, headings, items and rows; the site's own matter left out."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.bounds import MAX_ATTRIBUTES, MAX_CELLS, MAX_DEPTH, MAX_TAGS
from ingest.dates import find_dates
from ingest.errors import SourceError
from ingest.grid import LINE_END
from ingest.tables import table

_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title)\b",
    re.IGNORECASE | re.DOTALL,
)
_FRAGMENT = re.compile(r"\s*<(?:div|p|table|span|h[1-6]|section|article|ul|ol|br|center|font)\b[^>]*>", re.IGNORECASE)
_CHARSET = re.compile(
    rb"<meta[^>]{1,200}charset\s*=\s*[\"']?\s*([\w-]+)|<\?xml[^>]{1,100}encoding=[\"']([\w-]+)", re.IGNORECASE
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_FIELD = re.compile(r"(?<=\S)[\s\u3000\xa0|]+(?=[【\[]?[\u3400-\u9fff]{2,6}[】\]]?[：:])")
_LONG_TAG = 10_000
_MAX_SPAN = 1_000
_MAX_CELL = 2_000
_MAIN_SHARE = 0.5
_MIN_CONTENT = 40
_MAX_TITLE = 160
_MIN_TITLE = 8
_MAX_FIELDS = 500
_MAX_FRONT_LINES = 15
_HEAD_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Page:
    """What a web page says: its main text, its title, and the day of publication that its catalogue entry gives."""

    text: str
    title: str | None
    published: date | None


def is_html(text: str) -> bool:
    """Tells whether a text is a web page or a piece of one."""
    return bool(_START.match(text[:4_000]) or _FRAGMENT.match(text[:1_000]))


def declared_charset(data: bytes) -> str | None:
    """Returns the encoding that the head of a page declares; None where it does not, or where it is no page."""
    found = _CHARSET.search(data[:4_000]) if data.lstrip()[:1] == b"<" else None
    return (found[1] or found[2]).decode() if found else None


def read_html(html: str) -> Page:
    """Reads a web page.

    The main text is where known content systems put it, else the innermost box with most of the text outside links.
    Before it come the page's title, where the text does not print it, and its catalogue entry (索引号, 发文字号, …).

    Raises:
        SourceError: `resource-limit` where elements are nested or attributes heaped beyond all use, or `no-text`.
    """
    _check(html)
    tree = LexborHTMLParser(html)
    body = tree.body
    title, published = _title(tree), _meta(tree, "PubDate")
    if body is None:
        raise SourceError("no-text", "the page has no body; fetch it again")
    tree.strip_tags(["script", "style"])
    for node in tree.css(_selector("drop")):
        if node.tag not in ("body", "html"):
            node.decompose()
    content = _content(body)
    lines = _lines(content)
    if not lines:
        raise SourceError(
            "no-text", "the page has no text of its own; it may be built by scripts: save it as displayed"
        )
    entry, _ = _catalogue_entry(_lines([body], without=content), below=True)
    own, used = _catalogue_entry(lines[:_MAX_FRONT_LINES], below=False)
    entry |= own
    text = with_title("\n".join(line for i, line in enumerate(lines) if i not in used), title)
    released = [entry[label] for label in _values("published") if label in entry]
    fields = [f"{label}：{value}" for label, value in entry.items()]
    return Page("\n".join([*fields, text]), title, first_date(*released, published))


def with_title(text: str, title: str | None) -> str:
    """Puts the title that a page or a crawler gives before a text that does not print it."""
    if not title or len(title) < _MIN_TITLE:
        return text
    wanted, head = "".join(title.split()), "".join(text[:_HEAD_CHARACTERS].split())
    first = ("".join(line.split()) for line in text[:_HEAD_CHARACTERS].split("\n")[:5])
    printed = wanted in head or any(len(line) >= _MIN_TITLE and line in wanted for line in first)
    return text if printed else f"{title}\n{text}"


def first_date(*values: str | None) -> date | None:
    """Returns the first full date that one of the values prints."""
    return next((found.value for value in values if value for found in find_dates(value) if found.value), None)


def _check(html: str) -> None:
    """Refuses what would take long: the time grows with the square of nesting and of the attributes in a tag."""
    unclosed = frozenset(_values("unclosed"))
    depth = deepest = 0
    tags = _TAG.findall(html)
    if len(tags) > MAX_TAGS:
        raise SourceError("resource-limit", f"it has {len(tags):,} tags; give its text alone")
    for closing, name in tags:
        if name.lower() not in unclosed:
            depth = max(depth + (-1 if closing else 1), 0)
            deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise SourceError("resource-limit", f"its elements are nested {deepest:,} deep; give its text alone")
    if any(len(part) > _LONG_TAG and len(part[part.rfind("<") :].split()) > MAX_ATTRIBUTES for part in html.split(">")):
        raise SourceError("resource-limit", f"a tag has over {MAX_ATTRIBUTES:,} attributes; give the text alone")


@cache
def _values(kind: str) -> tuple[str, ...]:
    return tuple(value for row in table("pages") if row["kind"] == kind for value in row["value"].split("|"))


def _selector(kind: str) -> str:
    return ", ".join(_values(kind))


def _title(tree: LexborHTMLParser) -> str | None:
    """The title in the head (ArticleTitle, by 政府网站发展指引), else the first long heading, else the tab's words."""
    node = tree.css_first("meta[name=ArticleTitle i]")
    if node is not None and (stated := _squeezed(node.attributes.get("content") or "")):
        return stated
    headings = (
        words
        for selector in _values("title")
        for node in tree.css(selector)
        if node.css_first("a") is None and len(words := _squeezed(node.text(separator=""))) <= _MAX_TITLE
    )
    tab = tree.css_first("title")
    shown = re.split(r"[-_|—–]", _squeezed(tab.text()))[0].strip() if tab is not None else ""
    return next((words for words in (*headings, shown) if len(words) >= _MIN_TITLE), None)


def _meta(tree: LexborHTMLParser, name: str) -> str | None:
    node = tree.css_first(f"meta[name={name} i]")
    return node.attributes.get("content") if node is not None else None


def _squeezed(words: str) -> str:
    return _BLANKS.sub(" ", words).strip()


def _content(body: LexborNode) -> list[LexborNode]:
    for selector in _values("content"):
        found = body.css(selector)
        ids = {node.mem_id for node in found}
        outer = [node for node in found if not any(above.mem_id in ids for above in _ancestors(node))]
        if sum(len("".join(node.text().split())) for node in outer) >= _MIN_CONTENT:
            return outer
    return [_densest(body)]


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _densest(body: LexborNode) -> LexborNode:
    """Returns the innermost box with most of the text outside links, widened as long as no further links come in."""
    plain, linked = Counter[int](), Counter[int]()
    above: list[int] = []
    links = 0
    for node, opens in _walk(body):
        links += (1 if opens else -1) if node.tag == "a" else 0
        if opens:
            above.append(node.mem_id)
            (linked if links else plain)[node.mem_id] = len("".join((node.text_content or "").split()))
            continue
        own = above.pop()
        for mass in (plain, linked):
            mass.update(above[-1:] and {above[-1]: mass[own]})
    boxes = frozenset(_values("box"))
    least = max(plain[body.mem_id] * _MAIN_SHARE, 1)
    box = body
    inner: LexborNode | None = body
    while inner is not None:
        box = inner
        inner = next((node for node in box.iter() if node.tag in boxes and plain[node.mem_id] >= least), None)
    while box.mem_id != body.mem_id and (outer := box.parent) is not None:
        if linked[outer.mem_id] > linked[box.mem_id] or plain[outer.mem_id] > plain[box.mem_id] / _MAIN_SHARE:
            break
        box = outer
    return box


def _walk(root: LexborNode, closed: Container[int] = ()) -> Iterator[tuple[LexborNode, bool]]:
    """Yields each node as it opens and as it closes, without recursion; those in `closed` without what they hold."""
    node, opens = root, True
    while True:
        yield node, opens
        if opens and node.child is not None and node.mem_id not in closed:
            node = node.child
            continue
        if opens:
            yield node, False
        if node.mem_id == root.mem_id:
            return
        if node.next is not None:
            node, opens = node.next, True
        elif node.parent is not None:
            node, opens = node.parent, False


def _lines(roots: Iterable[LexborNode], without: Iterable[LexborNode] = ()) -> list[str]:
    """Returns the lines that a browser would show, blank ones left out."""
    blocks = frozenset(_values("block"))
    hidden = {node.mem_id for node in without}
    printed: list[str] = []
    numbers: dict[int, int] = {}
    for root in roots:
        tables = {node.mem_id: node for node in root.css("table") if _holds_data(node)}
        for node, opens in _walk(root, hidden | tables.keys()):
            if node.mem_id in hidden:
                continue
            if node.tag == "-text":
                printed.append(_BLANKS.sub(" ", node.text_content or "") if opens else "")
            elif node.tag == "br" or node.tag in blocks:
                printed.append("\n")
            if opens and node.mem_id in tables:
                printed.append("\n".join(_rows(node)))
            elif opens and node.tag == "li" and node.parent is not None and node.parent.tag == "ol":
                printed.append(_ordinal(node.parent, numbers))
    return [line for line in (line.strip(" ") for line in "".join(printed).split("\n")) if line.strip()]


def _ordinal(ordered: LexborNode, numbers: dict[int, int]) -> str:
    start = ordered.attributes.get("start") or "1"
    first = int(start) if start.isascii() and start.isdigit() else 1
    numbers[ordered.mem_id] = numbers.get(ordered.mem_id, first - 1) + 1
    return f"{numbers[ordered.mem_id]}."


def _holds_data(node: LexborNode) -> bool:
    """Tells a table of data from one that lays out the page: that holds tables, one column, or whole texts."""
    cells = node.css("td, th")
    return (
        len(cells) > len(node.css("tr"))
        and all(inner.mem_id == node.mem_id for inner in node.css("table"))
        and all(len(cell.text()) <= _MAX_CELL for cell in cells)
    )


def _rows(node: LexborNode) -> Iterator[str]:
    """Yields the rows, cells by tabs; a cell that spans rows stands in each of them."""
    carried: dict[int, tuple[str, int]] = {}
    count = 0
    for row in node.css("tr"):
        line: list[str] = []
        cells = (cell for cell in row.iter() if cell.tag in ("td", "th"))
        while True:
            if len(line) in carried:
                words, left = carried.pop(len(line))
                if left > 1:
                    carried[len(line)] = (words, left - 1)
                line.append(words)
            elif (cell := next(cells, None)) is not None:
                for end in cell.css("br"):
                    end.replace_with(LINE_END)
                words = re.sub(f" ?{LINE_END} ?", LINE_END, _squeezed(cell.text(separator=" ")))
                for column in range(_span(cell, "colspan")):
                    carried[len(line)] = ("" if column else words, _span(cell, "rowspan") - 1)
                    if not carried[len(line)][1]:
                        del carried[len(line)]
                    line.append("" if column else words)
            else:
                break
        count += len(line)
        if count > MAX_CELLS:
            raise SourceError("resource-limit", f"a table has over {MAX_CELLS:,} cells; give it in parts")
        yield "\t".join(line)


def _span(cell: LexborNode, name: str) -> int:
    stated = cell.attributes.get(name) or "1"
    return min(max(int(stated), 1), _MAX_SPAN) if stated.isascii() and stated.isdigit() else 1


@cache
def _label() -> re.Pattern[str]:
    labels = "|".join(r"\s*".join(label) for label in _values("metadata"))
    return re.compile(rf"[【\[\s]*({labels})[】\]\s]*(?:[：:]|$)")


def _catalogue_entry(lines: list[str], *, below: bool) -> tuple[dict[str, str], set[int]]:
    """Reads the labels of the public catalogue with their values, which follow in the line, or in the one `below`.

    Returns:
        The values by their labels, and the indices of the lines that hold them.
    """
    entry: dict[str, str] = {}
    used: set[int] = set()
    label = ""
    for i, line in enumerate(lines):
        label = label if below and "\t" not in lines[max(i - 1, 0)] else ""
        for words in (words for cell in line.split("\t") for words in _FIELD.split(cell[:_MAX_FIELDS])):
            found = _label().match(words)
            label = "".join(found[1].split()) if found else label
            value = (words[found.end() :] if found else words).strip()
            if label and (found or value):
                used.add(i)
            if label and value:
                entry.setdefault(label, value)
                label = ""
    return entry, used
