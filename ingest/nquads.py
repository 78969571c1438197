"""RDF terms as N-Quads writes them (RDF 1.1 N-Quads, section 4; canonical escapes)."""

import re

from ontology import terms

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_SPECIAL = re.compile(r'[\\"\n\r\t\b\f]')


def iri(value: str) -> str:
    """Writes an IRI that was minted by `ontology.iris` or stands in `ontology.terms`."""
    return f"<{value}>"


def plain(value: str) -> str:
    """Writes an xsd:string."""
    return '"' + (_SPECIAL.sub(lambda match: _ESCAPES[match[0]], value) if _SPECIAL.search(value) else value) + '"'


def lang(value: str, language: str = "zh") -> str:
    """Writes a string with a language tag."""
    return f"{plain(value)}@{language}"


def typed(value: str, datatype: str) -> str:
    """Writes a literal of a datatype, given in its lexical form."""
    return f"{plain(value)}^^<{datatype}>"


def integer(value: int) -> str:
    """Writes an xsd:integer."""
    return f'"{value}"^^<{terms.XSD.integer}>'


def boolean(*, value: bool) -> str:
    """Writes an xsd:boolean."""
    return typed("true" if value else "false", terms.XSD.boolean)
