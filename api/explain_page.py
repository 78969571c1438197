"""The page that explains how a notice was read: one HTML file, no script, nothing from elsewhere."""

from collections import Counter
from html import escape

from api import pages
from api.marks import KINDS, Block, Mark, Node, nest
from api.pages import bdi
from ingest.model import Notice
from ontology.load import concepts

_HEAD = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"


def explain_page(notice: Notice, parts: tuple[Block, ...]) -> str:
    """Returns the page; all that comes from the notice is escaped and isolated in its direction.

    Args:
        notice: The notice as read.
        parts: Its text in blocks.
    """
    title = notice.header.title or notice.document.name
    body = "".join(_block(notice.text, block) for block in parts)
    shown = f'{_head(notice, title, parts)}<div class="all"><aside>{_legend(parts)}{_jumps(parts)}</aside>'
    return pages.document(title, f"{shown}<main>\n{body}</main></div>", _HEAD + pages.style("explain.css"))


def _head(notice: Notice, title: str, parts: tuple[Block, ...]) -> str:
    header, validity = notice.header, notice.validity
    end = str(validity.end or validity.end_event or "")
    facts = {
        "发文机关 issued by": "、".join(mention.agency.name for mention in header.issuers),
        "发文字号 number": header.document_number or "",
        "成文日期 issued": str(header.issue_date or ""),
        "有效期 valid": f"{validity.start or '…'} – {end or '…'}" if validity.start or end else "",
        "文件 file": notice.document.name,
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{bdi(value)}</dd></div>" for name, value in facts.items() if value)
    rows += f"<div><dt>未解释的数字 unexplained</dt><dd>{_unexplained(parts)}</dd></div>"
    return f'<div class="top"><h1>{bdi(title)}</h1><dl>{rows}</dl></div>'


def _unexplained(parts: tuple[Block, ...]) -> str:
    where = [block.position for block in parts for mark in block.marks if mark.kind == "unexplained" and block.measure]
    links = " ".join(f'<a href="#measure-{position}">#{position}</a>' for position in dict.fromkeys(where))
    return f'<span class="wrong">{len(where)}: {links}</span>' if where else '<span class="fine">0 ✓</span>'


def _legend(parts: tuple[Block, ...]) -> str:
    counts = Counter(mark.kind for block in parts for mark in block.marks)
    rows = "".join(
        f'<label class="{kind}"><input type="checkbox" id="show-{kind}" checked><mark class="{kind}">{chinese}</mark>'
        f"<i>{english}</i><small>{counts[kind]}</small></label>"
        for kind, (chinese, english) in KINDS.items()
        if counts[kind]
    )
    hint = "<p>悬停可见含义与规则；取消勾选则隐去该类。<br>Hover for meaning and rule; untick to hide a kind.</p>"
    return f'<section class="card legend"><h2>图例 Legend</h2>{rows}{hint}</section>'


def _jumps(parts: tuple[Block, ...]) -> str:
    rows = []
    for block in parts:
        if block.measure is None:
            continue
        open_numbers = sum(mark.kind == "unexplained" for mark in block.marks)
        warning = f"<em>{open_numbers}</em>" if open_numbers else ""
        said = block.measure.title or _shortened(block.measure.text)
        rows.append(f'<li><a href="#measure-{block.position}"><b>{block.position}</b>{bdi(said)}{warning}</a></li>')
    return f'<nav class="card" aria-label="措施"><h2>措施 Measures</h2><ol>{"".join(rows)}</ol></nav>'


def _shortened(text: str, length: int = 22) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= length else line[:length] + "…"


def _block(text: str, block: Block) -> str:
    words = "".join(_node(text, node) for node in nest(block.span, block.marks))
    shown = f'<bdi class="text">{words.strip()}</bdi>'
    if block.measure is None:
        return f'<section class="between">{shown}</section>\n' if words.strip() else ""
    labels = {concept.id: concept.label_zh for concept in concepts("domain")}
    domains = "".join(f"<span>{escape(labels[domain])}</span>" for domain in block.measure.domains)
    return (
        f'<article class="card" id="measure-{block.position}"><header>'
        f'<a href="#measure-{block.position}">措施 {block.position}</a>{domains}</header>'
        f"{shown}{_details(text, block)}</article>\n"
    )


def _node(text: str, node: Node) -> str:
    if node.mark is None:
        return escape(text[node.span.start : node.span.end])
    inner = "".join(_node(text, piece) for piece in node.inner)
    return f'<mark class="{node.mark.kind}" title="{escape(_said(node.mark))}">{inner}</mark>'


def _said(mark: Mark) -> str:
    chinese, english = KINDS[mark.kind]
    return f"{chinese} {english}: {mark.label}\n{mark.rule}"


def _details(text: str, block: Block) -> str:
    rows = "".join(
        f'<tr class="{mark.kind}"><td>{KINDS[mark.kind][0]}</td><td>{bdi(text[mark.span.start : mark.span.end])}</td>'
        f"<td>{bdi(mark.label)}</td><td>{bdi(mark.rule)}</td></tr>"
        for kind in KINDS
        for mark in block.marks
        if mark.kind == kind
    )
    if not rows:
        return ""
    return f"<details><summary>{len(block.marks)} 处提及 mentions</summary><table>{rows}</table></details>"
