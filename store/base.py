"""What the rest of the house knows of a store: terms, rows, and two small protocols; no driver type.

Graphs travel as N-Quads text (https://www.w3.org/TR/n-quads/), which every driver reads and writes.
"""

from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ontology.terms import XSD, literal

CATALOG = "/graph/catalog"
"""How the IRI of the graph ends that describes a version; it is no part of the data set."""

_NOT_IN_IRI = frozenset('<>"{}|^`\\')


class StoreError(Exception):
    """The store cannot be opened, read or written; the message says which and why."""


class QueryError(ValueError):
    """The engine refuses a query.

    Attributes:
        line: Line of the fault, counted from 1; None where the engine does not say.
        column: Column in that line, in code points from 1; None likewise.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        """Keeps the place beside the message."""
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Iri:
    """An absolute IRI.

    Raises:
        ValueError: It has no scheme, or holds a character that no IRI has (SPARQL 1.1, IRIREF).
    """

    value: str

    def __post_init__(self) -> None:
        """Refuses what could not be written between angle brackets."""
        if ":" not in self.value or any(c <= " " or c in _NOT_IN_IRI for c in self.value):
            raise ValueError(f"not an absolute IRI: {self.value!r}")

    def n3(self) -> str:
        """Returns the term as N-Triples and SPARQL write it."""
        return f"<{self.value}>"


@dataclass(frozen=True, slots=True)
class BlankNode:
    """A node without a name; its label holds inside one result only."""

    value: str

    def n3(self) -> str:
        """Returns the term as N-Triples writes it."""
        return f"_:{self.value}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: lexical form, datatype IRI, and the language tag of an `rdf:langString`."""

    value: str
    datatype: str = XSD.string
    language: str | None = None

    def n3(self) -> str:
        """Returns the term as N-Triples and SPARQL write it."""
        return literal(self.value, self.language, None if self.datatype == XSD.string else self.datatype)


Term = Iri | BlankNode | Literal


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer to a SELECT.

    Attributes:
        variables: Names without the question mark, in projection order.
        rows: One tuple a solution, as long as `variables`; None where a variable is unbound.
    """

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]

    def __iter__(self) -> Iterator[tuple[Term | None, ...]]:
        """Iterates over the rows."""
        return iter(self.rows)

    def texts(self) -> Iterator[tuple[str, ...]]:
        """Iterates over the rows as plain strings: IRIs and lexical forms, empty where a variable is unbound."""
        return (tuple(term.value if term else "" for term in row) for row in self.rows)

    def __len__(self) -> int:
        """Counts the rows."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs that a query sees in place of its FROM clauses (SPARQL 1.1 Protocol, section 2.1.4).

    Attributes:
        default: IRIs of the graphs that make up the default graph.
        named: IRIs of the graphs that GRAPH sees.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


class Store(Protocol):
    """A set of named graphs that can be asked; the default graph is the union of them all.

    Every query method raises `QueryError` where the engine refuses the query, and `StoreError` where it
    cannot read. Without `dataset` a query sees the whole store, or what its own FROM clauses say.
    """

    def select(self, query: str, dataset: Dataset | None = None) -> Rows:
        """Answers a SELECT."""

    def ask(self, query: str, dataset: Dataset | None = None) -> bool:
        """Answers an ASK."""

    def answer(self, query: str, media_type: str, dataset: Dataset | None = None) -> bytes:
        """Answers any query in a format of `store.formats` that fits its form; of a graph each triple once."""

    def graphs(self) -> tuple[str, ...]:
        """Returns the IRIs of the named graphs, sorted."""

    def nquads(self, graph: str | None = None) -> Iterator[str]:
        """Yields N-Quads lines, without line ends, in no order: of one graph (none if unknown) or of all."""

    @property
    def version(self) -> Path | None:
        """The directory of the version that is read (`store.versions`); None where there is none."""

    def snapshot(self) -> "Store":
        """Returns a view that does not change while it is held, for several queries that belong together."""


class Writer(Store, Protocol):
    """A store that can be written; every method does all or nothing."""

    def replace_graph(self, graph: str, nquads: str) -> bool:
        """Makes `nquads` the whole content of a named graph; readers see the old content or the new.

        Returns:
            Whether anything changed.

        Raises:
            ValueError: The text is no N-Quads, or a quad stands in another graph.
        """

    def remove_graph(self, graph: str) -> bool:
        """Removes a named graph and tells whether it was there."""

    def load(self, nquads: BinaryIO) -> None:
        """Adds many quads at once, fast and in flat memory, to a store that is still empty.

        Raises:
            StoreError: The store is not empty.
            ValueError: The text is no N-Quads, a triple stands in no graph, or there is a blank node.
        """


class Target(Hashable, Protocol):
    """Where runs publish; a value that can be sent to other processes."""

    def published(self) -> Store:
        """Returns what is published, an empty store where nothing is; raises `StoreError` where it cannot be read."""

    def publish(self) -> AbstractContextManager[Writer]:
        """Returns the one right to write; what is written is published when the block ends without an error."""
