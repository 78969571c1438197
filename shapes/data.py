"""The data that is judged: statements of N-Quads text, indexed, and asked by SPARQL through pyoxigraph.

A term is a string in canonical N-Triples syntax (https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples), so that
equal terms are equal strings.
"""

import hashlib
import re
from collections.abc import Iterable
from sys import intern
from typing import BinaryIO, cast

import pyoxigraph as ox

from ontology import terms

Triple = tuple[str, str, str]

_IRI = r'<[^<>"{}|^`\\\x00-\x20]+>'
_STRING = r'"[^"\\\n\r]*(?:\\[tbnrf"\\][^"\\\n\r]*)*"'
_LITERAL = rf"{_STRING}(?:@[a-z]+(?:-[a-z0-9]+)*|\^\^(?!<{re.escape(terms.XSD_STRING)}>){_IRI})?"
_QUAD = re.compile(rf"^({_IRI}|_:\S+) ({_IRI}) ({_IRI}|_:\S+|{_LITERAL}) (?:({_IRI}|_:\S+) )?\.$", re.MULTILINE)
_TYPE = f"<{terms.RDF_TYPE}>"
_SUBCLASS = f"<{terms.RDFS}subClassOf>"


def by_graph(nquads: str) -> dict[str, list[Triple]]:
    """Sorts statements into their graphs.

    Args:
        nquads: N-Quads or N-Triples.

    Returns:
        The name of a graph as a term, empty for the default graph, to its triples.

    Raises:
        ValueError: The text is no N-Quads; the message names the line.
    """
    graphs: dict[str, list[Triple]] = {}
    found = 0
    for match in _QUAD.finditer(nquads):
        found += 1
        s, p, o, graph = match.groups()
        graphs.setdefault(graph or "", []).append((intern(s), intern(p), o))
    if found == nquads.count("\n") + (nquads[-1:] not in {"", "\n"}):
        return graphs
    return by_graph(_canonical(nquads))


def _text(triples: Iterable[Triple], graph: str) -> str:
    end = f" {graph} .\n" if graph else " .\n"
    return "".join(f"{s} {p} {o}{end}" for s, p, o in triples)


def texts_of(content: BinaryIO, suffix: str, base: str) -> dict[str, bytes]:
    """Reads RDF in any format, every literal as it is written, in little more memory than what it returns.

    Args:
        content: Turtle, TriG, N-Triples, N-Quads, RDF/XML or JSON-LD.
        suffix: The file suffix that says which.
        base: What relative IRIs are relative to.

    Returns:
        The name of a graph as a term, empty for the default graph, to its statements as N-Quads; in order.

    Raises:
        ValueError: The suffix is unknown, or the content is not in that format; the message names the line.
    """
    form = ox.RdfFormat.from_extension(suffix)
    if form is None:
        raise ValueError(f"unknown suffix {suffix!r}; known are nq, nt, trig, ttl, rdf, jsonld")
    if form == ox.RdfFormat.RDF_XML and re.search(rb"<!(?:DOCTYPE|ENTITY)", data := content.read()):
        raise ValueError("RDF/XML with a document type declaration is not read: entities may grow without end")
    graphs = _Graphs()
    try:
        quads = ox.parse(data if form == ox.RdfFormat.RDF_XML else content, format=form, base_iri=base)
        ox.serialize(quads, cast("BinaryIO", graphs), format=ox.RdfFormat.N_QUADS)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ValueError(f"not {form.name}: {error}") from error
    return {name.decode(): bytes(graphs.texts.pop(name)) for name in sorted(graphs.texts)}


class _Graphs:
    """A file that sorts the lines of canonical N-Quads that are written to it into their graphs."""

    def __init__(self) -> None:
        self.texts: dict[bytes, bytearray] = {}
        self._begun = b""

    def write(self, data: bytes) -> int:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            # Terms hold no space but in strings, after which no quotation mark comes.
            _, quote, tail = line.rpartition(b'"')
            named = tail.count(b" ") == (2 if quote else 4)
            name = line[line.rindex(b" ", 0, -2) + 1 : -2] if named else b""
            text = self.texts.get(name)
            if text is None:
                text = self.texts[name] = bytearray()
            text += line
            text += b"\n"
        return len(data)

    def flush(self) -> None:
        """Keeps nothing back but a line that is not whole."""


