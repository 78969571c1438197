"""The catalogue of questions over HTTP: lists them, as RDF as well, and runs each with its parameters."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response
from pydantic import TypeAdapter

from api import guard, pages
from api.errors import Problem
from api.kept import BYTES, Kept
from api.negotiate import HTML, JSON, best, documented, respond
from api.settings import Settings
from api.sparql import offered
from ontology import terms
from ontology.load import concepts
from ontology.terms import DCT, RDF, RDFS, SCHEMA, SH
from queries import catalogue
from queries.catalogue import CatalogueError, Parameter, Question
from store import formats
from store.base import Iri, Literal, Store
from store.formats import Format, convert

_TEXT = Format("rq", "application/sparql-query", "rq", terms.FORMATS.SPARQL_Query)
_TYPES = {"date": {"type": "string", "format": "date"}, "integer": {"type": "integer"}}


@dataclass(frozen=True, slots=True)
class Entry:
    """A question: its name, its words in Chinese and English, where it is answered, what one may set."""

    id: str
    label: str
    en: str
    href: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All questions."""

    items: list[Entry]
    total: int


_CATALOGUE = TypeAdapter(Catalogue)


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/queries`, one for each question."""
    routes, kept = APIRouter(), Kept(BYTES)

    @routes.get("/queries", responses=documented(HTML, *formats.GRAPH_FORMATS, model=Catalogue))
    def questions(request: Request) -> Response:
        """Lists the questions with their parameters; as RDF, each is a `sh:SPARQLExecutable`."""
        known = catalogue.questions()
        target = best(request.headers.get("accept"), (JSON, HTML, *formats.GRAPH_FORMATS))
        if target == JSON:
            items = [Entry(q.name, q.zh, q.en, f"/queries/{q.name}", q.parameters) for q in known]
            return respond(request, _CATALOGUE.dump_json(Catalogue(items, len(items))), JSON)
        if target == HTML:
            cells = ((pages.link(f"/queries/{q.name}", escape(q.name)), escape(q.zh), escape(q.en)) for q in known)
            body = pages.table(("问题 · question", "中文", "English"), cells)
            return respond(request, pages.page("问题目录 · questions", body), HTML)
        endpoint = Iri(str(request.url_for("sparql")))
        lines = (line for question in known for line in _described(question, settings.base, endpoint))
        return respond(request, convert(lines, target), target)

    @routes.get("/queries/{name:path}.rq", responses=documented(_TEXT))
    def text(request: Request, name: Annotated[str, PathParameter(examples=["measures/in-force-on"])]) -> Response:
        """Sends the text of a question."""
        try:
            return respond(request, catalogue.question(name).text.encode(), _TEXT)
        except CatalogueError as error:
            raise Problem(404, "not-found", str(error)) from error

    for known in catalogue.questions():
        extra = {"parameters": [_parameter(parameter) for parameter in known.parameters]}
        routes.get(
            f"/queries/{known.name}",
            summary=known.zh,
            description=known.en,
            tags=["queries"],
            openapi_extra=extra,
            responses=documented(*formats.ROWS_FORMATS, HTML),
        )(_asked(known, settings, store, kept))

    @routes.get("/queries/{name:path}", include_in_schema=False)
    def unknown(name: str) -> Response:
        """Refuses what is no question."""
        raise Problem(404, "not-found", f"there is no question {name!r}; /queries lists them")

    return routes


def _asked(
    question: Question, settings: Settings, store: Store, kept: Kept
) -> Callable[[Request], Awaitable[Response]]:
    """Returns the route of a question: in a thread of the server, for its work is bounded."""

    def answer(request: Request, snapshot: Store) -> Response:
        given = request.query_params
        if len(given.multi_items()) != len(given):
            raise Problem(400, "parameter-repeated", "each parameter takes one value")
        _refuse_unknown(question, given)
        try:
            query = catalogue.bind(question, {key: value for key, value in given.items() if value}, settings.base)
        except CatalogueError as error:
            raise Problem(400, "invalid-parameter", str(error)) from error
        target = best(request.headers.get("accept"), (*offered(guard.query_form(query)), HTML))
        if target == HTML:
            rows = pages.rows_table(snapshot.select(query), settings.base)
            return respond(request, pages.page(question.zh, _form(question, dict(given)) + rows), HTML)
        return respond(request, snapshot.answer(query, target.media_type), target)

    async def answered(request: Request) -> Response:
        snapshot = store.snapshot()
        return await kept.threaded(request, snapshot.version, lambda: answer(request, snapshot))

    answered.__name__ = question.name.replace("/", "_").replace("-", "_")
    return answered


def _parameter(known: Parameter) -> dict[str, object]:
    """Describes a parameter (OpenAPI 3.1, section 4.8.12); those of small schemes list their concepts."""
    ids = _ids(known)
    either: list[dict[str, Any]] = [_TYPES.get(known.type, {"type": "string"}), {"const": "", "description": "any"}]
    if known.type == "iri":
        named = {"enum": ids} if ids else {"type": "string", "pattern": "^[A-Za-z0-9-]+$"}
        either[0] = {"type": "string", "format": "iri", "pattern": "^https?://[A-Za-z0-9./#_-]+$"}
        either += [named] if known.below else []
    return {
        "name": known.name,
        "in": "query",
        "description": f"{known.zh} · {known.en}",
        "schema": {"anyOf": either},
        "example": known.example,
    }


def _ids(known: Parameter) -> list[str]:
    """Returns the ids of the concepts that a parameter takes; none where they are not counted out."""
    scheme = (known.below or "").removeprefix("id/").rstrip("/")
    enumerated = scheme in terms.SCHEMES and scheme != "division"
    return [concept.id for concept in concepts(scheme)] if enumerated else []


def _refuse_unknown(question: Question, given: Mapping[str, str]) -> None:
    """Refuses the id of a concept that there is not: an empty answer would look like one."""
    for known in question.parameters:
        value, ids = given.get(known.name, ""), _ids(known)
        if value and ids and ":" not in value and value not in ids:
            raise Problem(400, "invalid-parameter", f"{known.name}: {value!r} is none of {', '.join(ids)}")


def _described(question: Question, base: str, endpoint: Iri) -> list[str]:
    """Describes a question as the examples of the Swiss Institute of Bioinformatics are (SHACL, section 5)."""
    node = Iri(f"{base}queries/{question.name}")
    facts: list[tuple[str, Iri | Literal]] = [
        (RDF.type, Iri(SH.SPARQLExecutable)),
        (RDF.type, Iri(SH.SPARQLSelectExecutable)),
        (RDFS.comment, Literal(question.zh, language="zh")),
        (RDFS.comment, Literal(question.en, language="en")),
        (SH.select, Literal(question.text)),
        (SCHEMA.target, endpoint),
        (DCT.identifier, Literal(question.name)),
    ]
    return [f"{node.n3()} <{predicate}> {value.n3()} ." for predicate, value in facts]


def _form(question: Question, given: dict[str, str]) -> str:
    fields = "".join(
        f'<p><label>{escape(known.zh)} · {escape(known.en)} <input name="{known.name}" '
        f'value="{escape(given.get(known.name, ""))}" placeholder="{escape(known.example)}"></label></p>'
        for known in question.parameters
    )
    text = pages.link(f"/queries/{question.name}.rq", "SPARQL")
    return f"<p>{escape(question.en)} · {text}</p><form>{fields}<p><button>运行 · Run</button></p></form>"
