"""The data that is judged: statements of N-Quads text, indexed.

A term is a string in canonical N-Triples syntax (https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples), so that
equal terms are equal strings.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from itertools import groupby
from operator import itemgetter

import pyoxigraph as ox

from ontology import terms

Triple = tuple[str, str, str]

_IRI = r'<[^<>"{}|^`\\\x00-\x20]+>'
_STRING = r'"[^"\\\x00-\x1f\x7f]*(?:\\(?:[tbnrf"\\]|u00(?:0[0-7BEF]|1[0-9A-F]|7F))[^"\\\x00-\x1f\x7f]*)*"'
_LITERAL = rf"{_STRING}(?:@[a-z]+(?:-[a-z0-9]+)*|\^\^(?!<{re.escape(terms.XSD.string)}>){_IRI})?"
_QUAD = re.compile(rf"^({_IRI}|_:\S+) ({_IRI}) ({_IRI}|_:\S+|{_LITERAL}) (?:({_IRI}|_:\S+) )?\.$", re.MULTILINE)
_TYPE = f"<{terms.RDF.type}>"
_SUBCLASS = f"<{terms.RDFS}subClassOf>"


def by_graph(nquads: str) -> dict[str, list[Triple]]:
    """Sorts statements into their graphs.

    Args:
        nquads: N-Quads or N-Triples.

    Returns:
        The name of a graph as a term, empty for the default graph, to its triples.

    Raises:
        ValueError: The text is no N-Quads of RDF 1.1; the message names the line.
    """
    quads = _QUAD.findall(nquads)
    if len(quads) != nquads.count("\n") + (nquads[-1:] not in {"", "\n"}):
        canonical = _canonical(nquads)
        quads = _QUAD.findall(canonical)
        if len(quads) != canonical.count("\n"):
            line = next(one for one in canonical.split("\n") if not _QUAD.fullmatch(one))
            raise ValueError(f"RDF 1.1 does not know such a statement: {line}")
    graphs: dict[str, list[Triple]] = {}
    for graph, run in groupby(quads, itemgetter(3)):
        graphs.setdefault(graph, []).extend((s, p, o) for s, p, o, _ in run)
    return graphs


def _canonical(nquads: str) -> str:
    try:
        quads = ox.parse(nquads.encode("utf-8", "surrogatepass"), format=ox.RdfFormat.N_QUADS)
        return (ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"").decode()
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno} is no N-Quads statement: {error.msg}") from error


class Data:
    """Triples, found by predicate and subject, and by class.

    Attributes:
        triples: Each once, in the order in which they were given.
    """

    __slots__ = ("_instances", "_inverse", "_links", "_of", "_text", "triples")

    def __init__(self, triples: Iterable[Triple]) -> None:
        """Indexes the triples."""
        self.triples = dict.fromkeys(triples)
        self._of: dict[str, dict[str, list[str]]] = {}
        for s, p, o in self.triples:
            if (of := self._of.get(p)) is None:
                of = self._of[p] = {}
            if s in of:
                of[s].append(o)
            else:
                of[s] = [o]
        self._instances: dict[str, set[str]] = {}
        self._inverse: dict[str, dict[str, list[str]]] = {}
        self._links: dict[str, list[tuple[str, str]]] = {}
        self._text = ""

    def of(self, predicate: str) -> dict[str, list[str]]:
        """Returns the values of a predicate by subject; nobody may change it."""
        return self._of.get(predicate, {})

    def predicates(self) -> Collection[str]:
        """Returns all predicates."""
        return self._of.keys()

    def values(self, subject: str, predicate: str) -> list[str]:
        """Returns the values of one predicate of a subject; nobody may change it."""
        return self._of.get(predicate, {}).get(subject, [])

    def inverse(self, predicate: str) -> dict[str, list[str]]:
        """Returns the subjects that have each value of a predicate; nobody may change it."""
        if (known := self._inverse.get(predicate)) is None:
            known = self._inverse[predicate] = {}
            for s, values in self.of(predicate).items():
                for value in values:
                    known.setdefault(value, []).append(s)
        return known

    def links_to(self, node: str) -> list[tuple[str, str]]:
        """Returns the subjects that have a node (no literal) as a value, with the predicates; nobody may change it."""
        if not self._links:
            for s, p, o in self.triples:
                if o[0] != '"':
                    self._links.setdefault(o, []).append((s, p))
        return self._links.get(node, [])

    def instances(self, kind: str) -> set[str]:
        """Returns the SHACL instances of a class: those of its subclasses in the data too."""
        if (known := self._instances.get(kind)) is not None:
            return known
        kinds, left = {kind}, [kind]
        while left:
            below = set(self.inverse(_SUBCLASS).get(left.pop(), ())) - kinds
            kinds |= below
            left.extend(below)
        self._instances[kind] = set().union(*(self.inverse(_TYPE).get(one, ()) for one in kinds))
        return self._instances[kind]

    def n_triples(self) -> str:
        """Returns the triples as text, a line each."""
        self._text = self._text or "".join(f"{s} {p} {o} .\n" for s, p, o in self.triples)
        return self._text

    @property
    def fraction(self) -> float:
        """A number from 0 to 1, the same for the same triples in the same order: by it a sample is drawn."""
        return int.from_bytes(hashlib.sha256(self.n_triples().encode()).digest()[:8]) / 2**64
