"""JSON-LD 1.1 for front ends: a document as one tree below the thing that it is about, in our own terms.

What the framing algorithm makes with `@embed: @always` (JSON-LD 1.1 Framing, section 4.1.2), and further what points
at the thing, as `reverse`, and labels of properties and classes, as `included`: every triple of the document.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pyld import jsonld

from ontology.context import CONTEXT, PATH
from ontology.terms import NG, RDF, XSD
from queries.description import ordered
from store.base import Iri, Literal, Rows, Term

_Node = dict[str, Any]
_EXACT = re.compile(r"0|-?[1-9]\d{0,14}")  # what a double holds exactly, and writes as it was written


def framed(rows: Rows, iri: str, base: str) -> bytes:
    """Returns triples as JSON-LD, the things that a thing links to inside of it, parts in the order of their numbers.

    Args:
        rows: The triples.
        iri: What the document is about.
        base: Below it is the context, which is named and not copied.
    """
    nodes, reverse = _nodes(rows, iri)
    met = set[str]()
    root = _tree(nodes, iri, met)
    if reverse:
        root["@reverse"] = {
            name: [_tree(nodes, other, met, frozenset({iri})) for other in reverse[name]] for name in reverse
        }
    if rest := [_tree(nodes, other, met) for other in nodes if other not in met]:
        root["@included"] = rest
    options = {"documentLoader": _load, "skipExpansion": True, "compactToRelative": False}
    compacted = jsonld.compact([root], {"@context": base + PATH}, options)
    if behind := compacted.pop("reverse", None):
        compacted["reverse"] = {name: _array(others) for name, others in behind.items()}
    if behind := compacted.pop("included", None):
        compacted["included"] = _array(behind)
    return f"{json.dumps(compacted, ensure_ascii=False)}\n".encode()


def _nodes(rows: Rows, iri: str) -> tuple[dict[str, _Node], dict[str, list[str]]]:
    """Returns expanded nodes by their ids, and by predicate the ids of those that point at the thing."""
    nodes, reverse = dict[str, _Node](), dict[str, list[str]]()
    for subject, predicate, value in ordered(rows):
        name, key = _value(subject), _value(predicate)
        if value == Iri(iri):
            reverse.setdefault(key, []).append(name)
            continue
        node = nodes.setdefault(name, {"@id": name})
        if key == RDF.type and isinstance(value, Iri):
            node.setdefault("@type", []).append(value.value)
        else:
            node.setdefault(key, []).append(_expanded(value, own=key.startswith(str(NG))))
    return nodes, reverse


def _tree(
    nodes: Mapping[str, _Node], name: str, met: set[str], above: set[str] | frozenset[str] = frozenset()
) -> _Node:
    """Returns a node with those that it links to inside, but for those that it is inside of itself."""
    met.add(name)
    inside = above | {name}

    def linked(value: Any) -> Any:  # noqa: ANN401 - JSON
        other = value.get("@id", "") if isinstance(value, dict) else ""
        return _tree(nodes, other, met, inside) if other in nodes and other not in inside else value

    node = nodes.get(name, {"@id": name})
    return {key: list(map(linked, values)) if isinstance(values, list) else values for key, values in node.items()}


def _expanded(value: Term | None, *, own: bool) -> _Node:
    """Writes a value; a number or flag of an `own` property, which no map by language holds, as JSON has them."""
    if not isinstance(value, Literal):
        return {"@id": _value(value)}
    if value.language:
        return {"@value": value.value, "@language": value.language}
    if own and value.datatype == XSD.integer and _EXACT.fullmatch(value.value):
        return {"@value": int(value.value)}
    if own and value.datatype == XSD.boolean and value.value in {"true", "false"}:
        return {"@value": value.value == "true"}
    return {"@value": value.value} | ({} if value.datatype == XSD.string else {"@type": value.datatype})


def _array(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else [value]


def _value(term: Term | None) -> str:
    return "" if term is None else term.value if isinstance(term, Iri | Literal) else term.n3()


def _load(address: str, _: object) -> dict[str, Any]:
    """Loads our own context and nothing else."""
    if not address.endswith(PATH):
        raise jsonld.JsonLdError(f"no context is loaded from {address}", "loading remote context failed")
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": address, "document": CONTEXT}
