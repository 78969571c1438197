"""Compiles shapes into closures over the data, which judge all nodes of a shape at once: the judge of every notice.

What it does not know it refuses, so that pySHACL judges in its place (`shapes.pyshacl_judge`); tests hold the two
equal.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from rdflib import RDF, RDFS, SH, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from ontology import terms
from shapes import components as c
from shapes.components import Check, UnsupportedError, local, term_of
from shapes.data import Data
from shapes.queries import Query, query
from shapes.report import Result

_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
_BESIDE = {  # what constrains nothing by itself
    *("path", "severity", "message", "deactivated", "name", "description", "order", "group", "defaultValue"),
    *("flags", "ignoredProperties", "property", "sparql", "targetClass", "targetNode", "targetSubjectsOf"),
    "targetObjectsOf",
}
# Pre-bound variables but $this, and what pySHACL forbids or reads in another way (SHACL, section 5.3).
_NOT_SELECT = re.compile(r"[$?](?:PATH|shapesGraph|currentShape|failure)\b|(?i:\b(?:MINUS|VALUES|SERVICE)\b)")


@dataclass(frozen=True, slots=True)
class Shape:
    """A compiled shape.

    Attributes:
        name: Its IRI, or the label of its blank node.
        path: The predicate of a property shape, as a term; None for a node shape.
        severity: Local name of its severity.
        messages: By language, as the shape has them; the empty tag for those without.
        constraints: Local name of a constraint component, and its check.
        properties: Its property shapes.
        queries: Its SPARQL constraints, with their prefixes.
        closed: The predicates that its nodes may have; None where any.
    """

    name: str
    path: str | None
    severity: str
    messages: dict[str, str]
    constraints: tuple[tuple[str, Check], ...]
    properties: "tuple[Shape, ...]"
    queries: tuple[Query, ...]
    closed: frozenset[str] | None

    def judge(self, data: Data, focus_nodes: Collection[str], found: list[Result]) -> None:
        """Adds what is wrong with focus nodes."""
        rows, values = self._rows(data, focus_nodes)
        for component, check in self.constraints:
            found.extend(self._result(focus, component, value) for focus, value in check(data, rows, values))
        if values:
            for shape in self.properties:
                shape.judge(data, values, found)
        for one in self.queries:
            found.extend(self.results(one.solutions(data, focus_nodes)))
        found.extend(self._beyond(data, rows))

    def failing(self, data: Data, nodes: Collection[str]) -> set[str]:
        """Returns those of some nodes that do not conform (SHACL, section 3.4.3)."""
        rows, values = self._rows(data, nodes)
        failed = {focus for _, check in self.constraints for focus, _ in check(data, rows, values)}
        if values and self.properties:
            wrong = set().union(*(shape.failing(data, values) for shape in self.properties))
            failed.update(focus for focus, own in rows if not wrong.isdisjoint(own))
        for one in self.queries:
            failed.update(row["this"] for row in one.solutions(data, nodes))
        return failed.union(one.focus_node for one in self._beyond(data, rows))

    def _rows(self, data: Data, focus_nodes: Collection[str]) -> tuple[c.Rows, set[str]]:
        """Returns focus nodes with their value nodes, and all value nodes."""
        path = self.path
        if path is None:
            return [(focus, [focus]) for focus in focus_nodes], set(focus_nodes)
        of, none = data.of(path), list[str]()
        rows = [(focus, of.get(focus, none)) for focus in focus_nodes]
        return rows, {value for _, values in rows for value in values}

    def results(self, solutions: Iterable[Mapping[str, str]]) -> Iterator[Result]:
        """Yields a result for each solution of one of the queries (SHACL, section 5.3.2)."""
        for row in solutions:
            node = row["this"]
            yield _filled(self._result(node, "SPARQL", row.get("value", node), row.get("path")), row)

    def _beyond(self, data: Data, rows: c.Rows) -> Iterator[Result]:
        if self.closed is None:
            return
        for predicate in set(data.predicates()) - self.closed:
            of = data.of(predicate)
            for focus, values in rows:
                for one in (one for value in values for one in of.get(value, ())):
                    yield self._result(focus, "Closed", one, predicate)

    def _result(self, focus: str, component: str, value: str | None, path: str | None = None) -> Result:
        said = self.messages.get("", f"{component} of {self.name}")
        return Result(
            self.severity,
            focus,
            path or self.path,
            value,
            f"{component}ConstraintComponent",
            self.name,
            self.messages.get("zh", said),
            self.messages.get("en", said),
        )


@dataclass(frozen=True, slots=True)
class Target:
    """What a shape targets (SHACL, section 2.1.3): nodes, and those found by classes and predicates; all terms."""

    shape: Node
    nodes: tuple[str, ...]
    classes: tuple[str, ...]
    subjects_of: tuple[str, ...]
    objects_of: tuple[str, ...]

    def focus_nodes(self, data: Data) -> set[str]:
        """Returns the nodes that the shape judges."""
        found = (
            *map(data.instances, self.classes),
            *map(data.of, self.subjects_of),
            *map(data.inverse, self.objects_of),
        )
        return set(self.nodes).union(*found)


def targets(graph: Graph) -> tuple[Target, ...]:
    """Returns the targets of the shapes of a shapes graph that have any, in the order of the shapes' names."""

    def terms_of(shape: Node, predicate: Node) -> tuple[str, ...]:
        return tuple(sorted(map(term_of, graph.objects(shape, predicate))))

    classes = {one for one in graph.subjects(RDF.type, RDFS.Class) if (one, RDF.type, SH.NodeShape) in graph}
    shapes = classes.union(*(graph.subjects(predicate) for predicate in _TARGETS))
    return tuple(
        Target(
            shape,
            terms_of(shape, SH.targetNode),
            (*terms_of(shape, SH.targetClass), *((term_of(shape),) if shape in classes else ())),
            terms_of(shape, SH.targetSubjectsOf),
            terms_of(shape, SH.targetObjectsOf),
        )
        for shape in sorted(shapes, key=str)
    )


