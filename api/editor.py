"""The page of the SPARQL editor, Yasgui; its script and style are files of this server, so that it works offline."""

import json
from html import escape
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import pages
from api.errors import Problem
from api.negotiate import HTML, respond
from ontology.terms import MEDIA_TYPES, PREFIXES
from store.formats import Format

_FILES = {
    name: Format(suffix, media_type, suffix, MEDIA_TYPES + media_type)
    for name, suffix, media_type in (
        ("yasgui.min.js", "js", "text/javascript"),
        ("yasgui.min.css", "css", "text/css"),
        ("editor.js", "js", "text/javascript"),
        ("editor.css", "css", "text/css"),
    )
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def router() -> APIRouter:
    """Returns the route of the files."""
    routes = APIRouter()

    @routes.get("/web/{file}", include_in_schema=False)
    def web(request: Request, file: str) -> Response:
        """Sends a file of the editor."""
        if file not in _FILES:
            raise Problem(404, "not-found", f"there is no {file!r}; there are {', '.join(_FILES)}")
        return respond(request, files("web").joinpath(file).read_bytes(), _FILES[file])

    return routes


def page(request: Request) -> Response:
    """Returns the editor; a query in the address stands in it and is run."""
    head = "".join(f'<link rel="stylesheet" href="/web/{name}">' for name in _FILES if name.endswith(".css"))
    scripts = "".join(f'<script src="/web/{name}" defer></script>' for name in _FILES if name.endswith(".js"))
    body = (
        '<header><h1>SPARQL</h1> <a href="/">noticegraph</a> <label>问题 · question <select id="questions"><option>'
        '</option></select></label> <output id="hint"></output></header>'
        f'<main id="editor" data-prefixes="{escape(json.dumps(PREFIXES))}"></main><noscript>The editor needs '
        "JavaScript; <code>curl --data-urlencode query@FILE.rq …/sparql</code> does not.</noscript>"
    )
    html = pages.document("SPARQL · noticegraph", body, head + scripts)
    return respond(request, html.encode(), HTML, {"Content-Security-Policy": _POLICY})