def _canonical(nquads: str) -> str:
    try:
        quads = ox.parse(nquads.encode("utf-8", "surrogatepass"), format=ox.RdfFormat.N_QUADS)
        return (ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"").decode()
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno} is no N-Quads statement: {error.msg}") from error


class Data:
    """Triples, found by subject and predicate, and by class.

    Attributes:
        triples: Each once, in the order in which they were given.
    """

    __slots__ = ("_below", "_classes", "_instances", "_nodes", "_store", "triples")

    def __init__(self, triples: Iterable[Triple]) -> None:
        """Indexes the triples."""
        self.triples = dict.fromkeys(triples)
        self._nodes: dict[str, dict[str, list[str]]] = {}
        for s, p, o in self.triples:
            self._nodes.setdefault(s, {}).setdefault(p, []).append(o)
        self._classes: dict[str, set[str]] = {}
        self._below: dict[str, set[str]] = {}
        for s, about in self._nodes.items():
            for predicate, kinds in ((_TYPE, self._classes), (_SUBCLASS, self._below)):
                for kind in about.get(predicate, ()):
                    kinds.setdefault(kind, set()).add(s)
        self._instances: dict[str, set[str]] = {}
        self._store: ox.Store | None = None

    def about(self, subject: str) -> dict[str, list[str]]:
        """Returns the values of each predicate of a subject; nobody may change it."""
        return self._nodes.get(subject, {})

    def values(self, subject: str, predicate: str) -> list[str]:
        """Returns the values of one predicate of a subject; nobody may change it."""
        return self._nodes.get(subject, {}).get(predicate, [])

    def subjects(self, predicate: str, value: str | None = None) -> set[str]:
        """Returns the subjects that have a predicate, with this value where one is given."""
        return {s for s, about in self._nodes.items() if predicate in about and value in (None, *about[predicate])}

    def instances(self, kind: str) -> set[str]:
        """Returns the SHACL instances of a class: those of its subclasses in the data too."""
        if (known := self._instances.get(kind)) is not None:
            return known
        kinds, left = {kind}, [kind]
        while left:
            below = self._below.get(left.pop(), set()) - kinds
            kinds |= below
            left.extend(below)
        self._instances[kind] = set().union(*(self._classes.get(one, ()) for one in kinds))
        return self._instances[kind]

    def n_triples(self) -> str:
        """Returns the triples as text, a line each."""
        return _text(self.triples, "")

    @property
    def fraction(self) -> float:
        """A number from 0 to 1, the same for the same triples in the same order: by it a sample is drawn."""
        return int.from_bytes(hashlib.sha256(self.n_triples().encode()).digest()[:8]) / 2**64

    def select(self, query: str, this: str) -> list[dict[str, str]]:
        """Answers a SELECT in which `$this` stands for a node: name to term, of what is bound.

        Raises:
            ValueError: The query cannot be asked so: it is no SPARQL, no SELECT, or does not project `$this`.
        """
        if self._store is None:
            self._store = ox.Store()
            self._store.bulk_load(self.n_triples().encode(), format=ox.RdfFormat.N_TRIPLES, lenient=True)
        node = ox.BlankNode(this[2:]) if this.startswith("_:") else ox.NamedNode(this[1:-1])
        try:
            rows = self._store.query(query, substitutions={ox.Variable("this"): node})
        except (SyntaxError, RuntimeError) as error:
            raise ValueError(str(error)) from error
        if not isinstance(rows, ox.QuerySolutions):
            raise ValueError("the query is no SELECT")  # noqa: TRY004 - what the caller gave as text
        names = [variable.value for variable in rows.variables]
        return [{name: str(row[name]) for name in names if row[name] is not None} for row in rows]
