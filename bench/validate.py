"""How fast graphs are judged, beside pySHACL and Jena on the same data in the same run; `README.md` says how to run it.

pySHACL is given notice by notice, which is where it is fastest, and a part of them, whose time is multiplied; Jena the
union of all at once, and the shapes without queries alone, since a query a notice over all notices would be quadratic.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.ingest import ROOT, cities, varied
from ingest.rdf import to_nquads
from ingest.read import read_notice
from shapes import load
from shapes.data import by_graph
from shapes.engine import Engine
from shapes.validate import cited, validate

ALONE = Engine(sample=0)
_CHILD = """
import os, resource, sys, time
from pathlib import Path
from ingest.validation import judged_file
from shapes.engine import Engine
began = time.monotonic()
judged = judged_file(Path(sys.argv[1]), Engine(sample=0), jobs=int(sys.argv[2]))
found = [len(report.results) for _, report, _ in judged]
took, cpu = time.monotonic() - began, os.times()
alone = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
each = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(took, (alone + each * int(sys.argv[2])) / 1024, sum(found))
print(cpu.user + cpu.system, cpu.children_user + cpu.children_system)
"""


def notices(triples: int) -> list[str]:
    """Returns the N-Quads of as many varied notices as it takes."""
    places, texts = (
        cities(),
        [path.read_text(encoding="utf-8") for path in sorted((ROOT / "data/notices").glob("*.txt"))],
    )
    found: dict[str, str] = {}
    count = seed = 0
    while count < triples:
        seed += 1
        nquads = to_nquads(read_notice(varied(texts[seed % 5], seed, places).encode(), f"{seed}.txt"))
        (graph,) = by_graph(nquads)
        count += 0 if graph in found else nquads.count("\n")
        found.setdefault(graph, nquads)
    return list(found.values())


def one_notice(graphs: list[str], rounds: int) -> float:
    """Prints the time for one notice of each engine, in rounds, and returns pySHACL's median in seconds."""
    ratios, theirs = [], []
    validate(graphs[0], Engine("both"))
    for k in range(rounds):
        chosen = graphs[k * 5 : k * 5 + 5]
        seconds = [_timed(chosen, engine) / len(chosen) for engine in (ALONE, Engine("pyshacl"), ALONE)]
        ours = (seconds[0] + seconds[2]) / 2
        theirs.append(seconds[1])
        ratios.append(seconds[1] / ours)
        print(f"one notice: {ours * 1e3:.1f} ms, pySHACL {seconds[1] * 1e3:.0f} ms: {ratios[-1]:.0f} times as fast")
    print(f"one notice, median: {statistics.median(ratios):.0f} times pySHACL")
    return statistics.median(theirs)


def _timed(graphs: list[str], engine: Engine) -> float:
    """Returns CPU seconds, which other work on the machine makes hardly longer."""
    began = time.process_time()
    for graph in graphs:
        validate(graph, engine)
    return time.process_time() - began


def whole(graphs: list[str], pyshacl: float, jena: str | None) -> None:
    """Prints what judging all takes, with one process and with two, beside the others."""
    triples = sum(graph.count("\n") for graph in graphs)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "all.nq"
        file.write_text("".join(graphs), encoding="utf-8")
        seconds, work = {}, {}
        for jobs in (1, 2):
            done = subprocess.run([sys.executable, "-c", _CHILD, str(file), str(jobs)], capture_output=True, check=True)  # noqa: S603 - our own
            seconds[jobs], memory, results, parent, children = map(float, done.stdout.split())
            work[jobs] = parent + children / jobs
            rate = f"{triples / seconds[jobs]:,.0f} a second, {memory:.0f} MB"
            print(f"{triples:,} triples, {jobs} processes: {seconds[jobs]:.1f} s, {rate}; {results:.0f} results")
        print(f"two processes: {seconds[1] / seconds[2]:.2f} times one, {work[1] / work[2]:.2f} by CPU time")
        theirs = pyshacl * len(graphs)
        print(f"pySHACL: {theirs:.0f} s of CPU time reckoned; one process, {theirs / work[1]:.0f} times")
        if jena:
            took, cpu = _jena(Path(folder), graphs, jena)
            print(f"Jena: {took:.1f} s, {cpu:.1f} s of CPU time, without the shapes that are queries; one process,")
            print(
                f"  {took / seconds[1]:.1f} times, {cpu / work[1]:.1f} by CPU time; two, {took / seconds[2]:.1f} times"
            )


def _jena(folder: Path, graphs: list[str], jena: str) -> tuple[float, float]:
    triples = {triple for graph in graphs for some in by_graph(graph).values() for triple in (*some, *cited(some))}
    (folder / "all.nt").write_text("".join(f"{s} {p} {o} .\n" for s, p, o in triples), encoding="utf-8")
    (folder / "shapes.ttl").write_text(load.shapes(load.NOTICE).serialize(format="turtle"), encoding="utf-8")
    command = ["java", "-cp", jena, "shacl.shacl", "validate", "--text", "--shapes", "shapes.ttl", "--data", "all.nt"]
    began, before = time.monotonic(), os.times()
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True)  # noqa: S603 - as asked
    took, after = time.monotonic() - began, os.times()
    print(f"Jena: {done.stdout.count('Node=')} results")
    return took, after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    """Runs what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3, help="of five notices, for one notice beside pySHACL")
    parser.add_argument("--jena", metavar="CLASSPATH", help="Jena's jars; without them, no ratio")
    options = parser.parse_args()
    graphs = notices(options.triples)
    whole(graphs, one_notice(graphs, options.rounds), options.jena)
    return 0


if __name__ == "__main__":
    sys.exit(main())
