"""Runs one query file for `noticegraph query`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from unicodedata import east_asian_width

from api import guard
from api.errors import Problem
from api.settings import from_environment
from queries.catalogue import bind, parse, questions
from store import formats
from store.base import BlankNode, Iri, QueryError, Rows, Store, Term

_ROWS = {form.name: form for form in formats.ROWS_FORMATS}
_GRAPH = {"table": formats.TURTLE, "json": formats.JSON_LD, "xml": formats.RDF_XML}


def ask(store: Store, query: str, parameters: Mapping[str, str], form: str) -> int:
    """Runs a query, of the catalogue or any other, and writes the answer to standard output.

    Args:
        store: What is asked.
        query: Text of the query, with or without front matter.
        parameters: Values by parameter name.
        form: `table` for people, or `json`, `xml`, `csv`, `tsv`; a graph is written as Turtle, JSON-LD or RDF/XML.

    Returns:
        The exit code, 0.

    Raises:
        StoreError: The store cannot be read.
        QueryError: The query is refused, or its answer cannot be written in that format.
        ValueError: A parameter is not known or does not fit.
    """
    text = bind(parse("the query", query), parameters, from_environment().base)
    try:
        kind = guard.query_form(text)
    except Problem as problem:
        raise QueryError(problem.detail) from problem
    sys.stdout.write(_answer(store.snapshot(), text, kind, form))
    return 0


def query_text(file: Path) -> str:
    """Returns the text of a query: of a file, of standard input for `-`, or of the catalogue's question of that name.

    Raises:
        OSError: There is no such file, and no such question.
    """
    if str(file) == "-":
        return sys.stdin.read()
    known = {question.name: question.text for question in questions()}
    name = str(file.with_suffix("")) if file.suffix == ".rq" else str(file)
    return known[name] if name in known and not file.exists() else file.read_text(encoding="utf-8")


def _answer(store: Store, query: str, kind: str, form: str) -> str:
    if kind in {"CONSTRUCT", "DESCRIBE"}:
        if form not in _GRAPH:
            raise QueryError(f"a graph cannot be written as {form}")
        return store.answer(query, _GRAPH[form].media_type).decode()
    if form != "table":
        if kind == "ASK" and _ROWS[form] not in formats.BOOLEAN_FORMATS:
            raise QueryError(f"a truth value cannot be written as {form}")
        written = store.answer(query, _ROWS[form].media_type).decode()
        return written if written.endswith("\n") else written + "\n"
    if kind == "ASK":
        return f"{'true' if store.ask(query) else 'false'}\n"
    return table(store.select(query))


def table(rows: Rows) -> str:
    """Returns rows as aligned text; a Chinese character takes two columns, a minted IRI begins with `id:`."""
    cells = [list(rows.variables), *([_shown(value) for value in row] for row in rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(rows.variables))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:], f"({len(rows)} rows)", ""])


def _shown(value: Term | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Iri):
        home = f"{from_environment().base}id/"
        return f"id:{value.value.removeprefix(home)}" if value.value.startswith(home) else value.value
    return value.n3() if isinstance(value, BlankNode) else " ".join(value.value.split())


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
