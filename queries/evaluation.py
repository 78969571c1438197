"""Compares what a store says about notices with gold files: precision, recall and F1 by field.

Gold files follow the annotation guide: one JSON file a notice, matched by its `source` file name. Text is compared
without white space and with full-width forms folded; of concepts only the most specific count, on both sides.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontology import terms
from ontology.load import concepts
from store.base import Iri, Literal, Store

_NOTICES = f"""PREFIX ng: <{terms.NG}> SELECT DISTINCT ?notice ?name
{{ ?notice a ng:Notice ; ng:source/ng:fileName ?name }} ORDER BY ?notice"""
_PROLOGUE = " ".join(f"PREFIX {name}: <{terms.PREFIXES[name]}>" for name in ("dct", "ng", "org", "skos"))
_SPACE = re.compile(r"[\s\u200b\ufeff]+")
_WIDE = {0xFF10 + i: 0x30 + i for i in range(0x4B)}
_CJK = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”‘’]"
_BESIDE_CJK = re.compile(rf"(?<={_CJK})[,;:?!()]|[,;:?!()](?={_CJK})")
_MARKS = str.maketrans(",;:?!()", "，；：？！（）")
_DEADLINE_FIELDS = ("type", "start", "end", "duration", "previousDuration", "event", "offset", "count")
_NAMES = {"deadlineType": "type", "startDate": "start", "endDate": "end"}
# Where the fields of the gold files stand; see `_Graph.fields`.
_NOTICE = {
    "title": "dct:title",
    "documentNumber": "ng:documentNumber",
    "genre": "ng:genre/",
    "issuers": "*ng:issuedBy/skos:prefLabel",
    "addressees": "*ng:addressee",
    "issueDate": "ng:issueDate",
    "effectiveFrom": "ng:effectiveFrom",
    "effectiveUntil": "ng:effectiveUntil",
    "effectiveUntilEvent": "ng:effectiveUntilEvent/",
    "cites": "*ng:cites/dct:title",
}
_MEASURE = {
    "number": "ng:number",
    "section": "ng:inSection/ng:number",
    "sectionTitle": "ng:inSection/dct:title",
    "title": "dct:title",
    "text": "ng:text",
    "instruments": "*ng:usesInstrument/",
    "targets": "*ng:targets/",
    "domains": "*ng:domain/",
    "cites": "*ng:cites/dct:title",
}
_SCHEMES = {"instruments": "instrument", "targets": "target", "domains": "domain"}

Fact = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How often a field's facts were right: in both, in the graph alone, in the gold alone."""

    right: int
    extra: int
    missing: int

    @property
    def precision(self) -> float:
        """Right among those stated; 1 where none is stated."""
        return self.right / (self.right + self.extra) if self.right + self.extra else 1.0

    @property
    def recall(self) -> float:
        """Right among those that should be stated; 1 where there is none."""
        return self.right / (self.right + self.missing) if self.right + self.missing else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = 2 * self.right + self.extra + self.missing
        return 2 * self.right / both if both else 1.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores by field, and the facts that differ: (`missing` or `extra`, file, field, fact)."""

    scores: dict[str, Score]
    errors: tuple[tuple[str, str, str, Fact], ...]


def evaluate(store: Store, gold_dir: Path) -> Evaluation:
    """Compares the notices of `store` with the gold files of a folder; a gold notice that is not there counts as empty.

    Raises:
        OSError: The folder cannot be read.
        ValueError: It holds no gold file, or one that is no JSON of the guide's form.
    """
    paths = sorted(gold_dir.glob("*.json"))
    if not paths:
        raise ValueError(f"{gold_dir} holds no gold files (*.json)")
    notices = {_value(name): _value(notice) for notice, name in store.select(_NOTICES)}
    tally: dict[str, list[int]] = {}
    errors = []
    for path in paths:
        gold = _gold(path)
        notice = notices.get(gold["source"])
        stated = Counter(_facts(_Graph(store).notice(notice))) if notice else Counter()
        wanted = Counter(_facts(gold))
        unscored = set(gold.get("unscored", ()))
        for field, fact in sorted(set(stated) | set(wanted), key=str):
            if field in unscored:
                continue
            g, s = wanted[field, fact], stated[field, fact]
            counts = tally.setdefault(field, [0, 0, 0])
            for i, n in enumerate((min(g, s), max(0, s - g), max(0, g - s))):
                counts[i] += n
            if g != s:
                errors.append(("missing" if g > s else "extra", path.stem, field, fact))
    return Evaluation({field: Score(*counts) for field, counts in sorted(tally.items())}, tuple(errors))


def _gold(path: Path) -> dict[str, Any]:
    try:
        gold: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not {"source", "notice", "measures"} <= set(gold):
        raise ValueError(f"{path} is no gold file: it needs source, notice and measures")
    return gold


def _value(term: object) -> str:
    if not isinstance(term, Iri | Literal):
        raise TypeError(f"a term was expected, not {term!r}")
    return term.value


class _Graph:
    """Reads notices from a store in the form of the gold files, by the contract's names."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def values(self, subject: str, path: str) -> list[str]:
        rows = self.store.select(f"{_PROLOGUE} SELECT DISTINCT ?v {{ {Iri(subject).n3()} {path} ?v }}")
        return sorted(_value(row[0]) for row in rows)

    def fields(self, subject: str, paths: Mapping[str, str]) -> dict[str, Any]:
        """Reads fields by their paths: `*` before a path is for all values, `/` behind it for ids in place of IRIs."""
        read: dict[str, Any] = {}
        for field, path in paths.items():
            found = self.values(subject, path.strip("*/"))
            found = [value.rsplit("/", 1)[-1] for value in found] if path.endswith("/") else found
            read[field] = found if path.startswith("*") else next(iter(found), None)
        return read

    def notice(self, notice: str) -> dict[str, Any]:
        measures = map(self.measure, self.values(notice, "ng:hasMeasure"))
        return {"notice": self.fields(notice, _NOTICE), "measures": list(measures)}

    def measure(self, measure: str) -> dict[str, Any]:
        return {
            **self.fields(measure, _MEASURE),
            "responsible": [self.body(agency) for agency in self.values(measure, "ng:responsible")],
            "deadlines": [self.deadline(deadline) for deadline in self.values(measure, "ng:hasDeadline")],
        }

    def body(self, agency: str) -> dict[str, str | None]:
        read = self.fields(agency, {"unit": "skos:prefLabel", "agency": "org:unitOf/skos:prefLabel"})
        return read if read["agency"] else {"agency": read["unit"], "unit": None}

    def deadline(self, deadline: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for predicate, value in self.store.select(f"SELECT ?p ?o {{ {Iri(deadline).n3()} ?p ?o }}"):
            name = _value(predicate).removeprefix(str(terms.NG))
            found[_NAMES.get(name, name)] = _value(value)
        for field in ("type", "event"):
            if field in found:
                found[field] = found[field].rsplit("/", 1)[-1]
        return found


def _fold(text: str | None) -> str:
    return _BESIDE_CJK.sub(lambda m: m[0].translate(_MARKS), _SPACE.sub("", text or "").translate(_WIDE))


def _facts(document: dict[str, Any]) -> Iterator[tuple[str, Fact]]:
    notice = document["notice"]
    for field, value in notice.items():
        for one in value if isinstance(value, list) else [value] if value else []:
            yield f"notice.{field}", (_fold(str(one)),)
    for measure in document["measures"]:
        yield from _measure_facts(measure)


def _measure_facts(measure: dict[str, Any]) -> Iterator[tuple[str, Fact]]:
    key = (_fold(measure.get("section")), _fold(measure["number"]))
    yield "measure.found", key
    yield "measure.text", (*key, _fold(measure["text"]))
    for field, name in (("title", "title"), ("sectionTitle", "section")):
        if measure.get(field):
            yield f"measure.{name}", (*key, _fold(measure[field]))
    for body in measure.get("responsible") or ():
        agency, unit = (body["agency"] or "", body["unit"]) if body.get("unit") else ("", body["agency"])
        yield "measure.responsible", (*key, _fold(agency), _fold(unit))
    for field, scheme in _SCHEMES.items():
        for concept in sorted(_most_specific(scheme, set(measure.get(field) or ()))):
            yield f"measure.{field}", (*key, concept)
    for deadline in sorted({_deadline(d) for d in measure.get("deadlines") or ()}):
        yield "measure.deadlines", (*key, *deadline)
    for title in sorted({_fold(title) for title in measure.get("cites") or ()}):
        yield "measure.cites", (*key, title)


def _deadline(deadline: dict[str, Any]) -> Fact:
    fields = [f"{name}={deadline[name]}" for name in _DEADLINE_FIELDS if deadline.get(name) not in (None, "")]
    return (*fields, *(["workingDays"] if deadline.get("workingDays") in (True, "true", "1") else []))


def _most_specific(scheme: str, found: set[str]) -> set[str]:
    parents = {concept.id: concept.parent for concept in concepts(scheme)}
    ancestors = set()
    for concept in found:
        above = parents.get(concept)
        while above:
            ancestors.add(above)
            above = parents.get(above)
    return found - ancestors
