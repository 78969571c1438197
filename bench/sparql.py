"""How fast `/sparql` is: ten kinds of query over HTTP, beside `oxigraph serve` on the same folder, and rdflib.

.venv/bin/python -m bench.sparql --quads 1000000 [--rdflib 100000] [--disk]
"""

import argparse
import math
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from rdflib import Dataset

from bench.api import built
from ontology import terms
from queries.index import index_of, instances
from store import versions
from store.oxigraph import open_store

ROUNDS, SLOW, QUICK = 3, 3, 30
PREFIXES = "".join(f"PREFIX {name}: <{terms.PREFIXES[name]}> " for name in ("ng", "dct", "skos", "rdfs"))
INSTRUMENT = f"<{terms.ID}instrument/extend-certificate-validity>"
SMALL = ("notice", "agency", "deadlines", "two steps", "broader", "detail")
# `{notice}`, `{agency}` and `{measure}` are drawn anew for each request, so that no kept answer helps.
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
    "contains": "SELECT ?m {{ ?m ng:text ?t FILTER(CONTAINS(?t, '{word}')) }} LIMIT 1000",
    "count by instrument": "SELECT ?i (COUNT(?m) AS ?n) {{ ?m ng:usesInstrument ?i }} GROUP BY ?i # {measure}",
    "latest": "SELECT DISTINCT ?notice ?date {{ ?notice ng:issueDate ?date }} "
    "ORDER BY DESC(?date) LIMIT 20 # {measure}",
}
_WORDS = ("期限", "收费", "食品")
PREFIXES += f"PREFIX xsd: <{terms.XSD}> "


def main() -> None:
    """Asks all, in turns, and prints medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quads", type=int, default=1_000_000)
    parser.add_argument(
        "--rdflib", type=int, default=0, metavar="QUADS", help="ask rdflib over so many, and us as well"
    )
    parser.add_argument("--disk", action="store_true", help="no replica in memory")
    options = parser.parse_args()
    compare(options.quads, disk=options.disk)
    if options.rdflib:
        compare(options.rdflib, rdflib=True)


def compare(quads: int, *, disk: bool = False, rdflib: bool = False) -> None:
    """Prints how long ours and a peer take over the same quads."""
    store = built(quads)
    data = versions.part(versions.current(store), versions.DATA)
    draw = drawn(store)
    with ExitStack() as stack:
        ours = stack.enter_context(served(store, disk=disk))
        theirs = dataset(store) if rdflib else stack.enter_context(oxigraph(data))
        peer = "rdflib" if rdflib else "oxigraph serve"
        print(f"{quads} quads, {'disk' if disk else 'memory'}")
        print(f"{'':36}{'ours ms':>9}{'p95/p50':>9}{peer + ' ms':>19}{'ratio':>8}")

        ratios = {}
        for name, text in QUERIES.items():
            times: dict[str, list[float]] = {"ours": [], "theirs": []}
            for _ in range(ROUNDS):
                asked = [PREFIXES + text.format(**draw()) for _ in range(QUICK if name in SMALL else SLOW)]
                asked = asked[:SLOW] if rdflib else asked
                for side, ask in (("ours", ours), ("theirs", theirs)):
                    times[side] += [timed(ask, query) for query in asked]
            own, other = (statistics.median(times[side]) for side in ("ours", "theirs"))
            late = sorted(times["ours"])[len(times["ours"]) * 95 // 100] / own
            ratios[name] = own / other
            print(f"{name:36}{1000 * own:>9.2f}{late:>9.2f}{1000 * other:>19.2f}{own / other:>8.3f}")
        means = {"all": list(ratios.values()), "small": [ratios[name] for name in SMALL]}
        for name, some in means.items():
            print(f"geometric mean, {name}: {math.exp(statistics.fmean(map(math.log, some))):.3f}")


def drawn(store: Path) -> Callable[[], dict[str, str]]:
    """Returns what draws the things that a query names."""
    graph = index_of(open_store(store).snapshot()).graph
    chance = random.Random(1)  # noqa: S311 - a bench, not a secret
    kinds = {"notice": terms.NOTICE, "agency": terms.AGENCY, "measure": terms.MEASURE}
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
def oxigraph(data: Path) -> Iterator[Callable[[str], object]]:
    """Runs `oxigraph serve-read-only` over the same folder; its default graph is the union."""
    command = [f"{Path(sys.executable).parent}/oxigraph", "serve-read-only", "--location", str(data)]
    with subprocess.Popen([*command, "--bind", "127.0.0.1:7980"], stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            time.sleep(3)
            with httpx.Client(base_url="http://127.0.0.1:7980", trust_env=False, timeout=120) as client:
                yield asking(client, "/query")
        finally:
            process.terminate()


def asking(client: httpx.Client, path: str) -> Callable[[str], object]:
    """Returns what posts a query and reads its answer."""

    def ask(query: str) -> object:
        accept = "application/n-triples" if "CONSTRUCT" in query else "application/sparql-results+json"
        answer = client.post(path, data={"query": query}, headers={"Accept": accept})
        answer.raise_for_status()
        return answer.content

    return ask


def dataset(store: Path) -> Callable[[str], object]:
    """Reads the same quads into rdflib and returns what asks it, in this process."""
    graph = Dataset(default_union=True)
    graph.parse(data="\n".join(open_store(store).nquads()), format="nquads")
    return lambda query: list(graph.query(query))


if __name__ == "__main__":
    main()
