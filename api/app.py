"""Puts the routers together; no globals, so that tests make as many apps as they like."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from fastapi import FastAPI
from fastapi.responses import Response

from api import (
    dumps,
    editor,
    errors,
    feed,
    lists,
    neighbourhood,
    operations,
    questions,
    resolving,
    resources,
    search,
    sparql,
    validation,
)
from api.edge import Edge
from api.metrics import Metrics
from api.outside import Outside
from api.settings import Settings
from api.shortcut import Shortcut
from store.base import Store


def create_app(settings: Settings, store: Store, files: Sequence[Path] = (), log: TextIO | None = None) -> FastAPI:
    """Returns the server over a store; every request reads one snapshot of it.

    Args:
        settings: What can be set.
        store: What is served.
        files: The RDF files that were read into the store, where it is no store of versions.
        log: Where a line of JSON goes for each request; None for nowhere.
    """
    outside = Outside(settings, store, files)

    def workers() -> dict[str, int]:
        return outside.workers

    metrics = Metrics(store, workers)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await outside.start()
        yield
        await outside.close()

    about = "A knowledge graph of notices of China's market regulators."
    # FastAPI's own pages load scripts from elsewhere; ours needs nothing but this server.
    app = errors.App(
        title="noticegraph",
        description=about,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        default_response_class=Response,  # Routes say themselves which media types they answer in.
        responses=errors.DOCUMENTED,
    )
    app.add_middleware(Shortcut, path=sparql.PATH, methods=sparql.POSTING, serve=sparql.serving(settings, outside))
    app.add_middleware(Shortcut, path=neighbourhood.PATH, methods=(), serve=neighbourhood.serving(store))
    app.add_middleware(Edge, settings=settings, metrics=metrics, log=log)
    errors.install(app)
    app.include_router(sparql.router(settings, outside))
    app.include_router(neighbourhood.router(store))
    app.include_router(operations.router(store, metrics, workers))
    app.include_router(editor.router())
    app.include_router(questions.router(settings, store))
    app.include_router(resolving.router(settings, store))
    app.include_router(resources.router(settings, store))
    app.include_router(validation.router(settings, store))
    app.include_router(lists.router(settings, store))
    app.include_router(search.router(settings, store))
    app.include_router(dumps.router(store))
    app.include_router(feed.router(settings, store))
    return app
