"""What the driver of the embedded store answers, as values of our own."""

import re
from collections.abc import Iterator
from typing import BinaryIO

import pyoxigraph as ox

from store.base import BlankNode, Iri, Literal, QueryError, Rows, StoreError, Term

Results = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
_Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_VIRTUOSO_ASK = "__ASK_RETVAL"  # its answer to ASK is a row of this variable
_PLACE = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


def variables(query: str, base: str | None) -> list[str]:
    """Returns the names of the columns of a SELECT, in no order; raises QueryError where it cannot be read."""
    try:
        found = ox.Store().query(query, base_iri=base)
    except (SyntaxError, RuntimeError, ValueError) as error:
        raise refused(str(error)) from error
    return [variable.value for variable in found.variables] if isinstance(found, ox.QuerySolutions) else []


def parsed(answer: bytes | BinaryIO) -> Results:
    """Reads results in JSON as a server writes them; SyntaxError, now or when they are read, where they are wrong."""
    found = ox.parse_query_results(answer, ox.QueryResultsFormat.JSON)
    if isinstance(found, ox.QuerySolutions) and [variable.value for variable in found.variables] == [_VIRTUOSO_ASK]:
        truth = b"true" if any(getattr(row[0], "value", "") == "1" for row in found) else b"false"
        return parsed(b'{"head": {}, "boolean": ' + truth + b"}")
    return found


def triples(answer: bytes | BinaryIO) -> Iterator[ox.Triple]:
    """Reads N-Triples as a server writes them; SyntaxError, when they are read, where they are wrong."""
    return (quad.triple for quad in ox.parse(answer, ox.RdfFormat.N_TRIPLES))


def rows(results: Results) -> Rows:
    """Reads the answer to a SELECT; raises QueryError where it is another."""
    if not isinstance(results, ox.QuerySolutions):
        raise QueryError("a SELECT query is wanted")
    names = tuple(variable.value for variable in results.variables)
    return Rows(names, tuple(tuple(_term(value) for value in row) for row in results))


def truth(results: Results) -> bool:
    """Reads the answer to an ASK; raises QueryError where it is another."""
    if not isinstance(results, ox.QueryBoolean):
        raise QueryError("an ASK query is wanted")
    return bool(results)


def ours(error: Exception) -> QueryError | StoreError:
    """Returns what the driver raised as an error of our own."""
    if isinstance(error, OSError):
        return StoreError(f"the store cannot be read: {error}")
    return refused(str(error))


def refused(message: str) -> QueryError:
    """Returns what the driver or its server says of a query, with the place where it says one."""
    place = _PLACE.search(message)
    if place is None:
        return QueryError(message)
    return QueryError(" ".join(place[3].split()), int(place[1]), int(place[2]))


def _term(value: _Node | None) -> Term | None:
    match value:
        case None:
            return None
        case ox.NamedNode():
            return Iri(value.value)
        case ox.BlankNode():
            return BlankNode(value.value)
        case ox.Literal():
            return Literal(value.value, value.datatype.value, value.language)
    raise QueryError("a triple term has no place in a row here")
