"""The constraint components that the compiled validator knows (SHACL, section 4): which values of a node are at fault.

Values are terms as in `shapes.data`. What a literal means, rdflib says, as it does for pySHACL.
"""

import logging
import re
import warnings
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from rdflib import RDFS, Literal, URIRef

from ontology import terms
from shapes.data import Data

# rdflib logs a stack trace for each ill-typed literal; sh:datatype says it in a line.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

Check = Callable[[Data, str, list[str]], Collection[str | None]]
"""From the data, a focus node and its values to the values at fault; None where the fault is no value's."""

_RDFS_LITERAL = str(RDFS.Literal)
_KINDS = {"<": "IRI", '"': "Literal", "_": "BlankNode"}
_ESCAPED = re.compile(r'\\([tbnrf"\\])')
_UNESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_WORDS = (terms.XSD_STRING, terms.RDF_LANG_STRING)


class UnsupportedError(Exception):
    """The compiled validator does not know how to judge this; the message names what."""


def text(term: str) -> str:
    """Returns what SPARQL's STR does: an IRI without its brackets, the lexical form of a literal."""
    if not term.startswith('"'):
        return term[1:-1] if term.startswith("<") else term
    lexical = term[1 : term.rindex('"')]
    return _ESCAPED.sub(lambda match: _UNESCAPED.get(match[1], match[1]), lexical) if "\\" in lexical else lexical


def language_of(term: str) -> str:
    """Returns the language tag of a term in small letters; empty where it has none."""
    return term.rpartition('"@')[2] if term.startswith('"') and term[term.rindex('"') + 1 :].startswith("@") else ""


def datatype_of(term: str) -> str:
    """Returns the IRI of the datatype of a literal; empty where the term is none."""
    if not term.startswith('"'):
        return ""
    suffix = term[term.rindex('"') + 1 :]
    return suffix[3:-1] if suffix.startswith("^^") else terms.RDF_LANG_STRING if suffix else terms.XSD_STRING


def each(fits: Callable[[str], bool]) -> Check:
    """Returns the check that each value fits."""
    return lambda _data, _focus, values: [value for value in values if not fits(value)]


def min_count(count: int) -> Check:
    """Checks sh:minCount."""
    return lambda _data, _focus, values: (None,) if len(values) < count else ()


def max_count(count: int) -> Check:
    """Checks sh:maxCount."""
    return lambda _data, _focus, values: (None,) if len(values) > count else ()


def instance_of(kind: str) -> Check:
    """Checks sh:class."""

    def check(data: Data, _focus: str, values: list[str]) -> Collection[str]:
        members = data.instances(kind)
        return [value for value in values if value not in members]

    return check


def typed(wanted: str) -> Check:
    """Checks sh:datatype; of the datatypes of SPARQL 1.1 the lexical form too."""
    if wanted in _WORDS:
        return each(lambda value: datatype_of(value) == wanted)
    if wanted.startswith(str(RDFS)):
        raise UnsupportedError(f"sh:datatype <{wanted}>")
    return each(lambda value: datatype_of(value) == wanted and not _ill_typed(value))


def node_kind(kinds: str) -> Check:
    """Checks sh:nodeKind, given as its local name."""
    return each(lambda value: _KINDS[value[0]] in kinds)


def min_length(length: int) -> Check:
    """Checks sh:minLength."""
    return each(lambda value: not length or (value[0] != "_" and len(text(value)) >= length))


def max_length(length: int) -> Check:
    """Checks sh:maxLength."""
    return each(lambda value: value[0] != "_" and len(text(value)) <= length)


def pattern(expression: str, flags: str) -> Check:
    """Checks sh:pattern with the flags i and m of XPath."""
    if set(flags) - set("im"):
        raise UnsupportedError(f"sh:flags {flags!r}")
    try:
        search = re.compile(
            expression, (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
        ).search
    except re.error as error:
        raise UnsupportedError(f"sh:pattern {expression!r}: {error}") from error
    return each(lambda value: value[0] != "_" and search(text(value)) is not None)


def language_in(ranges: Collection[str]) -> Check:
    """Checks sh:languageIn for ranges of one part, as `zh`."""
    if any(not part.isalpha() for part in ranges):
        raise UnsupportedError("sh:languageIn with ranges of several parts")
    wanted = {part.lower() for part in ranges}
    return each(lambda value: language_of(value).partition("-")[0] in wanted)


def unique_lang(_data: Data, _focus: str, values: list[str]) -> Collection[None]:
    """Checks sh:uniqueLang."""
    tags = [tag for tag in map(language_of, values) if tag] if len(values) > 1 else []
    return (None,) if len(set(tags)) < len(tags) else ()


def bounded(bound: str, holds: Callable[[int], bool]) -> Check:
    """Checks sh:minInclusive and its kin; `holds` is told whether a value is less (-1), equal (0) or greater (1)."""
    limit = _magnitude(bound)

    def fits(value: str) -> bool:
        if value[0] != '"':
            return False
        found = _magnitude(value)
        if type(found) is not type(limit):
            raise UnsupportedError(f"to compare {value} with {bound}")
        return holds((found > limit) - (found < limit))  # type: ignore[operator] # of one type

    return each(fits)


def less_than(predicate: str, *, or_equal: bool) -> Check:
    """Checks sh:lessThan and sh:lessThanOrEquals."""

    def fits(one: str, other: str) -> bool:
        low, high = _magnitude(one), _magnitude(other)
        if type(low) is not type(high):
            raise UnsupportedError(f"to compare {one} with {other}")
        return low <= high if or_equal else low < high  # type: ignore[operator] # of one type

    def check(data: Data, focus: str, values: list[str]) -> Collection[str]:
        others = data.values(focus, predicate) if values else ()
        return [value for value in values for other in others if not fits(value, other)]

    return check


def equals(predicate: str) -> Check:
    """Checks sh:equals."""
    return lambda data, focus, values: set(values) ^ set(data.values(focus, predicate))


def disjoint(predicate: str) -> Check:
    """Checks sh:disjoint."""
    return lambda data, focus, values: set(values) & set(data.values(focus, predicate))


def has_value(wanted: str) -> Check:
    """Checks sh:hasValue."""
    return lambda _data, _focus, values: () if wanted in values else (None,)


@lru_cache(maxsize=1 << 16)
def _ill_typed(term: str) -> bool:
    return bool(_literal(term).ill_typed)


@lru_cache(maxsize=1 << 16)
def _magnitude(term: str) -> Decimal | date:
    value: object = _literal(term).value if term[0] == '"' else None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise UnsupportedError(f"to compare {term}")


def _literal(term: str) -> Literal:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parsing weird boolean")  # of an ill-typed one; the shapes say it
        return Literal(text(term), datatype=URIRef(datatype_of(term)))
