"""Measures beside each other: those like a given one elsewhere, and those of several divisions in one table."""

from dataclasses import dataclass, replace

from ontology.terms import NG
from queries import paths
from queries.index import Index
from queries.lists import Asked, Item, Items, Reference, item, known, listed, reference
from queries.paths import Step
from store.search import Wanted

_SEAT = (Step(NG.hasMeasure, False, False), Step(NG.issuedBy, True, False), Step(NG.jurisdiction, True, False))


@dataclass(frozen=True, slots=True)
class Cell:
    """The measures of one division in one row of a comparison: how many, and the newest of them."""

    total: int
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Row:
    """An instrument, and what each division does with it or a narrower one, in the order of the divisions."""

    instrument: Reference
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Divisions beside each other, an instrument a row; instruments that none of them uses are left out."""

    divisions: list[Reference]
    rows: list[Row]


def similar(index: Index, measure: str, limit: int, language: str) -> Items | None:
    """Returns measures of other divisions that use one of a measure's instruments for one of its targets.

    Those that share more come first, and of these those that share what is rarer. None where there is no such measure.

    Args:
        index: What is asked.
        measure: IRI of the measure.
        limit: How many at most.
        language: `zh` or `en`, of labels.
    """
    graph, node = index.graph, index.graph.find(measure)
    if node is None:
        return None
    shared = [
        (facet, frozenset(paths.reached(graph, node, (Step(predicate, True, False),))))
        for facet, predicate in (("instrument", NG.usesInstrument), ("target", NG.targets))
    ]
    kind = frozenset([graph.type(node)])
    seats = frozenset(paths.reached(graph, node, _SEAT))
    asked = Wanted(facets=(("kind", kind), *shared), without=(("division", seats),) if seats else ())
    found = index.items.search(asked, "relevance", 0, limit)
    return Items([item(index, other, stored, language) for other, stored in found.hits], found.total, None, {})


def compared(index: Index, divisions: list[str], asked: Asked) -> Comparison:
    """Returns the measures of divisions side by side, a row for each instrument, what most of them use first.

    Args:
        index: What is asked.
        divisions: Their ids or IRIs.
        asked: Further filters, and how many measures a cell shows.

    Raises:
        UnknownError: A filter names what is not known.
    """
    asked = replace(asked, kinds=("Measure",), buckets=500)
    columns = [{**asked.filters, "division": [division]} for division in divisions]
    used: dict[str, None] = {}
    for filters in columns:
        pages = listed(index, replace(asked, filters=filters, limit=1))
        used.update(dict.fromkeys(bucket.id for bucket in pages.facets.get("instrument", ())))
    if given := asked.filters.get("instrument"):
        tops = {known(index, "instrument", value, asked.base) for value in given}
        used = {iri: None for iri in used if tops & _broader(index, iri)}
    rows = []
    for iri in sorted(used):
        cells = [
            listed(index, replace(asked, filters={**filters, "instrument": [iri]}, buckets=0)) for filters in columns
        ]
        row = [Cell(page.total, page.items) for page in cells]
        rows.append(Row(reference(index, known(index, "instrument", iri, asked.base), asked.language), row))
    # What most of them do comes first, for that is what one compares.
    rows.sort(key=lambda row: (-sum(cell.total > 0 for cell in row.cells), -sum(cell.total for cell in row.cells)))
    places = [reference(index, known(index, "division", place, asked.base), asked.language) for place in divisions]
    return Comparison(places, rows)


def _broader(index: Index, iri: str) -> set[int]:
    (path,) = [facet.path for facet in paths.facets() if (facet.kind, facet.name) == ("Instrument", "instrument")]
    node = index.graph.find(iri)
    return set() if node is None else set(paths.reached(index.graph, node, path))
