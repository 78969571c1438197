"""`/openapi.json`: the routes for front ends give examples that work, and answer as their models say."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter
from serving import served

from api.app import create_app
from api.lists import LISTS
from api.settings import Settings
from queries.comparison import Comparison
from queries.elements import Neighbourhood, Statistics
from queries.index import index_of
from queries.lists import Items, Reference
from store.base import Store
from store.oxigraph import memory

ANSWERS: dict[str, Any] = {
    **{f"/{name}": Items for name in LISTS},
    "/neighbourhood": Neighbourhood,
    "/neighbourhood/stats": Statistics,
    "/measures/{notice}/{position}/similar": Items,
    "/compare": Comparison,
    "/search": Items,
    "/suggest": list[Reference],
}
PATHS = create_app(Settings(), memory()).openapi()["paths"]
PARTS = {"notice": "2b3610a6bd83ddcc", "position": "19"}


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[httpx.Client]:
    index_of(store)  # made before the clock of a request runs
    with served(store) as connected:
        yield connected


@pytest.mark.parametrize("path", ANSWERS)
def test_examples_work_and_answers_fit_their_model(client: httpx.Client, path: str):
    parameters = PATHS[path]["get"]["parameters"]
    examples = {p["name"]: p["schema"]["examples"][0] for p in parameters if p["schema"].get("examples")}
    required = {p["name"]: examples[p["name"]] for p in parameters if p["required"] and p["in"] == "query"}
    address = re.sub(r"\{(\w+)\}", lambda part: PARTS[part[1]], path)
    for asked in ({}, *({name: value} for name, value in examples.items())):
        answer = client.get(address, params={**required, **asked})
        assert answer.status_code == 200, (asked, answer.text)
        found = TypeAdapter(ANSWERS[path]).validate_json(answer.content, strict=True)
        assert TypeAdapter(ANSWERS[path]).dump_python(found, mode="json") == answer.json()


@pytest.mark.parametrize("path", [*ANSWERS, "/deadlines.ics"])
def test_every_parameter_is_described(path: str):
    operation = PATHS[path]["get"]
    assert operation["description"]
    for parameter in operation["parameters"]:
        assert parameter["in"] == "path" or parameter["description"], parameter["name"]
