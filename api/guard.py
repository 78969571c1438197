"""Judges the text of a query before the engine sees it: what form it has, and what must not run here.

The engine reads without a lexer: it takes keywords without a gap after them (`SERVICESILENT<x>`, `SERVICE:x`),
and `<` as an operator where SPARQL 1.1 (section 19.8, longest match) has an IRI. Where the two readings could part,
so that code hides in what looks like a string, the query is refused. Deep or long nesting kills the process.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from api.errors import Problem

MAX_DEPTH = 64
_MAX_JOINTS = 1000
_ESCAPED = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_IRI = r"[^\x00-\x20<>\"{}|^`\\]*+"
_LOCAL = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
_SPACE = r"(?:\s++|\#[^\r\n]*+)*+"
# What is frequent stands first; loops are over sets of characters, not over choices, for every query comes by here.
_TOKEN = re.compile(
    rf"""
    {_SPACE}(?:
      (?P<variable>[?$]\w++)
    | (?P<name>(?:_|[^\W\d_][\w.-]*+)?:(?:(?:[\w:]|{_LOCAL})[\w:.-]*+(?:(?:{_LOCAL})[\w:.-]*+)*+)?)
    | (?P<word>[^\W\d_]\w*+)
    | (?P<iri><{_IRI}(?:(?:{_ESCAPED}){_IRI})*+>)
    | (?P<open>[(\[{{]) | (?P<close>[)\]}}])
    | (?P<number>\d+(?:\.\d+)?|\.\d+)
    | (?P<mark>\^\^|&&|\|\||[<>!]=|[.;,*/|^?+!<>=-])
    | (?P<string>\"\"\"(?:[^"\\]++|\\.|"(?!""))*+\"\"\" | '''(?:[^'\\]++|\\.|'(?!''))*+'''
        | "(?:[^"\\\r\n]++|\\.)*+" | '(?:[^'\\\r\n]++|\\.)*+')
    | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*+)
    | \Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_LEADING = re.compile(_SPACE)
_PLAIN_IRI = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*://")
_OPERANDS = {"variable", "number", "string", "name", "iri", "language", "close", "word"}
_CHAINING = {
    *("+", "-", "*", "/", "|", "||", "&&", "!", "^", "?"),
    *("UNION", "MINUS", "OPTIONAL", "BIND", "FILTER", "EXISTS", "VALUES", "GRAPH"),
}
_JOINING = {".", ";", ",", "/"}
_CHANGING = ("NOW", "RAND", "UUID", "BNODE")
_QUERY_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATE_FORMS = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
_PROLOGUE = {"PREFIX", "BASE", "VERSION"}


Token = tuple[str, str, int]
"""A piece of a query: its kind (a group of the grammar above), its text, and where it begins."""


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
    tokens: list[Token]

    def at_most(self, rows: int) -> str:
        """Returns the query with a LIMIT, so that it gives at most so many rows (SPARQL 1.1, section 19.8, rule 25)."""
        capitals = self.text.upper()
        if "LIMIT" not in capitals and "VALUES" not in capitals:
            return f"{self.text}\nLIMIT {rows}\n"
        outer = list(_outermost(self.tokens))
        values = (start for _, text, start in outer if text[:6].upper() == "VALUES")
        end = next(values, len(self.text))
        for (kind, text, start), number in pairwise([*outer, ("space", "", end)]):
            name, own, place = text[:5].upper(), text[5:], start + 5
            if not own:
                _, own, place = number
            if kind == "word" and name == "LIMIT" and own.isdecimal():
                return f"{self.text[:place]} {min(int(own), rows)}{self.text[place + len(own) :]}"
        return f"{self.text[:end]}\nLIMIT {rows}\n{self.text[end:]}"

    def star(self) -> int | None:
        """Returns where the `*` of `SELECT *` stands; None where the query names its columns, or has none."""
        words = self.tokens if self.form == "SELECT" else []
        for kind, text, start in words:
            if kind != "word":
                if text == "*":
                    return start
                if kind not in {"name", "iri"}:  # Those of the prologue.
                    return None
        return None

    def columns(self) -> tuple[str, ...]:
        """Returns the names of its variables as they first appear."""
        return tuple(dict.fromkeys(text[1:] for kind, text, _ in self.tokens if kind == "variable"))

    def on_disk(self) -> bool:
        """Tells whether the disk answers it though there is a replica of the union in memory.

        That is so where it names graphs, or where it counts over one pattern, for the disk has its matches in a row.
        """
        words = self._words()
        if any("GRAPH" in word or "FROM" in word for word in words):
            return True
        joined = "FILTER" in words or any(kind == "mark" and text in _JOINING for kind, text, _ in self.tokens)
        return "COUNT" in words and not joined and sum(text == "{" for _, text, _ in self.tokens) == 1

    def changing(self) -> bool:
        """Tells whether the same query of the same data may have another answer."""
        return any(word.endswith(_CHANGING) for word in self._words())

    def _words(self) -> list[str]:
        """Returns what may be keywords, in capitals; the engine takes one without a gap before a prefix as well."""
        return [text.partition(":")[0].upper() for kind, text, _ in self.tokens if kind in {"word", "name"}]


