"""The change feed over HTTP: a root node, and pages that never change once they are full."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response

from api.dumps import dumped
from api.errors import Problem
from api.negotiate import FOR_EVER, best, documented, respond
from api.settings import Settings
from store import feed
from store.base import Store
from store.formats import DATASET_FORMATS, convert

_MOST_PAGES = 10**9


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/feed`."""
    routes = APIRouter()

    @routes.get("/feed", responses=documented(*DATASET_FORMATS))
    def changes(request: Request) -> Response:
        """Says where the pages of the change feed are (Linked Data Event Streams 1.0, root node)."""
        target = best(request.headers.get("accept"), DATASET_FORMATS)
        return respond(request, convert(feed.root(dumped(store), settings.base), target), target)

    @routes.get("/feed/{number}", responses=documented(*DATASET_FORMATS))
    def changes_page(request: Request, number: Annotated[int, PathParameter(examples=[1])]) -> Response:
        """Sends a page of the change feed; one that is full never changes."""
        lines, full = feed.page(dumped(store), settings.base, number) if 0 < number < _MOST_PAGES else ([], False)
        if not lines:
            raise Problem(404, "not-found", f"the feed has no page {number}; /feed lists them")
        target = best(request.headers.get("accept"), DATASET_FORMATS)
        return respond(request, convert(lines, target), target, {"Cache-Control": FOR_EVER} if full else None)

    return routes
