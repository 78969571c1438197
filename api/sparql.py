"""The query operation of the SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/), and what describes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api import guard, pages
from api.errors import Problem
from api.negotiate import HTML, best, respond
from api.settings import Settings
from ontology.terms import DCT, NG, RDF, SD, SKOS
from store import formats
from store.base import Dataset, Iri, Literal, Store
from store.formats import Format, convert

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_EXAMPLE = f"""PREFIX ng: <{NG}>
PREFIX dct: <{DCT}>
PREFIX skos: <{SKOS}>

SELECT ?notice ?title ?number ?text {{
  ?notice dct:title ?title ; ng:hasMeasure ?measure .
  ?measure ng:number ?number ; ng:text ?text .
}}
LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """A query as it came: its text, and the graphs it is asked of (None: those it names itself, else all)."""

    query: str
    dataset: Dataset | None


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/sparql`."""
    routes = APIRouter()

    @routes.get("/sparql")
    async def sparql(request: Request) -> Response:
        """Answers a SPARQL query; without one, describes the service."""
        return await served(request)

    @routes.post("/sparql")
    async def sparql_post(request: Request) -> Response:
        """Answers a SPARQL query that is posted, as a form or as it is."""
        return await served(request)

    @routes.options("/sparql")
    def sparql_options() -> Response:
        """Tells the methods."""
        return Response(status_code=204, headers={"Allow": "GET, HEAD, OPTIONS, POST"})

    async def served(request: Request) -> Response:
        operation = await _operation(request, settings.max_query_bytes)
        if operation is None:
            return _description(request)
        return await run_in_threadpool(answer, request, store.snapshot(), operation)

    return routes


def answer(request: Request, store: Store, operation: Operation) -> Response:
    """Answers one query in the form that the client likes best; a browser gets it below the editor."""
    form = guard.query_form(operation.query)
    offers = (*offered(form), HTML)
    target = best(request.headers.get("accept"), offers)
    return respond(request, run_query(store, operation, form, target), target)


def offered(form: str) -> Sequence[Format]:
    """Returns the formats that a query form can be answered in, the default first."""
    if form == "SELECT":
        return formats.ROWS_FORMATS
    return formats.BOOLEAN_FORMATS if form == "ASK" else formats.GRAPH_FORMATS


def run_query(store: Store, operation: Operation, form: str, target: Format) -> bytes:
    """Runs a guarded query and writes its answer: the one place where free queries meet the engine."""
    if target != HTML:
        return store.answer(operation.query, target.media_type, operation.dataset)
    if form == "SELECT":
        shown = pages.rows_table(store.select(operation.query, operation.dataset))
    elif form == "ASK":
        shown = f"<p>{'是 · yes' if store.ask(operation.query, operation.dataset) else '否 · no'}</p>"
    else:
        turtle = store.answer(operation.query, formats.TURTLE.media_type, operation.dataset).decode()
        shown = f"<pre>{escape(turtle)}</pre>"
    return pages.editor(operation.query, shown)


async def _operation(request: Request, limit: int) -> Operation | None:
    """Reads the query operation from the request; None where it carries no query."""
    parameters = _decoded(request.url.query.encode(), "the query string")
    if request.method == "POST":
        kind, _, rest = request.headers.get("content-type", "").partition(";")
        body = await _body(request, 4 * limit)
        if kind.strip().lower() == _FORM:
            parameters += _decoded(body, "the form")
        elif kind.strip().lower() == _QUERY:
            if "charset" in rest.lower() and "utf-8" not in rest.lower():
                raise Problem(415, "unsupported-media-type", "a query must be UTF-8")
            parameters.append(("query", _text(body, "the query")))
        else:
            raise Problem(415, "unsupported-media-type", f"post {_FORM} or {_QUERY}", accepted=[_FORM, _QUERY])
    queries = [value for name, value in parameters if name == "query"]
    if any(name == "update" for name, _ in parameters):
        raise Problem(403, "update-refused", "this endpoint answers queries only; it takes no updates")
    if not queries:
        if request.method == "POST" or parameters:
            raise Problem(400, "query-missing", "there is no parameter `query`")
        return None
    if len(queries) > 1:
        raise Problem(400, "query-repeated", "there is more than one query")
    if len(queries[0].encode()) > limit:
        raise Problem(413, "query-too-large", f"the query is longer than {limit} bytes")
    return Operation(queries[0], _dataset(parameters))


def _dataset(parameters: list[tuple[str, str]]) -> Dataset | None:
    default = tuple(value for name, value in parameters if name == "default-graph-uri")
    named = tuple(value for name, value in parameters if name == "named-graph-uri")
    if not default and not named:
        return None
    try:
        return Dataset(tuple(Iri(iri).value for iri in default), tuple(Iri(iri).value for iri in named))
    except ValueError as error:
        raise Problem(400, "invalid-graph", str(error)) from error


async def _body(request: Request, limit: int) -> bytes:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "unsupported-content-encoding", "send the body without Content-Encoding")
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > limit:
            raise Problem(413, "query-too-large", f"the body is longer than {limit} bytes")
    return bytes(received)


def _decoded(encoded: bytes, where: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(_text(encoded, where), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise Problem(400, "bad-encoding", f"{where} cannot be read: {error}") from error


def _text(encoded: bytes, where: str) -> str:
    try:
        return encoded.decode()
    except UnicodeDecodeError as error:
        raise Problem(400, "bad-encoding", f"{where} is not UTF-8") from error


def _description(request: Request) -> Response:
    """Answers a request without a query: the editor for a browser, else the SPARQL 1.1 service description."""
    target = best(request.headers.get("accept"), (*formats.GRAPH_FORMATS, HTML))
    if target == HTML:
        return respond(request, pages.editor(_EXAMPLE), HTML)
    service = Iri(str(request.url.replace(query="", fragment="")))
    facts: list[tuple[str, Iri | Literal]] = [
        (RDF + "type", Iri(SD + "Service")),
        (SD + "endpoint", service),
        (SD + "supportedLanguage", Iri(SD + "SPARQL11Query")),
        (SD + "feature", Iri(SD + "UnionDefaultGraph")),
        *((SD + "resultFormat", Iri(form.iri)) for form in (*formats.ROWS_FORMATS, *formats.GRAPH_FORMATS)),
        (DCT + "title", Literal("noticegraph", language="en")),
    ]
    lines = (f"{service.n3()} <{predicate}> {value.n3()} ." for predicate, value in facts)
    return respond(request, convert(lines, target), target)