def compiled(graph: Graph, targets: Iterable[Target]) -> dict[Node, Shape]:
    """Compiles the shapes of a shapes graph that target nodes.

    Raises:
        UnsupportedError: Of something that a shape says it is not known how to judge it.
    """
    for foreign in (SH.ConstraintComponent, SH.parameter, SH.target, SH.rule, SH.js, SH.expression):
        if (None, foreign, None) in graph or (None, RDF.type, foreign) in graph:
            raise UnsupportedError(f"sh:{local(foreign)}")
    compiler = _Compiler(graph)
    return {target.shape: compiler.shape(target.shape) for target in targets}


def judged(shapes: Mapping[Node, Shape], data: Data, focus_nodes: Mapping[Node, Collection[str]]) -> list[Result]:
    """Returns what compiled shapes find at their focus nodes; a result twice where two ways lead to it.

    Raises:
        UnsupportedError: Of some value it is not known how to judge it.
    """
    found: list[Result] = []
    for node, shape in shapes.items():
        if focus_nodes[node]:
            shape.judge(data, focus_nodes[node], found)
    return found


class _Compiler:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.shapes: dict[Node, Shape | None] = {}

    def shape(self, node: Node) -> Shape:
        """Compiles a shape once."""
        if node not in self.shapes:
            self.shapes[node] = None
            self.shapes[node] = self._compiled(node)
        shape = self.shapes[node]
        if shape is None:
            raise UnsupportedError(f"recursion in {node}")
        return shape

    def _compiled(self, node: Node) -> Shape:
        path = self.graph.value(node, SH.path)
        severity = self.graph.value(node, SH.severity)
        on = self._value(node, SH.deactivated) is not True
        if isinstance(path, BNode) or (path and (node, SH.sparql, None) in self.graph):
            raise UnsupportedError(f"the path of {node}")
        return Shape(
            name=str(node),
            path=term_of(path) if path else None,
            severity=local(severity) if severity else "Violation",
            messages={one.language or "": str(one) for one in self._literals(node, SH.message)},
            constraints=tuple(self._constraints(node)) if on else (),
            properties=tuple(map(self.shape, self._objects(node, SH.property))) if on else (),
            queries=tuple(map(self._query, self._objects(node, SH.sparql))) if on else (),
            closed=self._closed(node) if on else None,
        )

    def _constraints(self, node: Node) -> Iterator[tuple[str, Check]]:
        for predicate in sorted(set(self.graph.predicates(node)), key=str):
            name = local(predicate)
            if not str(predicate).startswith(str(terms.SH)) or name in _BESIDE or predicate == SH.closed:
                continue
            if name not in _SINGLE and name not in _REPEATED:
                raise UnsupportedError(f"sh:{name}")
            values = self._objects(node, predicate)
            if name in _SINGLE and len(values) > 1:
                raise UnsupportedError(f"sh:{name} twice in {node}")
            for value in values:
                yield name[0].upper() + name[1:], {**_SINGLE, **_REPEATED}[name](self, node, value)

    def _closed(self, node: Node) -> frozenset[str] | None:
        if self._value(node, SH.closed) is not True:
            return None
        paths = {self.graph.value(shape, SH.path) for shape in self.graph.objects(node, SH.property)}
        ignored = {one for list_ in self.graph.objects(node, SH.ignoredProperties) for one in self.graph.items(list_)}
        return frozenset(term_of(path) for path in paths | ignored if path)

    def _query(self, node: Node) -> Query:
        text = str(self.graph.value(node, SH.select))
        known = {SH.select, SH.prefixes, RDF.type}
        if not set(self.graph.predicates(node)) <= known or _NOT_SELECT.search(text):
            raise UnsupportedError(f"the query {node}")
        declared = [one for of in self.graph.objects(node, SH.prefixes) for one in self.graph.objects(of, SH.declare)]
        prefixes = {"rdf": str(terms.RDF), "rdfs": str(terms.RDFS)}
        prefixes |= {
            str(self.graph.value(one, SH.prefix)): str(self.graph.value(one, SH.namespace)) for one in declared
        }
        return query("".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in sorted(prefixes.items())) + text)

    def members(self, node: Node) -> list[Node]:
        """Returns the members of a list."""
        return list(self.graph.items(node))

    def flags(self, node: Node) -> str:
        """Returns the flags of a shape's pattern."""
        return str(self.graph.value(node, SH.flags) or "")

    def _objects(self, node: Node, predicate: Node) -> list[Node]:
        return sorted(self.graph.objects(node, predicate), key=str)

    def _literals(self, node: Node, predicate: Node) -> Iterator[Literal]:
        return (one for one in self.graph.objects(node, predicate) if isinstance(one, Literal))

    def _value(self, node: Node, predicate: URIRef) -> object:
        value = self.graph.value(node, predicate)
        return value.toPython() if isinstance(value, Literal) else None


