"""What the store says of one thing: the statements of a document about it."""

from typing import Literal as Choice

from ontology.terms import DCT_TITLE, DENOTES, PREF_LABEL, PREFIXES, RDFS_LABEL, WITHIN
from store.base import Iri, Literal, Rows, Store

INCOMING = 200
"""How many statements of other things a document has at most."""
Profile = Choice["full", "brief", "labels"]
_LABELS = (Iri(PREF_LABEL), Iri(DCT_TITLE), Iri(RDFS_LABEL))
_PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("dct", "ng", "rdfs", "skos"))
_PARTS = (
    "ng:hasSection|ng:hasMeasure|ng:hasProvision"
    "|ng:hasProvision?/(ng:hasDeadline|ng:hasAmount|ng:hasCondition|ng:hasExclusion)"
)
_EVIDENCE = f"?p IN (<{DENOTES}>, <{WITHIN}>)"  # of what is named often, it would leave room for nothing else


def described(store: Store, iri: str, profile: Profile) -> Rows:
    """Returns the triples of a document about a thing; none where nothing is known.

    Args:
        store: What is asked.
        iri: The thing.
        profile: `full`: the statements about it and its parts (of a notice its sections and measures; of a measure
            its provisions, deadlines, amounts, conditions and exclusions), at most `INCOMING` that point at it, and
            labels of all that these name. `brief`: of these, the statements about it, and labels. `labels`: its own.
    """
    own = f"{{ BIND(<{iri}> AS ?s) ?s ?p ?o }}"
    if profile == "full":
        incoming = f"{{ BIND(<{iri}> AS ?o) ?s ?p ?o }} ORDER BY ({_EVIDENCE}) ?s ?p LIMIT {INCOMING}"
        own += f" UNION {{ <{iri}> {_PARTS} ?s . ?s ?p ?o }} UNION {{ SELECT ?s ?p ?o {incoming} }}"
    about = () if profile == "labels" else store.select(f"{_PROLOGUE}SELECT DISTINCT ?s ?p ?o {{ {own} }}").rows
    named = sorted({value.n3() for row in about for value in row if isinstance(value, Iri)} or {f"<{iri}>"})
    found = store.select(f"""{_PROLOGUE}SELECT DISTINCT ?s ?p ?o {{
      VALUES ?s {{ {" ".join(named)} }} ?s ?p ?o FILTER(?p IN (skos:prefLabel, dct:title, rdfs:label)) }}""")
    return Rows(found.variables, tuple(dict.fromkeys((*about, *found))))


def labels(rows: Rows) -> dict[str, str]:
    """Returns a label for each subject that has one, a Chinese one before others."""
    found = [
        (isinstance(value, Literal) and value.language == "zh", subject.value, value.value)
        for subject, predicate, value in rows
        if isinstance(subject, Iri) and isinstance(value, Literal) and predicate in _LABELS
    ]
    return {subject: label for _, subject, label in sorted(found)}
