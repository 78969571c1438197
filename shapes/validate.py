"""Judges RDF by the shapes with pySHACL: the only module that calls it.

Data comes as N-Quads text, so that nothing here is ever taken for a path or an address.
"""

import logging
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

import pyshacl
from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.exceptions import ParserError
from rdflib.term import Node

from ontology import terms
from ontology.iris import DEFAULT_BASE
from ontology.load import reference_graphs
from shapes import load
from shapes.report import Place, Report, Result, literal

# rdflib logs a stack trace for each ill-typed literal; sh:datatype says it in a line.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

_IRI = r'<[^\x00-\x20<>"{}|^`\\]*>'
_BLANK = r"_:\w(?:[\w.·-]*[\w·-])?"
_LITERAL = rf'"(?:[^"\\]|\\.)*"(?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^{_IRI})?'
_QUAD = re.compile(
    rf"\s*((?:{_IRI}|{_BLANK})\s*{_IRI}\s*(?:{_IRI}|{_BLANK}|{_LITERAL}))\s*({_IRI}|{_BLANK})?\s*\.\s*(?:#.*)?"
)
_OBJECT = re.compile(rf"({_IRI}) \.\n")
_TYPE = re.compile(rf"^(\S+) <{RDF.type}> (<{terms.NG}\w+>) ", re.MULTILINE)
_BASE = re.compile(r"<([^<>\s]*/)id/notice/[0-9a-f]{16}>")
_OTHERS = tuple(f"<{namespace}" for namespace in terms.PREFIXES.values() if not namespace.startswith(DEFAULT_BASE))
_SEVERITIES = ("Violation", "Warning", "Info")
_NOTHING_JUDGED = URIRef(f"{terms.NGSH}NothingJudged")
_NOT_COMPARED = URIRef(f"{terms.NGSH}NotCompared")


def validate(nquads: str) -> Report:
    """Judges the statements of all graphs in `nquads` as one, by the shapes of notices.

    The types of the concepts, events and divisions that are cited are added from the vocabularies, so that the graph of
    one notice is enough.

    Args:
        nquads: N-Quads or N-Triples, IRIs without escapes.

    Returns:
        The report; it warns where no node is the target of a shape.

    Raises:
        ValueError: The text is no N-Quads; the message names the line.
    """
    return _as_notices([line for lines in _by_graph(nquads).values() for line in lines])


def validate_reference(base: str = DEFAULT_BASE) -> Report:
    """Judges ontology and vocabularies, once for all notices.

    Raises:
        ValueError: The base is no absolute http(s) IRI ending with a slash.
    """
    graphs = _by_graph("".join(reference_graphs(base).values()))
    return _as_reference([line for lines in graphs.values() for line in lines])


def validate_dataset(nquads: str) -> Iterator[tuple[str, Report]]:
    """Judges each graph by itself: that of a notice by the shapes of notices, any other by all shapes.

    Args:
        nquads: N-Quads or N-Triples, IRIs without escapes.

    Yields:
        The IRI of a graph, empty for the default graph, and its report; one at least. In the order of the IRIs.

    Raises:
        ValueError: The text is no N-Quads; the message names the line.
    """
    for name, lines in sorted(_by_graph(nquads).items()) or [("", [])]:
        report = _as_notices(lines)
        if "/graph/notice/" not in name:
            reference = _as_reference(lines)
            report = _joined(report, reference, report.focus_nodes + reference.focus_nodes)
        yield name.removeprefix("<").removesuffix(">"), report


def _as_notices(lines: list[str]) -> Report:
    data = _parsed([*lines, *_cited("".join(lines))])
    report = _judged(data, load.shapes(load.NOTICE))
    if not report.conforms:
        return _joined(report, Report((_said(_NOT_COMPARED),), 0), report.focus_nodes)
    return _joined(report, _judged(data, load.shapes(load.GROUNDING)), report.focus_nodes)


def _as_reference(lines: list[str]) -> Report:
    """Judges what is said of our terms and concepts; of others' terms the ontology declares the kind only."""
    ours = [line for line in lines if not line.startswith(_OTHERS)]
    return _judged(_parsed(ours), load.shapes(load.REFERENCE))


def _joined(one: Report, other: Report, focus_nodes: int) -> Report:
    """Joins reports on the same data; that nothing was judged is said only where it holds of both."""
    results = {*one.results, *other.results}
    if focus_nodes:
        results.discard(_said(_NOTHING_JUDGED))
    return Report(tuple(sorted(results, key=_order)), focus_nodes)


def _by_graph(nquads: str) -> dict[str, list[str]]:
    """Sorts the statements into graphs, as N-Triples lines; the default graph has the empty name."""
    graphs: dict[str, list[str]] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", nquads), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        quad = _QUAD.fullmatch(line)
        if quad is None:
            raise ValueError(f"line {number} is no N-Quads statement: {line[:80]!r}")
        graphs.setdefault(quad[2] or "", []).append(f"{quad[1]} .\n")
    return graphs


def _parsed(lines: list[str]) -> Graph:
    text = "".join(lines)
    labels = {label.lower(): label for label in re.findall(r"_:(\S+)", text)}  # as they are, in place of random ones
    try:
        with warnings.catch_warnings():
            # Of an ill-typed boolean rdflib warns; the shapes say it.
            warnings.filterwarnings("ignore", message="Parsing weird boolean")
            return Graph().parse(data=text, format="nt", bnode_context=labels)
    except ParserError as error:
        raise ValueError(f"not N-Quads: {error}") from error


