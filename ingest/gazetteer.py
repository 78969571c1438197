"""Administrative divisions by name (GB/T 2260), from `patterns/divisions.tsv`."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from ahocorasick_rs import AhoCorasick, MatchKind

from ingest.tables import table

LEVELS = {"province": "level-provincial", "prefecture": "level-prefecture", "county": "level-county"}
_ROOT = re.compile("(?:00)+$")


@dataclass(frozen=True, slots=True)
class Division:
    """An administrative division: its GB/T 2260 code, full name, and the concept id of its level."""

    code: str
    name: str
    level: str

    def holds(self, code: str) -> bool:
        """Tells whether the division of `code` is this one or lies in it."""
        return code.startswith(_ROOT.sub("", self.code))


@dataclass(frozen=True, slots=True)
class _Names:
    full: dict[str, tuple[Division, ...]]
    short: dict[str, tuple[Division, ...]]
    abbreviations: dict[str, Division]
    finder: AhoCorasick


@cache
def _names() -> _Names:
    full: dict[str, list[Division]] = defaultdict(list)
    short: dict[str, list[Division]] = defaultdict(list)
    abbreviations: dict[str, Division] = {}
    for row in table("divisions"):
        division = Division(row["code"], row["name"], LEVELS[row["level"]])
        full[division.name].append(division)
        if row["short"]:
            short[row["short"]].append(division)
        abbreviations.update((letter, division) for letter in row["abbreviation"].split("|") if letter)
    return _Names(
        {name: tuple(found) for name, found in full.items()},
        {name: tuple(found) for name, found in short.items()},
        abbreviations,
        AhoCorasick(list(full), matchkind=MatchKind.LeftmostLongest),
    )


def is_full_name(name: str) -> bool:
    """Tells whether `name` is the full name of a division: 浦口区, 江苏省."""
    return name in _names().full


def by_abbreviation(letter: str) -> Division | None:
    """Returns the province of a one-character abbreviation (沪, 苏); None where there is none."""
    return _names().abbreviations.get(letter)


def division_of(place: str, context: tuple[str, ...] = ()) -> Division | None:
    """Finds the division that a place name means.

    Args:
        place: A full name, a short name of a province or prefecture (甘孜, 甘孜州), or a chain of names:
            江苏省南京市浦口区.
        context: Codes that tell homonyms apart: the division in the same prefecture, else the same province, wins.

    Returns:
        The division; None where the name is unknown or stays ambiguous.
    """
    names = _names()
    chain = _chain(place)
    if chain:
        context = (*chain[1], *context)
        found = names.full[chain[0][-1]]
    else:
        short = names.short.get(place) or names.short.get(place.removesuffix("州"), ())  # 甘孜, 甘孜州
        found = tuple(d for d in short if d.level != LEVELS["county"])
    return _only(found, context)


def spelt_out(place: str) -> str:
    """Returns the full name of a division that is named in short (甘孜州, 宁夏); any other place as it stands."""
    division = None if places_in(place) else division_of(place)
    return division.name if division else place


def _only(found: tuple[Division, ...], context: tuple[str, ...]) -> Division | None:
    if len(found) <= 1:
        return found[0] if found else None
    for length in (4, 2):
        deep = [code for code in context if not code.endswith("0" * (8 - length))]
        near = {d for d in found for code in deep if d.code[:length] == code[:length]}
        if len(near) == 1:
            return near.pop()
    return None


def _chain(place: str) -> tuple[list[str], tuple[str, ...]] | None:
    names = list(places_in(place))
    if not names or "".join(names) != place:
        return None
    return names, tuple(division.code for name in names[:-1] for division in _names().full[name])


def places_in(text: str) -> tuple[str, ...]:
    """Returns the full names of divisions that stand in `text`, in order, repetitions kept; of two the longer."""
    return tuple(_names().finder.find_matches_as_strings(text))
