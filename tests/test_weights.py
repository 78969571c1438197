"""What is learnt from labelled measures: the table is whole, sums are sums, and words stand where they are said to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.concepts import find_cued
from ingest.tables import table
from ingest.weights import Weights
from ontology.load import concepts as vocabulary

SCHEMES = ("instruments", "targets", "domains")
SMALL = Weights(
    {"scheme": scheme, "concept": concept, "words": words, "weight": weight}
    for scheme, concept, words, weight in (
        ("instruments", "cue", "", "3.0"),
        ("targets", "cue", "", "3.0"),
        ("instruments", "fee-exemption", "", "-4.0"),
        ("targets", "enterprise", "", "-1.0"),
        ("instruments", "fee-exemption", "免收", "3.0"),
        ("instruments", "fee-exemption", "费用", "2.0"),
        ("targets", "enterprise", "费用", "-2.0"),
        ("targets", "enterprise", "企业", "1.5"),
    )
)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_table_is_whole(scheme: str):
    rows = [row for row in table("weights") if row["scheme"] == scheme]
    known = {concept.id for concept in vocabulary(scheme.removesuffix("s"))}
    assert {row["concept"] for row in rows} - {"cue"} <= known
    assert all(len(row["words"]) in {0, 2, 3, 4} for row in rows)
    assert len({(row["concept"], row["words"]) for row in rows}) == len(rows)
    cues = [float(row["weight"]) > 0 for row in rows if row["concept"] == "cue"]
    assert cues == ([] if scheme == "domains" else [True])


def test_labels_are_concepts():
    for file in sorted((Path(__file__).parent.parent / "data/labelled").glob("*.tsv")):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            _, text, *cells = line.split("\t")
            assert text, (file.name, number)
            assert len(cells) == len(SCHEMES), (file.name, number)
            for scheme, cell in zip(SCHEMES, cells, strict=True):
                known = {concept.id for concept in vocabulary(scheme.removesuffix("s"))}
                assert set(filter(None, cell.split("|"))) <= known, (file.name, number)


@pytest.mark.parametrize(
    ("text", "heading", "cued", "said"),
    [
        ("费用免收", "", {}, {"fee-exemption": 1.0}),
        ("免收", "", {}, {}),
        ("免收，免收", "", {}, {}),
        ("免收", "", {"instruments": ["fee-exemption"]}, {"fee-exemption": 2.0}),
        ("免收", "费用", {"instruments": ["fee-exemption"]}, {"fee-exemption": 2.0}),
        ("企业", "", {}, {"enterprise": 0.5}),
        ("免收", "企业", {}, {"enterprise": 0.5}),
        ("企业", "企业", {}, {"enterprise": 0.5}),
        ("企业费用", "", {"targets": ["enterprise"]}, {"enterprise": 1.5}),
        ("费用", "", {"targets": ["enterprise"]}, {}),
        ("费用", "", {"instruments": ["technical-service"]}, {"technical-service": 3.0}),
    ],
)
def test_weights_add_up(text: str, heading: str, cued: dict[str, list[str]], said: dict[str, float]):
    found = SMALL.weigh(text, heading, {"instruments": [], "targets": [], **cued}).said
    assert {**found["instruments"], **found["targets"]} == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("计量检定", {"metrology": 1.0}), ("计量登记", {"metrology": -0.5}), ("登记", {"registration": -1.0}), ("他", {})],
)
def test_a_measure_has_one_domain_at_least_if_any_words_speak_for_one(text: str, said: dict[str, float]):
    rows = [("metrology", "", -1.5), ("registration", "", -2.0), ("metrology", "计量", 1.0), ("metrology", "检定", 1.5)]
    rows.append(("registration", "登记", 1.0))
    fields = Weights({"scheme": "domains", "concept": c, "words": w, "weight": str(n)} for c, w, n in rows)
    assert fields.weigh(text, "", {"domains": ()}).said == {"domains": said}


def quoted(text: str, sentences: list[tuple[int, int]]):
    weighed = SMALL.weigh(text, "", {"instruments": ["fee-exemption"], "targets": []})
    return weighed.strongest("instruments", "fee-exemption", sentences)


def test_words_are_quoted_from_the_clause_that_speaks_most():
    text = "免收，企业费用一律免收。费用"
    assert quoted(text, [(0, 12), (12, 14)]) == (5, 11)
    assert quoted(text, [(0, 3), (12, 14)]) == (0, 2)
    assert quoted(text, []) is None
    assert quoted("企业", [(0, 2)]) is None


@given(st.lists(st.sampled_from(["免收", "费用", "企业", "，", "。", "的"]), max_size=12).map("".join))
def test_a_quote_stands_in_one_clause(text: str):
    if stretch := quoted(text, [(0, len(text))]):
        assert 0 <= stretch[0] < stretch[1] <= len(text)
        assert not set("，。") & set(text[slice(*stretch)])


def test_cues_alone_are_told_too():
    found = find_cued("首次违法的不予处罚。")
    assert found["instruments"] == {"penalty-exemption"}
