"""What the shapes say: the reports of the current version under `/validation/`, and the shapes themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response
from pydantic import Field, TypeAdapter

from api import pages
from api.errors import Problem
from api.negotiate import HTML, JSON, best, by_suffix, documented, links, respond
from api.parameters import Parameters, described, read
from api.report_page import report_page
from api.settings import Settings
from api.validate import report_rdf, source_texts
from ingest import validation
from ontology import terms
from ontology.iris import Iris
from shapes.report import Result
from store.base import Iri, Store
from store.formats import DATASET_FORMATS, JSON_LD, N_TRIPLES, TURTLE, Format, convert

_REPORT = (TURTLE, JSON_LD, N_TRIPLES, JSON, HTML)
_SHAPES = (*DATASET_FORMATS, HTML)
_EXAMPLE = "notice/2b3610a6bd83ddcc"
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Judged:
    """A graph of which the shapes had something to say: how much, and where the report is."""

    graph: str
    violations: int
    others: int
    href: str


@dataclass(frozen=True, slots=True)
class Judgements:
    """The graphs of which the shapes had something to say.

    Attributes:
        conforms: Whether no graph has a violation.
        judged: How many graphs were judged.
        items: A page of them.
        total: How many they are.
        next: Where the next page is; None at the end.
    """

    conforms: bool
    judged: int
    items: list[Judged]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the shapes say of one graph; nodes and values in N-Triples syntax."""

    graph: str
    conforms: bool
    focusNodes: int  # noqa: N815 - as it is written
    results: tuple[Result, ...]


class Page(Parameters):
    """A page of the list of reports."""

    after: str = Field("", description="IRI of the last graph that was seen")
    limit: int = Field(_MOST, ge=1, le=_MOST, description="How many graphs")


_JUDGEMENTS, _JUDGEMENT = TypeAdapter(Judgements), TypeAdapter(Judgement)
_PROLOGUE = "".join(f"PREFIX {name}: <{terms.PREFIXES[name]}>\n" for name in ("rdfs", "sh"))


def router(settings: Settings, store: Store) -> APIRouter:
    """Returns the routes of `/validation/` and `/shapes`."""
    routes = APIRouter()
    _add_reports(routes, Iris(settings.base), store)
    _add_shapes(routes, Iris(settings.base), store)
    return routes


def _add_reports(routes: APIRouter, iris: Iris, store: Store) -> None:
    @routes.get("/validation/", responses=documented(HTML, model=Judgements), openapi_extra=described(Page))
    def listed(request: Request) -> Response:
        """Lists the graphs of which the shapes had something to say."""
        given = read(Page, request)
        version = store.snapshot().version
        lines = list(validation.reports(version)) if version else []
        told = [line for line in lines if line.violations + line.others and line.graph > given.after]
        shown = told[: given.limit]
        if best(request.headers.get("accept"), (JSON, HTML)) == HTML:
            return respond(request, _list_page(shown, len(lines), len(told), iris.base), HTML)
        found = Judgements(
            conforms=not any(line.violations for line in lines),
            judged=len(lines),
            items=[Judged(line.graph, line.violations, line.others, _href(line.graph, iris.base)) for line in shown],
            total=len(told),
            next=f"/validation/?after={shown[-1].graph}" if len(told) > len(shown) else None,
        )
        return respond(request, _JUDGEMENTS.dump_json(found), JSON)

    @routes.get("/validation/{path:path}", responses=documented(*_REPORT[:3], HTML, model=Judgement))
    def reported(request: Request, path: Annotated[str, PathParameter(examples=[_EXAMPLE])]) -> Response:
        """Sends the report on `/graph/{path}` (SHACL, section 3.6.1), or on all notices together: `across`."""
        path, target = _chosen(request, path, _REPORT)
        snapshot = store.snapshot()
        graph = path if path == validation.ACROSS else f"{iris.base}graph/{path}"
        report = validation.report(snapshot.version, graph) if snapshot.version else None
        if report is None:
            raise Problem(404, "not-found", f"the current version has no report on <{graph}>; /validation/ lists some")
        if target == JSON:
            body = _JUDGEMENT.dump_json(Judgement(graph, report.conforms, report.focus_nodes, report.results))
        elif target == HTML:
            texts = source_texts(snapshot, graph) if ":" in graph else []
            body = report_page("校验报告 · Validation report", [(graph, report, texts)], iris.base)
        else:
            body = report_rdf(report, target.name).encode()
        return respond(request, body, target, links(f"/validation/{path}", target, _REPORT))


