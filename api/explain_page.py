"""The page that explains how a notice was read: one HTML file, no script, nothing from elsewhere."""

from collections import Counter
from html import escape

from api.marks import KINDS, Block, Mark, Node, nest
from ingest.model import Notice
from ontology.load import concepts

# Light and dark colour of each kind; all have at least 4.5:1 against the card they stand on where they carry text.
_COLOURS = {
    "agency": ("#0e7490", "#67e8f9"),
    "responsible": ("#0f766e", "#5eead4"),
    "instrument": ("#15803d", "#86efac"),
    "target": ("#1d4ed8", "#93c5fd"),
    "deadline": ("#b45309", "#fcd34d"),
    "amount": ("#a21caf", "#f0abfc"),
    "citation": ("#57534e", "#d6d3d1"),
    "modality": ("#be123c", "#fda4af"),
    "condition": ("#6d28d9", "#c4b5fd"),
    "number": ("#64748b", "#94a3b8"),
    "unexplained": ("#dc2626", "#f87171"),
}
_STYLE = """
:root{--page:#f5f5f4;--card:#fff;--ink:#1c1917;--soft:#57534e;--line:#e7e5e4;--tint:17%}
@media(prefers-color-scheme:dark){:root{--page:#131211;--card:#1d1b1a;--ink:#eceae8;--soft:#a8a29e;--line:#35312e;
  --tint:26%}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--ink);
  font:16px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
.top,.all{max-width:82rem;margin:auto;padding:2rem clamp(1rem,4vw,3rem) 1.25rem}
.all{display:grid;grid-template-columns:17.5rem minmax(0,1fr);gap:1.5rem;padding-top:0;padding-bottom:4rem}
h1{font-size:1.55rem;line-height:1.35;margin:0 0 .75rem;text-wrap:balance}
h2{font-size:.8rem;margin:0 0 .6rem;color:var(--soft);font-weight:600}
dl{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:0}
dt{font-size:.75rem;color:var(--soft)}
dd{margin:0}
dd,small,b{font-variant-numeric:tabular-nums}
aside{position:sticky;top:1rem;align-self:start;max-height:calc(100vh - 2rem);overflow:auto;display:grid;gap:1rem;
  scrollbar-width:thin;scrollbar-color:var(--line) transparent}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.15rem}
.legend label{display:flex;align-items:center;gap:.5rem;padding:.12rem 0;cursor:pointer;font-size:.9rem}
.legend mark{cursor:inherit}
.legend small{margin-left:auto;color:var(--soft)}
.legend input{accent-color:var(--c);margin:0}
.legend i{font-style:normal;color:var(--soft);font-size:.8rem}
.legend p{margin:.6rem 0 0;color:var(--soft);font-size:.78rem;line-height:1.5}
nav ol{list-style:none;margin:0;padding:0}
nav a{display:flex;gap:.55rem;padding:.22rem .4rem;margin:0 -.4rem;border-radius:.4rem;color:inherit;
  text-decoration:none;font-size:.88rem;line-height:1.45}
nav a:hover,nav a:focus-visible{background:var(--page)}
nav b{color:var(--soft);font-weight:500;min-width:1.6em;text-align:right}
nav em{font-style:normal;color:var(--card);background:var(--unexplained);border-radius:1em;padding:0 .45em;
  font-size:.72rem;margin-left:auto;align-self:center}
main{display:grid;gap:1rem;align-content:start}
.text{display:block;font-size:1.06rem;line-height:2.05;white-space:pre-wrap;overflow-wrap:anywhere}
.between{padding:0 1.15rem;color:var(--soft)}
.between .text{font-size:1rem}
article:target{outline:2px solid var(--target);outline-offset:2px}
article header{display:flex;flex-wrap:wrap;gap:.35rem .6rem;align-items:center;margin-bottom:.35rem;font-size:.8rem;
  color:var(--soft)}
article header a{color:inherit;text-decoration:none;font-weight:600}
article header span{border:1px solid var(--line);border-radius:1em;padding:.05rem .6rem}
mark{color:inherit;background:color-mix(in srgb,var(--c) var(--tint),var(--card));border-bottom:2px solid var(--c);
  border-radius:.2em .2em 0 0;padding:.08em 0 .02em;cursor:help}
mark mark{padding-bottom:.17em}
mark:has(mark){padding-bottom:.3em}
mark.condition,mark.number{background:none;border-bottom:1.5px dotted var(--c)}
mark.modality{font-weight:600}
mark.unexplained{background:var(--c);color:var(--card);border-radius:.25em;padding:.05em .25em;font-weight:700}
details{margin-top:.6rem;font-size:.86rem}
summary{cursor:pointer;color:var(--soft);width:fit-content}
table{border-collapse:collapse;width:100%;margin-top:.5rem}
td{padding:.28rem .7rem .28rem 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td:first-child{white-space:nowrap;color:var(--c);font-weight:600}
td:last-child{color:var(--soft);font-family:ui-monospace,monospace;font-size:.78rem}
.fine{color:var(--instrument)}
.wrong,.wrong a{color:var(--unexplained)}
@media(max-width:56rem){.all{grid-template-columns:minmax(0,1fr)}
  aside{position:static;max-height:none}
  .legend{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:0 1.5rem}
  .legend h2,.legend p{grid-column:1/-1}
  td:last-child{display:none}}
@media print{aside{display:none}
  .all{display:block}
  .card{border:0;padding:0;margin:1rem 0}
  mark{print-color-adjust:exact}}
"""


