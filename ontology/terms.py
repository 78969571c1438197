"""The namespaces whose terms code names, and how literals are written; what the terms mean stands in `core.ttl`."""

import re
from importlib.resources import files


class Namespace:
    """What the IRIs of a vocabulary begin with; `NG.hasMeasure` and `NG["hasMeasure"]` are the IRI of a term.

    Any name passes; tests hold those of `NG` that code uses against `core.ttl`.
    """

    def __init__(self, start: str) -> None:
        """Keeps what all its IRIs begin with."""
        self._start = start

    def __str__(self) -> str:
        """Returns what all its IRIs begin with."""
        return self._start

    def __getattr__(self, term: str) -> str:
        """Returns the IRI of a term."""
        if term.startswith("_"):
            raise AttributeError(term)
        self.__dict__[term] = iri = self[term]
        return iri

    def __getitem__(self, term: str) -> str:
        """Returns the IRI of a term, also of one that is no name in Python."""
        return f"{self._start}{term}"


PREFIXES: dict[str, str] = dict(
    re.findall(r"^@prefix (\S+): <(.+)> \.$", files("ontology").joinpath("prefixes.ttl").read_text(), re.MULTILINE)
)
"""Prefix to namespace, as `prefixes.ttl` has them; those of concepts are of the default base."""

DCAT, DCT, FORMATS, LDES, NG, NGSH, ORG, PROV, RDF, RDFS, SCHEMA, SD, SH, SKOS, SPDX, VOID, XSD = (
    Namespace(PREFIXES[name])
    for name in [
        "dcat",
        "dct",
        "formats",
        "ldes",
        "ng",
        "ngsh",
        "org",
        "prov",
        "rdf",
        "rdfs",
        "schema",
        "sd",
        "sh",
        "skos",
        "spdx",
        "void",
        "xsd",
    ]
)
MEDIA_TYPES = "http://www.iana.org/assignments/media-types/"
ID = PREFIXES["id"]  # of the default base, as in the Turtle files
SCHEMES = tuple(name for name, start in PREFIXES.items() if start == f"{ID}{name}/" and name != "scheme")
"""The names of the concept schemes: `id/scheme/{name}` is the scheme, `id/{name}/{concept}` a concept of it."""

_SPECIAL = re.compile(r'[\x00-\x1f"\\\x7f]')
_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"}


def literal(text: str, language: str | None = None, datatype: str | None = None) -> str:
    """Writes a literal as N-Triples, N-Quads, Turtle and SPARQL have it, with the canonical escapes of RDF 1.1."""
    tag = f"@{language}" if language else f"^^<{datatype}>" if datatype else ""
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}", text)
    return f'"{text}"{tag}'
