"""How binding a sentence is, and the words of its conditions and exclusions."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.modality import FORCES, STATED, read_modality
from ingest.model import Modality, Span
from ingest.tables import table
from ingest.text import fold
from ontology.load import concepts

CASES = [
    case
    for file in sorted((Path(__file__).parent / "cases/modality").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))
]


def read(printed: str) -> tuple[str, Modality]:
    """Reads a text that is one sentence."""
    text = fold(printed)
    (modality,) = read_modality(text, (Span(0, len(text)),))
    return text, modality


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:24] for case in CASES])
def test_sentence(case: dict[str, Any]) -> None:
    text, found = read(case["text"])
    assert found.force == case["force"]
    assert (found.word and text[found.word.start : found.word.end]) == case.get("word")
    assert [text[s.start : s.end] for s in found.conditions] == case.get("conditions", [])
    assert [text[s.start : s.end] for s in found.exclusions] == case.get("exclusions", [])


def test_each_sentence_has_its_own() -> None:
    first, second, third = "鼓励企业参加。", "符合条件的，可以申请，", "不得收费。"
    text = first + second + third
    cut = len(first)
    one, two = read_modality(text, (Span(0, cut), Span(cut, len(text))))
    assert (one.force, one.conditions) == ("encouragement", ())
    assert (two.force, two.conditions) == ("prohibition", (Span(cut, cut + 5),))


def test_no_sentence_no_modality() -> None:
    assert read_modality("", ()) == ()


def test_the_forces_are_the_concepts_of_the_scheme() -> None:
    assert {*FORCES, STATED} == {concept.id for concept in concepts("force")}
    assert {row["force"] for row in table("modality") if row["kind"] == "word"} == {*FORCES, "-"}


def test_no_word_says_two_things() -> None:
    words = [word for row in table("modality") if row["kind"] == "word" for word in row["pattern"].split("|")]
    assert len(words) == len(set(words))
