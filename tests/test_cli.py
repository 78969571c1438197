"""What the command says and how it ends: real processes, exit codes, reports, signals."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from shutil import copytree

import pytest

ROOT = Path(__file__).parent.parent
NOTICES = ROOT / "data/notices"
NOTICE = """湖州市市场监督管理局关于支持经营主体发展的通知
湖市监〔2025〕{k}号
各区县市场监管局：
现就有关事项通知如下：
一、降低收费。2025年12月31日前检验检测费用减半收取。
湖州市市场监督管理局
2025年1月6日
"""
COMMAND = [sys.executable, "-m", "api.cli"]


def noticegraph(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notices"
    folder.mkdir()
    for k in (1, 2):
        (folder / f"{k}.txt").write_text(NOTICE.format(k=k), encoding="utf-8")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_ingest_names_each_document_and_reports_it(folder: Path, store: Path, tmp_path: Path) -> None:
    (folder / "copy.txt").write_text(NOTICE.format(k=1) + "\n", encoding="utf-8")
    (folder / "bad\n.txt").write_bytes(b"\x00\x01")
    report = tmp_path / "report.jsonl"
    done = noticegraph("ingest", folder, "--store", store, "--report", report, "--jobs", "2")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == f"2 read, 0 unchanged, 1 duplicate, 1 failed; published in {store}"
    assert sum("bad\\n.txt: rejected: undecodable: " in line for line in done.stderr.splitlines()) == 1
    assert sum(": duplicate: same-text: " in line for line in done.stderr.splitlines()) == 1
    told = {Path(line["path"]).name: line for line in map(json.loads, report.read_text("utf-8").splitlines())}
    assert {name: line["status"] for name, line in told.items()}["bad\n.txt"] == "rejected"
    assert told["2.txt"]["counts"]["measures"] == 1
    assert told["2.txt"]["notice"].startswith("https://w3id.org/noticegraph/id/notice/")
    assert told["2.txt"]["issuers"] == ["湖州市市场监督管理局"]
    assert set(told["2.txt"]) >= {"code", "reason", "warnings", "milliseconds"}


def test_a_second_run_ends_well_and_a_withdrawn_notice_stays_away(folder: Path, store: Path) -> None:
    assert noticegraph("ingest", folder, "--store", store).returncode == 0
    again = noticegraph("ingest", folder, "--store", store)
    assert (again.returncode, again.stdout.splitlines()[-1]) == (
        0,
        f"0 read, 2 unchanged, 0 failed; published in {store}",
    )
    gone = noticegraph("withdraw", "湖市监〔2025〕2号", "--store", store)
    assert gone.returncode == 0
    assert gone.stdout.startswith("withdrawn https://")
    assert "1 withdrawn" in noticegraph("ingest", folder, "--store", store).stdout
    assert noticegraph("validate", "--store", store).returncode == 0
    assert "1 read" in noticegraph("ingest", folder, "--store", store, "--restore").stdout


def test_withdrawing_what_is_not_there_fails_and_says_so(ingested: Path, store: Path) -> None:
    copytree(ingested, store, symlinks=True)
    done = noticegraph("withdraw", "湖市监〔2025〕9号", "--store", store)
    assert done.returncode == 1
    assert "湖市监〔2025〕9号" in done.stderr


@pytest.mark.parametrize("arguments", [["ingest"], ["ingest", "x", "--jobs", "0"], ["withdraw"], ["fly"], []])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert noticegraph(*arguments).returncode == 2


def noted(store: Path) -> int:
    """Counts what the journal of a store has, which may be made at this moment."""
    for journal in store.glob("journal-*.sqlite"):
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(journal)) as file:
            count: int = file.execute("SELECT COUNT(*) FROM document").fetchone()[0]
            return count
    return 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_publishes_nothing_and_is_resumed(number: int, code: int, folder: Path, store: Path) -> None:
    # A suite that runs in the background ignores the interrupt, and what it starts inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for k in range(3, 15):
        (folder / f"{k}.txt").write_text(NOTICE.format(k=k), encoding="utf-8")
    run = subprocess.Popen(
        [*COMMAND, "ingest", str(folder), "--store", str(store)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while run.poll() is None and not noted(store):
        time.sleep(0.01)
    run.send_signal(number)
    _, complaint = run.communicate()
    assert run.returncode == code
    assert b"nothing of this run was published" in complaint
    assert b"Traceback" not in complaint
    assert not (store / "current").exists()
    assert noted(store)
    assert noticegraph("ingest", folder, "--store", store).returncode == 0


def test_evaluate_fails_below_a_floor_and_lists_what_differs(published: Path) -> None:
    gold = ROOT / "tests/gold"
    good = noticegraph("evaluate", gold, "--store", published, "--min", "measure.found=1")
    assert good.returncode == 0
    assert "measure.found" in good.stdout
    bad = noticegraph("evaluate", gold, "--store", published, "--min", "measure.found=1.1", "--errors")
    assert bad.returncode == 1
    assert "measure.found is 1.000, below 1.1" in bad.stderr
    unknown = noticegraph("evaluate", gold, "--store", published, "--min", "measure.fund=0.5")
    assert "no field of the gold" in unknown.stderr
