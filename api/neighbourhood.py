"""`/neighbourhood`: what is around a node, for views of the graph that grow by expanding one node after another."""

from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import Annotated, Literal
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field, TypeAdapter
from starlette.concurrency import run_in_threadpool

from api.errors import Problem
from api.kept import BYTES, Kept, tag
from api.language import VARY, Language, language
from api.negotiate import JSON, best, documented, header, respond
from api.parameters import IRI, Cursor, Parameters, described, parsed, read
from api.shortcut import Serve
from ontology.iris import Iris
from ontology.terms import NG, PREFIXES
from queries import cursors
from queries.elements import (
    Cytoscape,
    Neighbourhood,
    Property,
    Statistics,
    as_cytoscape,
    as_json,
    as_triples,
    literals,
    statistics,
)
from queries.index import Index, index_of, ready
from queries.neighbourhood import MAX_DEPTH, MAX_LIMIT, Question, find, inside
from store.base import Iri, Store
from store.formats import JSON_LD, N_TRIPLES, TURTLE, Format, convert

PATH = "/neighbourhood"
_SLOW = (b"graph=", b"type=", b"depth=3")  # what takes longer than a thread does
_SHORT = 500
_RDF = (JSON_LD, TURTLE, N_TRIPLES)
_INCLUDED = ("literals", "mentions")
_DIRECTIONS = {"out": (True,), "in": (False,), "both": (True, False)}
_STATISTICS, _LITERALS = TypeAdapter(Statistics), TypeAdapter(list[Property])
_EXAMPLE = Iris().thing("instrument", "extend-certificate-validity")


def _an_iri(text: str) -> str:
    try:
        return Iri(text).value
    except ValueError as error:
        raise ValueError(f"{error}; a scheme such as https: is wanted, and no blank or bracket") from error


def _parts(text: str) -> str:
    if unknown := set(filter(None, text.split(","))) - set(_INCLUDED):
        raise ValueError(f"{', '.join(sorted(unknown))}: there is `literals` and `mentions`, with a comma between")
    return text


def _term(name: str) -> str:
    """Completes a name: of the ontology, or with one of our prefixes."""
    prefix, colon, local = name.partition(":")
    return NG[name] if not colon else PREFIXES[prefix] + local if prefix in PREFIXES else name


_IRI = Annotated[str, AfterValidator(_an_iri), Field(json_schema_extra={"pattern": IRI})]
_TERMS = list[Annotated[str, AfterValidator(_term)]]


class Root(Parameters):
    """The parameters of `/neighbourhood/stats`."""

    iri: _IRI = Field(description="The node", examples=[_EXAMPLE])
    lang: Language | None = Field(None, description="Language of labels; by Accept-Language unless given")


class Around(Root):
    """The parameters of `/neighbourhood`."""

    depth: int = Field(1, ge=1, le=MAX_DEPTH, description="How many steps from the node")
    direction: Literal["in", "out", "both"] = Field("both", description="Edges that come in, go out, or both")
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="How many neighbours at most, on all steps together")
    predicate: _TERMS = Field([], description="Only along these: an IRI, ng:usesInstrument, or usesInstrument")
    type: _TERMS = Field([], description="Only neighbours of these types: an IRI, ng:Measure, or Measure")
    graph: _IRI | None = Field(None, description="Only edges of this named graph")
    include: Annotated[str, AfterValidator(_parts)] = Field(
        "",
        description="literals, mentions, or both with a comma",
        json_schema_extra={"pattern": "^((literals|mentions)(,(literals|mentions))?)?$"},
    )
    cursor: Cursor | None = Field(None, description="`next` of the page before")
    format: Literal["json", "cytoscape"] = Field("json", description="Elements of Cytoscape.js in place of JSON")

    @cached_property
    def plain(self) -> bool:
        """Whether nothing is left out and nothing goes on."""
        return not (self.predicate or self.type or self.graph or self.cursor or "mentions" in self.include)


