"""How well the five notices are read: the floors of the first issue, and that the score can fall."""

import json
from pathlib import Path

import pytest

from queries.evaluation import evaluate
from store.base import Store

GOLD = Path(__file__).parent / "gold"
WHOLE = (
    "notice.title", "notice.documentNumber", "notice.genre", "notice.issuers", "notice.addressees", "notice.issueDate",
    "notice.effectiveFrom", "notice.effectiveUntil", "notice.effectiveUntilEvent", "notice.cites",
    "measure.found", "measure.text", "measure.title", "measure.section", "measure.responsible", "measure.cites",
)  # fmt: skip
FLOORS = {"measure.deadlines": 0.95, "measure.instruments": 0.9, "measure.targets": 0.9, "measure.domains": 0.85}


def test_the_five_notices_are_read_as_the_gold_says(store: Store) -> None:
    evaluation = evaluate(store, GOLD)
    wrong = [error for error in evaluation.errors if error[2] in WHOLE]
    assert wrong == []
    assert set(WHOLE) | set(FLOORS) == set(evaluation.scores)
    below = {
        field: evaluation.scores[field].f1 for field, floor in FLOORS.items() if evaluation.scores[field].f1 < floor
    }
    assert below == {}


def test_a_wrong_gold_lowers_the_score(store: Store, tmp_path: Path) -> None:
    gold = json.loads((GOLD / "002.json").read_text(encoding="utf-8"))
    gold["notice"]["title"] = "别的标题"
    gold["measures"][0]["instruments"] = []
    (tmp_path / "002.json").write_text(json.dumps(gold), encoding="utf-8")
    scores = evaluate(store, tmp_path).scores
    assert scores["notice.title"].f1 == 0
    assert scores["measure.instruments"].precision < 1


def test_a_gold_notice_that_was_not_read_counts_as_missing(store: Store, tmp_path: Path) -> None:
    gold = {"source": "other.txt", "notice": {"title": "某通知"}, "measures": []}
    (tmp_path / "other.json").write_text(json.dumps(gold), encoding="utf-8")
    assert evaluate(store, tmp_path).scores["notice.title"].recall == 0


def test_a_folder_without_gold_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no gold files"):
        evaluate(store, tmp_path)