def query_form(query: str) -> str:
    """Returns the form of a query that may run here; see `guarded`."""
    return guarded(query).form


def guarded(query: str) -> Guarded:
    """Takes a query to pieces and judges whether it may run here.

    Raises:
        Problem: 403 for an update and for SERVICE; 400 for what is no query, is nested deeper than 64 brackets, is
            chained longer than 1000 operators, or could be read in two ways.
    """
    tokens = tokens_of(query)
    if "SERVICE" in query.upper():
        _refuse_service(tokens)
    if len(tokens) > _MAX_JOINTS and sum(text.upper() in _CHAINING for _, text, _ in tokens) > _MAX_JOINTS:
        raise Problem(400, "query-too-long", f"more than {_MAX_JOINTS} operators and joined groups")
    words = ((text.upper(), start) for kind, text, start in tokens if kind == "word")
    form, start = next((word for word in words if word[0] not in _PROLOGUE), ("", len(query)))
    if form in _UPDATE_FORMS:
        raise Problem(403, "update-refused", "this endpoint answers queries only; it takes no updates")
    for known in _QUERY_FORMS:
        if form.startswith(known):
            return Guarded(query, known, tokens)
    raise _fault(query, start, "expected SELECT, ASK, CONSTRUCT or DESCRIBE")


def tokens_of(query: str) -> list[Token]:
    """Returns the pieces of a query; raises `Problem` 400 where it has none or two readings, or is nested too deep."""
    tokens: list[Token] = []
    brackets, last, end = ["{"], "", 0
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup
        if match.start() != end:
            break
        end = match.end()
        if kind is None:
            return tokens
        text = match[kind]
        if kind == "open":
            brackets.append(text)
            if len(brackets) > MAX_DEPTH + 1:
                raise Problem(400, "query-too-deep", f"brackets are nested deeper than {MAX_DEPTH}")
        elif kind == "close":
            if len(brackets) > 1:
                brackets.pop()
        elif kind == "iri" and brackets[-1] == "(" and last in _OPERANDS and _two_readings(text):
            place = end - len(text)
            raise _fault(query, place, "put a space after the operator <, or write the IRI with a prefix")
        tokens.append((kind, text, end - len(text)))
        last = kind
    position = _LEADING.match(query, end).end()  # type: ignore[union-attr] # It matches nothing as well.
    raise _fault(query, position, f"unexpected {query[position]!r}")


def _outermost(tokens: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        kind = token[0]
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif not depth:
            yield token


def _two_readings(iri: str) -> bool:
    """Tells whether `<…>` after an operand could as well be a comparison that goes on with a string or comment."""
    return not _PLAIN_IRI.match(iri) and any(mark in iri for mark in "'#()")


def _refuse_service(tokens: Sequence[Token]) -> None:
    for (kind, text, _), following in pairwise([*tokens, ("space", "", 0)]):
        keyword = kind == "word" and "SERVICE" in text.upper()
        glued = kind == "name" and "SERVICE" in text.upper().split(":")[0]
        if keyword or (glued and following[1] == "{"):
            raise Problem(403, "service-refused", "SERVICE is refused: this endpoint asks no other one")


def _fault(query: str, position: int, message: str) -> Problem:
    line = query.count("\n", 0, position) + 1
    column = position - (query.rfind("\n", 0, position) + 1) + 1
    return Problem(400, "syntax-error", f"line {line}, column {column}: {message}", line=line, column=column)
