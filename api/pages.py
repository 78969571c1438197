"""The pages for people: small, self-contained HTML, everything escaped, no script."""

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files

from shapes.report import short
from store.base import Iri, Literal, Rows, Term
from store.formats import Format

MAX_ROWS = 1000


def page(title: str, body: str, head: str = "") -> bytes:
    """Returns a page in our usual style below its title; `title` is text, `body` and `head` are HTML."""
    shown = f"<h1>{bdi(title)}</h1>{body}"
    return document(title, shown, f"{style('pages.css')}{head}").encode()


def document(title: str, body: str, head: str) -> str:
    """Returns a whole document; `title` is text, `body` and `head` are HTML."""
    return (
        f'<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width">{head}</head>\n<body>{body}</body></html>\n'
    )


@cache
def style(name: str) -> str:
    """Returns a style sheet of `web/`, to stand in a document."""
    return f"<style>{files('web').joinpath(name).read_text(encoding='utf-8')}</style>"


def bdi(text: str) -> str:
    """Returns text that does not turn the direction of what stands around it."""
    return f"<bdi>{escape(text)}</bdi>"


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
            shown = bdi(label or short(value.n3()).strip("<>"))
            if base and iri.startswith(base):
                return link("/" + iri.removeprefix(base), shown)
            return link(iri, shown) if iri.startswith(("http://", "https://")) else shown
    return bdi(value.n3())


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
    return f"<nav>{bdi(iri)} · {links}</nav>"


def rows_table(rows: Rows, base: str = "") -> str:
    """Returns the answer to a SELECT as a table below a line that says how many rows there are."""
    shown = rows.rows[:MAX_ROWS]
    count = f"<p>{len(rows)} rows" + (f", the first {MAX_ROWS} shown</p>" if len(rows) > MAX_ROWS else "</p>")
    return count + table(rows.variables, ([term(value, base=base) for value in row] for row in shown))