def explain_page(notice: Notice, parts: tuple[Block, ...]) -> str:
    """Returns the page; all that comes from the notice is escaped and isolated in its direction.

    Args:
        notice: The notice as read.
        parts: Its text in blocks.
    """
    title = notice.header.title or notice.source.file_name
    body = "".join(_block(notice.source.text, block) for block in parts)
    return (
        '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_style()}</style></head>\n<body>{_head(notice, title, parts)}"
        f'<div class="all"><aside>{_legend(parts)}{_jumps(parts)}</aside><main>\n{body}</main></div></body></html>\n'
    )


def _style() -> str:
    light, dark = (";".join(f"--{kind}:{pair[i]}" for kind, pair in _COLOURS.items()) for i in (0, 1))
    hidden = "{background:none;border-color:transparent;color:inherit;font-weight:inherit}"
    kinds = "\n".join(
        f".{kind}{{--c:var(--{kind})}}:root:has(#show-{kind}:not(:checked)) mark.{kind}{hidden}" for kind in KINDS
    )
    root = f":root{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f"{root}{_STYLE}{kinds}"


def _bdi(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _head(notice: Notice, title: str, parts: tuple[Block, ...]) -> str:
    header, validity = notice.header, notice.validity
    end = str(validity.end or validity.end_event or "")
    facts = {
        "发文机关 issued by": "、".join(mention.agency.name for mention in header.issuers),
        "发文字号 number": header.document_number or "",
        "成文日期 issued": str(header.issue_date or ""),
        "有效期 valid": f"{validity.start or '…'} – {end or '…'}" if validity.start or end else "",
        "文件 file": notice.source.file_name,
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{_bdi(value)}</dd></div>" for name, value in facts.items() if value)
    rows += f"<div><dt>未解释的数字 unexplained</dt><dd>{_unexplained(parts)}</dd></div>"
    return f'<div class="top"><h1>{_bdi(title)}</h1><dl>{rows}</dl></div>'


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
        rows.append(f'<li><a href="#measure-{block.position}"><b>{block.position}</b>{_bdi(said)}{warning}</a></li>')
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
        f'<tr class="{mark.kind}"><td>{KINDS[mark.kind][0]}</td><td>{_bdi(text[mark.span.start : mark.span.end])}</td>'
        f"<td>{_bdi(mark.label)}</td><td>{_bdi(mark.rule)}</td></tr>"
        for kind in KINDS
        for mark in block.marks
        if mark.kind == kind
    )
    if not rows:
        return ""
    return f"<details><summary>{len(block.marks)} 处提及 mentions</summary><table>{rows}</table></details>"
