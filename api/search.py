"""`/search` over the texts of everything, and `/suggest` for the box in which one types."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, TypeAdapter

from api.kept import BYTES, Kept, tag
from api.language import VARY, language
from api.lists import Listing, Shown, asking, sent
from api.negotiate import JSON, documented, respond
from api.parameters import described, read
from api.settings import Settings
from queries.index import KINDS, Index
from queries.lists import Items, Reference, listed, suggested
from store.base import Store
from store.formats import RESULTS_CSV

_REFERENCES = TypeAdapter(list[Reference])
Kind = Literal[
    "Notice", "Measure", "Provision", "Deadline", "Agency", "CitedDocument",
    "Instrument", "TargetEntity", "Domain", "AdministrativeDivision", "Event",
]  # fmt: skip


class Searching(Listing):
    """What is searched for."""

    q: str = Field(min_length=1, max_length=200, description="Words that all stand in the text", examples=["食品 证明"])
    type: list[Kind] = Field([], description="Only these classes")


class Typed(Shown):
    """What has been typed so far."""

    q: str = Field(min_length=1, max_length=100, description="What the name begins with", examples=["市场"])
    limit: int = Field(10, ge=1, le=50, description="How many at most")


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/search` and `/suggest`."""
    routes, kept = APIRouter(), Kept(BYTES)

    @routes.get("/search", responses=documented(RESULTS_CSV, model=Items), openapi_extra=described(Searching))
    async def search(request: Request) -> Response:
        """Searches titles, measures, provisions, deadlines, agencies, documents, concepts and divisions."""

        def made(index: Index) -> Response:
            given = read(Searching, request)
            asked = asking(request, settings, given, tuple(given.type))
            return sent(request, index, listed(index, asked), tuple(given.type) or KINDS)

        return await kept.from_index(request, store, made)

    @routes.get("/suggest", responses={200: {"model": list[Reference]}}, openapi_extra=described(Typed))
    async def suggest(request: Request) -> Response:
        """Completes a name: notices, agencies, documents, concepts, divisions, those with the most links first."""

        def made(index: Index) -> Response:
            given = read(Typed, request)
            found = suggested(index, given.q, given.limit, language(request, given.lang))
            return respond(request, _REFERENCES.dump_json(found), JSON, VARY, etag=tag(request, index))

        return await kept.from_index(request, store, made)

    return routes
