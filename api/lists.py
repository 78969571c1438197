"""Lists of notices, measures, agencies, deadlines, concepts and divisions; measures beside each other."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response
from pydantic import BeforeValidator, Field, TypeAdapter

from api.errors import Problem
from api.kept import BYTES, Kept, tag
from api.language import VARY, Language, language
from api.negotiate import JSON, best, documented, respond
from api.parameters import Cursor, Parameters, described, read
from api.settings import Settings
from ontology import terms
from queries import paths
from queries.calendar import calendar
from queries.comparison import Comparison, compared, similar
from queries.index import Index
from queries.lists import MANY, MAX_LIMIT, Asked, Item, Items, Sort, listed
from store.base import Store
from store.formats import RESULTS_CSV, Format

LISTS = {
    "notices": "Notice",
    "measures": "Measure",
    "agencies": "Agency",
    "deadlines": "Deadline",
    "instruments": "Instrument",
    "targets": "TargetEntity",
    "divisions": "AdministrativeDivision",
}
_CALENDAR = Format("ics", "text/calendar", "ics", f"{terms.MEDIA_TYPES}text/calendar")
_ITEMS, _COMPARISON = TypeAdapter(Items), TypeAdapter(Comparison)
_VALUES = ("number", "documentNumber", "title", "text", "quote", "notation")
_COLUMNS = ("id", "label", "type", "date", "begin", "end", "open")
_MOST_DIVISIONS = 10
_ASKED = {"q", "on", "since", "until", "limit", "sort", "cursor", "buckets"}
Ids = Annotated[list[Annotated[str, Field(pattern=r'^[^\u0000-\u0020<>"{}|^`\\]+$')]], Field(max_length=50)]


def _iso(text: str) -> str:
    """Passes what is written as xsd:date; pydantic alone would take 0 for 1970-01-01."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError("a date such as 2020-02-10 is wanted")
    return text


Day = Annotated[date, BeforeValidator(_iso)]


class Shown(Parameters):
    """How many items, and in which language."""

    lang: Language | None = Field(None, description="Language of labels; by Accept-Language unless given")
    limit: int = Field(20, ge=1, le=MAX_LIMIT, description="How many items a page")


class Filters(Shown):
    """What all lists take; each filter takes ids or IRIs, several of them for any of these."""

    q: str = Field("", max_length=200, description="Words that all stand in the text", examples=["食品"])
    division: Ids = Field([], description="Division, or one above it", examples=[["320000"]])
    instrument: Ids = Field([], description="Instrument, or a broader one", examples=[["extend-certificate-validity"]])
    target: Ids = Field([], description="Target, or a broader one", examples=[["enterprise"]])
    domain: Ids = Field([], description="Domain, or a broader one")
    agency: Ids = Field([], description="Agency that issued it, answers for it, or has a department that does")
    issuer: Ids = Field([], description="Agency that issued it")
    notice: Ids = Field([], description="Notice that it stands in")
    measure: Ids = Field([], description="Measure that it belongs to, by IRI")
    genre: Ids = Field([], description="Genre")
    level: Ids = Field([], description="Level of agency or division")
    force: Ids = Field([], description="Force of a provision")
    event: Ids = Field([], description="Event that a deadline or the validity waits for")
    deadline_type: Ids = Field([], alias="deadline-type", description="Type of deadline")
    document: Ids = Field([], description="Document that is cited")
    broader: Ids = Field([], description="The next broader concept")
    on: Day | None = Field(None, description="Holds on this day, or may: see `open`", examples=["2022-05-01"])
    since: Day | None = Field(None, alias="from", description="First date; of deadlines, of their end")
    until: Day | None = Field(None, alias="to", description="Last date")

    def facets(self) -> dict[str, list[str]]:
        """Returns the filters that are given, by facet."""
        values = ((name, getattr(self, name.replace("-", "_"))) for name in paths.names())
        return {name: found for name, found in values if found}


class Listing(Filters):
    """A page of a list."""

    sort: Sort = Field("", description="- is downwards")
    cursor: Cursor | None = Field(None, description="`next` of the page before")
    buckets: int | None = Field(
        None,
        ge=0,
        le=MAX_LIMIT,
        description=f"How many values of each facet are counted, 0 for none; else 20, where not over {MANY} items",
    )


class Diary(Listing):
    """A calendar, which is not paged where nobody asks for it."""

    limit: int = Field(MAX_LIMIT, ge=1, le=MAX_LIMIT, description="How many deadlines")


