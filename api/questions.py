"""The catalogue of questions over HTTP: lists them, runs one with its parameters."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api import guard, pages
from api.errors import Problem
from api.negotiate import HTML, best, respond
from api.settings import Settings
from api.sparql import Operation, offered, run_query
from ontology import terms
from queries import catalogue
from queries.catalogue import CatalogueError, Question
from store.base import Store
from store.formats import Format

_JSON = Format("json", "application/json", "json", f"{terms.MEDIA_TYPES}application/json")
_TEXT = Format("rq", "application/sparql-query", "rq", f"{terms.FORMATS}SPARQL_Query")


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/queries`."""
    routes = APIRouter()

    @routes.get("/queries")
    def questions(request: Request) -> Response:
        """Lists the questions with their parameters."""
        known = catalogue.questions()
        if best(request.headers.get("accept"), (_JSON, HTML)) == HTML:
            cells = ((pages.link(f"/queries/{q.name}", escape(q.name)), escape(q.zh), escape(q.en)) for q in known)
            body = pages.table(("问题 · question", "中文", "English"), cells)
            return respond(request, pages.page("问题目录 · questions", body), HTML)
        items = [_item(question) for question in known]
        return JSONResponse({"items": items, "total": len(items)}, headers={"Vary": "Accept"})

    @routes.get("/queries/{name:path}")
    def question(request: Request, name: str) -> Response:
        """Runs a question with its parameters in the query string; `.rq` after the name gives its text."""
        try:
            question = catalogue.question(name)
        except CatalogueError as error:
            raise Problem(404, "not-found", str(error)) from error
        if name.endswith(".rq"):
            return respond(request, question.text.encode(), _TEXT)
        given = request.query_params
        if len(given.multi_items()) != len(given):
            raise Problem(400, "parameter-repeated", "each parameter takes one value")
        try:
            query = catalogue.bind(question, {key: value for key, value in given.items() if value}, settings.base)
        except CatalogueError as error:
            raise Problem(400, "invalid-parameter", str(error)) from error
        form = guard.query_form(query)
        target = best(request.headers.get("accept"), (*offered(form), HTML))
        if target == HTML:
            rows = pages.rows_table(store.snapshot().select(query), settings.base)
            return respond(request, pages.page(question.zh, _form(question, dict(given)) + rows), HTML)
        return respond(request, run_query(store.snapshot(), Operation(query, None), form, target), target)

    return routes


def _item(question: Question) -> dict[str, object]:
    fields = ("name", "type", "example", "zh", "en")
    parameters = [{field: getattr(known, field) for field in fields} for known in question.parameters]
    return {
        "id": question.name,
        "label": question.zh,
        "en": question.en,
        "href": f"/queries/{question.name}",
        "parameters": parameters,
    }


def _form(question: Question, given: dict[str, str]) -> str:
    fields = "".join(
        f'<p><label>{escape(known.zh)} · {escape(known.en)} <input name="{known.name}" '
        f'value="{escape(given.get(known.name, ""))}" placeholder="{escape(known.example)}"></label></p>'
        for known in question.parameters
    )
    text = pages.link(f"/queries/{question.name}.rq", "SPARQL")
    return f"<p>{escape(question.en)} · {text}</p><form>{fields}<p><button>运行 · Run</button></p></form>"
