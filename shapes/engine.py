"""Who judges: the compiled validator, pySHACL where that refuses, and pySHACL again on a sample of all the rest."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from rdflib import SH, Graph, Literal, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node

from ontology import terms
from shapes import compiled, load, pyshacl_judge
from shapes.components import UnsupportedError, text
from shapes.data import Data
from shapes.report import Place, Report, Result, natural

ENGINES = ("compiled", "pyshacl", "both")
NOTHING_JUDGED = terms.NGSH.NothingJudged
NOT_COMPARED = terms.NGSH.NotCompared
_SEVERITIES = ("Violation", "Warning", "Info")
_TYPE, _START, _END, _QUOTE, _TEXT = (
    f"<{iri}>" for iri in (terms.RDF.type, terms.NG.start, terms.NG.end, terms.NG.quote, terms.NG.text)
)


class DisagreementError(ValueError):
    """The compiled validator and pySHACL say different things of the same data: one of them is wrong."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """A shapes graph, and what was worked out from it.

    Attributes:
        graph: The shapes graph.
        targets: What its shapes target.
        compiled: The shapes compiled; None where that was refused.
        refusal: Why it was.
    """

    graph: Graph
    targets: tuple[compiled.Target, ...]
    compiled: dict[Node, compiled.Shape] | None
    refusal: str = ""


def prepared(graph: Graph) -> Shapes:
    """Works out once what a shapes graph says."""
    targets = compiled.targets(graph)
    try:
        return Shapes(graph, targets, compiled.compiled(graph, targets))
    except UnsupportedError as error:
        return Shapes(graph, targets, None, str(error))


@cache
def given(turtle: str) -> Shapes:
    """Returns the shapes of a Turtle text; nothing that it imports is looked up.

    Raises:
        ValueError: It is no Turtle, or it holds no shape that targets anything.
    """
    try:
        graph = Graph().parse(data=turtle, format="turtle")
    except BadSyntax as error:
        raise ValueError(f"the shapes are no Turtle: {error}") from error
    # Blank nodes are named by what is said of them, so that all processes name them alike.
    shapes = prepared(Graph() + to_canonical_graph(graph))
    if not shapes.targets:
        raise ValueError("the shapes have no target (sh:targetClass and its like), so they would judge nothing")
    return shapes


@cache
def ours(names: tuple[str, ...]) -> Shapes:
    """Returns the shapes of these files of the package.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return prepared(load.shapes(names))


@dataclass(frozen=True, slots=True)
class Engine:
    """Who judges.

    Attributes:
        name: One of `ENGINES`; `both` compares what they say.
        sample: The part of all graphs that `compiled` has pySHACL judge too; chosen by digest, so that the same graph
            always is, or never.
    """

    name: str = "compiled"
    sample: float = 0.01

    def judge(self, data: Data, shapes: Shapes) -> Report:
        """Judges data as a whole.

        Raises:
            DisagreementError: Two engines judged, and differ.
            ValueError: Neither can judge it.
        """
        focus_nodes = {target.shape: target.focus_nodes(data) for target in shapes.targets}
        count = len(set().union(*focus_nodes.values()))
        if not count:
            return Report((said(NOTHING_JUDGED),), 0)
        found: set[Result] | None = None
        if self.name != "pyshacl" and shapes.compiled is not None:
            try:
                found = set(compiled.judged(shapes.compiled, data, focus_nodes))
            except UnsupportedError:
                found = None
        if found is None or self.name == "both" or (self.sample and data.fraction < self.sample):
            found = _agreed(found, set(pyshacl_judge.judged(shapes.graph, data)))
        return report((replace(one, place=_place(data, one)) for one in found), count)


DEFAULT = Engine()


def _agreed(found: set[Result] | None, judged: set[Result]) -> set[Result]:
    if found is not None and (differ := {one.key for one in found} ^ {one.key for one in judged}):
        lines = sorted(str(one) for one in found | judged if one.key in differ)
        raise DisagreementError(f"the compiled validator and pySHACL differ: {'; '.join(lines)}")
    return judged


def report(results: Iterable[Result], focus_nodes: int) -> Report:
    """Puts results in order: violations, warnings, infos, each in the order of the nodes; each once."""
    return Report(tuple(sorted(set(results), key=_order)), focus_nodes)


@cache
def said(shape: str) -> Result:
    """Returns what a shape without target says of the data as a whole."""
    graph: Graph = load.shapes(load.NOTICE)
    said = {one.language: str(one) for one in graph.objects(URIRef(shape), SH.message) if isinstance(one, Literal)}
    severity = str(graph.value(URIRef(shape), SH.severity)).removeprefix(str(terms.SH))
    return Result(severity, "", None, None, "NodeConstraintComponent", shape, said["zh"], said["en"])


def _place(data: Data, result: Result) -> Place | None:
    return _words(data, result.focus_node) or (None if result.value is None else _words(data, result.value))


def _words(data: Data, node: str) -> Place | None:
    """Finds the words of a node: its own, of the mention that denotes it, or of a measure's first provision."""
    spot = node
    if not data.values(node, _START):
        mentions = data.inverse(f"<{terms.NG.denotes}>").get(node, ()) if data.values(node, _QUOTE) else ()
        parts = data.values(node, f"<{terms.NG.hasProvision}>")
        spot = min((*mentions, *parts), key=natural, default=node)
    quote = next(iter((*data.values(spot, _QUOTE), *data.values(spot, _TEXT))), None)
    if quote is None or f"<{terms.NG.SourceDocument}>" in data.values(spot, _TYPE):
        return None
    return Place(_integer(data, spot, _START), _integer(data, spot, _END), text(quote))


def _integer(data: Data, node: str, predicate: str) -> int | None:
    found = next(iter(data.values(node, predicate)), "")
    return int(number[1]) if (number := re.match(r'"(\d+)"', found)) else None


def _order(result: Result) -> tuple[object, ...]:
    rank = _SEVERITIES.index(result.severity)
    return (rank, natural(result.focus_node), natural(result.value or ""), result.path or "", str(result))
