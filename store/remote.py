"""A store on a server that speaks the SPARQL 1.1 Protocol and, where it has one, the Graph Store HTTP Protocol.

Graphs that do not begin with the base belong to others: they are neither listed nor written. The default graph is the
union of all graphs where the server makes it so; else the union is kept in it (see docs/stores.md).
"""

import ast
import base64
import http.client
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from SPARQLWrapper import INSERT, POST, SELECT, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import (
    EndPointInternalError,
    EndPointNotFound,
    QueryBadFormed,
    SPARQLWrapperException,
    Unauthorized,
)

from ontology.iris import DEFAULT_BASE, Iris
from ontology.terms import XSD
from store import formats, results, versions
from store.answering import Job
from store.base import Dataset, Iri, Literal, QueryError, Rows, Store, StoreError, Writer
from store.batch import Batch, BatchWriter, in_graphs, triple

_JSON, _TRIPLES = formats.RESULTS_JSON.media_type, formats.N_TRIPLES.media_type
_BATCH, _CHUNK = 5_000, 1 << 20  # lines, bytes in one request
_TRIES, _PAUSE = 3, 0.5
_SHOWN = 300
_HINTS = {
    401: "it asks who you are; say it with --auth",
    403: "it does not allow this to you; say who you are with --auth",
    404: "nothing is there; is the address right?",
    413: "it takes no request of this size; raise its limit",
    507: "it is full; nothing was changed by this request",
}

_Read = TypeVar("_Read")
_CODES: dict[type[Exception], int] = {EndPointNotFound: 404, Unauthorized: 401, EndPointInternalError: 500}


