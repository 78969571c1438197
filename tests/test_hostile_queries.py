"""What hostile queries and clients do to `/sparql`: a clear answer, and nothing to those who come next.

Cases in `cases/hostile/queries.json`; `@text|n@` stands for n times the text, `#` in it for the number.
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from serving import served

from api.settings import Settings
from store.answering import Job
from store.base import StoreError
from store.oxigraph import memory, open_store, publish
from store.pool import Pool, Room, Run

CASES = json.loads((Path(__file__).parent / "cases" / "hostile" / "queries.json").read_text("utf-8"))["asked"]
PRODUCT = CASES[0]["query"]
ALIVE = "ASK { ?s ?p ?o BIND(NOW() AS ?now) }"  # Its answer is never kept, so that a worker must give it.
TOKEN = "secret"  # noqa: S105 - of this test
PLENTY = {"client_seconds": 100_000, "client_queries": 100}
QUADS = [f'<http://e/{k}> <http://e/p> "{k}" <http://e/g> .' for k in range(1200)]


def written(query: str) -> str:
    """Writes out what a case repeats."""

    def repeated(found: re.Match[str]) -> str:
        if found["last"]:
            return " ".join(map(str, range(1, int(found["last"]) + 1)))
        times = range(1, int(found["times"]) + 1)
        return "".join(found["text"].replace("#-", str(k - 1)).replace("#", str(k)) for k in times)

    return re.sub(r"@(?:1\.\.(?P<last>\d+)|(?P<text>[^@]*)\|(?P<times>\d+))@", repeated, query)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("hostile") / "data.nq"
    file.write_text("\n".join(QUADS), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def client(file: Path) -> Iterator[httpx.Client]:
    settings = Settings(query_seconds=2, query_memory=1 << 28, query_rows=100, token=TOKEN, **PLENTY)
    with served(memory([file]), settings, [file]) as connected:
        connected.timeout = httpx.Timeout(60)
        yield connected


def ask(client: httpx.Client, query: str, **headers: str) -> httpx.Response:
    return client.post("/sparql", data={"query": query}, headers=headers)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_hostile_query_costs_itself_alone(client: httpx.Client, case: dict):
    answer = ask(client, written(case["query"]), accept=case.get("accept", "*/*"))
    assert answer.status_code in case["status"], answer.text[:500]
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    assert "Traceback" not in answer.text
    assert case.get("not", "Traceback") not in answer.text
    assert ask(client, ALIVE).json()["boolean"] is True


def test_csv_is_a_download(client: httpx.Client):
    answer = ask(client, "SELECT ('=HYPERLINK(1)' AS ?x) {}", accept="text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept", "rows"),
    [
        ("application/sparql-results+json", lambda answer: len(answer.json()["results"]["bindings"])),
        ("application/sparql-results+xml", lambda answer: answer.text.count("</result>")),
        ("text/csv", lambda answer: len(answer.text.split("\r\n")) - 2),
        ("text/tab-separated-values", lambda answer: answer.text.count("\n") - 1),
    ],
)
def test_what_is_cut_is_whole_and_says_so(client: httpx.Client, accept: str, rows: Callable[[httpx.Response], int]):
    every = "SELECT * { ?s ?p ?o }"
    for query, wanted, cut in (
        (every, 100, True),
        (f"{every} LIMIT 100", 100, False),
        (f"{every} LIMIT 101", 100, True),
        (f"{every} LIMIT 3 # LIMIT", 3, False),
        (f"{every} OFFSET 1150", 50, False),
        (f"{every} VALUES ?o {{ '7' '8' }}", 2, False),
        (f"SELECT * {{ {{ {every} LIMIT 200 }} }}", 100, True),
        ("SELECT ('},{\"}},{\\r\\n</result>\"' AS ?x) ?o { ?s ?p ?o }", 100, True),
    ):
        answer = ask(client, query, accept=accept)
        if "},{" not in query or "json" in accept:
            assert rows(answer) == wanted, query
        assert answer.headers.get("X-Result-Truncated") == ("true" if cut else None), query
    assert rows(client.get("/sparql", params={"query": every, "rows": 7}, headers={"Accept": accept})) == 7


def test_a_graph_is_cut_too(client: httpx.Client):
    answer = ask(client, "CONSTRUCT WHERE { ?s ?p ?o }", accept="application/n-triples")
    assert (answer.text.count("\n"), answer.headers["X-Result-Truncated"]) == (100, "true")
    assert "X-Result-Truncated" not in ask(client, "CONSTRUCT WHERE { <http://e/1> ?p ?o }").headers


def test_a_cut_ends_at_a_row_where_the_bytes_are_full(file: Path):
    with served(memory([file]), Settings(query_bytes=5000), [file]) as client:
        answer = ask(client, "SELECT * { ?s ?p ?o }")
        assert answer.headers["X-Result-Truncated"] == "true"
        assert 0 < len(answer.json()["results"]["bindings"]) < 100
        assert ask(client, "CONSTRUCT WHERE { ?s ?p ?o }").status_code == 413


def test_the_token_lifts_limits_and_a_wrong_one_is_refused(client: httpx.Client):
    answer = ask(
        client, "SELECT * { ?s ?p ?o . ?a ?b ?c } LIMIT 30000", accept="text/csv", authorization="Bearer secret"
    )
    assert answer.text.count("\r\n") == 30_001
    assert "X-Result-Truncated" not in answer.headers
    assert ask(client, "ASK {}", authorization="Bearer wrong").status_code == 401
    assert ask(client, "ASK {}", authorization="Bearer").status_code == 401


def test_limits_are_published_and_can_be_lowered(client: httpx.Client):
    limits = client.get("/limits").json()
    assert (limits["seconds"], limits["rows"], limits["servedFrom"]) == (2, 100, "memory")
    answer = client.get("/sparql", params={"query": PRODUCT + "#", "timeout": "0.1"})
    assert (answer.status_code, answer.json()["type"]) == (504, "urn:noticegraph:problem:query-timeout")
    for given in ("0", "-1", "nan", "x"):
        assert client.get("/sparql", params={"query": "ASK {}", "timeout": given}).status_code == 400


def test_a_client_pays_for_its_seconds(file: Path):
    with served(memory([file]), Settings(client_seconds=1, query_seconds=3), [file]) as client:
        client.timeout = httpx.Timeout(60)
        assert ask(client, PRODUCT).status_code == 504
        answer = ask(client, "ASK {}")
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 1) == (429, True)


def test_own_routes_are_served_beside_runaway_queries(client: httpx.Client):
    with ThreadPoolExecutor(20) as threads:
        hogs = [threads.submit(ask, client, f"{PRODUCT} # {k}") for k in range(20)]
        answers = [client.get(path).status_code for path in ("/healthz", "/readyz", "/limits", "/queries") * 12]
        assert set(answers) == {200}
        assert {hog.result().status_code for hog in hogs} == {503, 504}
    assert ask(client, ALIVE).status_code == 200


def test_a_client_that_goes_away_frees_its_worker(file: Path):
    settings = Settings(query_seconds=1000, query_workers=1, **PLENTY)
    with served(memory([file]), settings, [file]) as client:
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                client.post("/sparql", data={"query": PRODUCT}, timeout=0.5)
        assert ask(client, ALIVE).status_code == 200


@contextmanager
def process(*source: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", *source]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, **environment}, **pipes) as server:
        assert server.stdout is not None
        try:
            with httpx.Client(base_url=server.stdout.readline().strip(), trust_env=False, timeout=60) as client:
                yield server, client
        finally:
            server.kill()


def ended(client: httpx.Client) -> None:
    """Asks what gets no answer, or a late one."""
    with suppress(httpx.HTTPError):
        assert ask(client, PRODUCT).status_code in {503, 504}


def workers(server: int) -> list[int]:
    """The processes below the templates of a server."""
    parents = [int(child) for child in Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split()]
    return [int(child) for one in parents for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]


def test_the_death_of_workers_and_templates_is_not_seen(file: Path):
    with process("--dataset", str(file)) as (server, client):
        for _ in range(3):
            assert ask(client, ALIVE).status_code == 200
            for worker in workers(server.pid):
                os.kill(worker, signal.SIGKILL)
            assert ask(client, ALIVE).status_code == 200
        (template,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text("ascii").split()
        os.kill(int(template), signal.SIGKILL)
        assert {ask(client, ALIVE).status_code for _ in range(3)} <= {200, 503}
        assert ask(client, ALIVE).status_code == 200


def test_the_server_ends_beside_a_runaway_query_and_leaves_no_process(file: Path):
    with process("--dataset", str(file), NOTICEGRAPH_QUERY_SECONDS="1000") as (server, client):
        asked = threading.Thread(target=ended, args=(client,))
        asked.start()
        while not any(Path(f"/proc/{worker}/stat").exists() for worker in workers(server.pid)):
            pass
        left = workers(server.pid)
        server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0
        asked.join()
        assert "Traceback" not in server.stderr.read()
        assert not [worker for worker in left if Path(f"/proc/{worker}").exists()]


def test_a_new_version_is_seen_and_none_is_mixed(tmp_path: Path):
    def put(k: int) -> None:
        with publish(tmp_path / "store") as writer:
            lines = (f'<http://e/{n}> <http://e/v> "{k}" <http://e/g> .' for n in range(9))
            writer.replace_graph("http://e/g", "\n".join(lines))

    put(0)
    seen, query = [], "SELECT ?v (COUNT(?n) AS ?of) { ?n <http://e/v> ?v } GROUP BY ?v"
    with served(open_store(tmp_path / "store"), Settings(**PLENTY)) as client:
        for k in range(1, 6):
            for _ in range(5):
                answer = ask(client, query, accept="text/csv")
                seen.append((answer.status_code, answer.text))
            put(k)
        assert client.get("/limits").json()["servedFrom"] in {"memory", "disk"}
    assert seen == [(200, f"v,of\r\n{k},9\r\n") for k in range(5) for _ in range(5)]


def test_a_worker_can_open_no_socket(file: Path):
    """Behind the guard, which refuses SERVICE before."""

    async def run() -> None:
        pool = Pool(Room(1, 1 << 28, 0), (file,))
        query = f"SELECT * {{ SERVICE <http://127.0.0.1:{listener.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
        with pytest.raises(StoreError):
            await pool.answer(Run(Job(query, "text/csv", 1, None, 10.0)), None)
        await pool.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        asyncio.run(run())
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_log_line_is_one_line(file: Path):
    with process("--dataset", str(file)) as (server, client):
        client.get("/sparql", params={"query": "ASK {} #\x1b[31mred\r\n"})
        client.get("/%0d%0a%1b[31m")
        server.send_signal(signal.SIGTERM)
        _, told = server.communicate()
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["status"] for line in lines] == [200, 404]
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (400, {"Host": "evil.example"}, b""),
        (415, {"Content-Encoding": "gzip", "Content-Type": "application/sparql-query"}, b"x"),
        (413, {"Content-Type": "application/sparql-query"}, b"ASK {} #" + b"x" * 2_000_000),
    ],
)
def test_what_the_edge_refuses(file: Path, status: int, headers: dict[str, str], body: bytes):
    with served(memory([file]), Settings(hosts="127.0.0.1"), [file]) as client:
        for content in (body, iter([body])):  # with a length, and in chunks
            answer = client.post("/sparql", content=content, headers=headers)
            assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        assert client.get("/healthz").status_code == 200


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path):
    async def run() -> None:
        pool = Pool(Room(1, 1 << 28, 0))
        with pytest.raises(StoreError, match="cannot be opened"):
            await pool.answer(Run(Job("ASK {}", "text/csv", 1, None, 10.0)), tmp_path / "v000009")
        await pool.close()

    (tmp_path / "v000009" / "data").mkdir(parents=True)
    asyncio.run(run())
