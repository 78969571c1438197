"""The constraint components that the compiled validator knows (SHACL, section 4): which values are at fault.

All nodes of a shape are judged at once: most components ask which of all their values are wrong, the others look at
each node's. Values are terms as in `shapes.data`. What a literal means, rdflib says, as it does for pySHACL.
"""

import logging
import re
import warnings
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from rdflib import RDFS, Literal, URIRef
from rdflib.term import Node

from ontology import terms
from ontology.terms import literal
from shapes.data import Data

# rdflib logs a stack trace for each ill-typed literal; sh:datatype says it in a line.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

Rows = list[tuple[str, list[str]]]
"""Focus nodes, each with its value nodes."""
Check = Callable[[Data, Rows, set[str]], Iterable[tuple[str, str | None]]]
"""From the data, focus nodes and all their values to the focus nodes that have something wrong, each with the value at
fault; None where the fault is no value's."""

KINDS = {"<": "IRI", '"': "Literal", "_": "BlankNode"}
"""The kind of a term by its first character."""
_ESCAPED = re.compile(r'\\(?:u00([01][0-9A-F]|7F)|([tbnrf"\\]))')
_UNESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_INTEGER = re.compile(rf'"([+-]?[0-9]+)"\^\^<{terms.XSD}integer>')
_WORDS = (terms.XSD.string, terms.RDF.langString)


class UnsupportedError(Exception):
    """The compiled validator does not know how to judge this; the message names what."""


def term_of(node: Node) -> str:
    """Returns a node of rdflib as a term."""
    if isinstance(node, Literal):
        datatype = None if str(node.datatype) == terms.XSD.string else node.datatype
        return literal(node, (node.language or "").lower(), datatype)
    return f"<{node}>" if isinstance(node, URIRef) else f"_:{node}"


def local(iri: Node) -> str:
    """Returns the local name of a term of SHACL."""
    return str(iri).removeprefix(str(terms.SH))


def text(term: str) -> str:
    """Returns what SPARQL's STR does: an IRI without its brackets, the lexical form of a literal."""
    if not term.startswith('"'):
        return term[1:-1] if term.startswith("<") else term
    lexical = term[1 : term.rindex('"')]
    return _ESCAPED.sub(_unescaped, lexical) if "\\" in lexical else lexical


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _UNESCAPED.get(match[2], match[2])


def language_of(term: str) -> str:
    """Returns the language tag of a term in small letters; empty where it has none."""
    return term[term.rindex("@") + 1 :] if term[0] == '"' and term[-1] not in '">' else ""


def datatype_of(term: str) -> str:
    """Returns the IRI of the datatype of a literal; empty where the term is none."""
    if term[0] != '"':
        return ""
    if term[-1] == ">":
        return term[term.rindex("<") + 1 : -1]
    return terms.XSD.string if term[-1] == '"' else terms.RDF.langString


def wrong_values(wrong: Callable[[Data, set[str]], Collection[str]]) -> Check:
    """Returns the check that is told which values are wrong, whosoever's they are."""

    def check(data: Data, rows: Rows, values: set[str]) -> list[tuple[str, str | None]]:
        found = wrong(data, values)
        return [(focus, one) for focus, own in rows for one in own if one in found] if found else []

    return check


def each(fits: Callable[[str], bool]) -> Check:
    """Returns the check that each value fits."""
    return wrong_values(lambda _data, values: {value for value in values if not fits(value)})


def together(fits: Callable[[list[str]], bool]) -> Check:
    """Returns the check that the values of each node fit together."""
    return lambda _data, rows, _values: [(focus, None) for focus, values in rows if not fits(values)]


def beside(predicate: str, wrong: Callable[[list[str], list[str]], Iterable[str]]) -> Check:
    """Returns the check of the values of each node beside those of another predicate."""

    def check(data: Data, rows: Rows, _values: set[str]) -> list[tuple[str, str | None]]:
        of, none = data.of(predicate), list[str]()
        return [(focus, one) for focus, values in rows for one in wrong(values, of.get(focus, none))]

    return check


def one_of(known: Collection[str]) -> Check:
    """Checks sh:in."""
    members = frozenset(known)
    return wrong_values(lambda _data, values: values - members)


def typed(wanted: str) -> Check:
    """Checks sh:datatype; of the datatypes of SPARQL 1.1 the lexical form too."""
    if wanted in _WORDS:
        return each(lambda value: datatype_of(value) == wanted)
    if wanted.startswith(str(RDFS)):
        raise UnsupportedError(f"sh:datatype <{wanted}>")
    return each(lambda value: datatype_of(value) == wanted and not _ill_typed(value))


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


def unique_lang() -> Check:
    """Checks sh:uniqueLang."""

    def fits(values: list[str]) -> bool:
        tags = [tag for tag in map(language_of, values) if tag] if len(values) > 1 else []
        return len(set(tags)) == len(tags)

    return together(fits)


def bounded(bound: str, holds: Callable[[int], bool]) -> Check:
    """Checks sh:minInclusive and its kin; `holds` is told whether a value is less (-1), equal (0) or greater (1)."""
    limit = _magnitude(bound)

    def fits(value: str) -> bool:
        if value[0] != '"':
            return False
        found = _magnitude(value)
        if isinstance(found, date) != isinstance(limit, date):
            raise UnsupportedError(f"to compare {value} with {bound}")
        return holds((found > limit) - (found < limit))  # type: ignore[operator] # of one type

    return each(fits)


def less_than(predicate: str, *, or_equal: bool) -> Check:
    """Checks sh:lessThan and sh:lessThanOrEquals."""

    def fits(one: str, other: str) -> bool:
        low, high = _magnitude(one), _magnitude(other)
        if isinstance(low, date) != isinstance(high, date):
            raise UnsupportedError(f"to compare {one} with {other}")
        return low <= high if or_equal else low < high  # type: ignore[operator] # of one type

    def wrong(values: list[str], others: list[str]) -> list[str]:
        return [one for one in values for other in others if not fits(one, other)]

    return beside(predicate, wrong)


def integer(term: str) -> int:
    """Returns the value of an xsd:integer.

    Raises:
        UnsupportedError: The term is none.
    """
    if number := _INTEGER.fullmatch(term):
        return int(number[1])
    raise UnsupportedError(f"{term} as a whole number")


@lru_cache(maxsize=1 << 16)
def _ill_typed(term: str) -> bool:
    return not _INTEGER.fullmatch(term) and bool(_literal(term).ill_typed)


@lru_cache(maxsize=1 << 16)
def _magnitude(term: str) -> int | Decimal | date:
    if number := _INTEGER.fullmatch(term):
        return int(number[1])
    value: object = _literal(term).value if term[0] == '"' else None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise UnsupportedError(f"to compare {term}")


def _literal(term: str) -> Literal:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Parsing weird boolean")  # of an ill-typed one; the shapes say it
        return Literal(text(term), datatype=URIRef(datatype_of(term)))
