"""Fronts and backs of notices in many layouts, what identifies the notice, and which items are its measures."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.read import read_notice

CASES = json.loads((Path(__file__).parent / "cases/header/fronts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_front(case: dict[str, Any]) -> None:
    notice = read_notice(case["text"].encode(), "notice.txt")
    header = notice.header
    assert {
        "title": header.title,
        "number": header.document_number,
        "genre": header.genre,
        "issuers": [mention.agency.name for mention in header.issuers],
        "addressees": list(header.addressees),
        "date": header.issue_date and header.issue_date.isoformat(),
        "items": [measure.number for measure in notice.measures],
    } == {key: case[key] for key in ("title", "number", "genre", "issuers", "addressees", "date", "items")}
    if "leads" in case:
        assert [measure.title for measure in notice.measures] == case["leads"]
