"""Files to a published store: what bad input gets, what a second run does, and that bytes do not depend on order."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from api.export import export
from ingest import intake
from ingest.dump import ingest_dump
from ingest.outcome import Outcome
from ingest.pipeline import ingest
from ingest.reading import Reader
from ingest.workers import Limits
from store import versions
from store.base import StoreError
from store.oxigraph import Embedded, open_store
from tests import hostile

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "data/notices"
PLAIN = """湖州市市场监督管理局关于支持经营主体发展的通知
各区县市场监管局：
现就有关事项通知如下：
一、降低收费。2025年12月31日前检验检测费用减半收取。
二、优化服务。推行网上办理。
湖州市市场监督管理局
2025年1月6日
"""
QUICK = Reader(judge=hostile.conforms)
HOSTILE = Reader(opened=hostile.opened, judge=hostile.kills)
STRICT = Limits(seconds=15, processes=2)  # what sleeps, sleeps longer; a busy machine takes seconds for a task


def outcomes(
    *paths: Path, store: Path, reader: Reader = QUICK, limits: Limits | None = None, retry: bool = False
) -> dict[str, Outcome]:
    return {Path(outcome.path).name: outcome for outcome in ingest(paths, store, reader, limits, retry=retry)}


def statuses(found: dict[str, Outcome]) -> dict[str, tuple[str, str]]:
    return {name: (outcome.status, outcome.code) for name, outcome in found.items()}


def exported(store: Path) -> str:
    return "\n".join(sorted(open_store(store).snapshot().nquads()))


def notices(store: Path) -> int:
    return sum("/graph/notice/" in graph for graph in open_store(store).snapshot().graphs())


def another(place: str) -> str:
    return PLAIN.replace("湖州", place)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notices"
    folder.mkdir()
    (folder / "good.txt").write_text(PLAIN, encoding="utf-8")
    return folder


def test_bad_files_are_named_and_the_rest_is_published(folder: Path, tmp_path: Path) -> None:
    (folder / "empty.txt").write_bytes(b"")
    (folder / "blank.txt").write_text(" \n\u3000\n", encoding="utf-8")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 8)
    (folder / "latin.txt").write_bytes("Réglementation générale à l'égard des sociétés".encode("latin-1"))
    (folder / "pipe").symlink_to("/dev/zero")
    (tmp_path / "nothing").mkdir()
    found = outcomes(folder, tmp_path / "missing.txt", tmp_path / "nothing", store=tmp_path / "store")
    codes = {name: outcome.code for name, outcome in found.items() if outcome.failed}
    assert codes == {
        "empty.txt": "empty-document",
        "blank.txt": "empty-document",
        "binary.txt": "undecodable",
        "latin.txt": "undecodable",
        "pipe": "unreadable",
        "missing.txt": "unreadable",
        "nothing": "empty-folder",
    }
    assert found["good.txt"].status == "accepted"
    assert notices(tmp_path / "store") == 1


def test_a_notice_without_measures_is_kept_with_a_warning(folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").write_text("关于召开会议的通知\n各科室：\n定于明日召开会议，请准时参加。\n", encoding="utf-8")
    outcome = outcomes(folder, store=tmp_path / "store")["good.txt"]
    assert (outcome.status, outcome.failed) == ("accepted", False)
    assert any("no measure" in warning for warning in outcome.warnings)


def test_a_second_run_reads_nothing_and_publishes_nothing(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    outcomes(folder, store=store)
    before = (store / "current").readlink()
    assert outcomes(folder, store=store, reader=Reader(opened=hostile.never))["good.txt"].status == "unchanged"
    assert (store / "current").readlink() == before


def test_a_touched_file_is_not_read_again_and_an_edited_one_of_the_same_size_is(folder: Path, tmp_path: Path) -> None:
    store, file = tmp_path / "store", folder / "good.txt"
    outcomes(folder, store=store)
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    os.utime(file)
    assert outcomes(folder, store=store)["good.txt"].status == "unchanged"
    file.write_text(PLAIN.replace("网上", "线上"), encoding="utf-8")
    os.utime(file, ns=times)
    assert outcomes(folder, store=store)["good.txt"].status == "accepted"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_encodings_give_the_same_notice(encoding: str, folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").write_bytes(PLAIN.encode(encoding))
    outcomes(folder, store=tmp_path / "store")
    graph = exported(tmp_path / "store")
    assert json.dumps(PLAIN.strip(), ensure_ascii=False) in graph
    assert hashlib.sha256(PLAIN.encode(encoding)).hexdigest() in graph


def test_what_does_not_conform_is_refused_and_harms_nothing(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    outcomes(folder, store=store)
    before = exported(store)
    (folder / "good.txt").write_text(PLAIN.replace("减半", "全额"), encoding="utf-8")
    (folder / "next.txt").write_text(another("长沙"), encoding="utf-8")
    found = outcomes(folder, store=store, reader=Reader(judge=hostile.refuses_free))
    assert statuses(found) == {"good.txt": ("refused", "shapes"), "next.txt": ("accepted", "")}
    assert found["good.txt"].violations
    assert set(before.splitlines()) < set(exported(store).splitlines())
    assert notices(store) == 2


def test_fifty_files_of_which_ten_are_hostile(folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").unlink()
    for k in range(40):
        (folder / f"good{k}.txt").write_text(PLAIN.replace("的通知", f"的第{k}号通知"), encoding="utf-8")
    hostiles = {
        "sleeps": (b"SLEEP", "resource-limit"),
        "allocates": (b"ALLOCATE", "resource-limit"),
        "recurses": (b"RECURSE", "resource-limit"),
        "dies": (b"KILL", "crashed"),
        "dies-too": (b"KILL again", "crashed"),
        "raises": (b"RAISE", "crashed"),
        "sleeps-late": (PLAIN.replace("网上", "SLEEP").encode(), "resource-limit"),
        "dies-late": (another("宁波").replace("网上", "KILL").encode(), "crashed"),
        "empty": (b"", "empty-document"),
        "binary": (bytes(range(256)), "undecodable"),
    }
    for name, (data, _) in hostiles.items():
        (folder / name).write_bytes(data)
    found = outcomes(folder, store=tmp_path / "store", reader=HOSTILE, limits=STRICT)
    assert {name: found[name].code for name in hostiles} == {name: code for name, (_, code) in hostiles.items()}
    assert all(found[name].status == "rejected" and found[name].reason for name in hostiles)
    assert [found[f"good{k}.txt"].status for k in range(40)] == ["accepted"] * 40
    assert notices(tmp_path / "store") == 40


def test_a_member_that_kills_its_process_does_not_take_the_others_along(tmp_path: Path) -> None:
    killer = another("宁波").replace("网上", "KILL")
    members = (PLAIN, killer, another("长沙"), another("无锡").replace("网上", "SLEEP"), another("洛阳"))
    (tmp_path / "crawl").write_bytes(hostile.BOUNDARY.join(member.encode() for member in members))
    found = outcomes(tmp_path / "crawl", store=tmp_path / "store", reader=HOSTILE, limits=STRICT)
    assert statuses(found) == {
        "crawl#1": ("accepted", ""),
        "crawl#2": ("rejected", "crashed"),
        "crawl#3": ("accepted", ""),
        "crawl#4": ("rejected", "resource-limit"),
        "crawl#5": ("accepted", ""),
    }


def test_a_container_that_kills_its_process_between_members_keeps_those_before(tmp_path: Path) -> None:
    (tmp_path / "crawl").write_bytes(hostile.BOUNDARY.join((PLAIN.encode(), b"OPENKILL", another("长沙").encode())))
    found = outcomes(tmp_path / "crawl", store=tmp_path / "store", reader=HOSTILE, limits=STRICT)
    assert statuses(found) == {"crawl#1": ("accepted", ""), "crawl": ("rejected", "crashed")}


def test_members_that_are_there_are_not_read_again(tmp_path: Path) -> None:
    store, crawl = tmp_path / "store", tmp_path / "crawl"
    crawl.write_bytes(hostile.BOUNDARY.join((PLAIN.encode(), another("长沙").encode())))
    outcomes(crawl, store=store, reader=HOSTILE)
    crawl.write_bytes(hostile.BOUNDARY.join((PLAIN.encode(), another("长沙").encode(), another("洛阳").encode())))
    found = outcomes(crawl, store=store, reader=HOSTILE)
    assert [found[f"crawl#{k}"].status for k in (1, 2, 3)] == ["unchanged", "unchanged", "accepted"]
    assert notices(store) == 3


def test_what_was_read_before_an_interruption_is_not_read_again(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    for k in range(5):
        (folder / f"more{k}.txt").write_text(PLAIN.replace("的通知", f"的第{k}号通知"), encoding="utf-8")
    run = ingest([folder], store, QUICK, Limits(processes=1))
    read = [next(run).path for _ in range(3)]
    run.close()
    assert not (store / "current").exists()
    found = {outcome.path: outcome for outcome in ingest([folder], store, Reader(opened=hostile.never))}
    assert [found[path].status for path in read] == ["accepted"] * 3
    assert {outcome.status for outcome in ingest([folder], store, QUICK)} <= {"unchanged", "accepted"}
    assert notices(store) == 6


def test_bytes_do_not_depend_on_order_processes_or_hash_seed(ingested: Path, tmp_path: Path) -> None:
    backwards = sorted(map(str, SEEDS.iterdir()), reverse=True)
    seed = {**os.environ, "PYTHONHASHSEED": "4242"}
    command = [sys.executable, "-m", "api.cli", "ingest", "--jobs", "1", "--store", str(tmp_path / "store"), *backwards]
    subprocess.run(command, check=True, env=seed, cwd=ROOT, capture_output=True)
    for store, name in ((ingested, "forwards.nq"), (tmp_path / "store", "backwards.nq")):
        export(open_store(store), "nq", tmp_path / name)
    assert (tmp_path / "forwards.nq").read_bytes() == (tmp_path / "backwards.nq").read_bytes()


def test_nothing_is_published_when_the_caller_stops(folder: Path, tmp_path: Path) -> None:
    run = ingest([folder], tmp_path / "store", QUICK)
    next(run)
    run.close()
    assert not (tmp_path / "store/current").exists()


def test_a_name_that_is_no_unicode_or_holds_a_line_end(folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").rename(folder / os.fsdecode(b"\xffgood.txt"))
    (folder / "two\nlines.txt").write_text(another("长沙"), encoding="utf-8")
    found = list(ingest([folder], tmp_path / "store", Reader()))
    assert [outcome.status for outcome in found] == ["accepted", "accepted"]
    assert "\ufffdgood.txt" in exported(tmp_path / "store")
    assert all(json.loads(outcome.to_json())["path"] == outcome.path for outcome in found)


def test_the_members_of_an_archive_are_notices(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "crawl.zip", "w") as archive:
        archive.writestr("通知/one.txt", PLAIN)
        archive.writestr("empty.txt", "")
    found = {
        outcome.path.rsplit("/", 1)[-1]: outcome.status for outcome in ingest([tmp_path / "crawl.zip"], tmp_path / "s")
    }
    assert found == {"one.txt": "accepted", "empty.txt": "rejected"}


def test_what_was_rejected_is_not_read_again_until_asked(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (folder / "binary.txt").write_bytes(bytes(range(256)))
    (folder / "refused.txt").write_text(another("长沙").replace("减半", "全额"), encoding="utf-8")
    first = statuses(outcomes(folder, store=store, reader=Reader(judge=hostile.refuses_free)))
    never = Reader(opened=hostile.never)
    again = statuses(outcomes(folder, store=store, reader=never))
    assert again == {**first, "good.txt": ("unchanged", "")}
    assert first["binary.txt"] == ("rejected", "undecodable")
    assert first["refused.txt"] == ("refused", "shapes")
    assert statuses(outcomes(folder, store=store, reader=never, retry=True))["binary.txt"] == ("rejected", "unreadable")
    assert statuses(outcomes(folder, store=store))["refused.txt"] == ("accepted", "")


def test_nothing_is_published_where_every_file_fails(folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").write_bytes(b"")
    assert statuses(outcomes(folder, store=tmp_path / "store")) == {"good.txt": ("rejected", "empty-document")}
    assert not versions.published(tmp_path / "store")


def test_one_notice_more_touches_nothing_else(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    outcomes(folder, store=store)
    before = exported(store)
    (folder / "next.txt").write_text(another("长沙"), encoding="utf-8")
    found = outcomes(folder / "next.txt", store=store)
    (graph,) = versions.changes(open_store(store).version)
    assert graph.rpartition("/")[2] == found["next.txt"].notice.rpartition("/")[2]
    assert set(before.splitlines()) < set(exported(store).splitlines())


def test_a_large_file_of_json_lines_is_shared_out_and_comes_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_LARGE", 100)
    texts = [PLAIN.replace("的通知", f"的第{k}号通知") for k in range(7)] + ["", another("长沙")]
    crawl = tmp_path / "crawl.jsonl"
    crawl.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    dumps = []
    for processes in (1, 2, 3):
        store = tmp_path / str(processes)
        found = list(ingest([crawl], store, QUICK, Limits(processes=processes)))
        assert [outcome.path for outcome in found] == [f"{crawl}#{k}" for k in range(1, 10)]
        assert [outcome.failed for outcome in found] == [k == 7 for k in range(9)]
        dumps.append(exported(store))
    assert dumps[0] == dumps[1] == dumps[2]


def test_a_dump_comes_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    outcomes(folder, store=tmp_path / "store", reader=Reader())
    dump, gone = tmp_path / "all.nq.gz", tmp_path / "gone.nq"
    dump.write_bytes(gzip.compress((exported(tmp_path / "store") + "\n").encode()))
    assert ingest_dump(dump, Embedded(tmp_path / "other")) > 1
    assert exported(tmp_path / "other") == exported(tmp_path / "store")
    with pytest.raises(StoreError, match="empty store"):
        ingest_dump(dump, Embedded(tmp_path / "other"))
    lines = exported(tmp_path / "store").splitlines()
    gone.write_text("\n".join(line for line in lines if "#hasProvision>" not in line), encoding="utf-8")
    empty = tmp_path / "empty.nq"
    empty.touch()
    for faulty, says in ((gone, "does not conform"), (folder / "good.txt", "no N-Quads"), (empty, "holds nothing")):
        with pytest.raises(ValueError, match=says):
            ingest_dump(faulty, Embedded(tmp_path / "third"))
    assert not versions.published(tmp_path / "third")
