"""Concepts are found by cues that are data: the tables are whole, the cases hold, any text can be read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.concepts import Concepts, MeasureText, find_concepts
from ingest.cues import Cue, CueFinder, FoldedText, split_cues
from ingest.model import Span
from ingest.tables import table
from ontology.load import concepts as vocabulary

CASES = Path(__file__).parent / "cases" / "cues"
SCHEMES = ("instruments", "targets", "domains")
LEAVES = [line.split("\t") for line in (CASES / "leaves.tsv").read_text("utf-8").splitlines()[1:]]
EXACT = json.loads((CASES / "exact.json").read_text("utf-8"))
FLOORS = {
    "fresh": {"instruments": 0.90, "targets": 0.82, "domains": 0.88},
    "genre": {"instruments": 0.90, "targets": 0.79, "domains": 0.81},
    "held-out": {"instruments": 0.91, "targets": 0.85, "domains": 0.84},
    "plain": {"instruments": 0.85, "targets": 0.72, "domains": 0.85},
    "tuned": {"instruments": 0.93, "targets": 0.84, "domains": 0.88},
}
WORDS = st.sampled_from(
    [cue for name in ("instruments", "targets", "masks") for row in table(name) for cue in split_cues(row["cues"])]
)


def sentences(text: str):
    ends = [i + 1 for i, mark in enumerate(text) if mark in "。；\n"] + [len(text)]
    starts = [0, *ends]
    return tuple(Span(a, b) for a, b in zip(starts, ends, strict=False) if a < b)


def cited(text: str):
    opened = [i for i, mark in enumerate(text) if mark == "《"]
    return tuple(Span(i + 1, text.index("》", i)) for i in opened if "》" in text[i:])


def read(case: dict[str, Any]):
    text = case["text"]
    return find_concepts(
        MeasureText(
            text,
            sentences(text),
            case.get("section"),
            tuple(case.get("departments", ())),
            cited(text),
        )
    )


def ids(found: Concepts, scheme: str):
    return {one if isinstance(one, str) else one.concept for one in getattr(found, scheme)}


def f1(cases: list[dict[str, Any]], scheme: str):
    right = wrong = missed = 0
    for case in cases:
        found, expected = ids(read(case), scheme), set(case[scheme])
        right += len(found & expected)
        wrong += len(found - expected)
        missed += len(expected - found)
    return 2 * right / (2 * right + wrong + missed)


@pytest.mark.parametrize("scheme", ["instruments", "targets"])
def test_every_row_names_a_concept(scheme: str):
    named = {row["concept"] for row in table(scheme)} - {"-"}
    assert named <= {concept.id for concept in vocabulary(scheme.removesuffix("s"))}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_leaf_has_a_sentence(scheme: str):
    known = vocabulary(scheme.removesuffix("s"))
    leaves = {concept.id for concept in known} - {concept.parent for concept in known}
    assert leaves <= {concept for named, concept, _ in LEAVES if named == scheme}


@pytest.mark.parametrize(("scheme", "concept", "sentence"), LEAVES, ids=[row[1] for row in LEAVES])
def test_a_sentence_says_the_concept(scheme: str, concept: str, sentence: str):
    assert concept in ids(read({"text": sentence}), scheme)


@pytest.mark.parametrize("case", EXACT, ids=[case["why"] for case in EXACT])
def test_a_decided_case_holds(case: dict[str, Any]):
    found = read(case)
    for scheme in SCHEMES:
        if scheme in case:
            assert ids(found, scheme) == set(case[scheme])
        assert not ids(found, scheme) & set(case.get("never", ()))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", FLOORS)
def test_measures_in_other_words_are_read_as_well_as_before(name: str, scheme: str):
    cases = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    assert f1(cases, scheme) >= FLOORS[name][scheme]


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.text(max_size=8), WORDS, st.sampled_from("，。；《》（）“” \n")), max_size=12).map("".join)
)
def test_any_text_is_read_and_every_mention_quotes_it(text: str):
    found = read({"text": text})
    for mention in (*found.instruments, *found.targets):
        assert 0 <= mention.span.start < mention.span.end <= len(text)
    assert len(found.domains) <= 3


def test_a_class_that_is_not_in_the_table_is_refused():
    with pytest.raises(KeyError, match="no-such-class"):
        split_cues("延长<no-such-class>")


def test_who_answers_for_a_measure_tells_its_field_and_the_heading_above_it_too():
    text = "申请人提交的材料不齐全的，先予受理。"
    assert "special-equipment" not in find_concepts(MeasureText(text)).domains
    for around in (MeasureText(text, departments=("特种设备处",)), MeasureText(text, section_title="服务电梯企业")):
        assert "special-equipment" in find_concepts(around).domains


def test_a_concept_is_quoted_once_in_each_sentence():
    text = "首次违法的不予处罚。情节轻微的不予处罚，也不予处罚。"
    quotes = [m for m in read({"text": text}).instruments if m.concept == "penalty-exemption"]
    assert [text[m.span.start : m.span.end] for m in quotes] == ["不予处罚", "不予处罚"]


@pytest.mark.parametrize(
    ("cue", "text", "quote"),
    [
        ("延长…有效期", "延长许可证的有效期", "延长许可证的有效期"),
        ("延长…有效期", "延长许可证，有效期", None),
        ("延长……有效期", "延长许可证，顺延有效期", "延长许可证，顺延有效期"),
        ("延长……有效期", "延长许可证。有效期", None),
        ("延长~有效期", "延长" + "许可证、" * 6 + "有效期", "延长" + "许可证、" * 6 + "有效期"),
        ("延长~有效期", "延长许可证，有效期", None),
        ("(全部/一律)免(费/收)", "费用一律免收", "一律免收"),
        ("许可(证/)延期", "许可延期", "许可延期"),
        ("@日内办结", "5日内办结", "5日内办结"),
        ("@日内办结", "当日内办结", None),
        ("^根据", "各地根据实际", None),
        ("^根据", "好，根据实际", "根据"),
        ("延长&有效期", "延长许可证的有效期", "延长许可证的有效期"),
        ("延长&有效期", "有效期一律延长", "有效期一律延长"),
        ("延长&有效期", "延长许可证，有效期", None),
        ("<enlarge>…<line>", "扩建两条生产线", "扩建两条生产线"),
        ("一件事", "企业注销“一件 事”", "一件 事"),
        ("3C认证", "优先安排３Ｃ认证", "３Ｃ认证"),
    ],
)
def test_a_cue_means_what_its_marks_say(cue: str, text: str, quote: str | None):
    folded = FoldedText(text)
    cues = [Cue(one, "x", "x") for one in split_cues(cue)]
    spans = {folded.printed(start, end) for start, end, _ in CueFinder(cues).find(folded)["x"]}
    assert [text[span.start : span.end] for span in spans] == ([quote] if quote else [])


@pytest.mark.parametrize("cue", ["(甲/乙", "甲)", "…甲", "(甲/)乙(丙", "(/甲)…乙"])
def test_a_cue_that_cannot_be_looked_for_is_refused(cue: str):
    with pytest.raises(ValueError, match="cue"):
        Cue(cue, "x", "x")
