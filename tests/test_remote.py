"""Stores on servers: the whole way through a real one, and what a server does wrong."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from api.cli import main
from ingest.pipeline import ingest
from ingest.reading import Reader
from ingest.withdrawal import withdraw
from store import remote
from store.base import StoreError
from store.oxigraph import Embedded
from store.remote import Auth, Endpoint, RemoteStore
from tests import hostile, triplestores

NOTICE = """湖州市市场监督管理局关于支持经营主体发展的通知
湖市监〔2025〕{k}号
各区县市场监管局：
现就有关事项通知如下：
一、降低收费。2025年12月31日前检验检测费用减半收取。
湖州市市场监督管理局
2025年1月6日
"""
READER = Reader(judge=hostile.conforms)
G = "http://e/g"
JSON = "application/sparql-results+json"
BUGS = '{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"literal","value":"1"}}'


@pytest.fixture(scope="module")
def oxigraph() -> Iterator[str]:
    with triplestores.oxigraph() as root:
        yield root


@pytest.fixture(scope="module")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if "NOTICEGRAPH_TEST_SERVERS" not in os.environ:
        pytest.skip("make test-servers runs Virtuoso")
    with triplestores.virtuoso(tmp_path_factory.mktemp("virtuoso")) as root:
        yield root


@pytest.fixture
def endpoint(oxigraph: str, tmp_path: Path) -> Endpoint:
    return emptied(Endpoint(f"{oxigraph}/query", tmp_path / "home", f"{oxigraph}/update"))


@pytest.fixture(params=["oxigraph", "virtuoso"])
def any_endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Endpoint:
    root, home = request.getfixturevalue(request.param), tmp_path / "home"
    if request.param == "oxigraph":
        return emptied(Endpoint(f"{root}/query", home, f"{root}/update"))
    crud, auth = f"{root}/sparql-graph-crud-auth", Auth("digest", "dba", "dba")
    return emptied(Endpoint(f"{root}/sparql", home, f"{root}/sparql-auth", crud, auth))


def emptied(endpoint: Endpoint) -> Endpoint:
    with endpoint.publish() as writer:
        for graph in writer.graphs():
            writer.remove_graph(graph)
    return endpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notices").mkdir()
    for k in (1, 2):
        (tmp_path / f"notices/{k}.txt").write_text(NOTICE.format(k=k), encoding="utf-8")
    return tmp_path / "notices"


def quads(target: Embedded | Endpoint) -> list[str]:
    return sorted(target.published().nquads())


def notices(target: Embedded | Endpoint) -> list[str]:
    return [line for line in quads(target) if "/graph/notice/" in line or "/graph/withdrawn" in line]


def statuses(folder: Path, home: Path, target: Endpoint | None = None) -> list[str]:
    return sorted(outcome.status for outcome in ingest([folder], home, READER, target=target))


def test_a_server_holds_what_the_embedded_store_holds(any_endpoint: Endpoint, folder: Path, tmp_path: Path) -> None:
    local, there = Embedded(tmp_path / "local"), any_endpoint
    assert statuses(folder, local.directory) == statuses(folder, there.home, there) == ["accepted"] * 2
    assert notices(there) == notices(local)
    assert statuses(folder, there.home, there) == ["unchanged"] * 2
    (folder / "2.txt").write_text(NOTICE.format(k=2).replace("减半", "减免"), encoding="utf-8")
    for target in (local, there):
        assert statuses(folder, tmp_path / type(target).__name__, target) == ["accepted", "unchanged"]
        withdraw(["湖市监〔2025〕1号"], target)
    assert notices(there) == notices(local)
    asked = "SELECT (COUNT(*) AS ?n) { ?n a <https://w3id.org/noticegraph/ontology#Notice> }"
    assert there.published().select(asked) == local.published().select(asked)


def test_the_union_counts_each_triple_once(endpoint: Endpoint, folder: Path, tmp_path: Path) -> None:
    local, count = Embedded(tmp_path / "local"), "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    assert statuses(folder, local.directory) == statuses(folder, endpoint.home, endpoint)
    for target in (local, endpoint):
        withdraw(["湖市监〔2025〕1号"], target)
    assert quads(endpoint) == quads(local)
    assert endpoint.published().select(count) == local.published().select(count)


def test_graphs_go_by_the_graph_store_protocol_where_the_server_makes_the_union(folder: Path, tmp_path: Path) -> None:
    local = Embedded(tmp_path / "local")
    with triplestores.oxigraph("--union-default-graph") as root:
        target = Endpoint(f"{root}/query", tmp_path / "home", f"{root}/update", f"{root}/store")
        assert statuses(folder, tmp_path / "home", target) == statuses(folder, local.directory) == ["accepted"] * 2
        assert quads(target) == quads(local)
        with target.publish() as writer:
            assert writer.remove_graph(writer.graphs()[-1])
        assert len(quads(target)) < len(quads(local))


def test_the_commands_take_a_server(
    endpoint: Endpoint, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "auth").write_text("basic reader:secret\n")
    there = ["--endpoint", endpoint.query, "--update-endpoint", endpoint.update, "--auth", str(tmp_path / "auth")]
    there += ["--store", str(tmp_path / "var/store")]
    assert main(["ingest", str(folder), *there]) == 0
    assert f"2 read, 0 unchanged, 0 failed; published in {endpoint.query}" in capsys.readouterr().out
    assert main(["validate", *there]) == 0
    assert capsys.readouterr().out.startswith("conforms: ")
    for form in ("nq", "ttl"):
        assert main(["export", *there, "--format", form, "-o", str(tmp_path / f"all.{form}")]) == 0
    assert (tmp_path / "all.nq").read_text("utf-8").splitlines() == quads(endpoint)
    (tmp_path / "q.rq").write_text("SELECT (COUNT(*) AS ?n) { ?n a <https://w3id.org/noticegraph/ontology#Notice> }")
    assert main(["query", str(tmp_path / "q.rq"), "--format", "csv", *there]) == 0
    assert capsys.readouterr().out.split() == ["n", "2"]
    assert main(["withdraw", "湖市监〔2025〕1号", *there]) == 0


@contextmanager
def answering(status: int, body: str, media_type: str = JSON, **headers: str) -> Iterator[str]:
    """A server that always gives the same answer, and says it is as long as `Content_Length`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if not status:
                waiting.wait()
                return
            self.send_response(status)
            for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Says nothing."""

    waiting = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/sparql"
        finally:
            waiting.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (0, "", {}, "did not answer within 1 seconds"),
        (200, BUGS, {}, "cut off or wrong"),
        (200, BUGS, {"Content_Length": "9000"}, "cut off"),
        (200, BUGS + "]}}", {"X_SPARQL_MaxRows": "10000"}, r"cut its answer short \(10000\)"),
        (200, "<html>", {"media_type": "text/html"}, "answered with text/html.*is it a SPARQL endpoint"),
        (401, "", {}, "--auth"),
        (403, "", {}, "--auth"),
        (404, "", {}, "is the address right"),
        (500, "disk error", {}, "it fails.*disk error"),
        (503, "restarting", {}, r"it fails \(503\): restarting"),
        (507, "", {}, "it is full"),
    ],
)
def test_a_faulty_server_is_an_error_that_says_what_to_do(
    status: int, body: str, headers: dict[str, str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_PAUSE", 0)
    with answering(status, body, **headers) as url:
        endpoint = Endpoint(url, tmp_path, seconds=1)
        with pytest.raises(StoreError, match=f"{re.escape(url)}: .*{says}"):
            RemoteStore(endpoint).select("SELECT (1 AS ?n) {}")
        with pytest.raises(StoreError, match=re.escape(url)), endpoint.publish() as writer:
            writer.remove_graph(G)


def test_a_server_that_is_down_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_PAUSE", 0)
    url = f"http://127.0.0.1:{triplestores.free_port()}/query"
    with pytest.raises(StoreError, match=rf"{url}: it cannot be reached: .*is it running"):
        Endpoint(url, tmp_path).published().graphs()


def test_a_server_that_gives_less_than_it_has_is_found_out(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint.publish() as writer:
        graph = f"{endpoint.base}graph/x"
        writer.replace_graph(
            graph, "".join(f"<http://e/a> <http://e/p> <http://e/{k}> <{graph}> .\n" for k in range(9))
        )
    store = RemoteStore(endpoint)
    whole = store._graph  # noqa: SLF001 - the seam at which a server cuts
    monkeypatch.setattr(store, "_graph", lambda query, dataset: whole(query, dataset)[:5])
    with pytest.raises(StoreError, match=r"gave 5 of 9 .*raise its limit"):
        list(store.nquads(graph))


def test_a_request_that_fails_replaces_no_graph_by_half(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = f"{endpoint.base}graph/x"
    with endpoint.publish() as writer:
        writer.replace_graph(graph, f"<http://e/a> <http://e/p> <http://e/1> <{graph}> .")
    before, replacing = quads(endpoint), remote._replacing  # noqa: SLF001 - the seam
    monkeypatch.setattr(remote, "_replacing", lambda batch, *, union: replacing(batch, union=union) + " ; NONSENSE")
    with pytest.raises(StoreError, match="refuses what is to be written"), endpoint.publish() as writer:
        writer.replace_graph(graph, f"<http://e/a> <http://e/p> <http://e/2> <{graph}> .")
    assert quads(endpoint) == before


@pytest.mark.parametrize(
    ("line", "scheme"), [("basic me:a:b", "basic"), ("digest me:x", "digest"), ("bearer T", "bearer")]
)
def test_credentials(line: str, scheme: str) -> None:
    auth = Auth.read(f"{line}\n")
    assert auth.scheme == scheme
    assert "a:b" not in repr(auth)
    for wrong in ("me:x", "basic me", "bearer", ""):
        with pytest.raises(ValueError, match="USER:PASSWORD"):
            Auth.read(wrong)
