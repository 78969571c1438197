"""What to do about a query: where a syntax error is and what may be meant, and which terms are near an unknown one."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from itertools import pairwise

from api.errors import Problem
from api.guard import Guarded, Token, tokens_of
from ontology.load import reference_graphs
from ontology.terms import NG, PREFIXES
from store.base import QueryError

_SHOWN = 200
# What the engine says, and what is meant by it.
_SAYINGS = {
    "IRI parsing failed": "a relative IRI needs a BASE before it",
    "unbound": "with GROUP BY, what is selected must be grouped by or aggregated",
}


def problem(error: QueryError, query: str) -> Problem:
    """Returns a query that the engine refuses as a problem: line, column, the line itself, and a hint."""
    if error.line is None or error.column is None:
        return Problem(400, "query-refused", str(error))
    lines = query.split("\n")
    number = min(error.line, len(lines))
    line = lines[number - 1]
    column = min(error.column, len(line) + 1)
    start = sum(len(before) + 1 for before in lines[: number - 1]) + column - 1
    hint = _hint(str(error), query, start)
    place = f"line {number}, column {column}"
    shown = line[max(0, column - 1 - _SHOWN) : column + _SHOWN]
    return Problem(400, "syntax-error", f"{place}: {hint}", line=number, column=column, near=shown, hint=hint)


def headers(guarded: Guarded) -> dict[str, str]:
    """Returns a header that offers the nearest terms of the ontology for those of a query that it does not have."""
    tokens = guarded.tokens
    ours = {name.text for name, iri in pairwise(tokens) if iri.text == f"<{NG}>"}
    known = _terms()
    unknown = {
        token.text: token.text.removeprefix(prefix)
        for token in tokens
        for prefix in ours
        if token.kind == "name" and token.text.startswith(prefix) and token.text != prefix
    }
    told = [
        f"{text} is not in the ontology{_nearest(local, known, text.removesuffix(local))}"
        for text, local in unknown.items()
        if local not in known and local.isascii()
    ]
    return {"X-Query-Hint": "; ".join(told)[:1000]} if told else {}


@cache
def _terms() -> tuple[str, ...]:
    text = "".join(reference_graphs().values())
    return tuple(sorted(set(re.findall(rf"^<{NG}(\w+)>", text, re.MULTILINE))))


def _hint(said: str, query: str, start: int) -> str:
    if "Prefix not found" in said:
        return _prefix_hint(query, start)
    meant = next((meaning for saying, meaning in _SAYINGS.items() if saying in said), None)
    if meant:
        return meant
    tokens = list(tokens_of(query))
    unclosed = _unclosed(tokens)
    # The engine says how far it came, which may be behind what is wrong.
    read = [token for token in tokens if token.start <= start]
    if len(read) == len(tokens) and unclosed:
        line = query.count("\n", 0, unclosed.start) + 1
        return f"the query ends, but {unclosed.text} of line {line} is open"
    for before, at, after in zip(read, read[1:], read[2:], strict=False):
        if before.text == ")" and at.kind == "variable" and after.text == ")":
            return f"unexpected {at.text} after ): write (expression AS {at.text})"
    for before, at in pairwise(read[-3:]):
        if before.kind == "variable" and at.text == "}":
            return f"unexpected }} after {before.text}: a triple needs subject, predicate and object"
    return f"unexpected {read[-1].text[:50]}" if read else "there is no query"


def _prefix_hint(query: str, start: int) -> str:
    # The engine stops within the name; it begins where the token does.
    name = next((t.text for t in tokens_of(query) if t.kind == "name" and t.start + len(t.text) >= start), "")
    prefix = name.partition(":")[0]
    if prefix in PREFIXES:
        return f"the prefix {prefix}: is not declared; add PREFIX {prefix}: <{PREFIXES[prefix]}>"
    return f"the prefix {prefix}: is not declared{_nearest(prefix, tuple(PREFIXES), '', ':')}"


def _nearest(wanted: str, known: Sequence[str], before: str, after: str = "") -> str:
    near = get_close_matches(wanted, known, n=3)
    return f"; is {' or '.join(f'{before}{one}{after}' for one in near)} meant?" if near else ""


def _unclosed(tokens: Sequence[Token]) -> Token | None:
    still: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            still.append(token)
        elif token.kind == "close" and still:
            still.pop()
    return still[-1] if still else None
