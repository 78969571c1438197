"""Phrases that name bodies, and the bodies they name (annotation guide, `responsible`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.agencies import described
from ingest.bodies import Bodies

CASES = json.loads((Path(__file__).parent / "cases/bodies/phrases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["phrase"] for case in CASES])
def test_phrase(case: dict[str, Any]) -> None:
    bodies = Bodies(tuple(described(name) for name in case["issuers"]), case.get("text", ""))
    found = bodies.read(case["phrase"])
    named = found and [
        [m.agency.parent.name, m.agency.name] if m.agency.parent else [m.agency.name, None] for m in found
    ]
    assert (named or None) == case["bodies"]
    for mention in found or ():
        assert case["phrase"][mention.span.start : mention.span.end].strip()
