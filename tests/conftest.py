"""What several test modules share: the five notices, read once and published once."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import httpx
import pytest
from hypothesis import HealthCheck, settings

from api.targets import folder
from ingest.events import publish_events
from ingest.model import Notice
from ingest.pipeline import Outcome, ingest
from ingest.read import read_notice
from queries.index import index_of
from store.base import Store
from store.oxigraph import memory, open_store
from tests.serving import served

# No timing in a test: a busy machine must not fail a property.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).parent.parent
NOTICES = sorted((ROOT / "data/notices").iterdir())


@pytest.fixture(scope="session")
def notices() -> tuple[Notice, ...]:
    """The five notices as read, in the order of their file names."""
    return tuple(read_notice(path.read_bytes(), path.name) for path in NOTICES)


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store in which the five notices are published, with all that belongs; to copy, not to write."""
    directory = tmp_path_factory.mktemp("ingested")
    outcomes: list[Outcome] = list(ingest([ROOT / "data/notices"], directory, target=folder(directory)))
    assert [outcome.status for outcome in outcomes] == ["accepted"] * 5
    return directory


@pytest.fixture(scope="session")
def published(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it in which the dates of events are published too."""
    directory = tmp_path_factory.mktemp("published")
    copytree(ingested, directory, symlinks=True, dirs_exist_ok=True)
    publish_events([ROOT / "data/events.ttl"], directory, folder(directory))
    return directory


@pytest.fixture(scope="session")
def store(published: Path) -> Store:
    """The published store of the five notices."""
    return open_store(published).snapshot()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a server over the small sample of the queries' cases."""
    with served(memory([ROOT / "tests/cases/queries/sample.trig"])) as connected:
        yield connected


@pytest.fixture(scope="module")
def real(store: Store) -> Iterator[httpx.Client]:
    """A client of a server over the five notices."""
    index_of(store)  # made before the clock of a request runs
    with served(store) as connected:
        yield connected
