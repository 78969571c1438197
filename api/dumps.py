"""The dumps of the versions that are kept, and what describes them."""

import base64
import re
from email.utils import formatdate, parsedate_to_datetime
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from api import pages
from api.errors import Problem
from api.negotiate import FOR_EVER, HTML, JSON, best, known, respond
from store import catalog
from store.base import Store
from store.dumps import COMPRESSIONS, PART, digests, name
from store.formats import DATASET_FORMATS, convert

_NAME = re.compile(r"noticegraph-(latest|v\d{6,12})\.([a-z0-9.]{2,16})")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})|bytes=-(\d{1,18})")
_TEXT = "text/plain; charset=utf-8"


def router(store: Store) -> APIRouter:
    """Returns the routes of `/dumps/` and `/.well-known/void`."""
    routes = APIRouter()

    @routes.get("/dumps/")
    def dumps(request: Request) -> Response:
        """Lists the files of the current version with sizes and digests."""
        version = dumped(store)
        items = [_item(version, file, digest) for file, digest in digests(version).items() if _is_there(version, file)]
        if best(request.headers.get("accept"), (JSON, HTML)) == HTML:
            return respond(request, _page(version, items), HTML)
        sums, digest = name(version, "sha256"), digests(version)[name(version, "nq")]
        about = {"version": version.name, "digest": digest, "checksums": f"/dumps/{sums}"}
        return JSONResponse({**about, "items": items, "total": len(items)}, headers={"Vary": "Accept"})

    @routes.get("/dumps/{file}")
    def dump(request: Request, file: str) -> Response:
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

    @routes.get("/.well-known/void")
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


def _item(version: Path, file: str, digest: str) -> dict[str, str | int]:
    media_type = COMPRESSIONS[file.rpartition(".")[2]]
    size = (version / PART / file).stat().st_size
    return {"name": file, "href": f"/dumps/{file}", "mediaType": media_type, "size": size, "sha256": digest}


def _page(version: Path, items: list[dict[str, str | int]]) -> bytes:
    rows = (
        (
            pages.link(str(item["href"]), escape(str(item["name"]))),
            f"{item['size']:,}",
            f"<code>{item['sha256']}</code>",
        )
        for item in items
    )
    links = {
        f"/dumps/{name(version, 'sha256')}": "校验和 · checksums",
        "/.well-known/void": "说明 · description (DCAT, VoID, PROV)",
        "/feed": "变更流 · change feed (LDES)",
    }
    body = f"<p>RDFC-1.0: <code>{digests(version)[name(version, 'nq')]}</code></p>"
    body += "<p>" + " · ".join(pages.link(path, escape(text)) for path, text in links.items()) + "</p>"
    return pages.page(f"转储文件 · dumps {version.name}", body + pages.table(("文件 · file", "bytes", "SHA-256"), rows))


def _sent(request: Request, file: Path, digest: str | None) -> Response:
    """Sends a file that never changes: whole, in part (RFC 9110, section 14), or not at all where the client has it."""
    about, kind = file.stat(), COMPRESSIONS.get(file.suffix[1:], _TEXT)
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
