"""Changes to one value of a notice, for tests: each shape must notice some of them."""

from shapes.data import Data, Triple

MUTATIONS = ("delete", "double", "retype", "retag", "repoint")
_INTEGER = "^^<http://www.w3.org/2001/XMLSchema#integer>"


def mutated(data: Data, triple: Triple, how: str) -> list[Triple] | None:
    """The triples of the data with one of them changed; None where the change does not apply to its value."""
    s, p, o = triple
    rest = [one for one in data.triples if one != triple]
    if how == "delete":
        return rest
    literal = o.startswith('"')
    if how == "double":
        return [*rest, triple, (s, p, _other(o))]
    if how == "retype":
        value = f'"{o[1:-1]}"' if not literal else _lexical(o) + ("" if o.endswith(_INTEGER) else _INTEGER)
    elif how == "retag":
        value = _lexical(o) + ("@de" if literal else "")
    else:
        value = "<https://example.org/elsewhere>"
    return None if how == "retag" and not literal else [*rest, (s, p, value)]


def _lexical(term: str) -> str:
    return term[: term.rindex('"') + 1] if term.startswith('"') else term


def _other(term: str) -> str:
    """Another term of the same kind."""
    if not term.startswith('"'):
        return f"{term[:-1]}-other>"
    end = term.rindex('"')
    if "#date>" in term:
        return term.replace(term[1:5], "1999", 1)
    return f"{term[:end]}7{term[end:]}"
