"""Names of authorities: place, body and department; short forms completed; level and jurisdiction by the place.

`patterns/agency-bodies.tsv` lists the bodies with the full form of their names, `patterns/agency-words.tsv` the words
that tell departments, institutions and zones.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from ingest.gazetteer import Division, division_of, is_full_name, places_in, spelt_out
from ingest.model import Agency
from ingest.tables import table

_BRACKETS = re.compile(r"[（(][^（）()]*[）)]")


class Name(NamedTuple):
    """A printed name in its parts; any but the body may be empty.

    Attributes:
        place: What stands before the body.
        body: The body as printed.
        unit: What stands behind it.
    """

    place: str
    body: str
    unit: str


@cache
def words(kind: str) -> re.Pattern[str]:
    """Returns the pattern of a kind of words in `patterns/agency-words.tsv`."""
    return re.compile("|".join(f"(?:{row['pattern']})" for row in table("agency-words") if row["kind"] == kind))


@dataclass(frozen=True, slots=True)
class _Body:
    official: str
    type: str
    completed: bool


@cache
def _bodies() -> tuple[AhoCorasick, dict[str, _Body]]:
    forms = {
        printed: _Body(row["official"] or printed, row["type"], completed=bool(row["completed"]))
        for row in table("agency-bodies")
        for printed in row["printed"].split("|")
    }
    return AhoCorasick(list(forms), matchkind=MatchKind.LeftmostLongest), forms


def split_name(printed: str) -> Name | None:
    """Parts a printed name at its body; None where it holds no known body."""
    for _, start, end in _bodies()[0].find_matches_as_indexes(printed):
        return Name(printed[:start], printed[start:end], printed[end:])
    return None


def official_body(body: str) -> str:
    """Returns the full form of a body's printed name: 市场监管局 is 市场监督管理局, 医保局 is 医疗保障局."""
    return _bodies()[1][body].official


def full_name(place: str, body: str) -> str:
    """Joins a place and a body; of the regulators the body gets its full form, others stay as printed."""
    known = _bodies()[1].get(body)
    return spelt_out(place) + known.official if known and known.completed else place + body


def is_elided(place: str) -> bool:
    """Tells whether a place is named by its rank alone: 市, 我省, 本区."""
    return bool(words("elided").match(place))


def described(name: str, context: tuple[str, ...] = ()) -> Agency:
    """Describes an authority by its full name: type by the body, level and jurisdiction by the place.

    Args:
        name: Full official name, or the printed one where no fuller is known.
        context: Division codes that tell homonymous places apart.
    """
    parts = split_name(name)
    type_ = _bodies()[1][parts.body].type if parts else None
    place = _BRACKETS.sub("", parts.place if parts else name)
    if words("national").search(name):
        return Agency(name, level="level-national", type=type_)
    if words("class").match(name):  # 各区县（功能区）市场监管局 are many
        return Agency(name, type=type_)
    if words("cross-region").search(place):
        return Agency(name, level="level-cross-region", type=type_)
    division = division_of(place, context) if parts else _leading_division(name, context)
    if division is not None:
        return Agency(name, level=division.level, type=type_, division=division.code)
    zone = words("functional-zone").search(name)
    unknown_place = bool(parts and place) and not is_elided(place)
    if zone or (unknown_place and parts is not None and not is_full_name(place) and not places_in(place)):
        return Agency(name, level="level-functional-zone", type=type_)
    return Agency(name, type=type_)


def _leading_division(name: str, context: tuple[str, ...]) -> Division | None:
    """An institution's place is the chain of divisions that its name begins with."""
    found, end = None, 0
    while (rest := places_in(name[end:])) and name.startswith(rest[0], end):
        end += len(rest[0])
        found = division_of(name[:end], context) or found
    return found


def complete(printed: str, evidence: str) -> str:
    """Completes the printed name of an issuing agency from the text's own evidence.

    The body gets its full form; a place named by its rank alone (市市场监管局) is the one that a fuller name of the
    same body has in `evidence`, best support first.

    Args:
        printed: The name as printed in the title, the signature or the news lead.
        evidence: The text, its end (signature, imprint) before its beginning.

    Returns:
        The full official name, as far as the text tells.
    """
    name = split_name(printed)
    if name is None:
        return printed
    official = official_body(name.body)
    if name.place and not is_elided(name.place):
        completed = _bodies()[1][name.body].completed  # 大连海关 is called so
        return (spelt_out(name.place) if completed else name.place) + official
    rank = name.place[-1:] if name.place else ""
    pattern = re.compile(rf"(?=([\u4e00-\u9fff]{{2,14}}{rank}){_forms_of(official)})")
    found = [p for m in pattern.finditer(evidence) for p in [_place_before(m[1], rank)] if p]
    if found:
        return found[0] + official
    named = Counter(p for p in places_in(evidence) if p.endswith(rank) and rank)
    return (named.most_common(1)[0][0] if named else name.place) + official


def _forms_of(official: str) -> str:
    forms = [printed for printed, body in _bodies()[1].items() if body.official == official]
    return "(?:" + "|".join(map(re.escape, sorted(forms, key=len, reverse=True))) + ")"


def _place_before(words_before: str, rank: str) -> str | None:
    """Returns the longest chain of divisions that `words_before` ends with, of the rank asked for."""
    for start in range(len(words_before) - 1):
        place = words_before[start:]
        if place.endswith(rank) and division_of(place) is not None and is_full_name(places_in(place)[-1]):
            return place
    return None