class Comparing(Filters):
    """What is put side by side."""

    division: Ids = Field(
        min_length=2,
        max_length=_MOST_DIVISIONS,
        description="The divisions, in the order of the columns",
        examples=[["320700", "370100"]],
    )


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of the lists, `/compare` and `/deadlines.ics`."""
    routes, kept = APIRouter(), Kept(BYTES)
    for path, kind in LISTS.items():
        _add_list(routes, settings, store, kept, (path, kind))
    unused = _unused("Deadline")

    @routes.get("/deadlines.ics", responses=documented(_CALENDAR), openapi_extra=described(Diary, unused))
    async def deadlines(request: Request) -> Response:
        """Sends the deadlines whose end is known as a calendar (RFC 5545)."""

        def made(index: Index) -> Response:
            asked = asking(request, settings, read(Diary, request), ("Deadline",))
            asked = replace(asked, since=asked.since or date.min, sort=asked.sort or "date", buckets=0)
            page = listed(index, asked)
            return respond(request, calendar(page.items), _CALENDAR, {**VARY, **_next(request, page)})

        return await kept.from_index(request, store, made)

    _add_comparisons(routes, settings, store, kept)
    return routes


def _add_comparisons(routes: APIRouter, settings: Settings, store: Store, kept: Kept) -> None:
    @routes.get(
        "/measures/{notice}/{position}/similar",
        responses={200: {"model": Items}},
        openapi_extra=described(Shown),
    )
    async def likes(
        request: Request,
        notice: Annotated[str, PathParameter(examples=["2b3610a6bd83ddcc"])],
        position: Annotated[int, PathParameter(examples=[19])],
    ) -> Response:
        """Lists measures of other divisions that use the same instrument for the same target."""

        def made(index: Index) -> Response:
            given, iri = read(Shown, request), f"{settings.base}id/notice/{notice}/measure/{position}"
            found = similar(index, iri, given.limit, language(request, given.lang))
            if found is None:
                raise Problem(404, "not-found", f"nothing is known about <{iri}>")
            return respond(request, _ITEMS.dump_json(found), JSON, VARY, etag=tag(request, index))

        return await kept.from_index(request, store, made)

    @routes.get(
        "/compare", responses={200: {"model": Comparison}}, openapi_extra=described(Comparing, _unused("Measure"))
    )
    async def compare(request: Request) -> Response:
        """Puts the measures of divisions side by side, an instrument a row."""

        def made(index: Index) -> Response:
            given = read(Comparing, request)
            table = compared(index, given.division, asking(request, settings, given, ("Measure",)))
            return respond(request, _COMPARISON.dump_json(table), JSON, VARY, etag=tag(request, index))

        return await kept.from_index(request, store, made)


def asking(request: Request, settings: Settings, given: Filters, kinds: tuple[str, ...]) -> Asked:
    """Returns what a request asks for."""
    return Asked(
        kinds=kinds,
        filters=given.facets(),
        language=language(request, given.lang),
        base=settings.base,
        **given.model_dump(include=_ASKED),
    )


def sent(request: Request, index: Index, page: Items, kinds: tuple[str, ...]) -> Response:
    """Sends a page as JSON or CSV, with a link to the next one."""
    form = best(request.headers.get("accept"), (JSON, RESULTS_CSV))
    body = _ITEMS.dump_json(page) if form == JSON else _table(page.items, kinds)
    return respond(request, body, form, {**VARY, **_next(request, page)}, etag=tag(request, index))


def _add_list(routes: APIRouter, settings: Settings, store: Store, kept: Kept, named: tuple[str, str]) -> None:
    path, kind = named
    extra = described(Listing, _unused(kind))

    @routes.get(f"/{path}", operation_id=path, responses=documented(RESULTS_CSV, model=Items), openapi_extra=extra)
    async def items(request: Request) -> Response:
        """Lists items by filters, words and dates, with the counts of each facet; CSV by Accept."""

        def made(index: Index) -> Response:
            asked = asking(request, settings, read(Listing, request), (kind,))
            return sent(request, index, listed(index, asked), (kind,))

        return await kept.from_index(request, store, made)


def _unused(kind: str) -> set[str]:
    """Returns the filters that the items of a kind do not take."""
    return set(paths.names()) - set(paths.names(kind))


def _next(request: Request, page: Items) -> dict[str, str]:
    """Returns the link to the next page (RFC 8288)."""
    if page.next is None:
        return {}
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {"Link": f'<{request.url.path}?{urlencode([*query, ("cursor", page.next)])}>; rel="next"'}


def _table(items: Iterable[Item], kinds: tuple[str, ...]) -> bytes:
    """Writes items as CSV (RFC 4180); the labels of several links stand in one cell with a semicolon between."""
    output = io.StringIO()
    rows = csv.writer(output)
    links = list(dict.fromkeys(facet.name for facet in paths.facets() if facet.shown and facet.kind in kinds))
    rows.writerow([*_COLUMNS, *_VALUES, *links])
    for item in items:
        known = [*(getattr(item, name) for name in _COLUMNS[:-1]), str(item.open).lower()]
        values = [item.values.get(name, "") for name in _VALUES]
        rows.writerow([*known, *values, *("；".join(to.label for to in item.links.get(name, ())) for name in links)])
    return output.getvalue().encode()
