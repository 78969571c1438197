"""How fast the API is: requests a second and waiting times, beside an empty route of the same app and `oxigraph serve`.

.venv/bin/python -m bench.api --quads 1000000 [--oxigraph] [--texts 1000000]
"""

import argparse
import asyncio
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from bench.synthetic import copies
from ingest.pipeline import ingest
from ontology import terms
from queries.index import PART, index_of, instances, make_index
from store import versions
from store.oxigraph import open_store, publish

HOME = Path("var/bench")
CONNECTIONS, SECONDS, ROUNDS = 16, 3.0, 3
HUBS = ("instrument/online-processing", "target/enterprise", "division/320000", "force/obligation")
WORDS = 200


def main() -> None:
    """Builds what is missing, asks, prints ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quads", type=int, default=1_000_000)
    parser.add_argument("--oxigraph", action="store_true", help="ask `oxigraph serve-read-only` for the same, too")
    options = parser.parse_args()
    store = built(options.quads)
    targets = paths(store)
    with ExitStack() as stack:
        ours, process = stack.enter_context(server([sys.executable, "-m", "api.cli", "serve", "--port", "0"], store))
        wanted = [(name, ours, asked) for name, asked in targets.items()]
        if options.oxigraph:
            data = versions.part(versions.current(store), versions.DATA)
            command = [f"{Path(sys.executable).parent}/oxigraph", "serve-read-only", "--location", str(data)]
            theirs = stack.enter_context(oxigraph(command))
            wanted.append(("oxigraph serve, the same as depth 1", theirs, sparql(targets["depth 1, each node once"])))
        results: dict[str, list[tuple[float, float, float]]] = {name: [] for name, _, _ in wanted}
        for _ in range(ROUNDS):
            for name, port, asked in wanted:
                results[name].append(asyncio.run(load(port, asked)))
        report(results)
        resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
        print(f"memory of the serving process: {int(resident[1]) / 1024 if resident else 0:.0f} MB")


def report(results: dict[str, list[tuple[float, float, float]]]) -> None:
    """Prints medians of the rounds, and ratios to the empty route in the same round."""
    empty = results["empty route"]
    print(f"{'':40}{'requests/s':>11}{'p50 ms':>8}{'p99 ms':>8}{'ratio':>8}{'p99 ratio':>10}")
    for name, rounds in results.items():
        rate, p50, p99 = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(mine[0] / theirs[0] for mine, theirs in zip(rounds, empty, strict=True))
        late = statistics.median(mine[2] / theirs[2] for mine, theirs in zip(rounds, empty, strict=True))
        print(f"{name:40}{rate:>11.0f}{p50:>8.2f}{p99:>8.2f}{ratio:>8.2f}{late:>10.2f}")


def built(quads: int) -> Path:
    """Returns a store of synthetic notices, made where missing, and prints what making it took."""
    store = HOME / f"api-{quads}"
    if versions.published(store):
        return store
    with TemporaryDirectory() as folder:
        list(ingest([Path("data/notices")], Path(folder)))
        lines = list(open_store(Path(folder)).nquads())
    HOME.mkdir(parents=True, exist_ok=True)
    file = HOME / "synthetic.nq"
    with file.open("w", encoding="utf-8") as output:
        output.writelines(f"{line}\n" for line in copies(lines, quads))
    begun = time.perf_counter()
    with publish(store) as writer, file.open("rb") as source:
        writer.load(source)
    loaded = time.perf_counter()
    make_index(versions.current(store), open_store(store))  # type: ignore[arg-type]
    indexed = time.perf_counter()
    folder = versions.part(versions.current(store), PART)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"loaded in {loaded - begun:.0f} s; index made in {indexed - loaded:.0f} s, {size / 1e6:.0f} MB")
    file.unlink()
    return store


def paths(store: Path) -> dict[str, Iterator[str]]:
    """Returns what is asked for, by name."""
    index = index_of(open_store(store).snapshot())
    graph = index.graph
    chance = random.Random(1)  # noqa: S311 - a bench, not a secret
    measures = [graph.iri(node) for node in instances(graph, terms.MEASURE)]
    agencies = [graph.iri(node) for node in instances(graph, terms.AGENCY)]
    chance.shuffle(measures)
    nodes = cycle(measures)
    hubs = [f"https://w3id.org/noticegraph/id/{hub}" for hub in HUBS]
    hubs = [hub for hub in hubs if graph.find(hub) is not None] + chance.sample(agencies, 8)
    labels = [graph.label(node, "zh") for node in chance.sample(instances(graph, terms.MEASURE), WORDS)]
    words = [re.sub(r"\W", "", label)[start : start + 3] for label in labels for start in (0, 2, 4)]
    # A further parameter makes each address another one, so that no kept answer helps.
    fresh = iter(range(10**9))
    return {
        "empty route": cycle(["/healthz"]),
        "depth 1, each node once": (f"/neighbourhood?iri={quote(iri, safe='')}" for iri in nodes),
        "depth 1, 500 nodes again and again": cycle(
            [f"/neighbourhood?iri={quote(iri, safe='')}" for iri in measures[:500]]
        ),
        "hubs": (f"/neighbourhood?iri={quote(iri, safe='')}&limit={20 + next(fresh) % 60}" for iri in cycle(hubs)),
        "depth 2, 200 nodes, each once": (
            f"/neighbourhood?iri={quote(iri, safe='')}&depth=2&limit=199" for iri in nodes
        ),
        "depth 2, 50 nodes again and again": cycle(
            [f"/neighbourhood?iri={quote(iri, safe='')}&depth=2&limit=199" for iri in measures[:50]]
        ),
        "search, no facets": cycle([f"/search?buckets=0&q={quote(word)}" for word in words if word]),
        "search": cycle([f"/search?q={quote(word)}" for word in words if word]),
        "suggest": cycle([f"/suggest?q={quote(word[:2])}" for word in words if word]),
        "measures by division and instrument": cycle(
            [f"/measures?division={place}&instrument=time-relief" for place in ("320000", "460000", "370000")]
        ),
    }


def sparql(asked: Iterator[str]) -> Iterator[str]:
    """Returns the same neighbourhoods as SPARQL queries: links both ways, with labels and types."""
    for path in asked:
        iri = f"<{path.partition('iri=')[2]}>".replace("%3A", ":").replace("%2F", "/")
        label = f"<{terms.PREF_LABEL}>|<{terms.DCT_TITLE}>|<{terms.TEXT}>"
        text = (
            f"SELECT ?p ?o ?s ?label ?type {{ {{ {iri} ?p ?o FILTER(ISIRI(?o)) OPTIONAL {{ ?o {label} ?label }} "
            f"OPTIONAL {{ ?o a ?type }} }} UNION {{ ?s ?p {iri} OPTIONAL {{ ?s {label} ?label }} "
            "OPTIONAL { ?s a ?type } } } LIMIT 200"
        )
        yield f"/query?query={quote(text, safe='')}"


@contextmanager
def server(command: list[str], store: Path) -> Iterator[tuple[int, int]]:
    """Runs our server and yields its port and its process."""
    with subprocess.Popen([*command, "--store", str(store)], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        line = process.stdout.readline() if process.stdout else ""
        try:
            yield int(line.rstrip("/\n").rpartition(":")[2]), process.pid
        finally:
            process.terminate()


@contextmanager
def oxigraph(command: list[str]) -> Iterator[int]:
    """Runs `oxigraph serve-read-only` and yields its port."""
    port = 7979
    with subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            time.sleep(3)
            yield port
        finally:
            process.terminate()


async def load(port: int, asked: Iterator[str]) -> tuple[float, float, float]:
    """Asks over 16 connections for some seconds; returns requests a second, and p50 and p99 in milliseconds."""
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    begun = time.perf_counter()
    await asyncio.gather(*(_client(port, asked, times, end) for _ in range(CONNECTIONS)))
    passed = time.perf_counter() - begun
    times.sort()
    return len(times) / passed, 1000 * times[len(times) // 2], 1000 * times[len(times) * 99 // 100]


async def _client(port: int, asked: Iterator[str], times: list[float], end: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < end:
        begun = time.perf_counter()
        writer.write(f"GET {next(asked)} HTTP/1.1\r\nHost: x\r\nAccept: application/json, */*\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:16]:
            raise RuntimeError(head.decode(errors="replace"))
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if length:
            await reader.readexactly(int(length[1]))
        else:
            await reader.readuntil(b"\r\n0\r\n\r\n")
        times.append(time.perf_counter() - begun)
    writer.close()


if __name__ == "__main__":
    main()
