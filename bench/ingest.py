"""How fast notices are read, and how much memory a large run takes; `README.md` says how to run it.

Prints ratios beside figures: the machine is whatever it is, and jionlp runs on the same texts in the same minutes.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ingest.pipeline import ingest
from ingest.rdf import to_nquads
from ingest.read import read_notice
from ingest.reading import Reader
from ingest.tables import table
from shapes.report import Report

ROOT = Path(__file__).parent.parent
ROUNDS = 5
SHORT = """{place}市场监督管理局关于支持经营主体发展的通知
{place}市监〔2025〕{k}号
各有关单位：
现就有关事项通知如下：
一、降低收费。2025年{month}月{day}日前检验检测费用减免{rate}%。（责任单位：计量处）
二、优化服务。自受理之日起{days}个工作日内办结，推行网上办理。
{place}市场监督管理局
2025年1月{day}日
"""


def conforms(_: str) -> Report:
    """Judges nothing: what is measured is reading."""
    return Report((), 1)


def varied(text: str, seed: int, places: list[str]) -> str:
    """Returns the notice with other places, days, quantities and cited titles, so that nothing repeats."""
    choose = random.Random(seed)  # noqa: S311 - no secret
    named = re.compile("|".join(sorted(map(re.escape, places), key=len, reverse=True)))
    others: dict[str, str] = {}
    text = named.sub(lambda m: others.setdefault(m[0], choose.choice(places)), text)
    text = re.sub(r"\d{1,2}(?=日)", lambda _: str(choose.randint(1, 28)), text)
    text = re.sub(r"\d+(?=[%％个家万天号])", lambda m: str(choose.randint(1, 10 ** len(m[0]) - 1)), text)
    return re.sub(r"(?<=》)", f"（第{seed}次修订）", re.sub(r"》", f"{seed}》", text))


def cities() -> list[str]:
    """Returns names of prefectures."""
    return [
        row["name"] for row in table("divisions") if row["code"].endswith("00") and not row["code"].endswith("0000")
    ]


def speed(interpreter: str | None, copies: int) -> None:
    """Prints notices a second on one core, in rounds, each beside jionlp on the same texts."""
    places = cities()
    seeds = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "data/notices").glob("*.txt"))]
    for text in seeds:
        to_nquads(read_notice(text.encode(), "warm.txt"))
    peer = _peer(interpreter)
    ours, ratios = [], []
    for number in range(ROUNDS):
        texts = [varied(text, number * copies + k + 1, places) for k in range(copies) for text in seeds]
        files = [text.encode() for text in texts]
        began = time.process_time()
        quads = sum(to_nquads(read_notice(data, "notice.txt")).count("\n") for data in files)
        seconds = time.process_time() - began
        ours.append(len(files) / seconds)
        line = f"round {number + 1}: {ours[-1]:.0f} notices a second a core, {quads / seconds:,.0f} quads a second"
        if peer:
            theirs, found = _asked(peer, texts)
            ratios.append(theirs / seconds)
            line += f"; jionlp, times alone: {len(texts) / theirs:.0f}, {found} found; {ratios[-1]:.2f} times as fast"
        print(line)
    print(f"median: {statistics.median(ours):.0f} notices a second a core", end="")
    print(f", {statistics.median(ratios):.2f} times jionlp" if ratios else "")


def _peer(interpreter: str | None) -> "subprocess.Popen[str] | None":
    if interpreter is None:
        return None
    command = [interpreter, str(Path(__file__).with_name("jionlp_time.py"))]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    assert peer.stdout is not None  # noqa: S101 - it was asked for
    while (line := peer.stdout.readline()) and line.strip() != "ready":
        continue
    return peer


def _asked(peer: "subprocess.Popen[str]", texts: list[str]) -> tuple[float, int]:
    assert peer.stdin is not None  # noqa: S101 - it was asked for
    assert peer.stdout is not None  # noqa: S101 - likewise
    peer.stdin.write(json.dumps(texts) + "\n")
    peer.stdin.flush()
    seconds, found = peer.stdout.readline().split()
    return float(seconds), int(found)


def memory(count: int) -> None:
    """Prints the memory of the process that stores and of those that read, at each fifth of a run of many files."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "notices"
        for path, text in _short(files, count):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        began, accepted = time.monotonic(), 0
        for k, outcome in enumerate(ingest([files], Path(folder) / "store", Reader(judge=conforms)), 1):
            accepted += outcome.status == "accepted"
            if k % (count // 5) == 0:
                seconds = time.monotonic() - began
                print(f"{k:>7} files, {k / seconds:6.0f} a second, storing: {_resident():.0f} MB")
        print(f"{accepted} of {count} accepted; {time.monotonic() - began:.0f} s with publishing")


def _short(folder: Path, count: int) -> Iterator[tuple[Path, str]]:
    places = cities()
    for k in range(1, count + 1):
        values = {"place": places[k % len(places)], "k": k, "month": 1 + k % 12, "day": 1 + k % 28}
        values |= {"rate": 1 + k % 90, "days": 1 + k % 60}
        yield folder / str(k % 100) / f"{k}.txt", SHORT.format(**values)


def _resident() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def main() -> int:
    """Runs what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jionlp", metavar="PYTHON", help="an interpreter that has jionlp; without it, no ratio")
    parser.add_argument("--copies", type=int, default=20, help="variants of each of the five notices a round")
    parser.add_argument("--files", type=int, default=0, help="also ingest so many short files and print the memory")
    options = parser.parse_args()
    speed(options.jionlp, options.copies)
    if options.files:
        memory(options.files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
