"""The scheme of divisions and the reader's gazetteer, against their generator and facts from elsewhere."""

import csv
import hashlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ontology.load import concepts

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data/divisions"
OUTPUTS = ("ontology/vocab/divisions.ttl", "ingest/patterns/divisions.tsv")


def gazetteer() -> dict[str, dict[str, str]]:
    with (ROOT / OUTPUTS[1]).open(encoding="utf-8", newline="") as lines:
        return {row["code"]: row for row in csv.DictReader(lines, delimiter="\t")}


def facts(name: str) -> list[list[str]]:
    lines = (ROOT / "tests/cases/divisions" / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


def test_files_are_what_the_generator_makes(tmp_path: Path):
    for name in OUTPUTS:
        (tmp_path / name).parent.mkdir(parents=True)
    subprocess.run([sys.executable, DATA / "build.py", tmp_path], check=True, cwd=ROOT)
    for name in OUTPUTS:
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes()


def test_data_set_is_the_recorded_one():
    recorded = dict(re.findall(r"`(\w+\.csv)` \| `([0-9a-f]{64})`", (DATA / "README.md").read_text(encoding="utf-8")))
    assert recorded == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(DATA.glob("*.csv"))}


def test_gazetteer_and_scheme_agree():
    assert [(row["code"], row["name"]) for row in gazetteer().values()] == [
        (concept.id, concept.label_zh) for concept in concepts("division")
    ]


def test_counts():
    assert Counter(row["level"] for row in gazetteer().values()) == {
        "province": 34,
        "prefecture": 333,
        "county": 2846,
    }


def test_parents_are_told_by_the_code():
    parents = {concept.id: concept.parent for concept in concepts("division")}
    for code, parent in parents.items():
        own_prefecture, own_province = f"{code[:4]}00", f"{code[:2]}0000"
        if code == own_province:
            assert parent is None
        elif code == own_prefecture or own_prefecture not in parents:
            assert parent == own_province
        else:
            assert parent == own_prefecture


@pytest.mark.parametrize(("code", "name", "short", "level", "parent"), facts("present.tsv"))
def test_division(code: str, name: str, short: str, level: str, parent: str):
    row = gazetteer()[code]
    assert (row["name"], row["short"], row["level"]) == (name, short, level)
    assert {concept.id: concept.parent for concept in concepts("division")}[code] == (parent or None)


@pytest.mark.parametrize(("code", "why"), facts("absent.tsv"))
def test_no_division(code: str, why: str):
    assert code not in gazetteer(), why


def test_short_names_and_abbreviations_are_unambiguous():
    rows = gazetteer().values()
    shorts = [row["short"] for row in rows if row["short"]]
    assert len(shorts) == len(set(shorts))
    assert min(map(len, shorts)) > 1
    abbreviations = [letter for row in rows for letter in row["abbreviation"].split("|") if letter]
    assert len(abbreviations) == len(set(abbreviations))
    assert {row["level"] for row in rows if row["abbreviation"]} == {"province"}
    assert all(row["abbreviation"] for row in rows if row["level"] == "province")
