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
_NG = f"<{NG}>"
# What the engine says, and what is meant by it.
_SAYINGS = {
    "IRI parsing failed": "that is no well-formed IRI",
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
    names = [text for kind, text, _ in guarded.tokens if kind == "name"]
    ours = {name for (_, name, _), (_, iri, _) in pairwise(guarded.tokens) if iri == _NG} if names else set()
    known = _terms()
    used = ((name, name.removeprefix(prefix)) for name in names for prefix in ours if name.startswith(prefix))
    unknown = {name: local for name, local in used if local and local not in known and local.isascii()}
    told = [
        f"{name} is not in the ontology{_nearest(local, sorted(known), name.removesuffix(local))}"
        for name, local in unknown.items()
    ]
    return {"X-Query-Hint": "; ".join(told)[:1000]} if told else {}


@cache
def _terms() -> frozenset[str]:
    text = "".join(reference_graphs().values())
    return frozenset(re.findall(rf"^<{NG}(\w+)>", text, re.MULTILINE))


def _hint(said: str, query: str, start: int) -> str:
    if "Prefix not found" in said:
        return _prefix_hint(query, start)
    meant = next((meaning for saying, meaning in _SAYINGS.items() if saying in said), None)
    if meant:
        return meant
    tokens = tokens_of(query)
    unclosed = _unclosed(tokens)
    # The engine says how far it came, which may be behind what is wrong.
    read = [token for token in tokens if token[2] <= start]
    if len(read) == len(tokens) and unclosed:
        line = query.count("\n", 0, unclosed[2]) + 1
        return f"the query ends, but {unclosed[1]} of line {line} is open"
    for (_, before, _), (kind, text, _), (_, after, _) in zip(read, read[1:], read[2:], strict=False):
        if (before, kind, after) == (")", "variable", ")"):
            return f"unexpected {text} after ): write (expression AS {text})"
    for (kind, before, _), (_, text, _) in pairwise(read[-3:]):
        if kind == "variable" and text == "}":
            return f"unexpected }} after {before}: a triple needs subject, predicate and object"
    return f"unexpected {read[-1][1][:50]}" if read else "there is no query"


def _prefix_hint(query: str, start: int) -> str:
    # The engine stops within the name; it begins where the token does.
    tokens = tokens_of(query)
    name = next((text for kind, text, place in tokens if kind == "name" and place + len(text) >= start), "")
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
        if token[0] == "open":
            still.append(token)
        elif token[0] == "close" and still:
            still.pop()
    return still[-1] if still else None
