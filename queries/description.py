"""What the store says of one thing: the statements of a document about it."""

from collections.abc import Iterable
from typing import Literal as Choice

from ontology.terms import DCT, NG, PREFIXES, RDFS, SKOS
from shapes.report import natural
from store.base import Iri, Literal, Rows, Store, Term

INCOMING = 200
"""How many statements of other things a document has at most."""
Profile = Choice["full", "brief", "labels"]
_LABELS = (Iri(SKOS.prefLabel), Iri(DCT.title), Iri(RDFS.label))
_WORDS = (Iri(NG.text), Iri(NG.quote))
_EXCERPT = 80
_PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("dct", "ng", "rdfs", "skos"))
_PARTS = (
    "ng:hasSection|ng:hasMeasure|ng:hasProvision"
    "|ng:hasProvision?/(ng:hasDeadline|ng:hasAmount|ng:hasCondition|ng:hasExclusion)"
)
_EVIDENCE = f"(<{NG.denotes}>, <{NG.within}>)"
_PLACES = 50  # of `INCOMING`: of what is named often, they would leave room for nothing else


def described(store: Store, iri: str, profile: Profile) -> Rows:
    """Returns the triples of a document about a thing; none where nothing is known.

    Args:
        store: What is asked.
        iri: The thing.
        profile: `full`: the statements about it and its parts (of a notice its sections and measures; of a measure
            its provisions, deadlines, amounts, conditions and exclusions), at most `INCOMING` that point at it, places
            in the text least, and labels of all that these name. `brief`: of these, the statements about it, and
            labels. `labels`: its own.
    """
    own = f"{{ BIND(<{iri}> AS ?s) ?s ?p ?o }}"
    if profile == "full":
        # In no order: to sort a hundred thousand takes seconds, and a version has them in an order of its own.
        incoming = f"{{ SELECT ?s ?p ?o {{ BIND(<{iri}> AS ?o) ?s ?p ?o FILTER(?p"
        own += f" UNION {{ <{iri}> {_PARTS} ?s . ?s ?p ?o }}"
        own += f" UNION {incoming} NOT IN {_EVIDENCE}) }} LIMIT {INCOMING - _PLACES} }}"
        own += f" UNION {incoming} IN {_EVIDENCE}) }} LIMIT {_PLACES} }}"
    about = () if profile == "labels" else store.select(f"{_PROLOGUE}SELECT DISTINCT ?s ?p ?o {{ {own} }}").rows
    named = sorted({value.n3() for row in about for value in row if isinstance(value, Iri)} or {f"<{iri}>"})
    found = store.select(f"""{_PROLOGUE}SELECT DISTINCT ?s ?p ?o {{
      VALUES ?s {{ {" ".join(named)} }} ?s ?p ?o FILTER(?p IN (skos:prefLabel, dct:title, rdfs:label)) }}""")
    return Rows(found.variables, tuple(dict.fromkeys((*about, *found))))


def labels(rows: Rows) -> dict[str, str]:
    """Returns for each subject a label, a Chinese one before others, else the words of the text that it stands for."""
    found = []
    for subject, predicate, value in rows:
        if isinstance(subject, Iri) and isinstance(value, Literal):
            if predicate in _LABELS:
                found.append((1 + (value.language == "zh"), subject.value, value.value))
            elif predicate in _WORDS:
                found.append((0, subject.value, value.value[:_EXCERPT] + "…" * (len(value.value) > _EXCERPT)))
    return {subject: label for _, subject, label in sorted(found)}


def ordered(rows: Iterable[tuple[Term | None, ...]]) -> list[tuple[Term | None, ...]]:
    """Sorts triples as people count: measure/2 before measure/10."""
    return sorted(rows, key=lambda row: [natural("" if term is None else term.n3()) for term in row])