def _cited(text: str) -> Iterator[str]:
    base = _BASE.search(text)
    types = _types(base[1] if base else DEFAULT_BASE)
    for iri in set(_OBJECT.findall(text)):
        yield from types.get(iri, ())


@lru_cache(maxsize=4)
def _types(base: str) -> dict[str, tuple[str, ...]]:
    """Returns the type statements of concepts, events and divisions; no more, so that no shape has to judge them."""
    types: dict[str, tuple[str, ...]] = {}
    for graph in reference_graphs(base).values():
        for subject, kind in _TYPE.findall(graph):
            types[subject] = (*types.get(subject, ()), f"{subject} <{RDF.type}> {kind} .\n")
    return types


def _judged(data: Graph, shapes: Graph) -> Report:
    targets = _targets(data, shapes)
    if not targets:
        return Report((_said(_NOTHING_JUDGED),), 0)
    _, found, text = pyshacl.validate(
        data, shacl_graph=shapes, inplace=True, advanced=False, inference="none", js=False
    )
    if not isinstance(found, Graph):
        raise TypeError(f"pySHACL cannot judge the data: {text}")
    results = {_result(found, node, data, shapes) for node in found.subjects(RDF.type, SH.ValidationResult)}
    return Report(tuple(sorted(results, key=_order)), len(targets))


def _targets(data: Graph, shapes: Graph) -> set[Node]:
    targets: set[Node] = set()
    for kind in shapes.objects(None, SH.targetClass):
        targets.update(data.subjects(RDF.type, kind))
    for predicate in shapes.objects(None, SH.targetSubjectsOf):
        targets.update(data.subjects(predicate))
    return targets


def _result(found: Graph, node: Node, data: Graph, shapes: Graph) -> Result:
    values = dict(found.predicate_objects(node))
    focus, value, shape = values[SH.focusNode], values.get(SH.value), values[SH.sourceShape]
    messages = sorted(str(message) for message in found.objects(node, SH.resultMessage))
    path = values.get(SH.resultPath)
    return Result(
        severity=_local(values[SH.resultSeverity]),
        focus_node=_n_triples(focus),
        path=None if path is None else _n_triples(path),
        value=None if value is None else _n_triples(value),
        component=_local(values[SH.sourceConstraintComponent]),
        source_shape=str(shape),
        message_zh=_message(shapes, shape, messages, "zh"),
        message_en=_message(shapes, shape, messages, "en"),
        place=_place(data, focus) or (None if value is None else _place(data, value)),
    )


def _message(shapes: Graph, shape: Node, messages: list[str], language: str) -> str:
    """Finds the message in one language: pySHACL drops the tag where it fills in variables."""
    for template in shapes.objects(shape, SH.message):
        if isinstance(template, Literal) and template.language == language:
            pattern = ".*".join(re.escape(part) for part in re.split(r"\{[?$]\w+\}", template))
            return next(message for message in messages if re.fullmatch(pattern, message, re.DOTALL))
    return "; ".join(messages)


def _said(shape: URIRef) -> Result:
    """Returns what a shape without target says of the data as a whole."""
    shapes = load.shapes(load.NOTICE)
    messages = [str(message) for message in shapes.objects(shape, SH.message)]
    return Result(
        severity=_local(shapes.value(shape, SH.severity)),
        focus_node="",
        path=None,
        value=None,
        component="NodeConstraintComponent",
        source_shape=str(shape),
        message_zh=_message(shapes, shape, messages, "zh"),
        message_en=_message(shapes, shape, messages, "en"),
    )


def _place(data: Graph, node: Node) -> Place | None:
    """Finds the words of a node: its own, of the mention that denotes it, or of a measure's first provision."""
    spot = node
    if data.value(node, URIRef(terms.START)) is None:
        mentions = data.subjects(URIRef(terms.DENOTES), node) if (node, URIRef(terms.QUOTE), None) in data else ()
        spot = min((*mentions, *data.objects(node, URIRef(terms.HAS_PROVISION))), key=_natural, default=node)
    quote = data.value(spot, URIRef(terms.QUOTE)) or data.value(spot, URIRef(terms.TEXT))
    if quote is None or (spot, RDF.type, URIRef(terms.SOURCE_DOCUMENT)) in data:
        return None
    return Place(_integer(data, spot, terms.START), _integer(data, spot, terms.END), str(quote))


def _integer(data: Graph, node: Node, predicate: str) -> int | None:
    value = data.value(node, URIRef(predicate))
    number = value.toPython() if isinstance(value, Literal) else None
    return number if isinstance(number, int) else None


def _n_triples(node: Node) -> str:
    return literal(node, node.language, node.datatype) if isinstance(node, Literal) else node.n3()


def _local(iri: Node | None) -> str:
    return str(iri).removeprefix(str(SH))


def _order(result: Result) -> tuple[object, ...]:
    rank = _SEVERITIES.index(result.severity)
    return (rank, _natural(result.focus_node), _natural(result.value or ""), result.path or "", str(result))


def _natural(term: object) -> list[tuple[int, str]]:
    """Orders `…/measure/2` before `…/measure/10`."""
    return [(len(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", str(term))]
