"""What `/sparql` holds to where another server answers: it may be slow, endless, cut off, or none at all."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import httpx
import pytest
from serving import served

from api.settings import Settings
from store.remote import Endpoint

ROW = '{"x":{"type":"literal","value":"1"}}'
HEAD = '{"head":{"vars":["x"]},"results":{"bindings":['
SETTINGS = Settings(query_seconds=2, query_rows=100, query_bytes=100_000, query_workers=1)


class Hostile(BaseHTTPRequestHandler):
    """Answers by what stands in the comment of a query."""

    def do_POST(self) -> None:
        """Answers a query."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        kind = form["query"][0].split("#")[1].split()[0]
        graph = "n-triples" in self.headers["Accept"]
        self.send_response(400 if kind == "refused" else 200)
        self.send_header("Content-Type", "application/n-triples" if graph else "application/sparql-results+json")
        self.end_headers()
        try:
            self.answer(kind, graph=graph)
        except OSError:  # Its client is gone.
            self.server.left.append(kind)  # type: ignore[attr-defined]

    def answer(self, kind: str, *, graph: bool) -> None:
        """Writes what a kind of server would."""
        if kind == "refused":
            self.wfile.write(b"error at 1:8: no such thing")
        elif kind == "whole":
            self.wfile.write(f"{HEAD}{ROW}]}}}}".encode())
        elif kind == "cut":
            self.wfile.write(f"{HEAD}{ROW},{ROW[:9]}".encode())
        while kind == "slow":
            self.wfile.write(b" " * 65_536)
            time.sleep(0.1)
        if kind == "endless" and not graph:
            self.wfile.write(f"{HEAD}{ROW}".encode())
        number = 0
        while kind == "endless":
            number += 1
            self.wfile.write((f'<http://e/{number}> <http://e/p> "1" .\n' if graph else f",{ROW}").encode() * 100)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def hostile() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        server.left = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def client(hostile: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    store = Endpoint(f"http://127.0.0.1:{hostile.server_port}/", tmp_path_factory.mktemp("remote")).published()
    with served(store, SETTINGS) as connected:
        connected.timeout = httpx.Timeout(60)
        yield connected


def ask(client: httpx.Client, query: str, **headers: str) -> httpx.Response:
    return client.post("/sparql", data={"query": query}, headers=headers)


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("SELECT * { ?s ?p ?x } # slow", 504, "query-timeout"),
        ("SELECT * { ?s ?p ?x } # cut", 503, "store-unavailable"),
        ("SELECT * { ?s ?p ?x } # refused", 400, "syntax-error"),
        ("CONSTRUCT WHERE { ?s ?p ?x } # slow", 504, "query-timeout"),
        ("ASK { SERVICE <http://e/> {} } # whole", 403, "service-refused"),
    ],
)
def test_what_goes_wrong_elsewhere_is_said_here(client: httpx.Client, query: str, status: int, kind: str):
    answer = ask(client, query)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:noticegraph:problem:{kind}")
    assert ask(client, "SELECT ?x { ?s ?p ?x } # whole").json()["results"]["bindings"]


def test_what_has_no_end_is_cut_and_said_to_be(client: httpx.Client):
    rows = ask(client, "SELECT ?x { ?s ?p ?x } # endless")
    assert (len(rows.json()["results"]["bindings"]), rows.headers["X-Result-Truncated"]) == (100, "true")
    graph = ask(client, "CONSTRUCT WHERE { ?s ?p ?x } # endless", accept="application/n-triples")
    assert (graph.text.count("\n"), graph.headers["X-Result-Truncated"]) == (100, "true")
    assert client.get("/limits").json()["servedFrom"] == "server"


def test_a_client_that_goes_away_frees_the_worker_and_the_server(client: httpx.Client, hostile: ThreadingHTTPServer):
    before = len(hostile.left)  # type: ignore[attr-defined]
    with pytest.raises(httpx.ReadTimeout):
        client.post("/sparql", data={"query": "SELECT * { ?a ?b ?c } # slow"}, timeout=0.5)
    assert ask(client, "SELECT ?x { ?s ?p ?x } # whole").status_code == 200
    while len(hostile.left) == before:  # type: ignore[attr-defined]
        time.sleep(0.05)


def test_an_answer_from_elsewhere_has_the_tag_of_its_bytes(client: httpx.Client):
    first, second = (ask(client, f"SELECT ?x {{ ?s ?p ?x }} # whole {k}") for k in range(2))
    assert first.headers["ETag"] == second.headers["ETag"]
