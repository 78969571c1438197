"""Files to a published store: what bad input gets, what a second run does, and that bytes do not depend on order."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.pipeline import Outcome, ingest
from shapes.report import Report
from store.oxigraph import open_store

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


def outcomes(*paths: Path, store: Path) -> dict[str, Outcome]:
    return {Path(outcome.path).name: outcome for outcome in ingest(paths, store)}


def exported(store: Path) -> str:
    return "\n".join(sorted(open_store(store).snapshot().nquads()))


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
    (folder / "truncated.txt").write_bytes(PLAIN.encode("gb18030")[:-30] + b"\x81")
    found = outcomes(folder, tmp_path / "missing.txt", store=tmp_path / "store")
    codes = {name: outcome.reason.split(":")[0] for name, outcome in found.items() if outcome.failed}
    assert codes == {
        "empty.txt": "empty-document",
        "blank.txt": "empty-document",
        "binary.txt": "undecodable",
        "latin.txt": "undecodable",
        "truncated.txt": "undecodable",
        "missing.txt": "cannot be read",
    }
    assert found["good.txt"].status == "accepted"
    assert sum("/graph/notice/" in graph for graph in open_store(tmp_path / "store").snapshot().graphs()) == 1


def test_a_notice_without_measures_is_kept_with_a_warning(folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").write_text("关于召开会议的通知\n各科室：\n定于明日召开会议，请准时参加。\n", encoding="utf-8")
    outcome = outcomes(folder, store=tmp_path / "store")["good.txt"]
    assert (outcome.status, outcome.failed) == ("accepted", False)
    assert "no measure" in outcome.reason


def test_a_second_run_reads_nothing_and_publishes_nothing(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    outcomes(folder, store=store)
    before = (store / "current").readlink()
    assert outcomes(folder, store=store)["good.txt"].status == "unchanged"
    assert (store / "current").readlink() == before


def test_an_edited_text_replaces_the_notice(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    outcomes(folder, store=store)
    (folder / "good.txt").write_text(PLAIN.replace("网上办理", "预约办理"), encoding="utf-8")
    assert outcomes(folder, store=store)["good.txt"].status == "accepted"
    told = [line for line in exported(store).splitlines() if "/graph/notice/" in line]
    assert any("预约办理" in line for line in told)
    assert not any("网上办理" in line for line in told)
    assert sum("/graph/notice/" in graph for graph in open_store(store).snapshot().graphs()) == 1


def test_the_same_notice_twice_is_one_notice(folder: Path, tmp_path: Path) -> None:
    (folder / "copy.txt").write_text(PLAIN.replace("\n", "\r\n"), encoding="utf-8")
    found = outcomes(folder, store=tmp_path / "store")
    assert sorted(outcome.status for outcome in found.values()) == ["accepted", "duplicate"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_encodings_give_the_same_notice(encoding: str, folder: Path, tmp_path: Path) -> None:
    (folder / "good.txt").write_bytes(PLAIN.encode(encoding))
    outcome = outcomes(folder, store=tmp_path / "store")["good.txt"]
    assert outcome.notice is not None
    assert outcome.notice.source.text == PLAIN.strip()
    assert outcome.notice.source.sha256 == hashlib.sha256(PLAIN.encode(encoding)).hexdigest()


def test_what_does_not_conform_is_refused_and_harms_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    outcomes(folder, store=store)
    before = exported(store)
    (folder / "good.txt").write_text(PLAIN.replace("减半", "全额"), encoding="utf-8")

    def refuse(nquads: str) -> Report:
        # A graph without its first statement of a type breaks a shape whatever the notice says.
        lines = [
            line
            for line in nquads.splitlines(keepends=True)
            if "ontology#issuedBy" not in line and "#quote" not in line
        ]
        return validate("".join(lines))

    from ingest import pipeline  # noqa: PLC0415 - the module is patched, so it is imported where that happens

    validate = pipeline.validate
    monkeypatch.setattr(pipeline, "validate", refuse)
    outcome = outcomes(folder, store=store)["good.txt"]
    assert outcome.status == "refused"
    assert outcome.report is not None
    assert not outcome.report.conforms
    assert exported(store) == before


def test_bytes_do_not_depend_on_order_or_hash_seed(tmp_path: Path) -> None:
    dumps = []
    for seed, reverse in (("1", False), ("4242", True)):
        store = tmp_path / seed
        paths = sorted(map(str, SEEDS.iterdir()), reverse=reverse)
        script = "import sys; from api.cli import main; sys.exit(main(sys.argv[1:]))"
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        for verb in (["ingest", *paths], ["export", "-o", str(tmp_path / f"{seed}.nq")]):
            command = [sys.executable, "-c", script, *verb, "--store", str(store)]
            subprocess.run(command, check=True, env=environment, cwd=tmp_path, capture_output=True)
        dumps.append((tmp_path / f"{seed}.nq").read_bytes())
    assert dumps[0] == dumps[1]


def test_nothing_is_published_when_the_caller_stops(folder: Path, tmp_path: Path) -> None:
    run = ingest([folder], tmp_path / "store")
    next(run)
    run.close()
    assert not (tmp_path / "store/current").exists()
