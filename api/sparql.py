"""The query operation of the SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/), and what describes it."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from api import editor, guard
from api.errors import Problem
from api.negotiate import HTML, best, documented, respond
from api.outside import Operation, Outside
from api.settings import Settings
from api.shortcut import Serve
from ontology.terms import DCT, RDF, RDFS, SD
from store import formats
from store.base import Dataset, Iri, Literal
from store.formats import Format, convert

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_ACCEPTED = f"{_QUERY}, {_FORM}"
POSTING = {"POST", "QUERY"}
PATH = "/sparql"
_TEXT = {"type": "string"}
_PARAMETERS = {
    "parameters": [
        {"name": "query", "in": "query", "schema": _TEXT, "description": "The query"},
        {"name": "default-graph-uri", "in": "query", "schema": _TEXT, "description": "A graph to ask, in place of all"},
        {"name": "named-graph-uri", "in": "query", "schema": _TEXT, "description": "A graph that GRAPH sees"},
        {"name": "timeout", "in": "query", "schema": {"type": "number"}, "description": "Fewer seconds than the limit"},
        {"name": "rows", "in": "query", "schema": {"type": "integer"}, "description": "Fewer rows than the limit"},
    ]
}
_ANSWERS = documented(*formats.ROWS_FORMATS, *formats.DATASET_FORMATS, HTML)
_BODY = {"requestBody": {"content": {_FORM: {"schema": {"type": "object"}}, _QUERY: {"schema": _TEXT}}}}


class _Told(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Share(_Told):
    """What one client may use."""

    concurrency: int
    seconds_per_minute: int


class Lifted(_Told):
    """What a client with the token may use; None is no limit."""

    seconds: int
    rows: None = None
    bytes: None = None


class Limits(_Told):
    """What a query may use; it is lowered by the parameters `lower_by`, and answered from memory, disk or a server."""

    seconds: int
    rows: int
    bytes: int
    memory_bytes: int
    query_bytes: int
    bracket_depth: int
    concurrency: int
    client: Share
    token: Lifted | None
    served_from: str
    lower_by: tuple[str, ...] = ("timeout", "rows")


def router(settings: Settings, outside: Outside) -> APIRouter:
    """Returns the routes of `/sparql`."""
    routes = APIRouter()
    serve = serving(settings, outside)

    @routes.get(PATH, responses=_ANSWERS, openapi_extra=_PARAMETERS)
    async def sparql(request: Request) -> Response:
        """Answers a SPARQL query; without one, describes the service."""
        return await serve(request)

    @routes.post(PATH, responses=_ANSWERS, openapi_extra=_BODY)
    async def sparql_post(request: Request) -> Response:
        """Answers a SPARQL query that is posted, as a form or as it is."""
        return await serve(request)

    @routes.api_route(f"{PATH}/", methods=["GET", "POST", "QUERY"], include_in_schema=False)
    @routes.api_route(PATH, methods=["QUERY"], include_in_schema=False)
    async def sparql_query(request: Request) -> Response:
        """Answers a SPARQL query that is the body of a QUERY request (RFC 10008)."""
        return await serve(request)

    @routes.options(PATH, status_code=204)
    async def sparql_options() -> Response:
        """Tells the methods, and what may be posted."""
        return Response(
            status_code=204, headers={"Allow": "GET, HEAD, OPTIONS, POST, QUERY", "Accept-Query": _ACCEPTED}
        )

    @routes.get("/limits", response_class=JSONResponse)
    async def limits() -> Limits:
        """Tells what a query may use."""
        return _limits(settings, outside)

    return routes


def serving(settings: Settings, outside: Outside) -> Serve:
    """Returns what answers a request for `/sparql`."""

    async def serve(request: Request) -> Response:
        operation = await _operation(request, settings.max_query_bytes)
        accept = request.headers.get("accept")
        if operation is None:
            target = best(accept, (*formats.GRAPH_FORMATS, HTML))
            if target == HTML:
                return editor.page(request)
            return respond(request, _description(request, settings, target), target)
        guarded = guard.guarded(operation.query)
        target = best(accept, (*offered(guarded.form), HTML))
        if target == HTML:
            return editor.page(request)
        return await outside.answer(request, operation, guarded, target)

    return serve


def offered(form: str) -> Sequence[Format]:
    """Returns the formats that a query form can be answered in, the default first."""
    if form == "SELECT":
        return formats.ROWS_FORMATS
    return formats.BOOLEAN_FORMATS if form == "ASK" else formats.DATASET_FORMATS


def _limits(settings: Settings, outside: Outside) -> Limits:
    return Limits(
        seconds=settings.query_seconds,
        rows=settings.query_rows,
        bytes=settings.query_bytes,
        memory_bytes=settings.query_memory,
        query_bytes=settings.max_query_bytes,
        bracket_depth=guard.MAX_DEPTH,
        concurrency=settings.workers,
        client=Share(concurrency=settings.client_queries, seconds_per_minute=settings.client_seconds),
        token=Lifted(seconds=settings.token_seconds) if settings.token else None,
        served_from=outside.served_from,
    )


async def _operation(request: Request, limit: int) -> Operation | None:
    """Reads the query operation from the request; None where it carries no query."""
    parameters = _decoded(request.scope["query_string"], "the query string")
    if request.method in POSTING:
        kind, _, rest = request.headers.get("content-type", "").partition(";")
        body = await _body(request, 4 * limit)
        if kind.strip().lower() == _FORM:
            parameters += _decoded(body, "the form")
        elif kind.strip().lower() == _QUERY:
            if "charset" in rest.lower() and "utf-8" not in rest.lower():
                raise Problem(415, "unsupported-media-type", "a query must be UTF-8")
            parameters.append(("query", _text(body, "the query")))
        else:
            raise Problem(415, "unsupported-media-type", f"post {_FORM} or {_QUERY}", {"Accept-Query": _ACCEPTED})
    queries = [value for name, value in parameters if name == "query"]
    if any(name == "update" for name, _ in parameters):
        raise Problem(403, "update-refused", "this endpoint answers queries only; it takes no updates")
    if not queries:
        if request.method != "GET" or parameters:
            raise Problem(400, "query-missing", "there is no parameter `query`")
        return None
    if len(queries) > 1:
        raise Problem(400, "query-repeated", "there is more than one query")
    if len(queries[0].encode()) > limit:
        raise Problem(413, "query-too-large", f"the query is longer than {limit} bytes")
    lowered = {name: value for name, value in parameters if name in {"timeout", "rows"}}
    return Operation(queries[0], _dataset(parameters), lowered)


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
    if not encoded:
        return []
    try:
        return parse_qsl(_text(encoded, where), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise Problem(400, "bad-encoding", f"{where} cannot be read: {error}") from error


def _text(encoded: bytes, where: str) -> str:
    try:
        return encoded.decode()
    except UnicodeDecodeError as error:
        raise Problem(400, "bad-encoding", f"{where} is not UTF-8") from error


def _description(request: Request, settings: Settings, target: Format) -> bytes:
    """Writes the SPARQL 1.1 service description (https://www.w3.org/TR/sparql11-service-description/)."""
    service = Iri(str(request.url.replace(query="", fragment="")))
    dataset, catalog = Iri(f"{service.value}#dataset"), request.url_for("void").replace(query="")
    limits = (
        f"At most {settings.query_seconds} seconds, {settings.query_rows} rows and {settings.query_bytes} bytes a "
        f"query; {settings.client_seconds} seconds a minute for each client. An answer that was cut has the header "
        "X-Result-Truncated."
    )
    facts: list[tuple[Iri, str, Iri | Literal]] = [
        (service, RDF.type, Iri(SD.Service)),
        (service, SD.endpoint, service),
        (service, SD.supportedLanguage, Iri(SD.SPARQL11Query)),
        (service, SD.feature, Iri(SD.UnionDefaultGraph)),
        *((service, SD.resultFormat, Iri(form.iri)) for form in (*formats.ROWS_FORMATS, *formats.DATASET_FORMATS)),
        (service, SD.defaultDataset, dataset),
        (service, DCT.title, Literal("noticegraph", language="en")),
        (service, RDFS.comment, Literal(limits, language="en")),
        (service, RDFS.seeAlso, Iri(str(request.url_for("limits")))),
        (service, RDFS.seeAlso, Iri(str(request.url_for("questions")))),
        (dataset, RDF.type, Iri(SD.Dataset)),
        (dataset, RDFS.seeAlso, Iri(str(catalog))),
    ]
    return convert((f"{node.n3()} <{predicate}> {value.n3()} ." for node, predicate, value in facts), target)
