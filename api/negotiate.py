"""Content negotiation (RFC 9110, section 12.5.1): which format the client likes best, and how it is sent."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api.errors import Problem
from ontology import terms
from store.formats import Format

JSON = Format("json", "application/json", "json", f"{terms.MEDIA_TYPES}application/json")
HTML = Format("html", "text/html", "html", terms.FORMATS.HTML)
FOR_EVER = "public, max-age=31536000, immutable"
_OBJECT, _TEXT = {"type": "object", "additionalProperties": True}, {"type": "string"}
LONGEST = 1024
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"


def documented(*offers: Format, model: object = None) -> dict[int | str, dict[str, Any]]:
    """Returns what OpenAPI says of a good answer in one of the formats; JSON is as the model says."""
    schemas = {offer.media_type: _OBJECT if offer.media_type.endswith("json") else _TEXT for offer in offers}
    content = {media_type: {"schema": schema} for media_type, schema in schemas.items()}
    return {200: {"content": content, **({"model": model} if model else {})}}


def header(request: Request, name: bytes) -> str | None:
    """Returns a header, its name in small letters, without making a mapping of all; None where it was not sent."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


@lru_cache
def best(accept: str | None, offers: tuple[Format, ...]) -> Format:
    """Returns the offer that an Accept header likes best; of equals the first, without a header the first.

    Raises:
        Problem: 400 for a header that is longer than 1 KB, 406 with the list of offers where none is acceptable.
    """
    if accept is None or not accept.strip():
        return offers[0]
    if len(accept) > LONGEST:
        raise Problem(400, "accept-too-long", f"the Accept header is longer than {LONGEST} characters")
    ranges = qualities(accept)
    liked = [(_quality(ranges, offer.media_type), -rank) for rank, offer in enumerate(offers)]
    quality, rank = max(liked)
    if quality == 0:
        types = [offer.media_type for offer in offers]
        raise Problem(406, "not-acceptable", f"to be had as {', '.join(types)}", available=types)
    return offers[-rank]


def qualities(header: str) -> dict[str, float]:
    """Returns what a header of the Accept family likes, in small letters, and how well (RFC 9110, section 12.4.2)."""
    return dict(_range(part) for part in header.split(",") if part.strip())


def by_suffix(path: str, offers: Sequence[Format]) -> tuple[str, Format | None]:
    """Takes the suffix of an offer off a path; None where it has none."""
    stem, _, suffix = path.rpartition(".")
    found = next((offer for offer in offers if stem and offer.suffix == suffix), None)
    return (stem if found else path), found


def link(address: str, relation: str, form: Format) -> str:
    """Returns a link to a format of a document (RFC 8288)."""
    return f'<{address}>; rel="{relation}"; type="{form.media_type}"'


def links(path: str, form: Format, offers: Sequence[Format], query: str = "") -> dict[str, str]:
    """Returns the headers that tell where a document stands, and in which other formats."""
    others = (link(f"{path}.{offer.suffix}{query}", "alternate", offer) for offer in offers if offer != form)
    return {"Content-Location": f"{path}.{form.suffix}{query}", "Link": ", ".join(others)}


def respond(
    request: Request,
    body: bytes,
    form: Format,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
    etag: str = "",
) -> Response:
    """Sends a representation with a strong ETag, of its bytes unless given; 304 for a 200 that the client has."""
    etag = etag or f'"{hashlib.sha256(body + form.media_type.encode()).hexdigest()[:32]}"'
    sent = {"ETag": etag, "Vary": "Accept", "Cache-Control": "no-cache", **(headers or {})}
    if form == HTML:
        sent.setdefault("Content-Security-Policy", _PAGE_POLICY)
    if status == HTTPStatus.OK and request.method in {"GET", "HEAD"} and known(header(request, b"if-none-match"), etag):
        return Response(status_code=304, headers=sent)
    return Response(body, status, {**sent, "Content-Type": form.content_type})


def known(condition: str | None, etag: str) -> bool:
    """Tells whether an If-None-Match header names the tag (RFC 9110, section 13.1.2)."""
    if not condition:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in condition.split(",")}
    return etag in tags or "*" in tags


def _range(part: str) -> tuple[str, float]:
    """Reads one range; other parameters than q tell nothing here, and a range with a bad q counts as 0."""
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media_type, float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return media_type, 1.0


def _quality(ranges: Mapping[str, float], media_type: str) -> float:
    for candidate in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if candidate in ranges:
            return ranges[candidate]
    return 0.0
