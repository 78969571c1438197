"""How fast dumps are written, beside pyoxigraph's and rdflib's on the same quads in the same minutes."""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from itertools import chain, islice
from pathlib import Path

import pyoxigraph as ox
import zstandard
from rdflib import Dataset, Graph

from bench.ingest import ROOT, cities, varied
from ingest.rdf import to_nquads
from ingest.read import read_notice
from store import versions
from store.base import Writer
from store.canonical import blocks, ending, merged, opened, sorted_runs, without
from store.dumps import PART, name, write_dumps
from store.formats import N_QUADS, TRIG, TURTLE, transcribe
from store.oxigraph import open_store, publish

SAMPLE = 100_000
ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    """Returns the least of three times."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def quads(file: Path, count: int) -> int:
    """Writes variants of the five notices as N-Quads until there are so many, and returns how many there are."""
    places, written, seed = cities(), 0, 0
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "data/notices").glob("*.txt"))]
    with file.open("w", encoding="utf-8") as output:
        while written < count:
            seed += 1
            for text in texts:
                nquads = to_nquads(read_notice(varied(text, seed, places).encode(), f"{seed}.txt"))
                written += nquads.count("\n")
                output.write(nquads)
    return written


def report(what: str, ours: float, **peers: float) -> None:
    """Prints a time and how many times as fast as its peers that is."""
    ratios = ", ".join(f"{theirs / ours:.2f} times {peer.replace('_', ' ')}" for peer, theirs in peers.items())
    print(f"{what:52}{ours:7.2f} s  {ratios}", flush=True)


def plainly(version: Path, gone: str, lines: list[bytes], output: Path, *, packed: bool) -> None:
    """Writes sorted N-Quads from those of a version, one graph of which has changed."""
    file = version / PART / name(version, "nq.zst")
    with zstandard.open(output, "wb") if packed else output.open("wb") as target:
        for block in merged((without(blocks(file), {ending(gone)}), iter([lines]))):
            target.write(b"".join(block))


def resorted(source: Path, output: Path) -> None:
    """Writes N-Quads that stand graph by graph as sorted ones."""
    with sorted_runs(source) as runs, output.open("wb") as target:
        for block in merged(runs):
            target.write(b"".join(block))


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quads", type=int, default=1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), parser.parse_args().quads)
    return 0


def measure(folder: Path, count: int) -> None:
    """Prints all figures."""
    source = folder / "source.nq"
    print(f"{quads(source, count):,} quads, {source.stat().st_size >> 20} MB of N-Quads")
    in_memory = dumped(ox.Store(), source, folder / "peer")
    on_disk = dumped(ox.Store(folder / "disk"), source, folder / "peer")
    peers = {"pyoxigraph_from_memory": in_memory, "from_disk": on_disk}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def part(draft: Path, writer: Writer) -> None:
        began = time.perf_counter()
        write_dumps(writer, draft, forms=(N_QUADS,))
        report("first N-Quads, both orders, gz, zst", time.perf_counter() - began, **peers)

    with publish(folder / "store", (part,)) as writer, source.open("rb") as lines:
        writer.load(lines)
    ours = open_store(folder / "store").snapshot()
    first, second = versions.current(folder / "store"), folder / "v000002"
    unsorted = folder / "unsorted.nq"
    unsorted.write_bytes(b"".join(chain.from_iterable(blocks(first / PART / "by-graph.nq.zst"))))
    report(
        "of which sorting what stands graph by graph", seconds(lambda: resorted(unsorted, folder / "plain")), **peers
    )
    changed = ours.graphs()[0]
    fresh = sorted(f"{line}\n".encode() for line in ours.nquads(changed))
    plain = seconds(lambda: plainly(first, changed, fresh, folder / "plain", packed=False))
    packed = seconds(lambda: plainly(first, changed, fresh, folder / "packed", packed=True))
    report("N-Quads, sorted, one graph changed", plain, **peers)
    report("the same in zstd", packed, the_plain=plain, **peers)
    began = time.perf_counter()
    write_dumps(ours, second, {changed}, first)
    report("all six formats, gz and zst, one graph changed", time.perf_counter() - began, **peers)
    rival = rdflib_times(source)
    size = count / SAMPLE
    for form, base in ((TRIG, "by-graph.nq.zst"), (TURTLE, name(second, "nt.zst"))):
        took = seconds(lambda form=form, base=base: transcribe(opened(second / PART / base), BytesIO(), form))  # type: ignore[misc]
        report(f"{form.name}, from the N-Quads", took, rdflib=rival["turtle" if form == TURTLE else form.name] * size)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {before >> 10} MB before the dumps, {after >> 10} MB after")


def dumped(store: ox.Store, source: Path, output: Path) -> float:
    """Returns the seconds that pyoxigraph takes to write N-Quads, in its own order."""
    store.bulk_load(path=source, format=ox.RdfFormat.N_QUADS, lenient=True)
    store.optimize()
    return seconds(lambda: store.dump(str(output), ox.RdfFormat.N_QUADS))


def rdflib_times(source: Path) -> dict[str, float]:
    """Returns the seconds that rdflib takes to write a part of the quads."""
    with source.open("rb") as lines:
        part = list(islice(lines, SAMPLE))
    data, union = Dataset(), Graph()
    data.parse(data=b"".join(part), format="nquads")
    union.parse(data=b"".join(line[: line.rindex(b" <")] + b" .\n" for line in part), format="nt")
    times = {}
    for form, graph in (("trig", data), ("turtle", union)):
        began = time.perf_counter()
        graph.serialize(format=form)
        times[form] = time.perf_counter() - began
    return times


if __name__ == "__main__":
    sys.exit(main())
