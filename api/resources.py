"""Linked data: an answer for every IRI that we mint, by content negotiation and by suffix.

`/id/…` names a thing, so it answers 303 and points at a document about it (Cool URIs for the Semantic Web);
`/graph/…` and `/ontology` are documents and answer at once. IRIs are the base of the settings and the path,
whatever host serves.
"""

import re
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response

from api import pages, profiles
from api.errors import Problem
from api.kept import BYTES, Kept
from api.negotiate import FOR_EVER, HTML, best, by_suffix, documented, link, links, respond
from api.settings import Settings
from ingest.withdrawal import withdrawn_graph
from ontology import context
from ontology.iris import Iris
from ontology.terms import DCT, PREFIXES, PROV, RDF
from queries.description import INCOMING, Profile, described, labels, ordered
from queries.framing import framed
from store.base import Iri, Rows, Store, Term
from store.formats import DATASET_FORMATS, JSON_LD, Format, convert

_OFFERS = (*DATASET_FORMATS, HTML)
_PATH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._~/-]*[A-Za-z0-9])?")
_LABEL = "skos:prefLabel|dct:title|rdfs:label"
_NOTICE, _MEASURE = "notice/2b3610a6bd83ddcc", "notice/2b3610a6bd83ddcc/measure/19"
_WHOLE = documented(*_OFFERS)
_GONE = {**_WHOLE[200], "description": "The notice was withdrawn; what is left to say of it"}
_WHOLE[410] = _GONE
_ANSWERS: dict[int | str, dict[str, Any]] = {**_WHOLE, 303: {"description": "Where the document about the thing is"}}
_PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("dct", "rdfs", "skos"))


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/id/…`, `/graph/…`, `/ontology` and `/context/…`."""
    routes, kept, base = APIRouter(), Kept(BYTES), Iris(settings.base).base

    @routes.get("/id/{path:path}", responses=_ANSWERS, openapi_extra=profiles.PARAMETERS)
    def resource(request: Request, path: Annotated[str, PathParameter(examples=[_MEASURE])]) -> Response:
        """Describes a thing: 303 to the document that the client likes best; the document itself by suffix."""
        path, target = _split(path)
        iri, chosen, snapshot = f"{base}id/{path}", profiles.profile(request), store.snapshot()
        notice = _withdrawn(snapshot, base, path)
        if notice:
            return _tombstone(request, snapshot, notice, target, base)
        if target:
            made = partial(_document, request, snapshot, iri, (target, chosen), base)
            return kept.answer(request, snapshot.version, made)
        if not _known(snapshot, iri):
            raise _unknown(iri)
        liked, query = best(request.headers.get("accept"), _OFFERS), profiles.suffix(chosen)
        about = (link(f"/id/{path}.{form.suffix}{query}", "describedby", form) for form in _OFFERS)
        headers = {"Location": f"/id/{path}.{liked.suffix}{query}", "Link": ", ".join(about)}
        return Response(status_code=303, headers={**headers, **profiles.VARY})

    @routes.get("/graph/{path:path}", responses=_WHOLE)
    def graph(request: Request, path: Annotated[str, PathParameter(examples=[_NOTICE])]) -> Response:
        """Sends a named graph whole (Graph Store HTTP Protocol, direct identification, read only)."""
        path, target = _split(path)
        snapshot = store.snapshot()
        notice = _withdrawn(snapshot, base, path)
        if notice:
            return _tombstone(request, snapshot, notice, target, base)
        return _whole(request, snapshot, base, f"graph/{path}", target)

    _add_words(routes, base, store)
    return routes


def _add_words(routes: APIRouter, base: str, store: Store) -> None:
    @routes.get("/ontology", responses=_WHOLE)
    def ontology(request: Request) -> Response:
        """Sends the ontology in the format that the client likes best."""
        return _whole(request, store.snapshot(), base, "ontology", None)

    @routes.get("/ontology.{suffix}", responses=_WHOLE)
    def ontology_document(request: Request, suffix: Annotated[str, PathParameter(examples=["ttl"])]) -> Response:
        """Sends the ontology in the format of the suffix."""
        _, target = by_suffix(f"ontology.{suffix}", _OFFERS)
        if target is None:
            raise Problem(404, "not-found", f"no format has the suffix .{suffix}")
        return _whole(request, store.snapshot(), base, "ontology", target)

    @routes.get("/context/{file}", responses=documented(JSON_LD))
    def own_context(request: Request, file: Annotated[str, PathParameter(examples=["v1.jsonld"])]) -> Response:
        """Sends a JSON-LD context that documents name; what it says stays so."""
        if file not in context.TEXTS:
            raise Problem(404, "not-found", f"there is no such context; the newest is /{context.PATH}")
        return respond(request, context.TEXTS[file], JSON_LD, {"Cache-Control": FOR_EVER})


def _whole(request: Request, store: Store, base: str, path: str, target: Format | None) -> Response:
    """Answers with all statements of the graph that a path names (the ontology has a path of its own)."""
    graph = base + ("graph/ontology" if path == "ontology" else path)
    target = target or best(request.headers.get("accept"), _OFFERS)
    lines = list(store.nquads(graph))
    if not lines:
        raise _unknown(graph)
    body = _graph_page(graph, f"/{path}", store, base) if target == HTML else convert(lines, target)
    headers = links(f"/{path}", target, _OFFERS)
    if report := _report(graph, base):
        headers["Link"] += f', <{report}>; rel="{DCT.conformsTo}"'
    return respond(request, body, target, headers)


def _report(iri: str, base: str) -> str | None:
    """Returns where the report on a notice is, of which this is the IRI, or that of its graph."""
    notice = re.fullmatch(f"{re.escape(base)}(?:id|graph)/(notice/[^/]+)", iri)
    return f"/validation/{notice[1]}" if notice else None


def _split(path: str) -> tuple[str, Format | None]:
    """Takes a known suffix off a path; raises a 404 for a path that no IRI of ours has."""
    path, target = by_suffix(path, _OFFERS)
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
    where = f"GRAPH <{withdrawn_graph(base)}> {{ <{notice}> <{PROV.wasInvalidatedBy}> ?event }}"
    gone = path.startswith("notice/") and store.ask(f"ASK {{ {where} FILTER(?event != <{iri}>) }}")
    return notice if gone else None


def _tombstone(request: Request, store: Store, notice: str, target: Format | None, base: str) -> Response:
    """Says that a notice was withdrawn, and what it was called: 410 (RFC 9110, section 15.5.11)."""
    target = target or best(request.headers.get("accept"), _OFFERS)
    body = _written(notice, described(store, notice, "brief"), target, base)
    return respond(request, body, target, profiles.VARY, HTTPStatus.GONE)


def _document(request: Request, store: Store, iri: str, form: tuple[Format, Profile], base: str) -> Response:
    """Answers with the document about a thing, with the links of https://signposting.org/FAIR/."""
    target, chosen = form
    rows = described(store, iri, chosen)
    if not rows and not _known(store, iri):
        raise _unknown(iri)
    headers = links("/" + iri.removeprefix(base), target, _OFFERS, profiles.suffix(chosen))
    kinds = (o.value for s, p, o in rows if (s, p) == (Iri(iri), Iri(RDF.type)) and isinstance(o, Iri))
    own = [f'<{iri}>; rel="describes"', f'<{iri}>; rel="cite-as"', *(f'<{kind}>; rel="type"' for kind in kinds)]
    if report := _report(iri, base):
        own.append(f'<{report}>; rel="{DCT.conformsTo}"')
    headers["Link"] = ", ".join((headers["Link"], *own, profiles.link(chosen)))
    return respond(request, _written(iri, rows, target, base), target, {**headers, **profiles.VARY})


def _written(iri: str, rows: Rows, target: Format, base: str) -> bytes:
    if target == HTML:
        return _thing_page(iri, rows, base)
    if target == JSON_LD:
        return framed(rows, iri, base)
    return convert((" ".join(value.n3() for value in row if value is not None) + " ." for row in rows), target)


def _thing_page(iri: str, rows: Rows, base: str) -> bytes:
    labelled = labels(rows)

    def shown(value: Term | None) -> str:
        return pages.term(value, labelled.get(value.value) if isinstance(value, Iri) else None, base)

    here, own, incoming = Iri(iri), dict[str, list[str]](), dict[str, list[str]]()
    for subject, predicate, value in ordered(rows):
        if subject == here:
            own.setdefault(shown(predicate), []).append(shown(value))
        if value == here:
            incoming.setdefault(shown(predicate), []).append(shown(subject))
    body = pages.formats(iri, "/" + iri.removeprefix(base), _OFFERS) + _report_link(iri, base)
    body += pages.table(("属性 · property", "值 · value"), ((name, _several(own[name])) for name in own))
    if incoming:
        body += f"<h2>指向它的 · what points here</h2><p>at most {INCOMING} are listed</p>"
        cells = ((name, _several(incoming[name])) for name in incoming)
        body += pages.table(("属性 · property", "主语 · subject"), cells)
    return pages.page(labelled.get(iri, iri), body)


def _several(shown: Sequence[str]) -> str:
    return shown[0] if len(shown) == 1 else "".join(f"<p>{one}</p>" for one in shown)


def _report_link(iri: str, base: str) -> str:
    report = _report(iri, base)
    return f"<p>{pages.link(report, '校验报告 · validation report')}</p>" if report else ""


def _graph_page(graph: str, path: str, store: Store, base: str) -> bytes:
    rows = store.select(
        f"""{_PROLOGUE}SELECT ?subject ?label ?definition {{ GRAPH <{graph}> {{
          {{ SELECT ?subject (SAMPLE(?text) AS ?label) {{ ?subject {_LABEL} ?text }} GROUP BY ?subject }}
          OPTIONAL {{ ?subject skos:definition ?definition FILTER(LANG(?definition) = "zh") }} }} }}
        ORDER BY ?subject"""
    )
    body = pages.formats(graph, path, _OFFERS) + _report_link(graph, base) + pages.rows_table(rows, base)
    return pages.page(graph, body)
