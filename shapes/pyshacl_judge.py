"""Judges data with pySHACL: slow, and the judge of what the compiled validator says. The only module that calls it."""

import re
import warnings

import rdflib
from rdflib import SH, Graph, Literal
from rdflib.term import Node

from shapes.components import local, term_of
from shapes.data import Data
from shapes.report import Result


def judged(shapes: Graph, data: Data) -> list[Result]:
    """Returns what pySHACL finds, without inference, imports or JavaScript.

    Raises:
        ValueError: pySHACL cannot judge by these shapes, or cannot judge this data; the message says why.
    """
    import pyshacl  # noqa: PLC0415 - a fifth of a second, for the one graph in a hundred that it judges

    graph = _parsed(data)
    try:
        _, found, said = pyshacl.validate(
            graph, shacl_graph=shapes, inplace=True, advanced=False, inference="none", js=False
        )
    except Exception as error:  # of a query, whatever rdflib comes upon
        raise ValueError(f"pySHACL cannot judge by these shapes: {error}") from error
    if not isinstance(found, Graph):
        raise ValueError(f"pySHACL cannot judge the data: {said}")  # noqa: TRY004 - no type of ours is wrong
    return [result_of(found, node, shapes) for node in found.objects(None, SH.result)]


def _parsed(data: Data) -> Graph:
    # Else "01" would be judged, and reported, as "1"; pySHACL sets it back after each run.
    rdflib.NORMALIZE_LITERALS = False
    text = data.n_triples()
    labels = {label.lower(): label for label in re.findall(r"_:(\S+)", text)}  # as they are, in place of random ones
    with warnings.catch_warnings():
        # Of an ill-typed boolean rdflib warns; the shapes say it.
        warnings.filterwarnings("ignore", message="Parsing weird boolean")
        return Graph().parse(data=text, format="nt", bnode_context=labels)


def result_of(found: Graph, node: Node, shapes: Graph) -> Result:
    """Reads an sh:ValidationResult (SHACL, section 3.6.2)."""
    values = dict(found.predicate_objects(node))
    value, path, shape = values.get(SH.value), values.get(SH.resultPath), values[SH.sourceShape]
    messages = sorted(str(message) for message in found.objects(node, SH.resultMessage))
    return Result(
        severity=local(values[SH.resultSeverity]),
        focus_node=term_of(values[SH.focusNode]),
        path=None if path is None else term_of(path),
        value=None if value is None else term_of(value),
        component=local(values[SH.sourceConstraintComponent]),
        source_shape=str(shape),
        message_zh=_message(shapes, shape, messages, "zh"),
        message_en=_message(shapes, shape, messages, "en"),
    )


def _message(shapes: Graph, shape: Node, messages: list[str], language: str) -> str:
    """Finds the message in one language: pySHACL drops the tag where it fills in variables."""
    for template in shapes.objects(shape, SH.message):
        if isinstance(template, Literal) and template.language == language:
            pattern = ".*".join(re.escape(part) for part in re.split(r"\{[?$]\w+\}", template))
            return next(message for message in messages if re.fullmatch(pattern, message, re.DOTALL))
    return "; ".join(messages)
