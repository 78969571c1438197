"""How fast a store is loaded and grows, beside the Oxigraph command on the same quads in the same minutes."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.dump import quads
from store import versions
from store.oxigraph import open_store, publish

ROUNDS = 3
OXIGRAPH = Path(sys.executable).with_name("oxigraph")


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Returns how long something takes, and how long processors are busy with it, in seconds."""
    began, busy = time.perf_counter(), sum(os.times()[:4])
    work()
    return time.perf_counter() - began, sum(os.times()[:4]) - busy


def command(file: Path, directory: Path) -> None:
    """Loads a file with the Oxigraph command."""
    arguments = [OXIGRAPH, "load", "--location", directory, "--file", file, "--lenient"]
    subprocess.run(arguments, check=True, capture_output=True)  # noqa: S603 - our own command


def round_of_loading(file: Path, folder: Path) -> None:
    """Prints what the Oxigraph command takes, for the graphs and for graphs and union, and `ingest --from-dump`."""
    union = folder / "union.nt"
    with file.open(encoding="utf-8") as lines, union.open("w", encoding="utf-8") as output:
        output.writelines({line[: line.rindex(" <")] + " .\n" for line in lines})
    graphs = spent(lambda: command(file, folder / "peer"))
    both = [sum(pair) for pair in zip(graphs, spent(lambda: command(union, folder / "same")), strict=True)]
    parts: list[tuple[float, float]] = []

    def publishing() -> None:
        with publish(folder / "ours") as writer, file.open("rb") as content:
            parts.append(spent(lambda: writer.load(content)))

    whole = spent(publishing)
    for what, k in (("elapsed", 0), ("processors", 1)):
        ours = parts[0][k]
        print(
            f"{what:10} load {ours:.1f} s: {graphs[k] / ours:.2f} times oxigraph load, {both[k] / ours:.2f} times that "
            f"of graphs and union; published, optimize included, in {whole[k] / ours:.2f} times the load",
            flush=True,
        )


def grow(directory: Path) -> None:
    """Prints what one graph more costs in a large store: adding, changing and removing it."""
    before = open_store(directory).snapshot()
    sample = next(graph for graph in before.graphs() if "/notice/" in graph)
    lines = [line.replace(sample, f"{sample}-more") for line in before.nquads(sample)]
    for what, kept in (("added", lines), ("changed", lines[:-1]), ("removed", [])):

        def write(kept: list[str] = kept) -> None:
            with publish(directory) as writer:
                writer.replace_graph(f"{sample}-more", "\n".join(kept))

        print(f"one graph of {len(lines)} quads {what}: {spent(write)[0]:.3f} s")
    print(versions.history(directory)[-1])


def main() -> int:
    """Loads in rounds, prints ratios, then grows what was loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quads", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "all.nq")
        print(f"{quads(file, options.quads):,} quads, {file.stat().st_size / 1e6:.0f} MB")
        for number in range(ROUNDS):
            folder = Path(scratch, str(number))
            folder.mkdir()
            round_of_loading(file, folder)
        grow(Path(scratch, "0", "ours"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
