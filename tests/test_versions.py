"""Versions of a published store: what each changed, going back, one writer, and what a kill leaves."""

import multiprocessing
import signal
from pathlib import Path

import pytest

from ingest.pipeline import ingest
from store import versions
from store.base import Store, StoreError, Writer
from store.difference import Change, difference
from store.oxigraph import open_store, publish
from tests import killed

G, H = "http://e/g", "http://e/h"


def quad(value: str, graph: str = G) -> str:
    return f'<http://e/a> <http://e/p> "{value}" <{graph}> .'


def written(directory: Path, **graphs: str) -> None:
    with publish(directory) as writer:
        for graph, values in graphs.items():
            name = f"http://e/{graph}"
            writer.replace_graph(name, "\n".join(quad(value, name) for value in values))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Three versions: g and h; g changed; h gone and i come."""
    written(tmp_path, g="1", h="1")
    written(tmp_path, g="12")
    written(tmp_path, h="", i="3")
    return tmp_path


def test_a_version_tells_what_it_changed(directory: Path):
    told = [(v.name, v.previous, v.added, v.changed, v.removed, v.current) for v in versions.history(directory)]
    assert told == [
        ("v000001", "", 2, 0, 0, False),
        ("v000002", "v000001", 0, 1, 0, False),
        ("v000003", "v000002", 1, 0, 1, True),
    ]


def test_what_is_undone_within_a_run_is_no_change(directory: Path):
    with publish(directory) as writer:
        writer.replace_graph("http://e/j", quad("1", "http://e/j"))
        writer.remove_graph("http://e/j")
    assert len(versions.history(directory)) == 3


@pytest.mark.parametrize("whole", [True, False], ids=["from-the-records", "graph-by-graph"])
def test_difference_over_several_versions(directory: Path, whole: bool):
    if not whole:
        (directory / "v000002").rename(directory / "elsewhere")
    forth = [
        Change("http://e/g", "changed", (), (quad("2"),)),
        Change("http://e/h", "removed", (quad("1", H),), ()),
        Change("http://e/i", "added", (), (quad("3", "http://e/i"),)),
    ]
    assert list(difference(directory, "1", "v000003")) == forth
    kinds = {"added": "removed", "removed": "added", "changed": "changed"}
    back = [Change(change.graph, kinds[change.kind], change.come, change.gone) for change in forth]
    assert list(difference(directory, "3", "1")) == back
    with pytest.raises(StoreError, match="keeps no version 7; it keeps v000001, "):
        list(difference(directory, "1", "7"))


def test_rollback_and_on(directory: Path):
    assert versions.rollback(directory) == "v000002"
    assert open_store(directory).graphs() == (G, H)
    assert versions.rollback(directory, "1") == "v000001"
    with pytest.raises(StoreError, match="before the current"):
        versions.rollback(directory)
    written(directory, g="5")
    assert [(v.name, v.previous, v.current) for v in versions.history(directory)][-1] == ("v000004", "v000001", True)
    assert sorted(open_store(directory).nquads()) == [quad("1", H), quad("5")]


def test_parts_see_the_draft_and_a_failing_one_publishes_nothing(directory: Path):
    def make(draft: Path, writer: Writer) -> None:
        part = versions.part(draft, "words")
        part.mkdir()
        (part / "graphs").write_text(" ".join([*writer.graphs(), *versions.changes(draft).values()]))
        writer.replace_graph("http://e/words", quad("w", "http://e/words"))

    def fail(draft: Path, store: Store) -> None:
        raise ValueError(f"{draft.name} {len(store.graphs())}")

    with pytest.raises(ValueError, match=r"v000004\.tmp 3"), publish(directory, [make, fail]) as writer:
        writer.replace_graph(G, quad("9"))
    assert open_store(directory).version == directory / "v000003"
    assert not list(directory.glob("*.tmp"))
    with publish(directory, [make]) as writer:
        writer.replace_graph(G, quad("9"))
    snapshot = open_store(directory).snapshot()
    assert snapshot.version == directory / "v000004"
    assert (versions.part(snapshot.version, "words") / "graphs").read_text() == f"{G} http://e/i changed"
    assert "http://e/words" in snapshot.graphs()
    assert versions.history(directory)[-1].added == 1


def test_a_store_of_an_older_release_is_told_apart(tmp_path: Path):
    (tmp_path / "v000001").mkdir()
    (tmp_path / "current").symlink_to("v000001")
    with pytest.raises(StoreError, match="ingest` anew"):
        open_store(tmp_path)


def notices(directory: Path) -> int:
    """Checks that the current version is whole, and counts its notices."""
    if not versions.published(directory):
        return 0
    store = open_store(directory).snapshot()
    lines = list(store.nquads())
    (row,) = store.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert row[0] is not None
    assert int(row[0].value) == len({line[: line.rindex(" <")] for line in lines})
    found = [graph for graph in store.graphs() if "/graph/notice/" in graph]
    sizes = {sum(line.endswith(f"<{graph}> .") for line in lines) for graph in found}
    assert len(sizes) <= 1  # the notices are alike but for a number
    assert sum(version.current for version in versions.history(directory)) == 1
    return len(found)


@pytest.mark.parametrize("seeds", [range(0, 30, 2), range(1, 30, 2)], ids=["at-a-step", "at-an-instant"])
def test_thirty_kills_lose_nothing_that_was_published(seeds: range, tmp_path: Path):
    folder, store, before = tmp_path / "notices", tmp_path / "store", 0
    folder.mkdir()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.killed"])
    for seed in seeds:
        process = context.Process(target=killed.ingest_until_killed, args=(folder, store, seed))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        now = notices(store)
        assert before <= now <= len(list(folder.iterdir()))
        before = now
    assert before
    killed.add(folder)
    for target in (store, tmp_path / "fresh"):
        assert {o.status for o in ingest([folder], target, killed.READER)} <= {"accepted", "unchanged"}
    assert sorted(open_store(store).nquads()) == sorted(open_store(tmp_path / "fresh").nquads())
    assert not list(store.glob("*.tmp"))
