# noqa: INP001 - run by hand (`python data/divisions/build.py [ROOT]`), no package
"""Makes the scheme of divisions and the reader's gazetteer from the data set in this folder."""

import csv
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ontology import terms
from ontology.load import canonical_turtle

_HERE = Path(__file__).parent
_LEVELS = {"province": "level-provincial", "prefecture": "level-prefecture", "county": "level-county"}
# 林区 is a kind only after a whole name (神农架林区, but 万柏林区); a banner's 左 or 前 is no end of a name.
_KIND = re.compile(
    r"(?:特别行政区|自治[区州县旗]|地区|特区|新区|(?<=...)林区|[省市区县盟]|(?<![左右中前后黄白蓝合])旗)$"
)
_STATISTICAL = range(71, 81)  # the last two digits of zones that have a statistical code and are no divisions


@dataclass(frozen=True, slots=True)
class Division:
    """A division of GB/T 2260: code (six digits), name, level and the code of the next higher one."""

    code: str
    name: str
    level: str
    parent: str | None
    abbreviation: str = ""


def divisions() -> tuple[Division, ...]:
    """Returns all divisions in the order of their codes."""
    found = [
        Division(row["code"], row["name"], "province", None, row["abbreviation"])
        for row in _rows("supplement.tsv", "\t")
    ]
    prefectures = {row["code"]: row["name"] for row in _rows("cities.csv") if _is_real(row["name"])}
    found += [Division(f"{code}00", name, "prefecture", f"{code[:2]}0000") for code, name in prefectures.items()]
    for row in _rows("areas.csv"):
        code, name, city = row["code"], row["name"], row["cityCode"]
        stands_for_its_prefecture = name == prefectures.get(city)
        if _is_real(name) and int(code[4:]) not in _STATISTICAL and not stands_for_its_prefecture:
            parent = f"{city}00" if city in prefectures else f"{row['provinceCode']}0000"
            found.append(Division(code, name, "county", parent))
    return tuple(sorted(found, key=lambda division: division.code))


def turtle(found: tuple[Division, ...]) -> str:
    """Returns the scheme in canonical Turtle; what is said of the scheme itself stands in `scheme.ttl`."""
    blocks = [f"@prefix {prefix}: <{namespace}> ." for prefix, namespace in terms.PREFIXES.items()]
    blocks.append((_HERE / "scheme.ttl").read_text(encoding="utf-8"))
    for division in found:
        place = f"broader division:{division.parent}" if division.parent else "topConceptOf scheme:division"
        blocks.append(
            f"division:{division.code} a ng:AdministrativeDivision, skos:Concept ;"
            f' skos:inScheme scheme:division ; skos:prefLabel "{division.name}"@zh ;'
            f' skos:notation "{division.code}" ;'
            f" ng:divisionLevel agency-level:{_LEVELS[division.level]} ; skos:{place} ."
        )
    return canonical_turtle("\n".join(blocks))


def gazetteer(found: tuple[Division, ...]) -> str:
    """Returns the reader's table: code, name, short name where it is unambiguous, abbreviations, level."""
    shorts = _short_names(found)
    rows = ["\t".join((it.code, it.name, shorts.get(it.code, ""), it.abbreviation, it.level)) for it in found]
    return "\n".join(["code\tname\tshort\tabbreviation\tlevel", *rows, ""])


def _short_names(found: tuple[Division, ...]) -> dict[str, str]:
    """Gives a short name to the one division of the highest level that bears it, if it is no common word."""
    words = set((_HERE / "words.txt").read_text(encoding="utf-8").split())
    bearers: dict[str, list[Division]] = defaultdict(list)
    for level in _LEVELS:
        here: dict[str, list[Division]] = defaultdict(list)
        for division in found:
            short = _short(division.name)
            if division.level == level and short and short not in bearers and short not in words:
                here[short].append(division)
        bearers.update(here)
    return {divisions[0].code: short for short, divisions in bearers.items() if len(divisions) == 1}


def _short(name: str) -> str | None:
    """Drops the kind and the peoples of an autonomous division; None where less than a place name is left."""
    peoples = (_HERE / "peoples.txt").read_text(encoding="utf-8").split()
    peoples += [people.removesuffix("族") for people in peoples if len(people) > 2]  # noqa: PLR2004 - 维吾尔, not 回
    plain = re.sub(rf"(?:{'|'.join(peoples)}|各族)+(?:自治[区州县旗]|区)$", "", name)
    short = plain if plain != name and len(plain) > 1 else _KIND.sub("", name)
    return short if len(short) > 1 and short not in peoples else None


def _is_real(name: str) -> bool:
    """Tells a division from groupings (市辖区, 省直辖县级行政区划) and from areas that are none."""
    return name not in {"市辖区", "县"} and name.endswith(("省", "市", "州", "盟", "地区", "区", "县", "旗"))


def _rows(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=delimiter))


def main(root: Path) -> None:
    """Writes both files below `root`."""
    found = divisions()
    (root / "ontology/vocab/divisions.ttl").write_text(turtle(found), encoding="utf-8")
    (root / "ingest/patterns/divisions.tsv").write_text(gazetteer(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else _HERE.parent.parent)
