"""How fast `/sparql` is: ten kinds of query over HTTP, beside other servers over the same quads.

.venv/bin/python -m bench.sparql --quads 1000000 [--virtuoso] [--rdflib] [--disk]
"""

import argparse
import math
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.api import built
from ontology import terms
from queries.index import index_of, instances
from store import versions
from store.oxigraph import open_store

ROUNDS, SLOW, QUICK = 3, 3, 30
PREFIXES = "".join(f"PREFIX {name}: <{terms.PREFIXES[name]}> " for name in ("ng", "dct", "skos", "rdfs"))
INSTRUMENT = f"<{terms.ID}instrument/extend-certificate-validity>"
AGGREGATIONS = ("count by instrument", "latest")
SMALL = ("notice", "agency", "deadlines", "two steps", "broader", "detail")
# `{notice}`, `{agency}` and `{measure}` are drawn anew for each request, so that no kept answer helps, but `repeated`.
QUERIES = {
    "notice": "SELECT ?p ?o {{ {notice} ?p ?o }}",
    "agency": "SELECT ?m ?n {{ ?m ng:responsible {agency} ; ng:number ?n }} LIMIT 500",
    "deadlines": "SELECT ?m ?end {{ {notice} ng:hasMeasure ?m . ?m ng:usesInstrument ?i ; ng:hasDeadline ?d . "
    '?d ng:endDate ?end FILTER(?end < "2024-01-01"^^xsd:date) }}',
    "two steps": "SELECT ?a ?b {{ {{ {measure} ?p ?a . ?a ?q ?b }} UNION {{ ?a ?p {measure} . ?b ?q ?a }} }} LIMIT 200",
    "broader": f"SELECT (COUNT(?x) AS ?n) {{{{ ?x skos:broader* {INSTRUMENT} }}}} # {{measure}}",
    "detail": "SELECT ?t ?n ?d ?g {{ {measure} ng:text ?t OPTIONAL {{ {measure} ng:number ?n }} "
    "OPTIONAL {{ {measure} ng:hasDeadline ?d }} OPTIONAL {{ {measure} ng:targets ?g }} }}",
    "graph": "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}",
    "contains": "SELECT ?m {{ ?m ng:text ?t FILTER(CONTAINS(?t, '{word}')) }} LIMIT 1000 # {measure}",
    "count by instrument": "SELECT ?i (COUNT(?m) AS ?n) {{ ?m ng:usesInstrument ?i }} GROUP BY ?i # {measure}",
    "latest": "SELECT DISTINCT ?notice ?date {{ ?notice ng:issueDate ?date }} "
    "ORDER BY DESC(?date) LIMIT 20 # {measure}",
}
PREFIXES += f"PREFIX xsd: <{terms.XSD}> "


