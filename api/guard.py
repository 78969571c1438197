"""Judges the text of a query before the engine sees it: what form it has, and what must not run here.

The engine reads without a lexer: it takes keywords without a gap after them (`SERVICESILENT<x>`, `SERVICE:x`),
and `<` as an operator where SPARQL 1.1 (section 19.8, longest match) has an IRI. Where the two readings could part,
so that code hides in what looks like a string, the query is refused. Deep or long nesting kills the process.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from api.errors import Problem

MAX_DEPTH = 64
_MAX_JOINTS = 1000
_ESCAPED = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_LOCAL = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+|\#[^\r\n]*)
    | (?P<iri><(?:[^\x00-\x20<>"{{}}|^`\\]|{_ESCAPED})*+>)
    | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\" | '''(?:[^'\\]|\\.|'(?!''))*+'''
        | "(?:[^"\\\r\n]|\\.)*+" | '(?:[^'\\\r\n]|\\.)*+')
    | (?P<variable>[?$]\w+)
    | (?P<name>(?:_|[^\W\d_][\w.-]*+)?:(?:(?:\w|:|{_LOCAL})(?:\w|[:.-]|{_LOCAL})*+)?)
    | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*+)
    | (?P<number>\d+(?:\.\d+)?|\.\d+)
    | (?P<word>[^\W\d_]\w*+)
    | (?P<open>[(\[{{]) | (?P<close>[)\]}}])
    | (?P<mark>\^\^|&&|\|\||[<>!]=|[.;,*/|^?+!<>=-])
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN_IRI = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*://")
_OPERANDS = {"variable", "number", "string", "name", "iri", "language", "close", "word"}
_CHAINING = {
    *("+", "-", "*", "/", "|", "||", "&&", "!", "^", "?"),
    *("UNION", "MINUS", "OPTIONAL", "BIND", "FILTER", "EXISTS", "VALUES", "GRAPH"),
}
_QUERY_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_UPDATE_FORMS = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
_PROLOGUE = {"PREFIX", "BASE", "VERSION"}


class Token(NamedTuple):  # made faster than a dataclass, by the dozen for each query
    """A piece of a query: its kind (a group of the grammar above), its text, and where it begins."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Guarded:
    """A query that may run here.

    Attributes:
        text: The query.
        form: SELECT, ASK, CONSTRUCT or DESCRIBE.
        tokens: Its pieces without space and comments.
    """

    text: str
    form: str
    tokens: tuple[Token, ...]

    def at_most(self, rows: int) -> str:
        """Returns the query with a LIMIT, so that it gives at most so many rows (SPARQL 1.1, section 19.8, rule 25)."""
        outer = list(_outermost(self.tokens))
        values = (token.start for token in outer if token.text.upper().startswith("VALUES"))
        end = next(values, len(self.text))
        for keyword, number in pairwise([*outer, Token("space", "", end)]):
            name, own = keyword.text[:5].upper(), keyword.text[5:] or number.text
            if keyword.kind == "word" and name == "LIMIT" and own.isdecimal():
                start = number.start if number.text == own else keyword.start + len(name)
                return f"{self.text[:start]} {min(int(own), rows)}{self.text[start + len(own) :]}"
        return f"{self.text[:end]}\nLIMIT {rows}\n{self.text[end:]}"


def query_form(query: str) -> str:
    """Returns the form of a query that may run here; see `guarded`."""
    return guarded(query).form


def guarded(query: str) -> Guarded:
    """Takes a query to pieces and judges whether it may run here.

    Raises:
        Problem: 403 for an update and for SERVICE; 400 for what is no query, is nested deeper than 64 brackets, is
            chained longer than 1000 operators, or could be read in two ways.
    """
    tokens = tuple(tokens_of(query))
    _refuse_service(tokens)
    _refuse_depth(tokens)
    form = next((t for t in tokens if t.kind == "word" and t.text.upper() not in _PROLOGUE), None)
    if form is not None and form.text.upper() in _UPDATE_FORMS:
        raise Problem(403, "update-refused", "this endpoint answers queries only; it takes no updates")
    found = next((known for known in _QUERY_FORMS if form is not None and form.text.upper().startswith(known)), None)
    if found is None:
        start = len(query) if form is None else form.start
        raise _fault(query, start, "expected SELECT, ASK, CONSTRUCT or DESCRIBE")
    return Guarded(query, found, tokens)


def tokens_of(query: str) -> Iterator[Token]:
    """Yields the pieces of a query; raises `Problem` 400 where it has none or two readings."""
    position, brackets, last = 0, ["{"], "space"
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None or match.lastgroup is None:
            raise _fault(query, position, f"unexpected {query[position]!r}")
        token = Token(match.lastgroup, match[0], position)
        if brackets[-1] == "(" and last in _OPERANDS and _two_readings(token):
            raise _fault(query, position, "put a space after the operator <, or write the IRI with a prefix")
        position = match.end()
        if token.kind == "space":
            continue
        if token.kind == "open":
            brackets.append(token.text)
        elif token.kind == "close" and len(brackets) > 1:
            brackets.pop()
        last = token.kind
        yield token


def _outermost(tokens: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        if not depth and token.kind != "close":
            yield token


def _two_readings(token: Token) -> bool:
    """Tells whether `<…>` after an operand could as well be a comparison that goes on with a string or comment."""
    return token.kind == "iri" and not _PLAIN_IRI.match(token.text) and any(mark in token.text for mark in "'#()")


def _refuse_service(tokens: Sequence[Token]) -> None:
    end = Token("space", "", 0)
    for token, following in pairwise([*tokens, end]):
        keyword = token.kind == "word" and "SERVICE" in token.text.upper()
        glued = token.kind == "name" and "SERVICE" in token.text.upper().split(":")[0]
        if keyword or (glued and following.text == "{"):
            raise Problem(403, "service-refused", "SERVICE is refused: this endpoint asks no other one")


def _refuse_depth(tokens: Sequence[Token]) -> None:
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        if depth > MAX_DEPTH:
            raise Problem(400, "query-too-deep", f"brackets are nested deeper than {MAX_DEPTH}")
    if sum(token.text.upper() in _CHAINING for token in tokens) > _MAX_JOINTS:
        raise Problem(400, "query-too-long", f"more than {_MAX_JOINTS} operators and joined groups")


def _fault(query: str, position: int, message: str) -> Problem:
    line = query.count("\n", 0, position) + 1
    column = position - (query.rfind("\n", 0, position) + 1) + 1
    return Problem(400, "syntax-error", f"line {line}, column {column}: {message}", line=line, column=column)
