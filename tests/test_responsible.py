"""Which bodies answer for an item, which of them lead, and who cooperates (annotation guide, `responsible`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.agencies import described
from ingest.bodies import Bodies
from ingest.model import AgencyMention, Span
from ingest.responsible import Responsibility, find_responsible
from ingest.text import fold

CASES = [
    case
    for file in sorted((Path(__file__).parent / "cases/responsible").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))
]
ISSUERS = (described("甲省市场监督管理局"),)


def read(case: dict[str, Any]) -> tuple[str, Responsibility]:
    """Reads the paragraphs of `item`, behind those of `before` and ahead of those of `after`."""
    paragraphs = [fold(line) for part in ("before", "item", "after") for line in case.get(part, "").splitlines()]
    text = "\n".join(paragraphs)
    starts = [sum(len(p) + 1 for p in paragraphs[:i]) for i in range(len(paragraphs))]
    spans = [Span(start, start + len(p)) for start, p in zip(starts, paragraphs, strict=True)]
    first = len(case.get("before", "").splitlines())
    own = tuple(spans[first : first + len(case["item"].splitlines())])
    return text, find_responsible(text, own, Bodies(ISSUERS, text))


def names(mentions: tuple[AgencyMention, ...]) -> list[str]:
    return [mention.agency.name for mention in mentions]


@pytest.mark.parametrize("case", CASES, ids=[case["item"][-40:] for case in CASES])
def test_roles(case: dict[str, Any]) -> None:
    text, found = read(case)
    assert names(found.agencies) == case["responsible"]
    assert names(found.leads) == case.get("leads", [])
    assert names(found.cooperating) == case.get("cooperating", [])
    for mention in (*found.agencies, *found.leads, *found.cooperating):
        assert text[mention.span.start : mention.span.end].strip()
    assert "".join(text[s.start : s.end] for s in found.left_out) == case.get("left_out", "")


def test_who_leads_answers() -> None:
    for case in CASES:
        found = read(case)[1]
        assert {mention.agency for mention in found.leads} <= {mention.agency for mention in found.agencies}


def test_a_cell_of_a_table_names_bodies_in_their_roles() -> None:
    text = "推行网上办理。\t牵头单位：登记处；配合单位：信用处"
    cell = Span(text.index("\t") + 1, len(text))
    found = find_responsible(text, (Span(0, text.index("\t")),), Bodies(ISSUERS, text), cells=((cell, ""),))
    assert names(found.agencies) == ["登记处", "信用处"]
    assert (names(found.leads), names(found.cooperating)) == (["登记处"], ["信用处"])
    assert found.left_out == ()


def test_the_heading_of_a_column_gives_the_role() -> None:
    text = "推行网上办理。\t登记处\t信用处"
    cells = ((Span(8, 11), "lead"), (Span(12, 15), "cooperating"))
    found = find_responsible(text, (Span(0, 7),), Bodies(ISSUERS, text), cells=cells)
    assert names(found.agencies) == ["登记处", "信用处"]
    assert (names(found.leads), names(found.cooperating)) == (["登记处"], ["信用处"])
