"""What is made from the code and kept in files: the JSON-LD context, and the document behind the TypeScript client.

`python -m tests.generated` with `context`, `openapi` or `mark` prints them; `make generated` and `make client` put them
where they belong.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from rdflib import DCTERMS, OWL, RDF, RDFS, SH, XSD, Graph, Namespace, URIRef

from api.app import create_app
from api.settings import Settings
from ontology import terms
from store.oxigraph import memory

ROOT = Path(__file__).parent.parent
SCHEMA = Namespace(str(terms.SCHEMA))
# Of two terms with one local name the first has it; the other is written with its prefix.
NAMED = ("ng", "skos", "rdfs", "dct", "org", "prov")
PREFIXES = {name: terms.PREFIXES[name] for name in (*NAMED, "xsd")}
TYPE = {"@id": "@type", "@container": "@set"}
KEYWORDS = {"@version": 1.1, "id": "@id", "type": TYPE, "reverse": "@reverse", "included": "@included"}
NOT_NATIVE = {XSD.date, XSD.decimal, URIRef(terms.NG.PrintedDuration)}  # JSON has no such values of its own
IN_CHINESE = {DCTERMS.title}  # of notices and their parts, the contract's


def context() -> dict[str, Any]:
    """Returns the context that ontology and shapes give.

    A property has an array unless a shape says that it is had once; a map by language where a shape lets there be
    English, else strings in Chinese; links are objects, whether or not a document says more of where they lead.
    """
    ontology, shapes = Graph(), Graph()
    for name in ("core.ttl", "alignment.ttl"):
        ontology.parse(ROOT / "ontology" / name)
    for file in sorted((ROOT / "shapes").glob("*.ttl")):
        shapes.parse(file)
    ontology.add((RDFS.label, RDF.type, OWL.AnnotationProperty))
    found: dict[str, Any] = {**KEYWORDS, **PREFIXES}
    for prefix in NAMED:
        for iri in sorted(map(str, set(ontology.subjects(RDF.type)))):
            local = iri.removeprefix(PREFIXES[prefix])
            if local != iri and local not in found:
                found[local] = term(f"{prefix}:{local}", URIRef(iri), ontology, shapes)
    return {"@context": found}


def context_text() -> str:
    """Returns the context as its file has it, a term a line."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(means)}" for name, means in context()["@context"].items())
    return f'{{"@context": {{\n{lines}\n}}}}\n'


def term(name: str, iri: URIRef, ontology: Graph, shapes: Graph) -> str | dict[str, Any]:
    """Returns the definition of a term."""
    if {OWL.Class, RDFS.Datatype} & set(ontology.objects(iri, RDF.type)):
        return name
    constraints = list(shapes.subjects(SH.path, iri))
    once = any(
        (shape, SH.uniqueLang, None) in shapes or any(int(most) < 2 for most in shapes.objects(shape, SH.maxCount))
        for shape in constraints
    )
    tongues = {
        str(tongue) for shape in constraints for listed in shapes.objects(shape, SH.languageIn)
        for tongue in shapes.items(listed)
    }  # fmt: skip
    many = [] if once else ["@set"]
    definition: dict[str, Any] = {"@id": name}
    if "en" in tongues and iri not in IN_CHINESE:
        definition["@container"] = ["@language", *many] if many else "@language"
    else:
        ranges = {*ontology.objects(iri, RDFS.range), *ontology.objects(iri, SCHEMA.rangeIncludes)}
        for datatype in ranges & NOT_NATIVE:
            definition["@type"] = str(datatype).replace(str(terms.NG), "ng:").replace(str(terms.XSD), "xsd:")
        if "zh" in tongues:
            definition["@language"] = "zh"
        if many:
            definition["@container"] = "@set"
    return definition if len(definition) > 1 else name


def openapi() -> dict[str, Any]:
    """Returns the description of the HTTP interface."""
    return create_app(Settings(), memory()).openapi()


def mark(document: object) -> str:
    """Returns the first line of the client: the digest of the document without its prose, which is of no type."""
    digest = hashlib.sha256(json.dumps(_types(document), sort_keys=True).encode()).hexdigest()
    return f"// Made by `make client` of an /openapi.json whose types have the SHA-256 {digest}.\n"


def _types(part: object) -> object:
    if isinstance(part, dict):
        prose = {"description", "summary", "example", "examples"}
        return {key: _types(value) for key, value in part.items() if key not in prose or isinstance(value, dict)}
    return [_types(item) for item in part] if isinstance(part, list) else part


if __name__ == "__main__":
    made = {"context": context_text, "openapi": lambda: json.dumps(openapi()), "mark": lambda: mark(openapi())}
    sys.stdout.write(made[sys.argv[1]]())