def _add_shapes(routes: APIRouter, iris: Iris, store: Store) -> None:
    @routes.get("/shapes", responses=documented(*_SHAPES))
    def shapes(request: Request) -> Response:
        """Sends the shapes, or a page of them for people."""
        return sent(request, "shapes")

    @routes.get("/shapes.{suffix}", responses=documented(*_SHAPES))
    def shapes_document(request: Request, suffix: Annotated[str, PathParameter(examples=["ttl"])]) -> Response:
        """Sends the shapes in the format of the suffix."""
        return sent(request, f"shapes.{suffix}")

    def sent(request: Request, path: str) -> Response:
        _, target = _chosen(request, path, _SHAPES)
        snapshot = store.snapshot()
        lines = list(snapshot.nquads(iris.graph("shapes")))
        if not lines:
            raise Problem(404, "not-found", "no shapes are published in this store")
        body = _page(snapshot, iris.graph("shapes")) if target == HTML else convert(lines, target)
        return respond(request, body, target, links("/shapes", target, _SHAPES))


def _list_page(shown: Sequence[validation.Line], judged: int, total: int, base: str) -> bytes:
    rows = [
        (pages.link(_href(line.graph, base), escape(line.graph)), str(line.violations), str(line.others))
        for line in shown
    ]
    about = f"<p>{judged} judged, {total} with results, {len(shown)} shown</p>"
    return pages.page(
        "校验 · Validation", about + pages.table(("图 · graph", "violations", "warnings and infos"), rows)
    )


def _href(graph: str, base: str) -> str:
    return f"/validation/{graph.removeprefix(f'{base}graph/')}"


def _chosen(request: Request, path: str, offers: Sequence[Format]) -> tuple[str, Format]:
    """Takes a suffix off a path, or else lets the Accept header choose; raises a 404 for one that is not known."""
    path, target = by_suffix(path, offers)
    if "." in path:
        raise Problem(404, "not-found", f"no format here has the suffix .{path.rpartition('.')[2]}")
    return path, target or best(request.headers.get("accept"), offers)


def _page(store: Store, graph: str) -> bytes:
    """Returns the shapes that say something, each under its name."""
    rows = store.select(f"""{_PROLOGUE}SELECT ?shape (SAMPLE(?zh) AS ?labelZh) (SAMPLE(?en) AS ?labelEn)
        (SAMPLE(?of) AS ?judges) (SAMPLE(?level) AS ?severity)
        (SAMPLE(?sayZh) AS ?messageZh) (SAMPLE(?sayEn) AS ?messageEn)
      {{ GRAPH <{graph}> {{ ?shape sh:severity ?level ; sh:message ?sayZh , ?sayEn
          FILTER(LANG(?sayZh) = "zh" && LANG(?sayEn) = "en")
          OPTIONAL {{ ?shape rdfs:label ?zh FILTER(LANG(?zh) = "zh") }}
          OPTIONAL {{ ?shape rdfs:label ?en FILTER(LANG(?en) = "en") }}
          OPTIONAL {{ ?shape sh:path|sh:targetClass|sh:targetSubjectsOf ?of }} }} }} GROUP BY ?shape ORDER BY ?shape""")
    cells = []
    for shape, *values in rows:
        name = (shape.value if isinstance(shape, Iri) else "").removeprefix(str(terms.NGSH))
        cells.append((f'<span id="{escape(name)}">{escape(name)}</span>', *map(pages.term, values)))
    heads = ("形状 · shape", "名称", "label", "判断 · judges", "级别 · severity", "说明", "message")
    body = pages.formats(graph, "/shapes", DATASET_FORMATS) + pages.table(heads, cells)
    return pages.page("形状 · Shapes", body)
