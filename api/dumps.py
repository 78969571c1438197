"""The dumps of the versions that are kept, and what describes them."""

import base64
import re
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from html import escape
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, Response
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException

from api import pages
from api.errors import Problem
from api.negotiate import FOR_EVER, HTML, JSON, best, documented, known, respond
from ontology.terms import MEDIA_TYPES
from store import catalog
from store.base import Store
from store.dumps import COMPRESSIONS, PART, digests, name
from store.formats import DATASET_FORMATS, Format, convert

_NAME = re.compile(r"noticegraph-(latest|v\d{6,12})\.([a-z0-9.]{2,16})")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})|bytes=-(\d{1,18})")
_TEXT = Format("txt", "text/plain", "txt", f"{MEDIA_TYPES}text/plain")
_FILES = (*(Format(name, kind, name, MEDIA_TYPES + kind) for name, kind in COMPRESSIONS.items()), _TEXT)


@dataclass(frozen=True, slots=True)
class Dump:
    """A file of a version; `size` in bytes."""

    name: str
    href: str
    mediaType: str  # noqa: N815 - as it is written
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Dumps:
    """The files of a version.

    Attributes:
        version: Its name.
        digest: RDFC-1.0 digest of its quads.
        checksums: Where `sha256sum -c` finds the digests of the files.
        items: The files.
        total: How many they are.
    """

    version: str
    digest: str
    checksums: str
    items: list[Dump]
    total: int


_DUMPS = TypeAdapter(Dumps)


def router(store: Store) -> APIRouter:
    """Returns the routes of `/dumps/` and `/.well-known/void`."""
    routes = APIRouter()

    @routes.get("/dumps/", responses=documented(HTML, model=Dumps))
    def dumps(request: Request) -> Response:
        """Lists the files of the current version with sizes and digests."""
        version = dumped(store)
        items = [_item(version, file, digest) for file, digest in digests(version).items() if _is_there(version, file)]
        sums, digest = name(version, "sha256"), digests(version)[name(version, "nq")]
        found, form = (
            Dumps(version.name, digest, f"/dumps/{sums}", items, len(items)),
            best(request.headers.get("accept"), (JSON, HTML)),
        )
        return respond(request, _page(found) if form == HTML else _DUMPS.dump_json(found), form)

    @routes.get("/dumps/{file}", responses={**documented(*_FILES), 302: {"description": "The file of this version"}})
    def dump(request: Request, file: Annotated[str, PathParameter(examples=["noticegraph-latest.nq.gz"])]) -> Response:
        """Sends a file of a version that is kept, or a part of it; `latest` leads to the current version."""
        found, current = _NAME.fullmatch(file), dumped(store)
        if found is None:
            raise Problem(404, "not-found", f"/dumps/ lists the files; {file!r} is none")
        if found[1] == "latest":
            location = f"/dumps/{name(current, found[2])}"
            return Response(status_code=302, headers={"Location": location, "Cache-Control": "no-cache"})
        version = current.with_name(found[1])
        if not version.exists() and int(found[1][1:]) < int(current.name[1:]):
            raise Problem(410, "gone", f"{found[1]} is no longer kept; the current version is {current.name}")
        if not _is_there(version, file):
            raise Problem(404, "not-found", f"/dumps/ lists the files; {file!r} is none")
        return _sent(request, version / PART / file, digests(version).get(file))

    @routes.get("/.well-known/void", responses=documented(*DATASET_FORMATS))
    def void(request: Request) -> Response:
        """Describes the data set, its version, the files and the services: DCAT 3, VoID, PROV."""
        target = best(request.headers.get("accept"), DATASET_FORMATS)
        lines = (dumped(store) / PART / catalog.FILE).read_text(encoding="utf-8").splitlines()
        return respond(request, convert(lines, target), target)

    return routes


def dumped(store: Store) -> Path:
    """Returns the version that is read; raises a 404 where it has no dumps."""
    version = store.snapshot().version
    if version is None or not digests(version):
        raise Problem(404, "no-dumps", "this store has no dumps; `noticegraph ingest` makes them when it publishes")
    return version


def _is_there(version: Path, file: str) -> bool:
    packed = file.rpartition(".")[2] in COMPRESSIONS and file in digests(version)
    return packed or (file == name(version, "sha256") and bool(digests(version)))


def _item(version: Path, file: str, digest: str) -> Dump:
    media_type = COMPRESSIONS[file.rpartition(".")[2]]
    return Dump(file, f"/dumps/{file}", media_type, (version / PART / file).stat().st_size, digest)


def _page(found: Dumps) -> bytes:
    rows = (
        (pages.link(file.href, escape(file.name)), f"{file.size:,}", f"<code>{file.sha256}</code>")
        for file in found.items
    )
    links = {
        found.checksums: "校验和 · checksums",
        "/.well-known/void": "说明 · description (DCAT, VoID, PROV)",
        "/feed": "变更流 · change feed (LDES)",
    }
    body = f"<p>RDFC-1.0: <code>{found.digest}</code></p>"
    body += "<p>" + " · ".join(pages.link(path, escape(text)) for path, text in links.items()) + "</p>"
    return pages.page(
        f"转储文件 · dumps {found.version}", body + pages.table(("文件 · file", "bytes", "SHA-256"), rows)
    )


def _sent(request: Request, file: Path, digest: str | None) -> Response:
    """Sends a file that never changes: whole, in part (RFC 9110, section 14), or not at all where the client has it."""
    about, kind = file.stat(), COMPRESSIONS.get(file.suffix[1:], _TEXT.content_type)
    tag = digest or digests(file.parent.parent)[name(file.parent.parent, "nq")]
    headers = {"ETag": f'"{tag}"', "Cache-Control": FOR_EVER, "Last-Modified": formatdate(about.st_mtime, usegmt=True)}
    if digest:
        headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"
    if _has_it(request, headers):
        return Response(status_code=304, headers=headers)
    if request.scope.get("noticegraph.head"):
        size = {"Content-Length": str(about.st_size), "Accept-Ranges": "bytes"}
        return Response(headers={**headers, **size, "Content-Type": kind})
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or (wanted[2] and int(wanted[2]) < int(wanted[1])):
        # What is no range, and more than one, is answered with the whole, as the RFC allows.
        request.scope["headers"] = [(key, value) for key, value in request.scope["headers"] if key != b"range"]
    elif wanted[3] == "0" or (wanted[1] and int(wanted[1]) >= about.st_size):
        raise HTTPException(416, headers={"Content-Range": f"bytes */{about.st_size}"})
    return FileResponse(file, headers=headers, media_type=kind, filename=file.name, stat_result=about)


def _has_it(request: Request, headers: dict[str, str]) -> bool:
    tags, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if tags is not None:
        return known(tags, headers["ETag"])
    try:
        return since is not None and parsedate_to_datetime(since) >= parsedate_to_datetime(headers["Last-Modified"])
    except (TypeError, ValueError):
        return False  # A date that is none is ignored (RFC 9110, section 13.1.3).