@dataclass(frozen=True, slots=True)
class Auth:
    """Who asks: `basic` or `digest` with a user and a password, or `bearer` with a token as the password."""

    scheme: str
    user: str = ""
    password: str = field(default="", repr=False)

    @staticmethod
    def read(line: str) -> "Auth":
        """Reads `basic USER:PASSWORD`, `digest USER:PASSWORD` or `bearer TOKEN`; else raises ValueError."""
        scheme, _, secret = line.strip().partition(" ")
        user, colon, password = secret.partition(":")
        if scheme == "bearer" and secret:
            return Auth(scheme, "", secret)
        if scheme in {"basic", "digest"} and user and colon:
            return Auth(scheme, user, password)
        raise ValueError("credentials are `basic USER:PASSWORD`, `digest USER:PASSWORD` or `bearer TOKEN`")

    @property
    def header(self) -> str:
        """What the header Authorization holds, but for `digest`, which answers a challenge."""
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return f"Bearer {self.password}" if self.scheme == "bearer" else f"Basic {basic}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A `Target`: a server.

    Attributes:
        query: URL of its queries.
        home: A folder of this machine, for the lock and for what was read and not yet written.
        update: URL of its updates; that of the queries unless given.
        graph_store: URL of its Graph Store Protocol; where given, graphs are written by it.
        auth: Who asks.
        base: What the graphs that are ours begin with.
        seconds: How long an answer may keep us waiting.
    """

    query: str
    home: Path
    update: str = ""
    graph_store: str = ""
    auth: Auth | None = None
    base: str = DEFAULT_BASE
    seconds: int = 120

    def published(self) -> Store:
        """See `Target.published`."""
        return RemoteStore(self)

    @contextmanager
    def publish(self) -> Iterator[Writer]:
        """See `Target.publish`; readers see each batch when it is written, for a server keeps no versions."""
        with versions.writing(self.home), closing(RemoteWriter(self)) as writer:
            yield writer
            writer.settle()


class RemoteStore:
    """A `Store` on a server."""

    version: Path | None = None

    def __init__(self, endpoint: Endpoint) -> None:
        """Asks nothing yet."""
        self.endpoint = endpoint

    def select(self, query: str, dataset: Dataset | None = None) -> Rows:
        """See `Store.select`."""
        return self._read(query, dataset, results.rows)

    def ask(self, query: str, dataset: Dataset | None = None) -> bool:
        """See `Store.ask`."""
        return self._read(query, dataset, results.truth)

    def answer(self, query: str, media_type: str, dataset: Dataset | None = None) -> bytes:
        """See `Store.answer`; what the server says is written as the embedded store writes it."""
        form = next((form for form in formats.GRAPH_FORMATS if form.media_type == media_type), None)
        if form is not None:
            return formats.convert(self._graph(query, dataset), form)
        return self._read(query, dataset, lambda found: formats.write(found, media_type))

    def write(self, job: Job, output: BinaryIO) -> bool:
        """See `Writes.write`; what the server says is read as it comes, and no further than it is wanted."""
        rows = any(form.media_type == job.media_type for form in formats.ROWS_FORMATS)
        with self._open(job.query, job.dataset, _JSON if rows else _TRIPLES) as answer:
            try:
                found = results.parsed(answer) if rows else results.triples(answer)
                return formats.send(found, job.media_type, output, job.rows)
            except (SyntaxError, OSError, http.client.HTTPException) as error:
                raise self._failed(error) from error

    def graphs(self) -> tuple[str, ...]:
        """See `Store.graphs`; those that begin with the base."""
        mine = f"GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), {Literal(self.endpoint.base).n3()}))"
        found = self.select(f"SELECT DISTINCT ?g {{ {mine} }}")
        self._whole(f"SELECT (COUNT(DISTINCT ?g) AS ?n) {{ {mine} }}", len(found))
        return tuple(sorted(graph for (graph,) in found.texts()))

    def nquads(self, graph: str | None = None) -> Iterator[str]:
        """See `Store.nquads`."""
        for name in (graph,) if graph is not None else self.graphs():
            pattern = f"GRAPH {Iri(name).n3()} {{ ?s ?p ?o }}"
            lines = self._graph(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}", None)
            self._whole(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", len(lines))
            yield from (f"{line.removesuffix(' .')} {Iri(name).n3()} ." for line in lines)

    def snapshot(self) -> Store:
        """Returns itself: the protocol knows no snapshots."""
        return self

    def _whole(self, count: str, found: int) -> None:
        """Raises StoreError where a server has more than it says: many cut long answers silently."""
        (row,) = self.select(count)
        if row[0] != Literal(str(found), XSD.integer):
            there = row[0].value if isinstance(row[0], Literal) else "unknown"
            raise self._error(f"it gave {found} of {there} statements or graphs; raise its limit of rows")

    def _read(self, query: str, dataset: Dataset | None, read: Callable[[results.Results], _Read]) -> _Read:
        data = self._ask(query, dataset, _JSON)
        try:
            return read(results.parsed(data))
        except SyntaxError as error:
            raise self._failed(error) from error

    def _graph(self, query: str, dataset: Dataset | None) -> list[str]:
        data = self._ask(query, dataset, _TRIPLES)
        try:
            return sorted({f"{found} ." for found in results.triples(data)})
        except SyntaxError as error:
            raise self._failed(error) from error

    def _ask(self, query: str, dataset: Dataset | None, media_type: str) -> bytes:
        with self._open(query, dataset, media_type) as answer:
            try:
                return answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise self._failed(error) from error

    def _open(self, query: str, dataset: Dataset | None, media_type: str) -> http.client.HTTPResponse:
        request = self._request(self.endpoint.query, query, SELECT)
        request.addCustomHttpHeader("Accept", media_type)
        for iri in dataset.default if dataset else ():
            request.addParameter("default-graph-uri", iri)
        for iri in dataset.named if dataset else ():
            request.addParameter("named-graph-uri", iri)
        for attempt in range(_TRIES):
            try:
                return self._answered(request, media_type)
            except (ConnectionError, HTTPError, URLError) as error:
                if attempt == _TRIES - 1 or not _passes(error):
                    raise self._failed(error) from error
                time.sleep(_PAUSE * 2**attempt)  # a question may be asked again; what is written may not
            except (SPARQLWrapperException, OSError, http.client.HTTPException) as error:
                raise self._failed(error) from error
            except UnicodeEncodeError as error:
                raise QueryError(str(error)) from error
        raise AssertionError("the last attempt returns or raises")

    def _answered(self, request: SPARQLWrapper, media_type: str) -> http.client.HTTPResponse:
        response: http.client.HTTPResponse = request.query().response
        given = response.headers.get_content_type()
        cut = response.headers.get("X-SPARQL-MaxRows") or response.headers.get("X-SQL-State")
        if cut:
            raise self._error(f"it cut its answer short ({cut}); raise its limits or ask for less")
        if given != media_type:
            raise self._error(f"it answered with {given}, not with {media_type}; is it a SPARQL endpoint?")
        return response

    def _request(self, url: str, text: str, kind: str) -> SPARQLWrapper:
        request = SPARQLWrapper(url)
        # Its own guess at the kind of a request takes a second for a megabyte.
        request.queryString, request.queryType = text, kind
        request.setMethod(POST)
        request.setOnlyConneg(True)
        request.setTimeout(self.endpoint.seconds)
        signed = urllib.request.Request(url, method="POST")  # noqa: S310 - the address is the operator's
        self._sign(signed)
        for name, value in signed.header_items():
            request.addCustomHttpHeader(name, value)
        return request

    def _sign(self, request: urllib.request.Request) -> None:
        """Says who asks; for `digest` after a challenge, as servers cut off a long request that they will not take."""
        auth = self.endpoint.auth
        if auth is None:
            return
        if auth.scheme != "digest":
            request.add_header("Authorization", auth.header)
            return
        try:
            urllib.request.urlopen(request.full_url, timeout=self.endpoint.seconds).close()  # noqa: S310 - as above
        except HTTPError as error:
            scheme, _, challenge = error.headers.get("WWW-Authenticate", "").partition(" ")
            if scheme.lower() == "digest":
                secrets = urllib.request.HTTPPasswordMgrWithDefaultRealm()
                secrets.add_password(None, request.full_url, auth.user, auth.password)
                known = urllib.request.parse_keqv_list(urllib.request.parse_http_list(challenge))
                answer = urllib.request.HTTPDigestAuthHandler(secrets).get_authorization(request, known)
                request.add_header("Authorization", f"Digest {answer}")
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreError | QueryError:
        """Says what went wrong, and what to do."""
        if isinstance(error, QueryBadFormed):
            return results.refused(_told(str(error)))
        if isinstance(error, SyntaxError):
            return self._error(f"its answer is cut off or wrong: {error}")
        return self._error(_what(error, self.endpoint.seconds))

    def _error(self, what: str) -> StoreError:
        return StoreError(f"the server at {self.endpoint.query}: {what}")


class RemoteWriter(BatchWriter, RemoteStore):
    """A `Writer` on a server: a request replaces some graphs, each of them whole or not at all."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Asks nothing yet."""
        RemoteStore.__init__(self, endpoint)
        BatchWriter.__init__(self, _BATCH, RemoteStore(endpoint), endpoint.home)
        self._keeps_union: bool | None = None

    def load(self, nquads: BinaryIO) -> None:
        """See `Writer.load`; a server's own loader is faster (docs/stores.md)."""
        if self.graphs():
            raise self._error("it is not empty; quads can be loaded into an empty store only")
        self._keeps_union = self._has_no_union()
        for graphs in in_graphs(nquads, _CHUNK):
            inserts = [b"GRAPH%b { %b }" % (ending[:-2], b" . ".join(triples)) for ending, triples in graphs.items()]
            union = set[bytes]().union(*graphs.values()) if self._keeps_union else ()
            self._update(f"INSERT DATA {{ {b' '.join([*inserts, b' . '.join(union)]).decode()} }}")
        self.changes = dict.fromkeys(self.graphs(), versions.ADDED)

    def _open(self, query: str, dataset: Dataset | None, media_type: str) -> http.client.HTTPResponse:
        self.settle()
        return super()._open(query, dataset, media_type)

    def _send(self, batch: Batch) -> None:
        if not batch.wanted:
            return
        if self._keeps_union is None:
            self._keeps_union = self._has_no_union()
        if self.endpoint.graph_store and not self._keeps_union:
            for graph, wanted in batch.wanted.items():
                self._put(graph, wanted)
        else:
            self._update(_replacing(batch, union=self._keeps_union))

    def _has_no_union(self) -> bool:
        """Tells whether the default graph shows nothing of the named graphs, by writing one and asking for it."""
        graph = Iri(Iris(self.endpoint.base).graph("probe")).n3()
        probe = f"{graph} {graph} {graph}"
        self._update(f"INSERT DATA {{ GRAPH {graph} {{ {probe} }} }}")
        shown = self._stored.ask(f"ASK {{ {probe} }}")
        self._update(f"DROP SILENT GRAPH {graph}")
        return not shown

    def _update(self, update: str) -> None:
        try:
            self._request(self.endpoint.update or self.endpoint.query, update, INSERT).query().response.read()
        except (SPARQLWrapperException, OSError, http.client.HTTPException) as error:
            raise self._refused(error) from error

    def _put(self, graph: str, lines: Iterable[str]) -> None:
        """Replaces a graph (SPARQL 1.1 Graph Store HTTP Protocol, sections 5.3 and 5.4)."""
        endpoint, body = self.endpoint, "".join(f"{triple(line)}\n" for line in lines).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is the operator's
            f"{endpoint.graph_store}?{urlencode({'graph': graph})}",
            data=body or None,
            method="PUT" if body else "DELETE",
            headers={"Content-Type": _TRIPLES},
        )
        self._sign(request)
        try:
            with urllib.request.urlopen(request, timeout=endpoint.seconds) as response:  # noqa: S310 - as above
                response.read()
        except (OSError, http.client.HTTPException) as error:
            if not (isinstance(error, HTTPError) and error.code == 404 and not body):  # noqa: PLR2004 - nothing to delete
                raise self._refused(error) from error

    def _refused(self, error: Exception) -> StoreError:
        failed = self._failed(error)
        return failed if isinstance(failed, StoreError) else self._error(f"it refuses what is to be written: {failed}")


