"""The start page, and what tells a supervisor that the server lives."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from api import pages
from api.metrics import MEDIA_TYPE, Metrics
from api.negotiate import HTML, respond
from store.base import Store

ADDRESSES = {
    "/sparql": "SPARQL 查询 · SPARQL endpoint and editor",
    "/queries": "问题目录 · the catalogue of questions",
    "/ontology": "本体 · the ontology",
    "/graph/vocabulary": "词表 · the vocabularies",
    "/dumps/": "转储文件 · dumps",
    "/shapes": "形状 · the shapes that the data conforms to",
    "/validation/": "校验报告 · validation reports",
    "/docs": "接口文档 · the HTTP interface",
}


def router(store: Store, metrics: Metrics) -> APIRouter:
    """Returns the routes of operation."""
    routes = APIRouter()

    @routes.get("/")
    def start(request: Request) -> Response:
        """Shows where to go."""
        items = "".join(f"<li>{pages.link(path, escape(text))}</li>" for path, text in ADDRESSES.items())
        return respond(request, pages.page("noticegraph", f"<ul>{items}</ul>"), HTML)

    @routes.get("/docs")
    def docs(request: Request) -> Response:
        """Lists the routes for people; `/openapi.json` describes them for programs."""
        paths: dict[str, dict[str, dict[str, str]]] = request.app.openapi()["paths"]
        rows = [
            (f"{escape(method.upper())} {escape(path)}", escape(operation.get("description", "")))
            for path, operations in paths.items()
            for method, operation in operations.items()
        ]
        link = pages.link("/openapi.json", "openapi.json")
        return respond(request, pages.page("HTTP", f"<p>{link}</p>" + pages.table(("route", "what"), rows)), HTML)

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        """Says that the process answers."""
        return JSONResponse({"status": "ok"})

    @routes.get("/readyz")
    def readyz() -> JSONResponse:
        """Says that the store can be read; 503 where it cannot."""
        store.snapshot().ask("ASK { }")
        return JSONResponse({"status": "ok"})

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def figures() -> Response:
        """Tells how many requests were answered, how fast, by how many workers, from which version (Prometheus)."""
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    return routes
