"""The queries of sh:sparql, compiled into steps that turn one table of solutions into the next, for all focus nodes.

What is known: basic graph patterns, FILTER, EXISTS, BIND of an IRI, UNION, and the functions of strings and whole
numbers below. All else is refused. `$this` is bound everywhere, as SHACL wants it (appendix A).
"""

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from rdflib import Literal, URIRef, Variable
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from shapes.components import UnsupportedError, integer, term_of, text
from shapes.data import Data

Row = tuple[str, ...]
Step = Callable[[Data, list[Row]], list[Row]]
_THIS = "this"
_COMPARED = {"=": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Builtin_STRSTARTS": str.startswith,
    "Builtin_STRENDS": str.endswith,
    "Builtin_CONTAINS": str.__contains__,
}


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT in which `$this` stands for each focus node.

    Attributes:
        text: The query.
        group: Its steps; None where it says something that is not known here.
        selected: The variables that it asks for.
        refusal: Why there are no steps.
    """

    text: str
    group: "Group | None"
    selected: tuple[str, ...]
    refusal: str = ""

    def solutions(self, data: Data, focus_nodes: Collection[str]) -> Iterator[Mapping[str, str]]:
        """Yields the solutions of all focus nodes: name to term, of what is bound.

        Raises:
            UnsupportedError: It is not known how to ask this query, or to ask it of some value.
        """
        if self.group is None:
            raise UnsupportedError(f"a query: {self.refusal}")
        columns = self.group.columns
        for row in self.group.run(data, [(focus,) for focus in focus_nodes]):
            yield {name: row[columns.index(name)] for name in self.selected}


def query(select: str) -> Query:
    """Compiles a query.

    Raises:
        UnsupportedError: It is no SPARQL.
    """
    try:
        algebra = translateQuery(parseQuery(select)).algebra
    except Exception as error:  # whatever rdflib's parser comes upon
        raise UnsupportedError(f"no SPARQL: {error}") from error
    group = Group([_THIS], [_THIS])
    try:
        group.add(algebra)
    except UnsupportedError as refused:
        return Query(select, None, (), str(refused))
    selected = tuple(str(variable) for variable in algebra.PV if str(variable) in group.columns)
    return Query(select, group if _THIS in selected else None, selected, "it does not select $this")


class Group:
    """A group graph pattern as steps (SPARQL 1.1, section 18.2).

    Attributes:
        columns: The variables of the table that it ends in.
    """

    def __init__(self, columns: Iterable[str], scope: Iterable[str]) -> None:
        """Begins with a table of these columns, of which filters may name those in scope."""
        self.columns = list(columns)
        self._scope = set(scope)
        self._among: dict[str, list[str]] = {}
        self._steps: list[Step] = []

    def run(self, data: Data, rows: list[Row]) -> list[Row]:
        """Returns the table that follows from one of the columns that the group began with.

        Raises:
            UnsupportedError: Some value is of a kind that a step does not know.
        """
        for step in self._steps:
            rows = step(data, rows) if rows else rows
        return rows

    def add(self, part: CompValue) -> None:
        """Adds the steps of a part of the algebra.

        Raises:
            UnsupportedError: It says something that is not known here.
        """
        if part.name == "BGP":
            left = list(part.triples)
            while left:
                pattern = min(left, key=self._cost)
                left.remove(pattern)
                self._steps.append(self._pattern(*pattern))
        elif part.name in {"Distinct", "Project"} or (part.name == "SelectQuery" and not part.datasetClause):
            self.add(part.p)
        elif part.name == "Join" and "Filter" not in {part.p1.name, part.p2.name}:  # it would see the other's variables
            self.add(part.p1)
            self.add(part.p2)
        elif part.name == "Union":
            self._steps.append(self._union(part.p1, part.p2))
        elif part.name == "Extend" and isinstance(part.expr, URIRef):
            self.add(part.p)
            value = (term_of(part.expr),)
            self._bind([str(part.var)])
            self._steps.append(lambda _data, rows: [row + value for row in rows])
        elif part.name == "Filter":
            both = _name(part.expr) == "ConditionalAndExpression"
            tests = [part.expr.expr, *part.expr.other] if both else [part.expr]
            self._among |= {
                str(one.expr): list(map(term_of, one.other)) for one in tests if getattr(one, "op", "") == "IN"
            }
            self.add(part.p)
            for test in sorted(tests, key=lambda one: "EXISTS" in _name(one)):
                self._steps.append(self._exists(test) if "EXISTS" in _name(test) else self._filter(test))
        else:
            raise UnsupportedError(part.name)

    def _bind(self, names: list[str]) -> None:
        if len(set(names)) < len(names) or set(names) & set(self.columns):
            raise UnsupportedError("a variable twice")
        self.columns += names
        self._scope |= set(names)

    def _cost(self, pattern: tuple[object, ...]) -> int:
        """Tells which pattern to take first: that which the fewest triples can match."""
        s, p, o = (not isinstance(one, Variable) or str(one) in self.columns for one in pattern)
        if s:
            return 0 if o else 1 if p else 2
        return 5 if not o else 3 if isinstance(pattern[2], Variable) else 4

    def _pattern(self, s: object, p: object, o: object) -> Step:
        here = [self._known(one) for one in (s, p, o)]
        self._scope |= {str(one) for one in (s, p, o) if isinstance(one, Variable)}
        self._bind([str(one) for one, known in zip((s, p, o), here, strict=True) if known is None])
        subject, predicate, value = here
        if isinstance(p, URIRef):
            return _linked(term_of(p), subject, value)
        if subject is not None:
            return _about(subject, predicate, value, self._among.get(str(p), ()))
        if predicate is None and value is not None:
            to = value
            return lambda data, rows: [(*row, *pair) for row in rows for pair in data.links_to(_node(to(row)))]
        raise UnsupportedError("a pattern of variables")

    def _union(self, *branches: CompValue) -> Step:
        groups = [Group(self.columns, [_THIS]) for _ in branches]
        for group, branch in zip(groups, branches, strict=True):
            group.add(branch)
        self.columns = [name for name in groups[0].columns if name in groups[1].columns]
        self._scope |= set(self.columns)
        tables = [(group, [group.columns.index(name) for name in self.columns]) for group in groups]
        return lambda data, rows: [
            tuple(row[k] for k in places) for group, places in tables for row in group.run(data, rows)
        ]

    def _filter(self, test: CompValue) -> Step:
        holds = self._truth(test)
        return lambda _data, rows: [row for row in rows if holds(row)]

    def _exists(self, test: CompValue) -> Step:
        shared = sorted(_variables(test.graph) & set(self.columns))
        if not shared or not self._scope.issuperset(shared):
            raise UnsupportedError("EXISTS beyond its group")
        inner = Group(shared, shared)
        inner.add(test.graph)
        wanted, count = test.name == "Builtin_EXISTS", len(shared)
        first, *rest = (self.columns.index(name) for name in shared)
        key_of: Callable[[Row], Row] = itemgetter(first, *rest) if rest else lambda row: (row[first],)

        def step(data: Data, rows: list[Row]) -> list[Row]:
            keys = list(map(key_of, rows))
            found = {row[:count] for row in inner.run(data, list(set(keys)))}
            return [row for row, key in zip(rows, keys, strict=True) if (key in found) == wanted]

        return step

    def _known(self, one: object) -> Callable[[Row], str] | None:
        """Returns how to read a term off a row; None of a variable that is not bound yet."""
        if isinstance(one, Variable):
            return itemgetter(self.columns.index(str(one))) if str(one) in self.columns else None
        if not isinstance(one, URIRef | Literal):
            raise UnsupportedError(f"{one} as a term")
        constant = term_of(one)
        return lambda _row: constant

    def _term(self, one: object) -> Callable[[Row], str]:
        """As `_known`, of a variable that a filter may name."""
        known = self._known(one)
        if known is None or (isinstance(one, Variable) and str(one) not in self._scope):
            raise UnsupportedError(f"?{one} is not bound there")
        return known

    def _truth(self, e: CompValue) -> Callable[[Row], bool]:
        """Compiles an expression of booleans."""
        name = _name(e)
        if name == "UnaryNot":
            inner = self._truth(e.expr)
            return lambda row: not inner(row)
        if name in {"ConditionalOrExpression", "ConditionalAndExpression"}:
            parts, joined = [self._truth(one) for one in (e.expr, *e.other)], any if "Or" in name else all
            return lambda row: joined(part(row) for part in parts)
        if name in _TESTS:
            one, other, holds = self._string(e.arg1), self._string(e.arg2), _TESTS[name]
            return lambda row: holds(one(row), other(row))
        if name == "RelationalExpression":
            return self._relation(e)
        raise UnsupportedError(f"{name or e} as a condition")

    def _relation(self, e: CompValue) -> Callable[[Row], bool]:
        if "IN" in e.op:
            if not all(isinstance(one, URIRef) for one in e.other):
                raise UnsupportedError("IN with other than IRIs")
            value, known, wanted = self._term(e.expr), frozenset(map(term_of, e.other)), e.op == "IN"
            return lambda row: (value(row) in known) == wanted
        if URIRef in {type(e.expr), type(e.other)} and e.op in {"=", "!="}:
            left, right, equal = self._term(e.expr), self._term(e.other), e.op == "="
            return lambda row: (left(row) == right(row)) == equal
        strings = any(_name(side).startswith("Builtin_") for side in (e.expr, e.other))
        compiled: Callable[[Any], Callable[[Row], object]] = self._string if strings else self._number
        one, other = compiled(e.expr), compiled(e.other)
        holds: Callable[[object, object], bool] = getattr(operator, _COMPARED[e.op])
        return lambda row: holds(one(row), other(row))

    def _number(self, e: Any) -> Callable[[Row], int]:  # noqa: ANN401 - rdflib's algebra has no types
        """Compiles an expression of whole numbers."""
        if _name(e) != "AdditiveExpression":
            term = self._term(e)
            return lambda row: integer(term(row))
        if len(e.other) > 1:
            raise UnsupportedError("a sum of three")
        one, other, sign = self._number(e.expr), self._number(e.other[0]), 1 if e.op[0] == "+" else -1
        return lambda row: one(row) + sign * other(row)

    def _string(self, e: Any) -> Callable[[Row], str]:  # noqa: ANN401 - likewise
        """Compiles an expression of strings without language."""
        if isinstance(e, Literal) and not e.language and not e.datatype:
            constant = str(e)
            return lambda _row: constant
        name = _name(e)
        if name == "Builtin_STR":
            term = self._term(e.arg)
            return lambda row: _str(term(row))
        if name == "Builtin_CONCAT":
            parts = [self._string(one) for one in e.arg]
            return lambda row: "".join(part(row) for part in parts)
        if name == "Builtin_STRAFTER":
            whole, before = self._string(e.arg1), self._string(e.arg2)
            return lambda row: whole(row).partition(before(row))[2] if before(row) else whole(row)
        if name == "Builtin_SUBSTR" and e.length is not None:
            return _part(self._string(e.arg), self._number(e.start), self._number(e.length))
        raise UnsupportedError(f"{name or e} as a string")


Known = Callable[[Row], str] | None


def _linked(predicate: str, s: Known, o: Known) -> Step:
    """Returns the step of a pattern with this predicate, where its subject or its object is known or neither."""

    def step(data: Data, rows: list[Row]) -> list[Row]:
        if s is None:
            by = data.inverse(predicate)
            if o is None:
                return [(*row, one, value) for row in rows for value, some in by.items() for one in some]
            return [(*row, one) for row in rows for one in by.get(o(row), ())]
        of = data.of(predicate)
        if o is None:
            return [(*row, one) for row in rows for one in of.get(s(row), ())]
        return [row for row in rows if o(row) in of.get(s(row), ())]

    return step


def _about(s: Callable[[Row], str], p: Known, o: Known, among: Collection[str]) -> Step:
    """Returns the step of a pattern whose subject is known, and whose predicate is a variable: among these, if any."""

    def step(data: Data, rows: list[Row]) -> list[Row]:
        if p is not None and o is not None:
            return [row for row in rows if o(row) in data.values(s(row), p(row))]
        if p is not None:
            return [(*row, value) for row in rows for value in data.values(s(row), p(row))]
        found = [
            (row, link, value)
            for link, of in ((link, data.of(link)) for link in among or data.predicates())
            for row in rows
            for value in of.get(s(row), ())
        ]
        if o is None:
            return [(*row, link, value) for row, link, value in found]
        return [(*row, link) for row, link, value in found if value == o(row)]

    return step


def _part(
    whole: Callable[[Row], str], start: Callable[[Row], int], length: Callable[[Row], int]
) -> Callable[[Row], str]:
    """Returns what SUBSTR does (XPath functions, section 5.4.3), but where it begins before the text."""

    def part(row: Row) -> str:
        begin, count = start(row) - 1, length(row)
        if begin < 0 or count < 0:
            raise UnsupportedError("SUBSTR from before the beginning")
        return whole(row)[begin : begin + count]

    return part


@lru_cache(maxsize=1 << 12)
def _str(term: str) -> str:
    if term.startswith("_"):
        raise UnsupportedError("STR of a blank node")
    return text(term)


def _name(e: object) -> str:
    return e.name if isinstance(e, CompValue) else ""


def _node(term: str) -> str:
    if term.startswith('"'):
        raise UnsupportedError("what has a literal")
    return term


def _variables(part: object) -> set[str]:
    if isinstance(part, Variable):
        return {str(part)}
    some = part.values() if isinstance(part, CompValue) else part if isinstance(part, list | tuple) else ()
    nested = [part.graph] if isinstance(part, CompValue) and "EXISTS" in part.name else []
    return set().union(*map(_variables, chain(some, nested)))
