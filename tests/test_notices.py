"""How well notices are read that the rules were not written from; the floors stand below the figures of the README.

`docs/quality.md` says what is known of each set; the concepts of `layouts` are not judged.
"""

from pathlib import Path

import pytest

from ingest.rdf import notice_graph, to_nquads
from ingest.read import read_notice
from queries.evaluation import Evaluation, evaluate
from store.oxigraph import memory

CASES = Path(__file__).parent / "cases/notices"
FLOORS = {
    "seen": {"notice": 1.0, "structure": 1.0, "responsible": 0.99, "deadlines": 0.97, "concepts": 0.93},
    "layouts": {"notice": 0.72, "structure": 0.88, "responsible": 0.88, "deadlines": 0.91},
    "fresh": {"notice": 0.98, "structure": 0.98, "responsible": 0.98, "deadlines": 0.97, "concepts": 0.92},
    "recent": {"notice": 0.9, "structure": 0.97, "responsible": 0.97, "deadlines": 0.96, "concepts": 0.88},
    "blind": {"notice": 0.9, "structure": 0.97, "responsible": 0.95, "deadlines": 0.95, "concepts": 0.77},
    "unmet": {"notice": 0.87, "structure": 0.82, "responsible": 0.95, "deadlines": 0.94, "concepts": 0.77},
    "aside": {"notice": 0.75, "structure": 0.95, "responsible": 0.97, "deadlines": 0.93, "concepts": 0.79},
}
GROUPS = {
    "measure.responsible": "responsible",
    "measure.deadlines": "deadlines",
    "measure.instruments": "concepts",
    "measure.targets": "concepts",
    "measure.domains": "concepts",
}


@pytest.fixture(scope="module", params=sorted(FLOORS))
def evaluated(request: pytest.FixtureRequest) -> tuple[str, Evaluation]:
    store = memory()
    for path in sorted((CASES / request.param).iterdir()):
        if path.suffix == ".json":
            continue
        notice = read_notice(path.read_bytes(), path.name)
        store.replace_graph(notice_graph(notice), to_nquads(notice))
    return request.param, evaluate(store, CASES / request.param)


def test_every_field_keeps_its_floor(evaluated: tuple[str, Evaluation]) -> None:
    name, evaluation = evaluated
    below = {}
    for field, score in evaluation.scores.items():
        group = GROUPS.get(field, "notice" if field.startswith("notice.") else "structure")
        if score.f1 < FLOORS[name][group]:
            below[field] = round(score.f1, 3)
    assert below == {}


def test_no_calendar_date_is_invented(evaluated: tuple[str, Evaluation]) -> None:
    invented = [
        error
        for error in evaluated[1].errors
        if error[:1] == ("extra",)
        and error[2] == "measure.deadlines"
        and any(part.startswith(("start=", "end=")) for part in error[3][2:])
    ]
    assert invented == []
