"""`/id?number=…` and `/id?title=…`: from what people know of a notice to its IRI."""

from html import escape
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field, TypeAdapter

from api import pages
from api.errors import Problem
from api.language import VARY, Language, language
from api.negotiate import HTML, JSON, best, respond
from api.parameters import Parameters, described, read
from api.settings import Settings
from queries.index import index_of
from queries.lists import Item, Items
from queries.resolution import Name, resolved
from store.base import Store

_ITEMS = TypeAdapter(Items)


class Known(Parameters):
    """What is known of a notice."""

    number: str = Field("", max_length=200, description="Document number", examples=["吉市监注字[2020]26号"])
    title: str = Field(
        "", max_length=500, description="Title", examples=["市市场监管局关于应对疫情助力市场主体纾困解难的若干措施"]
    )
    lang: Language | None = Field(None, description="Language of labels; by Accept-Language unless given")


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the route of `/id`."""
    routes = APIRouter()
    several = {"model": Items, "description": "Several notices, as a list or a page"}

    @routes.get(
        "/id", responses={301: {"description": "The one notice"}, 300: several}, status_code=301,
        openapi_extra=described(Known),
    )  # fmt: skip
    def resolve(request: Request) -> Response:
        """Resolves a document number or a title: 301 to the one notice, 300 with several."""
        given = read(Known, request)
        named: dict[Name, str] = {"documentNumber": given.number, "title": given.title}
        called = {name: text for name, text in named.items() if text}
        if not called:
            raise Problem(404, "not-found", "which notice? give its `number` or its `title`")
        found = resolved(index_of(store.snapshot()), called, language(request, given.lang))
        if not found:
            names = " ".join(called.values())
            raise Problem(404, "not-found", f"no notice is called {names}; /search finds parts of names as well")
        if len(found) == 1:
            return RedirectResponse(_address(found[0], settings.base), 301, {**VARY, "Cache-Control": "no-cache"})
        return _choice(request, found, settings.base)

    return routes


def _address(item: Item, base: str) -> str:
    """Returns where this server answers for an item; what is not below our base answers for itself."""
    return f"/{item.id.removeprefix(base)}" if item.id.startswith(base) else item.id


def _choice(request: Request, found: list[Item], base: str) -> Response:
    """Sends what there is to choose from (RFC 9110, section 15.4.1)."""
    form = best(request.headers.get("accept"), (JSON, HTML))
    links = (f"<li>{pages.link(_address(item, base), escape(item.label))} {escape(item.date)}</li>" for item in found)
    page = pages.page("哪一份？ · Which one?", f"<ul>{''.join(links)}</ul>")
    body = page if form == HTML else _ITEMS.dump_json(Items(found, len(found), None, {}))
    return respond(request, body, form, VARY, HTTPStatus.MULTIPLE_CHOICES)
