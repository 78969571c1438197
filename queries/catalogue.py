"""The catalogue of questions: finds the `.rq` files, reads their front matter, binds their parameters.

Front matter stands in comments that begin with `#+`:

    #+ zh: 某一天有效的措施
    #+ en: Measures in force on a day
    #+ param on: date, example 2022-04-01; 哪一天; the day
    #+ param division: iri id/division/, example 310000; 行政区划; administrative division

A parameter is a variable that the query binds by `VALUES ?on { UNDEF }`; `UNDEF` means any, so that every question
runs as it stands. A value takes the place of `UNDEF` as an RDF term that we write, never as text of the user.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable

from ontology.iris import DEFAULT_BASE
from ontology.terms import XSD
from store.base import Iri, Literal

_PARAM = re.compile(
    r"param (?P<name>\w+): (?P<type>date|iri|integer|string)(?: (?P<below>id/\S+/))?, example (?P<example>[^;]+); "
    r"(?P<zh>[^;]+); (?P<en>[^;]+)"
)
_SLOT = re.compile(r"(?P<head>VALUES\s+\?(?P<name>\w+)\s*\{\s*)UNDEF(?P<tail>\s*\})")


class CatalogueError(ValueError):
    """A question's file is not well made, there is no such question, or a value does not fit its parameter."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A variable of a question that the asker may set.

    Attributes:
        name: The variable, without question mark.
        type: `date`, `iri`, `integer` or `string`.
        below: Where the IRIs stand that a bare id names, such as `id/division/`; None where ids are not taken.
        example: A value to try, as the asker would write it.
        zh: What it means, in Chinese.
        en: The same in English.
    """

    name: str
    type: str
    below: str | None
    example: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the catalogue; `name` is its path without suffix, such as `measures/in-force-on`."""

    name: str
    zh: str
    en: str
    parameters: tuple[Parameter, ...]
    text: str


def questions() -> tuple[Question, ...]:
    """Returns all questions, sorted by name.

    Raises:
        CatalogueError: A file is not well made.
    """
    found = (parse(name, file.read_text("utf-8")) for name, file in _files(files("queries"), ""))
    return tuple(sorted(found, key=lambda question: question.name))


def question(name: str) -> Question:
    """Returns the question of a name.

    Raises:
        CatalogueError: There is none.
    """
    for known in questions():
        if known.name == name.removesuffix(".rq"):
            return known
    raise CatalogueError(f"there is no question {name!r}")


def parse(name: str, text: str) -> Question:
    """Reads a question from the text of its file; a file without front matter is a question without parameters.

    Raises:
        CatalogueError: A line of the front matter cannot be read, or a parameter's variable is not bound once.
    """
    summary = {"zh": "", "en": ""}
    parameters = []
    for line in (line[2:].strip() for line in text.splitlines() if line.startswith("#+")):
        key, _, value = line.partition(": ")
        if key in summary:
            summary[key] = value
        elif match := _PARAM.fullmatch(line):
            parameters.append(Parameter(**match.groupdict()))
        else:
            raise CatalogueError(f"{name}: cannot read the front matter line {line!r}")
    slots = sorted(slot["name"] for slot in _SLOT.finditer(text))
    if slots != sorted(parameter.name for parameter in parameters):
        raise CatalogueError(f"{name}: each parameter needs one VALUES ?… {{ UNDEF }}, and each of these one of them")
    return Question(name, summary["zh"], summary["en"], tuple(parameters), text)


def bind(asked: Question, values: Mapping[str, str], base: str = DEFAULT_BASE) -> str:
    """Returns the query with the given values in it; parameters without a value mean any.

    Args:
        asked: The question.
        values: Values by parameter name, as the asker wrote them.
        base: What minted IRIs begin with; a bare id is completed with it.

    Raises:
        CatalogueError: There is no such parameter, or a value is not of its type.
    """
    known = {parameter.name: parameter for parameter in asked.parameters}
    for name in values.keys() - known.keys():
        raise CatalogueError(f"{asked.name} has no parameter {name!r}; it has {', '.join(known) or 'none'}")
    terms = {name: _term(known[name], value, base).n3() for name, value in values.items()}

    def bound(slot: re.Match[str]) -> str:
        return slot["head"] + terms.get(slot["name"], "UNDEF") + slot["tail"]

    return _SLOT.sub(bound, asked.text)  # One pass: a value that looks like a slot stays a value.


def _term(parameter: Parameter, value: str, base: str) -> Iri | Literal:
    try:
        match parameter.type:
            case "date":
                return Literal(date.fromisoformat(value).isoformat(), XSD.date)
            case "integer":
                return Literal(str(int(value)), XSD.integer)
            case "iri":
                bare = parameter.below and re.fullmatch(r"[A-Za-z0-9-]+", value)
                return Iri(f"{base}{parameter.below}{value}" if bare else value)
    except ValueError as error:
        raise CatalogueError(f"parameter {parameter.name}: {value!r} is no {parameter.type}") from error
    return Literal(value)


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".rq"):
            yield path + entry.name.removesuffix(".rq"), entry
