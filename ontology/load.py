"""Reads ontology and vocabularies (they travel as package data) into reference graphs and plain concepts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import pyoxigraph

from ontology import terms
from ontology.iris import DEFAULT_BASE, Iris

_ONTOLOGY = ("core.ttl", "alignment.ttl")


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of a scheme.

    Attributes:
        id: Its local id, the last part of its IRI.
        parent: Id of the next broader concept; None for a top concept.
        label_zh: Preferred label in Chinese.
        label_en: Preferred label in English; None for divisions, which have a Chinese name only.
    """

    id: str
    parent: str | None
    label_zh: str
    label_en: str | None


def reference_graphs(base: str = DEFAULT_BASE) -> dict[str, str]:
    """Returns the ontology and the vocabularies as named graphs.

    Args:
        base: What the IRIs of graphs and concepts begin with; terms of the ontology keep their namespace.

    Returns:
        Graph IRI (`graph/ontology`, `graph/vocabulary`) to its quads as N-Quads, a line each, sorted.

    Raises:
        ValueError: The base is no absolute http(s) IRI ending with a slash.
    """
    iris = Iris(base)
    sources = {iris.graph("ontology"): _ONTOLOGY, iris.graph("vocabulary"): vocabulary_files()}
    return {graph: n_quads(graph, map(_content, names), base) for graph, names in sources.items()}


def n_quads(graph: str, turtles: Iterable[bytes], base: str = DEFAULT_BASE) -> str:
    """Returns what Turtle texts say as one named graph.

    Args:
        graph: IRI of the graph.
        turtles: The texts; IRIs of things begin with the default base in them.
        base: What they begin with in the graph.

    Returns:
        N-Quads, a line each, sorted.

    Raises:
        SyntaxError: A text is no Turtle.
    """
    quads = (quad for turtle in turtles for quad in pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE))
    triples = _serialized(quads, pyoxigraph.RdfFormat.N_TRIPLES).replace(f"<{terms.ID}", f"<{base}id/")
    return "".join(f"{line.removesuffix('.')}<{graph}> .\n" for line in sorted(set(triples.splitlines())))


@cache
def concepts(scheme: str) -> tuple[Concept, ...]:
    """Returns the concepts of a scheme in the order of their ids.

    Args:
        scheme: The scheme's name, one of `terms.SCHEMES`.

    Raises:
        ValueError: There is no such scheme.
    """
    if scheme not in terms.SCHEMES:
        raise ValueError(f"no scheme {scheme!r}; there are {', '.join(terms.SCHEMES)}")
    home = terms.PREFIXES[scheme]
    parents: dict[str, str] = {}
    labels: dict[tuple[str, str | None], str] = {}
    for quad in pyoxigraph.parse(_content(f"vocab/{scheme}s.ttl"), format=pyoxigraph.RdfFormat.TURTLE):
        subject, value = str(quad.subject)[1:-1], quad.object
        if not subject.startswith(home):
            continue
        concept = subject.removeprefix(home)
        if quad.predicate.value == terms.SKOS.prefLabel and isinstance(value, pyoxigraph.Literal):
            labels[concept, value.language] = value.value
        elif quad.predicate.value == terms.SKOS.broader and isinstance(value, pyoxigraph.NamedNode):
            parents[concept] = value.value.removeprefix(home)
    return tuple(
        Concept(concept, parents.get(concept), label, labels.get((concept, "en")))
        for (concept, language), label in sorted(labels.items(), key=str)
        if language == "zh"
    )


def vocabulary_files() -> tuple[str, ...]:
    """Returns the names of the vocabulary files below this package, one for each scheme."""
    return tuple(f"vocab/{scheme}s.ttl" for scheme in terms.SCHEMES)


def canonical_turtle(turtle: str) -> str:
    """Returns the one form in which our Turtle files are kept.

    Prefixes that are used, sorted; then a block for each subject, sorted by IRI: `a` first, then the other
    predicates and all objects sorted. Comments are lost: what must be said is said in triples.

    Raises:
        SyntaxError: The text is no Turtle.
    """
    quads = sorted(
        pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE),
        key=lambda quad: (str(quad.subject), quad.predicate.value != terms.RDF.type, str(quad)),
    )
    lines = _serialized(quads, pyoxigraph.RdfFormat.TURTLE).replace("\n\t", "\n    ").splitlines()
    body = "\n".join(line for line in lines if not line.startswith("@prefix "))
    used = set(re.findall(r"(?:^|\s|\^)([a-z-]+):", body))
    head = [f"@prefix {prefix}: <{terms.PREFIXES[prefix]}> ." for prefix in sorted(used & terms.PREFIXES.keys())]
    return "\n".join([*head, "", body.replace(" .\n", " .\n\n"), ""])


def _serialized(quads: Iterable[pyoxigraph.Quad], form: pyoxigraph.RdfFormat) -> str:
    written = BytesIO()
    prefixes = terms.PREFIXES if form == pyoxigraph.RdfFormat.TURTLE else None
    pyoxigraph.serialize((quad.triple for quad in quads), written, format=form, prefixes=prefixes)
    return written.getvalue().decode()


def _content(name: str) -> bytes:
    return files("ontology").joinpath(name).read_bytes()
