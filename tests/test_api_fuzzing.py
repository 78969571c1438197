"""Schemathesis asks every operation of `/openapi.json` what the description allows, and what it does not."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks
from serving import served

from api.app import create_app
from api.settings import Settings
from queries.index import index_of
from store.base import Store
from store.oxigraph import memory

API = schemathesis.openapi.from_dict(create_app(Settings(), memory()).openapi())
# A cursor of other data is 410: no schema can say which cursors are ours.
ACCEPTANCE = API.config.checks.positive_data_acceptance
ACCEPTANCE.expected_statuses = [*ACCEPTANCE.expected_statuses, "410"]
load_all_checks()
# No schema knows the grammar of SPARQL, and OpenAPI 3.1 does not know the method QUERY.
LEFT_OUT = {
    "/sparql": CHECKS.get_by_names(["positive_data_acceptance", "unsupported_method", "allow_header_conformance"])
}
schemathesis.serializer.alias("application/sparql-query", "text/plain")


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    index_of(store)  # made before the clock of a request runs
    with served(store, Settings(client_seconds=100_000, client_queries=100)) as client:
        yield str(client.base_url)


@API.parametrize()
@settings(
    max_examples=15,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: schemathesis.Case, address: str):
    case.call_and_validate(base_url=address, excluded_checks=LEFT_OUT.get(case.path, []))
