"""How fast a store is loaded and grows, beside the Oxigraph command on the same quads in the same minutes."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox

from bench.dump import quads
from store import versions
from store.oxigraph import open_store, publish

ROUNDS = 3
OXIGRAPH = Path(sys.executable).with_name("oxigraph")


def seconds(work: Callable[[], object]) -> float:
    """Returns how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def loaded(file: Path, directory: Path) -> None:
    """Loads N-Quads as `ingest --from-dump` does, without judging them."""
    with publish(directory) as writer, file.open("rb") as content:
        writer.load(content)


def round_of_loading(file: Path, folder: Path) -> tuple[float, float, float, float]:
    """Returns seconds: the Oxigraph command, the same with the union, `optimize` alone, and ours."""
    command = [OXIGRAPH, "load", "--location", folder / "peer", "--file", file, "--lenient"]
    peer = seconds(lambda: subprocess.run(command, check=True, capture_output=True))  # noqa: S603 - our own command
    optimised = seconds(lambda: ox.Store(folder / "peer").optimize())
    union = folder / "union.nt"
    with file.open(encoding="utf-8") as lines, union.open("w", encoding="utf-8") as output:
        output.writelines({line[: line.rindex(" <")] + " .\n" for line in lines})
    same = [OXIGRAPH, "load", "--location", folder / "same", "--file", union, "--lenient"]
    both = peer + seconds(lambda: subprocess.run(same, check=True, capture_output=True))  # noqa: S603 - likewise
    return peer, both, optimised, seconds(lambda: loaded(file, folder / "ours"))


def grow(directory: Path) -> None:
    """Prints what one graph more costs in a large store: adding, changing and removing it."""
    before = open_store(directory).snapshot()
    sample = next(graph for graph in before.graphs() if "/notice/" in graph)
    lines = [line.replace(sample, f"{sample}-more") for line in before.nquads(sample)]
    for what, kept in (("added", lines), ("changed", lines[:-1]), ("removed", [])):

        def write(kept: list[str] = kept) -> None:
            with publish(directory) as writer:
                writer.replace_graph(f"{sample}-more", "\n".join(kept))

        print(f"one graph of {len(lines)} quads {what}: {seconds(write):.3f} s")
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
            peer, both, optimised, ours = round_of_loading(file, folder)
            print(
                f"round {number + 1}: ours {ours:.1f} s, optimised and on disk; oxigraph load {peer:.1f} s, of graphs "
                f"and union {both:.1f} s, optimize {optimised:.1f} s: {peer / ours:.2f} times oxigraph load, "
                f"{(both + optimised) / ours:.2f} times the same work"
            )
        grow(Path(scratch, "0", "ours"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
