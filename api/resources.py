"""Linked data: an answer for every IRI that we mint, by content negotiation and by suffix.

`/id/…` names a thing, so it answers 303 and points at a document about it (Cool URIs for the Semantic Web);
`/graph/…` and `/ontology` are documents and answer at once. IRIs are the base of the settings and the path,
whatever host serves.
"""

import re
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import pages, profiles
from api.errors import Problem
from api.negotiate import HTML, best, documented, respond
from api.profiles import Profile
from api.settings import Settings
from ingest.withdrawal import WAS_INVALIDATED_BY, withdrawn_graph
from ontology.iris import Iris
from ontology.terms import CONFORMS_TO, DCT_TITLE, PREF_LABEL, PREFIXES, RDF_TYPE, RDFS_LABEL
from store.base import Iri, Literal, Rows, Store, Term
from store.formats import DATASET_FORMATS, Format, convert

_OFFERS = (*DATASET_FORMATS, HTML)
_SUFFIXES = {form.suffix: form for form in _OFFERS}
_PATH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._~/-]*[A-Za-z0-9])?")
_INCOMING = 200
_LABEL = "skos:prefLabel|dct:title|rdfs:label"
_LABELS = (Iri(PREF_LABEL), Iri(DCT_TITLE), Iri(RDFS_LABEL))
_WHOLE = documented(*_OFFERS)
_GONE = {**_WHOLE[200], "description": "The notice was withdrawn; what is left to say of it"}
_WHOLE[410] = _GONE
_ANSWERS: dict[int | str, dict[str, Any]] = {**_WHOLE, 303: {"description": "Where the document about the thing is"}}
_PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("dct", "rdfs", "skos"))


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/id/…`, `/graph/…` and `/ontology`."""
    routes = APIRouter()
    iris = Iris(settings.base)

    @routes.get("/id/{path:path}", responses=_ANSWERS, openapi_extra=profiles.PARAMETERS)
    def resource(request: Request, path: str) -> Response:
        """Describes a thing: 303 to the document that the client likes best; the document itself by suffix."""
        path, target = _split(path)
        chosen, snapshot = profiles.profile(request), store.snapshot()
        notice = _withdrawn(snapshot, iris.base, path)
        if notice:
            return _tombstone(request, snapshot, notice, target, iris.base)
        if target:
            return _document(request, snapshot, f"{iris.base}id/{path}", (target, chosen), iris.base)
        if not _known(snapshot, f"{iris.base}id/{path}"):
            raise _unknown(f"{iris.base}id/{path}")
        liked, query = best(request.headers.get("accept"), _OFFERS), profiles.suffix(chosen)
        links = [_link(f"/id/{path}.{form.suffix}{query}", "describedby", form) for form in _OFFERS]
        headers = {"Location": f"/id/{path}.{liked.suffix}{query}", "Link": ", ".join(links)}
        return Response(status_code=303, headers={**headers, **profiles.VARY})

    @routes.get("/graph/{path:path}", responses=_WHOLE)
    def graph(request: Request, path: str) -> Response:
        """Sends a named graph whole (Graph Store HTTP Protocol, direct identification, read only)."""
        path, target = _split(path)
        snapshot = store.snapshot()
        notice = _withdrawn(snapshot, settings.base, path)
        if notice:
            return _tombstone(request, snapshot, notice, target, settings.base)
        return _whole(request, snapshot, settings.base, f"graph/{path}", target)

    @routes.get("/ontology", responses=_WHOLE)
    def ontology(request: Request) -> Response:
        """Sends the ontology in the format that the client likes best."""
        return _whole(request, store.snapshot(), settings.base, "ontology", None)

    @routes.get("/ontology.{suffix}", responses=_WHOLE)
    def ontology_document(request: Request, suffix: str) -> Response:
        """Sends the ontology in the format of the suffix."""
        if suffix not in _SUFFIXES:
            raise Problem(404, "not-found", f"no format has the suffix .{suffix}")
        return _whole(request, store.snapshot(), settings.base, "ontology", _SUFFIXES[suffix])

    return routes


def _whole(request: Request, store: Store, base: str, path: str, target: Format | None) -> Response:
    """Answers with all statements of the graph that a path names (the ontology has a path of its own)."""
    graph = base + ("graph/ontology" if path == "ontology" else path)
    target = target or best(request.headers.get("accept"), _OFFERS)
    lines = list(store.nquads(graph))
    if not lines:
        raise _unknown(graph)
    body = _graph_page(graph, f"/{path}", store, base) if target == HTML else convert(lines, target)
    links = _links(f"/{path}", target)
    if path.startswith("graph/notice/"):
        links["Link"] += f', </validation/{path.removeprefix("graph/")}>; rel="{CONFORMS_TO}"'
    return respond(request, body, target, links)


def _split(path: str) -> tuple[str, Format | None]:
    """Takes a known suffix off a path; raises a 404 for a path that no IRI of ours has."""
    stem, _, suffix = path.rpartition(".")
    target = _SUFFIXES.get(suffix) if stem else None
    path = stem if target else path
    if not _PATH.fullmatch(path) or "//" in path or "/." in path:
        raise Problem(404, "not-found", "no such resource")
    return path, target


def _unknown(iri: str) -> Problem:
    return Problem(404, "not-found", f"nothing is known about <{iri}>")


def _known(store: Store, iri: str) -> bool:
    return store.ask(f"ASK {{ {{ <{iri}> ?p ?o }} UNION {{ ?s ?p <{iri}> }} }}")


def _withdrawn(store: Store, base: str, path: str) -> str | None:
    """Returns the notice that a path is of, where it was withdrawn; its withdrawal itself can still be seen."""
    notice, iri = base + "id/" + "/".join(path.split("/")[:2]), f"{base}id/{path}"
    where = f"GRAPH <{withdrawn_graph(base)}> {{ <{notice}> <{WAS_INVALIDATED_BY}> ?event }}"
    gone = path.startswith("notice/") and store.ask(f"ASK {{ {where} FILTER(?event != <{iri}>) }}")
    return notice if gone else None


def _tombstone(request: Request, store: Store, notice: str, target: Format | None, base: str) -> Response:
    """Says that a notice was withdrawn, and what it was called: 410 (RFC 9110, section 15.5.11)."""
    target = target or best(request.headers.get("accept"), _OFFERS)
    rows = _description(store, notice, "brief")
    body = _thing_page(notice, rows, base) if target == HTML else convert(_lines(rows), target)
    return respond(request, body, target, profiles.VARY, HTTPStatus.GONE)


def _document(request: Request, store: Store, iri: str, form: tuple[Format, Profile], base: str) -> Response:
    """Answers with the document about a thing, with the links of https://signposting.org/FAIR/."""
    target, chosen = form
    rows = _description(store, iri, chosen)
    if not rows and not _known(store, iri):
        raise _unknown(iri)
    body = _thing_page(iri, rows, base) if target == HTML else convert(_lines(rows), target)
    headers = _links("/" + iri.removeprefix(base), target, profiles.suffix(chosen))
    kinds = (o.value for s, p, o in rows if (s, p) == (Iri(iri), Iri(RDF_TYPE)) and isinstance(o, Iri))
    own = (f'<{iri}>; rel="describes"', f'<{iri}>; rel="cite-as"', *(f'<{kind}>; rel="type"' for kind in kinds))
    headers["Link"] = ", ".join((headers["Link"], *own, profiles.link(chosen)))
    return respond(request, body, target, {**headers, **profiles.VARY})


def _link(address: str, relation: str, form: Format) -> str:
    return f'<{address}>; rel="{relation}"; type="{form.media_type}"'


def _links(path: str, target: Format, query: str = "") -> dict[str, str]:
    others = (_link(f"{path}.{form.suffix}{query}", "alternate", form) for form in _OFFERS if form != target)
    return {"Content-Location": f"{path}.{target.suffix}{query}", "Link": ", ".join(others)}


def _description(store: Store, iri: str, chosen: Profile) -> Rows:
    """Returns triples: the statements about a thing, what points at it, and labels of all that these name.

    `brief` leaves out what points at it; of `labels`, its own labels alone are left.
    """
    own = f"{{ BIND(<{iri}> AS ?s) ?s ?p ?o }}"
    if chosen == "full":
        own += f" UNION {{ SELECT ?s ?p ?o {{ BIND(<{iri}> AS ?o) ?s ?p ?o }} ORDER BY ?s ?p LIMIT {_INCOMING} }}"
    about = () if chosen == "labels" else store.select(f"SELECT DISTINCT ?s ?p ?o {{ {own} }}").rows
    named = sorted({value.n3() for row in about for value in row if isinstance(value, Iri)} or {f"<{iri}>"})
    labels = store.select(f"""{_PROLOGUE}SELECT DISTINCT ?s ?p ?o {{
      VALUES ?s {{ {" ".join(named)} }} VALUES ?p {{ skos:prefLabel dct:title rdfs:label }} ?s ?p ?o }}""")
    return Rows(labels.variables, tuple(dict.fromkeys((*about, *labels))))


def _lines(rows: Rows) -> list[str]:
    return [" ".join(value.n3() for value in row if value is not None) + " ." for row in rows]


def _labels(rows: Rows) -> dict[str, str]:
    """Returns a label for each subject that has one, a Chinese one before others."""
    found = [
        (isinstance(value, Literal) and value.language == "zh", subject.value, value.value)
        for subject, predicate, value in rows
        if isinstance(subject, Iri) and isinstance(value, Literal) and predicate in _LABELS
    ]
    return {subject: label for _, subject, label in sorted(found)}


def _thing_page(iri: str, rows: Rows, base: str) -> bytes:
    labels = _labels(rows)

    def shown(value: Term | None) -> str:
        return pages.term(value, labels.get(value.value) if isinstance(value, Iri) else None, base)

    here = Iri(iri)
    own = sorted((shown(p), shown(o)) for s, p, o in rows if s == here)
    incoming = sorted((shown(s), shown(p)) for s, p, o in rows if o == here)
    body = pages.formats(iri, "/" + iri.removeprefix(base), _OFFERS)
    body += pages.table(("属性 · property", "值 · value"), own)
    if incoming:
        body += f"<h2>指向它的 · what points here</h2><p>at most {_INCOMING} are listed</p>"
        body += pages.table(("主语 · subject", "属性 · property"), incoming)
    return pages.page(labels.get(iri, iri), body)


def _graph_page(graph: str, path: str, store: Store, base: str) -> bytes:
    rows = store.select(
        f"""{_PROLOGUE}SELECT ?subject ?label ?definition {{ GRAPH <{graph}> {{
          {{ SELECT ?subject (SAMPLE(?text) AS ?label) {{ ?subject {_LABEL} ?text }} GROUP BY ?subject }}
          OPTIONAL {{ ?subject skos:definition ?definition FILTER(LANG(?definition) = "zh") }} }} }}
        ORDER BY ?subject"""
    )
    body = pages.formats(graph, path, _OFFERS) + pages.rows_table(rows, base)
    return pages.page(graph, body)
