"""Puts the routers together; no globals, so that tests make as many apps as they like."""

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors, operations, questions, resources, sparql
from api.settings import Settings
from store.base import Store

_EXPOSED = ["Link", "ETag", "Content-Location", "Location"]


def create_app(settings: Settings, store: Store) -> FastAPI:
    """Returns the server over a store; every request reads one snapshot of it."""
    about = "A knowledge graph of notices of China's market regulators."
    # FastAPI's own pages load scripts from elsewhere; ours needs nothing but this server.
    app = FastAPI(title="noticegraph", description=about, docs_url=None, redoc_url=None)
    app.add_middleware(_Edge)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], expose_headers=_EXPOSED)
    errors.install(app)
    app.include_router(operations.router(store))
    app.include_router(sparql.router(settings, store))
    app.include_router(questions.router(settings, store))
    app.include_router(resources.router(settings, store))
    return app


class _Edge:
    """What holds for every answer: HEAD is answered like GET (the server drops the body), and no type is guessed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Content-Type-Options"] = "nosniff"
            await send(message)

        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, marked)