Build = Callable[[_Compiler, Node, Node], Check]


def _counted(fits: Callable[[int, int], bool], *, listed: bool = True) -> Build:
    """Returns the builder of a constraint on how many of some shapes, and of how many, a value conforms to."""

    def build(compiler: _Compiler, _shape: Node, value: Node) -> Check:
        shapes = list(map(compiler.shape, compiler.members(value) if listed else [value]))

        def wrong(data: Data, values: set[str]) -> set[str]:
            failed = [shape.failing(data, values) for shape in shapes]
            return {one for one in values if not fits(sum(one not in some for some in failed), len(shapes))}

        return c.wrong_values(wrong)

    return build


def _of(build: Callable[[str], Check]) -> Build:
    return lambda _compiler, _shape, value: build(term_of(value))


def _iri(build: Callable[[str], Check]) -> Build:
    return lambda _compiler, _shape, value: build(str(value))


def _number(build: Callable[[int], Check]) -> Build:
    def built(_compiler: _Compiler, shape: Node, value: Node) -> Check:
        number = value.toPython() if isinstance(value, Literal) else None
        if type(number) is not int or number < 0:
            raise UnsupportedError(f"{value} as a number in {shape}")
        return build(number)

    return built


def _bound(holds: Callable[[int], bool]) -> Build:
    return lambda _compiler, _shape, value: c.bounded(term_of(value), holds)


def _unique_lang(_compiler: _Compiler, _shape: Node, value: Node) -> Check:
    on = isinstance(value, Literal) and value.toPython() is True
    return c.unique_lang() if on else lambda _data, _rows, _values: ()


_SINGLE: dict[str, Build] = {
    "minCount": _number(lambda least: c.together(lambda values: len(values) >= least)),
    "maxCount": _number(lambda most: c.together(lambda values: len(values) <= most)),
    "minLength": _number(lambda least: c.each(lambda one: not least or (one[0] != "_" and len(c.text(one)) >= least))),
    "maxLength": _number(lambda most: c.each(lambda one: one[0] != "_" and len(c.text(one)) <= most)),
    "datatype": _iri(c.typed),
    "nodeKind": _iri(lambda kinds: c.each(lambda one: c.KINDS[one[0]] in kinds)),
    "languageIn": lambda compiler, _shape, value: c.language_in([str(one) for one in compiler.members(value)]),
    "uniqueLang": _unique_lang,
    "in": lambda compiler, _shape, value: c.one_of([term_of(one) for one in compiler.members(value)]),
    "minInclusive": _bound(lambda sign: sign >= 0),
    "maxInclusive": _bound(lambda sign: sign <= 0),
    "minExclusive": _bound(lambda sign: sign > 0),
    "maxExclusive": _bound(lambda sign: sign < 0),
}
_REPEATED: dict[str, Build] = {
    "class": _of(lambda kind: c.wrong_values(lambda data, values: values - data.instances(kind))),
    "pattern": lambda compiler, shape, value: c.pattern(str(value), compiler.flags(shape)),
    "hasValue": _of(lambda wanted: c.together(lambda values: wanted in values)),
    "equals": _of(lambda other: c.beside(other, lambda values, others: set(values) ^ set(others))),
    "disjoint": _of(lambda other: c.beside(other, lambda values, others: set(values) & set(others))),
    "lessThan": _of(partial(c.less_than, or_equal=False)),
    "lessThanOrEquals": _of(partial(c.less_than, or_equal=True)),
    "node": _counted(operator.eq, listed=False),
    "not": _counted(operator.ne, listed=False),
    "and": _counted(operator.eq),
    "or": _counted(lambda count, _: count > 0),
    "xone": _counted(lambda count, _: count == 1),
}
COMPONENTS = (*_SINGLE, *_REPEATED, "closed")
"""Local names of the parameters of the constraint components that are compiled; sh:property and sh:sparql are too."""


def _filled(result: Result, row: Mapping[str, str]) -> Result:
    """Puts what a query has bound into the messages of a result (SHACL, section 5.3.2)."""

    def fill(message: str) -> str:
        return re.sub(r"\{[$?](\w+)\}", lambda m: c.text(row[m[1]]) if m[1] in row else m[0], message)

    return replace(result, message_zh=fill(result.message_zh), message_en=fill(result.message_en))
