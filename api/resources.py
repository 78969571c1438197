"""Linked data: an answer for every IRI that we mint, by content negotiation and by suffix.

`/id/…` names a thing, so it answers 303 and points at a document about it (Cool URIs for the Semantic Web);
`/graph/…` and `/ontology` are documents and answer at once. IRIs are the base of the settings and the path,
whatever host serves.
"""

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import pages
from api.errors import Problem
from api.negotiate import HTML, best, respond
from api.settings import Settings
from ontology.iris import Iris
from ontology.terms import CONFORMS_TO, DCT_TITLE, PREF_LABEL, PREFIXES, RDFS_LABEL
from store.base import Iri, Literal, Rows, Store, Term
from store.formats import DATASET_FORMATS, Format, convert

_OFFERS = (*DATASET_FORMATS, HTML)
_SUFFIXES = {form.suffix: form for form in _OFFERS}
_PATH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._~/-]*[A-Za-z0-9])?")
_INCOMING = 200
_LABEL = "skos:prefLabel|dct:title|rdfs:label"
_LABELS = (Iri(PREF_LABEL), Iri(DCT_TITLE), Iri(RDFS_LABEL))
_PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("dct", "rdfs", "skos"))


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/id/…`, `/graph/…` and `/ontology`."""
    routes = APIRouter()
    iris = Iris(settings.base)

    @routes.get("/id/{path:path}")
    def resource(request: Request, path: str) -> Response:
        """Describes a thing: 303 to the document that the client likes best; the document itself by suffix."""
        path, target = _split(path)
        iri = f"{iris.base}id/{path}"
        snapshot = store.snapshot()
        if target is None:
            if not snapshot.ask(f"ASK {{ {{ <{iri}> ?p ?o }} UNION {{ ?s ?p <{iri}> }} }}"):
                raise _unknown(iri)
            chosen = best(request.headers.get("accept"), _OFFERS)
            headers = {"Location": f"/id/{path}.{chosen.suffix}", "Vary": "Accept"}
            return Response(status_code=303, headers=headers)
        rows = _description(snapshot, iri)
        if not rows:
            raise _unknown(iri)
        body = _thing_page(iri, rows, iris.base) if target == HTML else convert(_lines(rows), target)
        return respond(request, body, target, _links(f"/id/{path}", target))

    @routes.get("/graph/{path:path}")
    def graph(request: Request, path: str) -> Response:
        """Sends a named graph whole (Graph Store HTTP Protocol, direct identification, read only)."""
        path, target = _split(path)
        return _whole(request, store.snapshot(), settings.base, f"graph/{path}", target)

    @routes.get("/ontology")
    def ontology(request: Request) -> Response:
        """Sends the ontology in the format that the client likes best."""
        return _whole(request, store.snapshot(), settings.base, "ontology", None)

    @routes.get("/ontology.{suffix}")
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


def _links(path: str, target: Format) -> dict[str, str]:
    others = (form for form in _OFFERS if form != target)
    links = ", ".join(f'<{path}.{form.suffix}>; rel="alternate"; type="{form.media_type}"' for form in others)
    return {"Content-Location": f"{path}.{target.suffix}", "Link": links}


def _description(store: Store, iri: str) -> Rows:
    """Returns triples: the statements about a thing, what points at it, and labels of all that these name."""
    about = store.select(f"""SELECT DISTINCT ?s ?p ?o {{
      {{ BIND(<{iri}> AS ?s) ?s ?p ?o }}
      UNION {{ SELECT ?s ?p ?o {{ BIND(<{iri}> AS ?o) ?s ?p ?o }} ORDER BY ?s ?p LIMIT {_INCOMING} }} }}""")
    named = sorted({value.n3() for row in about for value in row if isinstance(value, Iri)})
    labels = store.select(f"""{_PROLOGUE}SELECT DISTINCT ?s ?p ?o {{
      VALUES ?s {{ {" ".join(named)} }} VALUES ?p {{ skos:prefLabel dct:title rdfs:label }} ?s ?p ?o }}""")
    return Rows(about.variables, tuple(dict.fromkeys((*about, *labels))))


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
