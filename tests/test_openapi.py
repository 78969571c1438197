"""`/openapi.json`: every route is described, gives examples of the five notices that work, and answers as it says."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator
from serving import served

from api.settings import Settings
from queries.index import index_of
from store.base import Store
from tests.generated import openapi

DOCUMENT = openapi()
ROUTES = [path for path, operations in DOCUMENT["paths"].items() if "get" in operations]
JSON = "application/json"


def closed(part: Any) -> Any:  # noqa: ANN401 - JSON
    """Returns a schema by which objects with named members have no others."""
    if isinstance(part, dict):
        done = {key: closed(value) for key, value in part.items()}
        return {"additionalProperties": False, **done} if isinstance(part.get("properties"), dict) else done
    return [closed(item) for item in part] if isinstance(part, list) else part


COMPONENTS = closed(DOCUMENT["components"])


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[httpx.Client]:
    index_of(store)  # made before the clock of a request runs
    with served(store, Settings(client_seconds=100_000, client_queries=100)) as connected:
        yield connected


def examples(route: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields addresses and queries: with what is required alone, then with each example besides."""
    path, query, required = dict[str, str](), dict[str, Any](), dict[str, Any]()
    for parameter in DOCUMENT["paths"][route]["get"].get("parameters", ()):
        shown = [parameter["example"]] if "example" in parameter else parameter["schema"].get("examples", ())
        where = path if parameter["in"] == "path" else required if parameter.get("required") else query
        if shown:
            where[parameter["name"]] = shown[0]
    address = re.sub(r"\{(\w+)\}", lambda part: str(path[part[1]]), route)
    yield address, required
    for name, value in query.items():
        yield address, {**required, name: value}


@pytest.mark.parametrize("route", ROUTES)
def test_examples_work_and_answers_are_as_described(client: httpx.Client, route: str):
    for address, query in examples(route):
        if route == "/id" and not query:
            continue  # of which nothing is required, but one or the other
        answer = client.get(address, params=query)
        assert answer.status_code < 400, (query, answer.text)
        described = DOCUMENT["paths"][route]["get"]["responses"][str(answer.status_code)]
        if answer.status_code >= 300:
            assert client.get(answer.headers["Location"], follow_redirects=True).status_code == 200
            continue
        content = described["content"][answer.headers["Content-Type"].partition(";")[0]]
        if answer.headers["Content-Type"] == JSON:
            schema = {**closed(content["schema"]), "components": COMPONENTS}
            Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_and_parameter_is_described(route: str):
    operation = DOCUMENT["paths"][route]["get"]
    assert operation["description"]
    for parameter in operation.get("parameters", ()):
        assert parameter["in"] == "path" or parameter["description"], parameter["name"]
    contents = [answer.get("content", {}) for answer in operation["responses"].values()]
    assert any(contents)
    models = [content[JSON]["schema"] for content in contents if JSON in content]
    assert all("$ref" in str(schema) for schema in models), "JSON without a model"