def serving(store: Store) -> Serve:
    """Returns what answers a request for `/neighbourhood`."""
    kept = Kept(BYTES)

    def answered(request: Request, snapshot: Store, index: Index) -> Response:
        return kept.answer(request, snapshot.version, partial(_answered, request, snapshot, index))

    # On the event loop: an answer costs less than a thread does, but for some.
    async def serve(request: Request) -> Response:
        snapshot = store.snapshot()
        index = await _index(snapshot)
        if any(slow in request.scope["query_string"] for slow in _SLOW):
            return await run_in_threadpool(answered, request, snapshot, index)
        return answered(request, snapshot, index)

    return serve


def router(store: Store) -> APIRouter:
    """Returns the routes of `/neighbourhood`."""
    routes, serve = APIRouter(), serving(store)

    @routes.get(PATH, responses=documented(*_RDF, model=Neighbourhood | Cytoscape), openapi_extra=described(Around))
    async def neighbourhood(request: Request) -> Response:
        """Sends a node, its neighbours, and all edges among these."""
        return await serve(request)

    @routes.get(f"{PATH}/stats", responses={200: {"model": Statistics}}, openapi_extra=described(Root))
    async def stats(request: Request) -> Response:
        """Counts the links of a node by predicate and direction, before it is expanded."""
        given = read(Root, request)
        snapshot = store.snapshot()
        index = await _index(snapshot)
        counted = statistics(index.graph, _root(index, given.iri), language(request, given.lang))
        return respond(request, _STATISTICS.dump_json(counted), JSON, VARY)

    return routes


async def _index(snapshot: Store) -> Index:
    index = ready(snapshot)
    return await run_in_threadpool(index_of, snapshot) if index is None else index


def _answered(request: Request, snapshot: Store, index: Index) -> Response:
    iri, given = _given(request)
    form = _form(header(request, b"accept"))
    graph, shown = index.graph, language(request, given.lang)
    found = find(graph, _question(index, snapshot, given, _root(index, iri)))
    own = literals(graph, found.nodes) if "literals" in given.include else []
    if form != JSON:
        body = convert(chain(as_triples(graph, found, shown), (value.n3() for value in own)), form)
    elif given.format == "cytoscape":
        body = as_cytoscape(graph, found, shown, index.version)
    else:
        body = as_json(graph, found, shown, index.version, _LITERALS.dump_json(own) if own else b"[]")
    return respond(request, body, form, VARY, etag=tag(request, index))


@lru_cache
def _form(accept: str | None) -> Format:
    return best(accept, (JSON, *_RDF))


def _given(request: Request) -> tuple[str, Around]:
    """Reads the query string; all but the node is mostly the same, so it is kept as it was read."""
    query: bytes = request.scope["query_string"]
    parts = query.split(b"&")
    roots = [part for part in parts if part.startswith(b"iri=")]
    if len(roots) != 1 or len(query) - len(roots[0]) > _SHORT:
        given = read(Around, request)
        return given.iri, given
    rest = b"&".join(part for part in parts if part is not roots[0])
    return unquote_to_bytes(roots[0][4:].replace(b"+", b" ")).decode(errors="replace"), _around(rest.decode("latin-1"))


@lru_cache
def _around(rest: str) -> Around:
    """Reads a query string in which the node is missing."""
    return parsed(Around, f"iri={_EXAMPLE}&{rest}")


def _question(index: Index, snapshot: Store, given: Around, root: int) -> Question:
    graph = index.graph
    if given.plain:
        return Question(root, given.depth, _DIRECTIONS[given.direction], given.limit)
    turn, group = cursors.read(given.cursor, index.version, 2)
    asked = Question(
        root=root,
        depth=given.depth,
        directions=_DIRECTIONS[given.direction],
        limit=given.limit,
        predicates=frozenset(-1 if (known := graph.predicate(name)) is None else known for name in given.predicate),
        types=frozenset(graph.types.index(name) if name in graph.types else -1 for name in given.type),
        level="mentions" in given.include,
        within=inside(graph, snapshot, given.graph) if given.graph else None,
        start=(turn, group),
    )
    if asked.within is not None and not asked.within:
        raise Problem(404, "not-found", f"no edge stands in the graph <{given.graph}>")
    return asked


def _root(index: Index, iri: str) -> int:
    node = index.graph.find(iri)
    if node is None:
        try:
            _an_iri(iri)
        except ValueError as error:
            raise Problem(422, "invalid-parameter", f"iri: {error}") from error
        raise Problem(404, "not-found", f"nothing is known about <{iri}>")
    return node
