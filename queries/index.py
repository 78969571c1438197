"""The index of a version: its adjacency and its text index, made when it is published, or when it is first asked."""

import atexit
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from ontology import terms
from queries import neighbourhood, paths
from queries.catalogue import question
from store import arrays, search, versions
from store.adjacency import LANGUAGES, Adjacency
from store.arrays import local_name
from store.base import Rows, Store, Writer
from store.dumps import union
from store.search import LAST_DAY, Document, TextIndex

PART = "index-2"  # Another name when what stands in it changes: a version that has the old one gets a new one.
KINDS = (
    *("Notice", "Measure", "Provision", "Deadline", "Agency", "CitedDocument"),
    *("Instrument", "TargetEntity", "Domain", "AdministrativeDivision", "Event"),
)
_MOST = 3
_SEARCHED = {"title", "altLabel", "text", "quote", "number", "documentNumber", "notation", "addressee"}
_TEXTS = "text"


@dataclass(frozen=True, slots=True)
class Index:
    """What answers without the store: the graph of nodes, and the items that can be listed and searched.

    Attributes:
        version: Name of the version; empty where there is none.
        graph: Nodes and links.
        items: Items by text, facet and date.
    """

    version: str
    graph: Adjacency
    items: TextIndex


@dataclass(frozen=True, slots=True)
class _Validity:
    """When something holds, dates as `2020-02-10`; `open` where the start or the end waits for what is not known."""

    begin: str = ""
    end: str = ""
    open: bool = False


def make_index(draft: Path, writer: Writer) -> None:
    """Makes the part `index` of a version: what `store.oxigraph.publish` takes as a part.

    Raises:
        StoreError: There are too many nodes for an index.
        OSError: It cannot be written.
    """
    _write(writer, versions.part(draft, PART))


def ready(store: Store) -> Index | None:
    """Returns what `index_of` does where that need be neither made nor opened, else None."""
    found = _KEPT.get(store.version or store)
    return found[0] if found else None


def index_of(store: Store) -> Index:
    """Returns the index of what a snapshot shows.

    Where the version has none, or there are no versions (a remote store, files), it is made now in a temporary folder;
    so a change on a server is seen when this process starts anew.

    Raises:
        StoreError: It cannot be read or made.
    """
    key = store.version or store
    with _LOCK:
        if key not in _KEPT:
            while len(_KEPT) >= _MOST:
                _KEPT.pop(next(iter(_KEPT)))[1].close()
            with ExitStack() as stack:
                _KEPT[key] = _found(store, stack), stack.pop_all()
        return _KEPT[key][0]


_KEPT: dict[Path | Store, tuple[Index, ExitStack]] = {}
_LOCK = Lock()


@atexit.register
def _forget() -> None:
    for _, stack in _KEPT.values():
        stack.close()


def _found(store: Store, stack: ExitStack) -> Index:
    version = store.version
    if version is not None and versions.part(version, PART).is_dir():
        return _opened(versions.part(version, PART), version.name)
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="noticegraph-")), PART)
    _write(store, folder)
    return _opened(folder, version.name if version else "")


def _opened(folder: Path, version: str) -> Index:
    return Index(version, Adjacency(folder), TextIndex(folder / _TEXTS))


def _write(store: Store, folder: Path) -> None:
    (folder / _TEXTS).mkdir(parents=True)
    arrays.write(union(store), folder, neighbourhood.READING)
    graph = Adjacency(folder)
    arrays.write_first(neighbourhood.first(graph), folder)
    for language in LANGUAGES:
        arrays.write_text(folder, f"{arrays.EDGES}.{language}", graph.written_edges(language))
    nodes = [(node, kind) for kind in KINDS for node in instances(graph, terms.NG[kind])]
    labels = sorted((node for node, _ in nodes), key=lambda node: (graph.label(node, "zh"), node))
    search.write(_documents(store, graph, sorted(nodes)), labels, folder / _TEXTS, ("kind", *paths.names()))


