"""The start page, and what tells a supervisor that the server lives."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from api import pages
from api.metrics import MEDIA_TYPE, Metrics
from api.negotiate import HTML, documented, respond
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


@dataclass(frozen=True, slots=True)
class Healthy:
    """The process answers."""

    status: Literal["ok"] = "ok"


@dataclass(frozen=True, slots=True)
class Ready:
    """The store can be read.

    Attributes:
        status: Always so.
        version: What is served; None where the store has no versions.
        workers: How many there are by what they do.
    """

    status: Literal["ok"]
    version: str | None
    workers: dict[str, int]


def router(store: Store, metrics: Metrics, workers: Callable[[], dict[str, int]]) -> APIRouter:
    """Returns the routes of operation."""
    routes = APIRouter()

    @routes.get("/", responses=documented(HTML))
    def start(request: Request) -> Response:
        """Shows where to go."""
        items = "".join(f"<li>{pages.link(path, escape(text))}</li>" for path, text in ADDRESSES.items())
        return respond(request, pages.page("noticegraph", f"<ul>{items}</ul>"), HTML)

    @routes.get("/docs", responses=documented(HTML))
    def docs(request: Request) -> Response:
        """Lists the routes for people, each with a link to an example; `/openapi.json` describes them for programs."""
        paths: dict[str, dict[str, dict[str, Any]]] = request.app.openapi()["paths"]
        rows = [
            (f"{escape(method.upper())} {_linked(path, operation)}", escape(operation.get("description", "")))
            for path, operations in paths.items()
            for method, operation in operations.items()
        ]
        link = pages.link("/openapi.json", "openapi.json")
        return respond(request, pages.page("HTTP", f"<p>{link}</p>" + pages.table(("route", "what"), rows)), HTML)

    @routes.get("/healthz", response_class=JSONResponse)
    async def healthz() -> Healthy:
        """Says that the process answers."""
        return Healthy()

    @routes.get("/readyz", response_class=JSONResponse)
    def readyz() -> Ready:
        """Says that the store can be read, in which version, and what the workers do; 503 where it cannot."""
        snapshot = store.snapshot()
        snapshot.ask("ASK { }")
        return Ready("ok", snapshot.version.name if snapshot.version else None, workers())

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def figures() -> Response:
        """Tells how many requests were answered, how fast, by how many workers, from which version (Prometheus)."""
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    return routes


def _linked(path: str, operation: dict[str, Any]) -> str:
    """Links a route to an example of it: with what is required, else with the first parameter that has one."""
    query, address = dict[str, Any](), path
    for known in operation.get("parameters", ()):
        for example in [known["example"]] if "example" in known else known["schema"].get("examples", [])[:1]:
            if known["in"] == "path":
                address = address.replace(f"{{{known['name']}}}", quote(str(example)))
            elif known.get("required") or not query:
                query[known["name"]] = example
    return pages.link(address + (f"?{urlencode(query, doseq=True)}" if query else ""), escape(path))
