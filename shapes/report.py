"""What a validation found, as plain frozen values: for people a line a result, for programs JSON and RDF."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ontology import terms
from ontology.terms import literal

_QUOTE = 40
_VALUE = 120
_LABEL = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the source's text a node stands.

    Attributes:
        start: First code point; None where the node has none.
        end: The code point after the last; None likewise.
        quote: The words there.
    """

    start: int | None
    end: int | None
    quote: str

    def __str__(self) -> str:
        """Returns `118–131 “words”`, long words cut."""
        words = self.quote if len(self.quote) <= _QUOTE else f"{self.quote[:_QUOTE]}…"
        span = "" if self.start is None or self.end is None else f"{self.start}–{self.end} "
        return f"{span}“{words}”"


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result (SHACL, section 3.6.2); nodes and values in N-Triples syntax.

    Attributes:
        severity: `Violation`, `Warning` or `Info`.
        focus_node: The node that was judged; empty where the result is about the data as a whole.
        path: The predicate that the result is about; None for the node itself.
        value: The value that is at fault; None where one is missing.
        component: Local name of the constraint component, such as `MinCountConstraintComponent`.
        source_shape: IRI of the shape, or the label of its blank node.
        message_zh: Why, in Chinese.
        message_en: Why, in English.
        place: Where in the text the focus node, else the value stands; None where neither stands anywhere.
    """

    severity: str
    focus_node: str
    path: str | None
    value: str | None
    component: str
    source_shape: str
    message_zh: str
    message_en: str
    place: Place | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What two reports must agree on."""
        return self.severity, self.focus_node, self.path, self.value, self.component, self.source_shape

    def __str__(self) -> str:
        """Returns one line: severity, where, why in both languages, the value, the words, the shape."""
        where = ", ".join(short(term) for term in (self.focus_node, self.path) if term)
        parts = [f"{self.severity}: ", f"{where}: " if where else "", f"{self.message_en}（{self.message_zh}）"]
        if self.value is not None and self.value != self.focus_node:
            parts.append(f"; value {short(self.value)}")
        if self.place is not None:
            parts.append(f"; at {self.place}")
        return "".join((*parts, f" [{short(self.shape)}]")).replace("\n", " ")

    @property
    def shape(self) -> str:
        """The shape as a term."""
        return f"<{self.source_shape}>" if ":" in self.source_shape else f"_:{self.source_shape}"

    def triples(self, label: str) -> Iterator[str]:
        """Yields the result as N-Triples lines about the blank node with this label."""
        node, sh = f"_:{label}", terms.SH
        said = {
            "focusNode": self.focus_node,
            "resultPath": self.path,
            "value": self.value,
            "resultSeverity": f"<{sh}{self.severity}>",
            "sourceConstraintComponent": f"<{sh}{self.component}>",
            "sourceShape": self.shape,
        }
        yield f"{node} <{terms.RDF.type}> <{sh}ValidationResult> ."
        yield from (f"{node} <{sh}{name}> {value} ." for name, value in said.items() if value)
        for message, language in ((self.message_zh, "zh"), (self.message_en, "en")):
            yield f"{node} <{sh}resultMessage> {literal(message, language)} ."


@dataclass(frozen=True, slots=True)
class Report:
    """What the shapes say of one set of data.

    Attributes:
        results: Violations first, then warnings and infos; each in the order of the nodes.
        focus_nodes: How many nodes were the target of a shape.
    """

    results: tuple[Result, ...]
    focus_nodes: int

    @property
    def conforms(self) -> bool:
        """Whether no result is a violation; warnings and infos are for people."""
        return not any(result.severity == "Violation" for result in self.results)

    def to_json(self) -> dict[str, object]:
        """Returns a value that `json.dumps` takes."""
        return {
            "conforms": self.conforms,
            "focusNodes": self.focus_nodes,
            "results": [asdict(result) for result in self.results],
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Report":
        """Reads what `to_json` wrote."""
        results = [{**one, "place": Place(**one["place"]) if one["place"] else None} for one in data["results"]]
        return Report(tuple(Result(**one) for one in results), data["focusNodes"])

    def to_ntriples(self) -> str:
        """Returns the report as an sh:ValidationReport in N-Triples; the same report gives the same text."""
        lines = [f"_:report <{terms.RDF.type}> <{terms.SH}ValidationReport> ."]
        conforms = f'"{str(not self.results).lower()}"^^<{terms.XSD.boolean}>'
        lines.append(f"_:report <{terms.SH}conforms> {conforms} .")
        for k, result in enumerate(self.results, 1):
            lines.append(f"_:report <{terms.SH}result> _:result{k} .")
            lines.extend(result.triples(f"result{k}"))
        return "".join(f"{line}\n" for line in lines)


def natural(term: object) -> list[tuple[int, str]]:
    """Orders as people count: `…/measure/2` before `…/measure/10`."""
    return [(len(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", str(term))]


def short(term: str) -> str:
    """Returns a term for people: an IRI with a known prefix, else from `id/` or `graph/` on; long ones are cut."""
    if not term.startswith("<"):
        most = _LABEL if term.startswith("_:") else _VALUE
        return term if len(term) <= most else f"{term[:most]}…"
    iri = term[1:-1]
    for prefix, namespace in sorted(terms.PREFIXES.items(), key=lambda known: -len(known[1])):
        local = iri.removeprefix(namespace)
        if local != iri and "/" not in local:
            return f"{prefix}:{local}"
    for folder in ("id", "graph"):
        _, found, tail = iri.rpartition(f"/{folder}/")
        if found:
            return f"{folder}/{tail}"
    return term