def instances(graph: Adjacency, kind: str) -> list[int]:
    """Returns the nodes of a class, by its IRI."""
    node, a = graph.find(kind), graph.predicate(terms.RDF.type)
    return [] if node is None or a is None else graph.follow(node, a, forward=False)


def _documents(store: Store, graph: Adjacency, nodes: Iterable[tuple[int, str]]) -> Iterator[Document]:
    validity = {**_in_force(store), **_resolved(store)}
    notices = instances(graph, terms.NG.Notice)
    issued = {graph.iri(node): min(_values(graph, node).get("issueDate", [""])) for node in notices}
    for node, kind in nodes:
        yield _document(graph, node, kind, validity, issued)


def _values(graph: Adjacency, node: int) -> dict[str, list[str]]:
    """Returns the literals of a node by the local name of their predicate; of labels those in Chinese."""
    found: dict[str, list[str]] = {}
    for predicate, value in graph.literals(node):
        if value.language != "en":
            found.setdefault(local_name(predicate), []).append(value.value)
    return found


def _document(
    graph: Adjacency, node: int, kind: str, validity: Mapping[str, _Validity], issued: Mapping[str, str]
) -> Document:
    values = {name: "\n".join(found) for name, found in _values(graph, node).items()}
    iri = graph.iri(node)
    notice = iri if kind == "Notice" else iri.rpartition(f"/{kind.lower()}/")[0]
    date = issued.get(notice, "")
    held = validity.get(iri, _Validity(values.get("startDate", date), values.get("endDate", "")))
    date = held.end if kind == "Deadline" else date
    facets = {name: found for name, found in paths.facet_values(graph, node, kind, shown=False).items() if found}
    stored = {"date": date, "begin": held.begin, "end": held.end, "open": held.open, "values": values}
    return Document(
        node=node,
        label=graph.label(node, "zh"),
        texts=tuple(text for name, text in values.items() if name in _SEARCHED),
        facets={"kind": [graph.type(node)], **facets},
        degree=graph.degree(node),
        date=day(date) or 0,
        begin=day(held.begin) or 0,
        until=day(held.end) or LAST_DAY,
        stored=json.dumps(stored, ensure_ascii=False),
        english=graph.label(node, "en"),
    )


def day(date: str) -> int | None:
    """Returns a date of xsd:date as the number yyyymmdd, None for the empty string."""
    return int(date[:10].replace("-", "")) if date else None


def _in_force(store: Store) -> dict[str, _Validity]:
    """Returns when notices and their measures hold, as the catalogue's question says it."""
    found: dict[str, _Validity] = {}
    for row in _named(store.select(question("measures/in-force-on").text)):
        held = _Validity(row["from"], row["until"], row["open"] == "true")
        found[row["notice"]] = found[row["measure"]] = held
    return found


def _resolved(store: Store) -> dict[str, _Validity]:
    """Returns when deadlines that count from an event end; open where the event has no date yet."""
    ends = {
        (row["measure"], row["event"], row["offset"], row["quote"]): (row["eventDate"], row["end"])
        for row in _named(store.select(question("deadlines/resolved").text))
    }
    found: dict[str, _Validity] = {}
    rows = store.select(
        f"SELECT ?deadline ?measure ?event ?offset ?quote ?end {{ ?measure a <{terms.NG.Measure}> ; "
        f"<{terms.NG.hasDeadline}> ?deadline . ?deadline <{terms.NG.event}> ?event ; <{terms.NG.quote}> ?quote . "
        f"OPTIONAL {{ ?deadline <{terms.NG.offset}> ?offset }} OPTIONAL {{ ?deadline <{terms.NG.endDate}> ?end }} }}"
    )
    for row in _named(rows):
        began, end = ends.get((row["measure"], row["event"], row["offset"], row["quote"]), ("", ""))
        end = row["end"] or end
        found[row["deadline"]] = _Validity(began, end, not end)
    return found


def _named(rows: Rows) -> Iterator[dict[str, str]]:
    """Yields rows as texts by the name of the variable; empty where it is not bound."""
    for row in rows:
        yield dict(zip(rows.variables, ["" if value is None else value.value for value in row], strict=True))