def _replacing(batch: Batch, *, union: bool) -> str:
    """Writes a batch as one request, which servers run as one transaction (SPARQL 1.1 Update, section 3)."""
    drops = (f"DROP SILENT GRAPH {Iri(graph).n3()}" for graph in batch.wanted)
    inserts = [f"GRAPH {Iri(graph).n3()} {{ {_triples(lines)} }}" for graph, lines in batch.wanted.items() if lines]
    gone: set[str] = set()
    if union:
        come = {triple(line) for lines in batch.wanted.values() for line in lines}
        gone = {triple(line) for lines in batch.present.values() for line in lines} - come
        inserts.append(" ".join(come))
    steps = [*drops, f"INSERT DATA {{ {' '.join(inserts)} }}"]
    if gone:
        rows = " ".join(f"({line.removesuffix(' .')})" for line in sorted(gone))
        steps.append(
            f"DELETE {{ ?s ?p ?o }} WHERE {{ VALUES (?s ?p ?o) {{ {rows} }} ?s ?p ?o "
            "FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } } }"
        )
    return " ;\n".join(steps)


def _triples(lines: Iterable[str]) -> str:
    return " ".join(map(triple, lines))


def _passes(error: Exception) -> bool:
    if isinstance(error, HTTPError):
        return error.code in (429, 503)
    return isinstance(getattr(error, "reason", error), ConnectionError)


def _what(error: Exception, seconds: int) -> str:
    code = error.code if isinstance(error, HTTPError) else _CODES.get(type(error))
    if code is not None:
        page = error.read().decode(errors="replace") if isinstance(error, HTTPError) else str(error)
        return _HINTS.get(code) or f"it fails ({code}): {_told(page)}"
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return f"it did not answer within {seconds} seconds"
    if isinstance(reason, http.client.IncompleteRead):
        return "its answer is cut off"
    return f"it cannot be reached: {reason}; is it running?"


def _told(answer: str) -> str:
    """Returns the beginning of a server's error page, as SPARQLWrapper quotes it, in one line."""
    text = answer.rpartition("Response:")[2].strip()
    if text.startswith(("b'", 'b"')):
        text = ast.literal_eval(text).decode(errors="replace")
    return " ".join((text or answer).split())[:_SHOWN]