def main() -> None:
    """Starts the servers, asks them in turns, and prints medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quads", type=int, default=1_000_000)
    parser.add_argument("--virtuoso", action="store_true", help="ask Virtuoso 7 as well (virtuoso-t, isql-vt)")
    parser.add_argument("--rdflib", action="store_true", help="ask rdflib behind a plain HTTP server as well")
    parser.add_argument("--disk", action="store_true", help="no replica in memory")
    options = parser.parse_args()
    store = built(options.quads)
    with ExitStack() as stack:
        asks = {"ours": stack.enter_context(served(store, disk=options.disk))}
        asks["oxigraph"] = stack.enter_context(oxigraph(store))
        if options.virtuoso:
            asks["virtuoso"] = stack.enter_context(virtuoso(store))
        if options.rdflib:
            asks["rdflib"] = stack.enter_context(rdflib(store))
        print(f"{options.quads} quads, ours from {'disk' if options.disk else 'memory'}; milliseconds, ours / theirs")
        compare(asks, drawn(store))


def compare(asks: Mapping[str, Callable[[str], object]], draw: Callable[[], dict[str, str]]) -> None:
    """Prints how long ours and its peers take over the same queries, and ours when it is asked them once more."""
    peers = [name for name in asks if name != "ours"]
    columns = ("ours", "p95/p50", "repeated")
    print(f"{'':22}" + "".join(f"{name:>9}" for name in columns) + "".join(f"{x:>11}{'ratio':>7}" for x in peers))
    ratios: dict[str, dict[str, float]] = {name: {} for name in peers}
    for kind, text in QUERIES.items():
        times: dict[str, list[float]] = {name: [] for name in ("repeated", *asks)}
        for _ in range(ROUNDS):
            asked = [PREFIXES + text.format(**draw()) for _ in range(QUICK if kind in SMALL else SLOW)]
            for name, ask in asks.items():
                times[name] += [timed(ask, query) for query in (asked[:SLOW] if name == "rdflib" else asked)]
            times["repeated"] += [timed(asks["ours"], query) for query in asked]
        medians = {name: statistics.median(some) for name, some in times.items()}
        late = sorted(times["ours"])[len(times["ours"]) * 95 // 100] / medians["ours"]
        line = f"{kind:22}{1000 * medians['ours']:>9.2f}{late:>9.2f}{1000 * medians['repeated']:>9.2f}"
        for name in peers:
            ratios[name][kind] = medians["ours"] / medians[name]
            line += f"{1000 * medians[name]:>11.2f}{ratios[name][kind]:>7.3f}"
        print(line, flush=True)
    for group, kinds in (("all", tuple(QUERIES)), ("small", SMALL), ("aggregations", AGGREGATIONS)):
        means = {name: math.exp(statistics.fmean(math.log(ratios[name][kind]) for kind in kinds)) for name in peers}
        print(f"geometric mean, {group}: " + ", ".join(f"{name} {mean:.3f}" for name, mean in means.items()))


def drawn(store: Path) -> Callable[[], dict[str, str]]:
    """Returns what draws the things that a query names."""
    graph = index_of(open_store(store).snapshot()).graph
    chance = random.Random(1)  # noqa: S311 - a bench, not a secret
    kinds = {"notice": terms.NG.Notice, "agency": terms.NG.Agency, "measure": terms.NG.Measure}
    nodes = {name: instances(graph, kind) for name, kind in kinds.items()}

    def draw() -> dict[str, str]:
        chosen = {name: f"<{graph.iri(chance.choice(some))}>" for name, some in nodes.items()}
        return {
            **chosen,
            "graph": chosen["notice"].replace("/id/", "/graph/"),
            "word": chance.choice(["期限", "收费", "食品"]),
        }

    return draw


def timed(ask: Callable[[str], object], query: str) -> float:
    """Returns the seconds that an answer takes."""
    begun = time.perf_counter()
    ask(query)
    return time.perf_counter() - begun


@contextmanager
def served(store: Path, *, disk: bool) -> Iterator[Callable[[str], object]]:
    """Runs our server, waits for its replica, and yields what asks it."""
    environment = {
        **os.environ,
        "NOTICEGRAPH_CLIENT_SECONDS": "100000",
        "NOTICEGRAPH_REPLICA_BYTES": str(0 if disk else 10**12),
    }
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", "--store", str(store)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:  # type: ignore[call-overload] # noqa: S603
        try:
            with httpx.Client(base_url=process.stdout.readline().strip(), trust_env=False, timeout=120) as client:
                while client.get("/limits").json()["servedFrom"] != ("disk" if disk else "memory"):
                    time.sleep(1)
                yield asking(client, "/sparql")
        finally:
            process.terminate()


@contextmanager
def oxigraph(store: Path) -> Iterator[Callable[[str], object]]:
    """Runs `oxigraph serve-read-only` over the same folder; its default graph is the union."""
    data = versions.part(versions.current(store), versions.DATA)
    command = [f"{Path(sys.executable).parent}/oxigraph", "serve-read-only", "--location", str(data)]
    with running([*command, "--bind", "127.0.0.1:7980"]):
        yield waiting("http://127.0.0.1:7980/query")


@contextmanager
def virtuoso(store: Path) -> Iterator[Callable[[str], object]]:
    """Runs Virtuoso in an empty folder with half a million buffers and loads the same quads by its own loader."""
    with TemporaryDirectory() as folder:
        Path(folder, "virtuoso.ini").write_text(
            f"[Database]\nDatabaseFile = {folder}/v.db\nErrorLogFile = {folder}/v.log\nLockFile = {folder}/v.lck\n"
            f"TransactionFile = {folder}/v.trx\nxa_persistent_file = {folder}/v.pxa\n"
            f"[Parameters]\nServerPort = 127.0.0.1:7982\nDisableUnixSocket = 1\nDirsAllowed = {folder}\n"
            "NumberOfBuffers = 500000\nMaxDirtyBuffers = 375000\n"
            f"[HTTPServer]\nServerPort = 127.0.0.1:7981\nServerRoot = {folder}\nServerThreads = 10\n"
            "[SPARQL]\nResultSetMaxRows = 1000000\n",
            encoding="ascii",
        )
        written(store, Path(folder, "all.nq"))
        with running(["virtuoso-t", "-f", "-c", f"{folder}/virtuoso.ini"], cwd=folder):
            ask = waiting("http://127.0.0.1:7981/sparql")
            load = f"ld_dir('{folder}', 'all.nq', 'urn:x'); rdf_loader_run(log_enable=>2); checkpoint;"
            isql = ["isql-vt", "127.0.0.1:7982", "dba", "dba", f"exec={load}"]
            subprocess.run(isql, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed words
            yield ask


@contextmanager
def rdflib(store: Path) -> Iterator[Callable[[str], object]]:
    """Runs rdflib behind the standard library's HTTP server, over the same quads; its default graph is the union."""
    with TemporaryDirectory() as folder:
        written(store, Path(folder, "all.nq"))
        with running([sys.executable, "-m", "bench.rdflib_server", f"{folder}/all.nq", "7983"]):
            yield waiting("http://127.0.0.1:7983/sparql")


def written(store: Path, file: Path) -> None:
    """Writes all quads of a store as N-Quads."""
    with file.open("w", encoding="utf-8") as output:
        output.writelines(f"{line}\n" for line in open_store(store).nquads())


@contextmanager
def running(command: list[str], cwd: str | None = None) -> Iterator[None]:
    """Runs a server and ends it."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=cwd) as process:  # noqa: S603 - our own words
        try:
            yield
        finally:
            process.terminate()


def waiting(url: str) -> Callable[[str], object]:
    """Waits until a server answers, and returns what asks it."""
    client = httpx.Client(trust_env=False, timeout=600)
    ask = asking(client, url)
    while True:
        try:
            ask("ASK {}")
        except httpx.HTTPError:
            time.sleep(0.5)
        else:
            return ask


def asking(client: httpx.Client, path: str) -> Callable[[str], object]:
    """Returns what posts a query and reads its answer."""

    def ask(query: str) -> object:
        accept = "application/n-triples" if "CONSTRUCT" in query else "application/sparql-results+json"
        answer = client.post(path, data={"query": query}, headers={"Accept": accept})
        answer.raise_for_status()
        return answer.content

    return ask


if __name__ == "__main__":
    main()
