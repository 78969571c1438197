"""The pages for people: small, self-contained HTML, everything escaped, no script."""

from collections.abc import Iterable
from html import escape

from shapes.report import short
from store.base import Iri, Literal, Rows, Term
from store.formats import Format

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #ccc;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}td:first-child{min-width:8em}"
    "td p{margin:0 0 .3rem}a{text-decoration:none}"
    "a:hover{text-decoration:underline}nav{margin-bottom:1rem}textarea{width:100%;font:14px/1.4 monospace}"
    "pre{overflow-x:auto;background:#f6f6f6;padding:1rem}nav{color:#555}"
)
MAX_ROWS = 1000


def page(title: str, body: str) -> bytes:
    """Returns a whole page; `title` is text, `body` is HTML."""
    return (
        f'<!DOCTYPE html><html lang="zh"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1><bdi>{escape(title)}</bdi></h1>{body}</body></html>"
    ).encode()


def term(value: Term | None, label: str | None = None, base: str = "") -> str:
    """Returns a term as HTML, an IRI without label in short; one below `base` is linked to where this server answers.

    Of all others only those of http and https become links, so that no IRI can carry a script.
    """
    match value:
        case None:
            return ""
        case Literal(text, _, language):
            tag = f' lang="{escape(language)}"' if language else ""
            return f"<bdi{tag}>{escape(text)}</bdi>"
        case Iri(iri):
            shown = f"<bdi>{escape(label or short(value.n3()).strip('<>'))}</bdi>"
            if base and iri.startswith(base):
                return link("/" + iri.removeprefix(base), shown)
            return link(iri, shown) if iri.startswith(("http://", "https://")) else shown
    return f"<bdi>{escape(value.n3())}</bdi>"


def link(address: str, html: str) -> str:
    """Returns a link; `address` is text, `html` what is shown."""
    return f'<a href="{escape(address)}">{html}</a>'


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Returns a table; `heads` are text, cells are HTML."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def formats(iri: str, path: str, offers: Iterable[Format]) -> str:
    """Returns the line that names a resource and links its other formats."""
    links = " ".join(link(f"{path}.{form.suffix}", escape(form.suffix)) for form in offers)
    return f"<nav><bdi>{escape(iri)}</bdi> · {links}</nav>"


def rows_table(rows: Rows, base: str = "") -> str:
    """Returns the answer to a SELECT as a table below a line that says how many rows there are."""
    shown = rows.rows[:MAX_ROWS]
    count = f"<p>{len(rows)} rows" + (f", the first {MAX_ROWS} shown</p>" if len(rows) > MAX_ROWS else "</p>")
    return count + table(rows.variables, ([term(value, base=base) for value in row] for row in shown))
