"""How fast the API is: requests a second and waiting times, beside an empty route of the same app and `oxigraph serve`.

.venv/bin/python -m bench.api --quads 1000000 [--oxigraph] [--virtuoso] [--only "depth 1"]
"""

import argparse
import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from urllib.parse import quote, unquote

import uvloop

from bench.synthetic import copies
from ingest.pipeline import ingest
from ontology import terms
from queries.index import PART, index_of, instances, make_index
from store import versions
from store.oxigraph import open_store, publish

HOME = Path("var/bench")
CONNECTIONS, SECONDS, ROUNDS = 16, 3.0, 3
HUBS = ("instrument/time-relief", "target/enterprise", "division/320000", "force/obligation")
WORDS = 200
_TURNS = count()
Measured = tuple[float, float, float, float]


def main() -> None:
    """Builds what is missing, asks, prints ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quads", type=int, default=1_000_000)
    parser.add_argument("--oxigraph", action="store_true", help="ask `oxigraph serve-read-only` for the same, too")
    parser.add_argument(
        "--virtuoso", action="store_true", help="ask Virtuoso 7 for the same, too (virtuoso-t, isql-vt)"
    )
    parser.add_argument("--only", default="", help="ask for what begins with this alone")
    options = parser.parse_args()
    store = built(options.quads)
    targets = paths(store)
    with ExitStack() as stack:
        ours, process = stack.enter_context(server([sys.executable, "-m", "api.cli", "serve", "--port", "0"], store))
        chosen = ("empty route", options.only)
        wanted = [(name, ours, process, asked) for name, asked in targets.items() if name.startswith(chosen)]
        if options.oxigraph:
            data = versions.part(versions.current(store), versions.DATA)
            command = [f"{Path(sys.executable).parent}/oxigraph", "serve-read-only", "--location", str(data)]
            theirs, other = stack.enter_context(oxigraph(command))
            asked = sparql("/query", targets["depth 1, each node once"])
            wanted.append(("oxigraph serve, the same as depth 1", theirs, other, asked))
        if options.virtuoso:
            from bench.sparql import virtuoso  # noqa: PLC0415 - it builds its store by this module

            stack.enter_context(virtuoso(store))
            other = int(Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()[-1])
            asked = sparql("/sparql", targets["depth 1, each node once"])
            wanted.append(("Virtuoso, the same as depth 1", 7981, other, asked))
        results: dict[str, list[Measured]] = {name: [] for name, *_ in wanted}
        for _ in range(ROUNDS):
            for name, port, server_process, asked in wanted:
                results[name].append(uvloop.run(load(port, server_process, asked)))
        report(results)
        resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
        print(f"memory of the serving process: {int(resident[1]) / 1024 if resident else 0:.0f} MB")


def report(results: dict[str, list[Measured]]) -> None:
    """Prints medians of the rounds, and ratios to the empty route in the same round."""
    empty = results["empty route"]
    columns = ("requests/s", "ratio", "CPU µs", "ratio", "p50 ms", "p99 ms", "p99 ratio")
    print(f"{'':40}" + "".join(f"{column:>11}" for column in columns))
    bars = []
    for name, rounds in results.items():
        middle = [statistics.median(column) for column in zip(*rounds, strict=True)]
        ratios = [
            [mine / theirs for mine, theirs in zip(*pair, strict=True)] for pair in zip(rounds, empty, strict=True)
        ]
        rate, cpu, _, late = (statistics.median(column) for column in zip(*ratios, strict=True))
        shown = (f"{middle[0]:.0f}", f"{rate:.2f}", f"{middle[1]:.0f}", f"{1 / cpu:.2f}")
        print(
            f"{name:40}" + "".join(f"{x:>11}" for x in (*shown, f"{middle[2]:.2f}", f"{middle[3]:.2f}", f"{late:.2f}"))
        )
        bars.append(f"{name:40} {'█' * round(40 * rate)} {rate:.2f}")
    print("\nrequests a second, of the empty route's:", *bars, sep="\n")


def built(quads: int) -> Path:
    """Returns a store of synthetic notices, made where missing, and prints what making it took."""
    store = HOME / f"api-{quads}"
    if versions.published(store):
        return store
    with TemporaryDirectory() as folder:
        list(ingest([Path("data/notices")], Path(folder)))
        lines = list(open_store(Path(folder)).nquads())
    HOME.mkdir(parents=True, exist_ok=True)
    file = HOME / f"synthetic-{quads}.nq"
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
    measures = [graph.iri(node) for node in instances(graph, terms.NG.Measure)]
    agencies = [graph.iri(node) for node in instances(graph, terms.NG.Agency)]
    chance.shuffle(measures)
    nodes = cycle(measures)
    hubs = [f"https://w3id.org/noticegraph/id/{hub}" for hub in HUBS]
    hubs = [hub for hub in hubs if graph.find(hub) is not None] + chance.sample(agencies, 8)
    labels = [graph.label(node, "zh") for node in chance.sample(instances(graph, terms.NG.Measure), WORDS)]
    words = [re.sub(r"\W", "", label)[start : start + 3] for label in labels for start in (0, 2, 4)]
    return {
        "empty route": cycle(["/healthz"]),
        "depth 1, each node once": (f"/neighbourhood?iri={fresh(iri)}" for iri in nodes),
        "depth 1, 500 nodes again and again": cycle(
            [f"/neighbourhood?iri={quote(iri, safe='')}" for iri in measures[:500]]
        ),
        "hubs, no answer kept": (f"/neighbourhood?iri={fresh(iri)}" for iri in cycle(hubs)),
        "depth 2, 200 nodes, each once": (f"/neighbourhood?iri={fresh(iri)}&depth=2&limit=199" for iri in nodes),
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


def fresh(iri: str) -> str:
    """Returns an IRI for a query string, each time with other letters encoded, so that no kept answer helps."""
    which = next(_TURNS)
    return "".join(f"%{ord(c):02X}" if c in ":/" or which >> place & 1 else c for place, c in enumerate(iri))


def sparql(endpoint: str, asked: Iterator[str]) -> Iterator[str]:
    """Returns the same neighbourhoods as SPARQL queries: links both ways, with labels and types."""
    for path in asked:
        iri = f"<{unquote(path.partition('iri=')[2])}>"
        label = f"<{terms.SKOS.prefLabel}>|<{terms.DCT.title}>|<{terms.NG.text}>"
        text = (
            f"SELECT ?p ?o ?s ?label ?type {{ {{ {iri} ?p ?o FILTER(ISIRI(?o)) OPTIONAL {{ ?o {label} ?label }} "
            f"OPTIONAL {{ ?o a ?type }} }} UNION {{ ?s ?p {iri} OPTIONAL {{ ?s {label} ?label }} "
            "OPTIONAL { ?s a ?type } } } LIMIT 200"
        )
        yield f"{endpoint}?query={quote(text, safe='')}"


@contextmanager
def server(command: list[str], store: Path) -> Iterator[tuple[int, int]]:
    """Runs our server and yields its port and its process."""
    command = [*command, "--store", str(store)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, text=True) as process:  # noqa: S603
        line = process.stdout.readline() if process.stdout else ""
        try:
            yield int(line.rstrip("/\n").rpartition(":")[2]), process.pid
        finally:
            process.terminate()


@contextmanager
def oxigraph(command: list[str]) -> Iterator[tuple[int, int]]:
    """Runs `oxigraph serve-read-only` and yields its port and its process."""
    port = 7979
    with subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            time.sleep(3)
            yield port, process.pid
        finally:
            process.terminate()


async def load(port: int, process: int, asked: Iterator[str]) -> Measured:
    """Asks over 16 connections for some seconds.

    Returns:
        Requests a second, microseconds of CPU that the server takes for each, and p50 and p99 in milliseconds. CPU is
        what a busy machine changes least.
    """
    before = spent(process)
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    made = [Client(asked, begun + SECONDS, loop.create_future()) for _ in range(CONNECTIONS)]
    for client in made:
        await loop.create_connection(partial(lambda client: client, client), "127.0.0.1", port)
    await asyncio.gather(*(client.done for client in made))
    passed = time.perf_counter() - begun
    times = sorted(chain.from_iterable(client.times for client in made))
    cpu = 1e6 * (spent(process) - before) / len(times)
    return len(times) / passed, cpu, 1000 * times[len(times) // 2], 1000 * times[len(times) * 99 // 100]


def spent(process: int) -> float:
    """Returns the seconds of CPU that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client(asyncio.Protocol):
    """A connection that asks as soon as it is answered, and does no more with an answer than find its end."""

    def __init__(self, asked: Iterator[str], end: float, done: "asyncio.Future[None]") -> None:
        """Asks what `asked` yields until `end`, then `done` is set."""
        self._asked, self._end, self.done = asked, end, done
        self.times: list[float] = []
        self._head, self._left = b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks first."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Counts bytes, and asks again at the end; chunked answers end with an empty chunk."""
        if self._left == 0:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 200 " not in head[:16]:
                self.done.set_exception(RuntimeError(self._head.decode(errors="replace")))
                self._transport.close()
                return
            length = re.search(rb"(?i)content-length: (\d+)", head)
            self._head, self._left = b"", int(length[1]) if length else -1
        self._left = (0 if data.endswith(b"0\r\n\r\n") else -1) if self._left < 0 else self._left - len(data)
        if self._left == 0:
            self.times.append(time.perf_counter() - self._begun)
            self._ask()

    def _ask(self) -> None:
        self._begun = time.perf_counter()
        if self._begun > self._end:
            self._transport.close()
            self.done.set_result(None)
            return
        line = f"GET {next(self._asked)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json, */*\r\n\r\n"
        self._transport.write(line.encode())


if __name__ == "__main__":
    main()
