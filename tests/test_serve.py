"""What `noticegraph serve`, `export` and `query` run: real processes, real files."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from serving import served

from api.ask import ask
from api.cli import main
from api.export import FORMATS, export
from api.serve import serve
from ontology.terms import SKOS
from store.base import QueryError
from store.oxigraph import memory, open_store, publish

SAMPLE = Path(__file__).parent / "cases" / "queries" / "sample.trig"
LABELS = f"SELECT ?l {{ <https://w3id.org/noticegraph/id/target/sme> <{SKOS}prefLabel> ?l }} ORDER BY ?l"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with publish(tmp_path / "store") as writer:
        sample = memory([SAMPLE])
        for graph in sample.graphs():
            writer.replace_graph(graph, "\n".join(sample.nquads(graph)))
    return tmp_path / "store"


@pytest.mark.parametrize(("stop", "source"), [(signal.SIGTERM, "store"), (signal.SIGINT, "dataset")])
def test_server_says_where_it_is_and_stops_cleanly(store: Path, stop: signal.Signals, source: str):
    arguments = ["--store", str(store)] if source == "store" else ["--dataset", str(SAMPLE)]
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        root = process.stdout.readline().strip()
        assert httpx.get(f"{root}readyz", trust_env=False).json()["status"] == "ok"
        assert httpx.get(f"{root}sparql", params={"query": LABELS}, trust_env=False).status_code == 200
        process.send_signal(stop)
        assert process.wait(30) == 0


def test_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve(memory(), "127.0.0.1", port) == 1
    assert capsys.readouterr().err == f"noticegraph: 127.0.0.1:{port} is in use; choose another with --port\n"


def test_server_needs_something_to_serve(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["serve", "--store", str(tmp_path), "--port", "0"]) == 1
    assert "no published store" in capsys.readouterr().err


def test_any_file_has_neighbourhoods_and_an_endpoint(tmp_path: Path):
    file = tmp_path / "any.ttl"
    file.write_text("<http://e/a> <http://e/p> <http://e/b> .", encoding="utf-8")
    with served(memory([file]), files=[file]) as client:
        found = client.get("/neighbourhood", params={"iri": "http://e/b"}).json()
        assert [(edge["source"], edge["predicate"]) for edge in found["edges"]] == [("http://e/a", "http://e/p")]
        assert client.get("/sparql", params={"query": "ASK { <http://e/a> ?p ?o }"}).json()["boolean"] is True


def test_export_is_sorted_and_comes_back(store: Path, tmp_path: Path):
    assert export(open_store(store), "nq", tmp_path / "all.nq") == 0
    lines = (tmp_path / "all.nq").read_text("utf-8").splitlines()
    assert lines == sorted(open_store(store).nquads())
    for name, form in FORMATS.items():
        output = tmp_path / f"all.{form.suffix}"
        assert export(open_store(store), name, output) == 0
        assert memory([output]).select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == open_store(store).select(
            "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        )
    assert not list(tmp_path.glob("*.tmp"))


def test_export_to_standard_output(store: Path, capfdbinary: pytest.CaptureFixture[bytes]):
    assert export(open_store(store), "nq", Path("-")) == 0
    sys.stdout.flush()
    assert capfdbinary.readouterr().out.decode().splitlines() == sorted(open_store(store).nquads())


def test_export_is_the_same_whatever_hash_seed_and_history(store: Path, tmp_path: Path):
    script = (
        "import pathlib, sys\nfrom store.oxigraph import memory, open_store, publish\n"
        "from api.export import FORMATS, export\n"
        "sample, target = memory([pathlib.Path(sys.argv[1])]), pathlib.Path(sys.argv[2])\n"
        "for graph in reversed(sample.graphs()):\n"
        "    with publish(target / 'store') as writer:\n"
        "        writer.replace_graph(graph, '\\n'.join(sample.nquads(graph)))\n"
        "for name, form in FORMATS.items():\n    export(open_store(target / 'store'), name, target / name)\n"
    )
    other = tmp_path / "other"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", script, str(SAMPLE), str(other)], check=True, env=environment)
    for name in FORMATS:
        export(open_store(store), name, tmp_path / name)
        assert (tmp_path / name).read_bytes() == (other / name).read_bytes(), name


def test_table_is_aligned(store: Path, capsys: pytest.CaptureFixture[str]):
    assert ask(open_store(store), LABELS, {}, "table") == 0
    assert capsys.readouterr().out == "l\n--------\nSME\n中小企业\n(2 rows)\n"


@pytest.mark.parametrize(
    ("query", "form", "holds"),
    [
        (LABELS, "json", '"value":"SME"'),
        (LABELS, "csv", "l\r\nSME"),
        (LABELS, "tsv", '"SME"@en'),
        (LABELS, "xml", "<literal"),
        ("ASK {}", "table", "true\n"),
        ("ASK {}", "json", '"boolean":true'),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "table", "@prefix"),
        ("DESCRIBE <https://w3id.org/noticegraph/id/target/sme>", "json", '"@id"'),
    ],
)
def test_answer_has_the_format_that_was_asked_for(
    store: Path, capsys: pytest.CaptureFixture[str], query: str, form: str, holds: str
):
    assert ask(open_store(store), query, {}, form) == 0
    assert holds in capsys.readouterr().out


def test_parameters_reach_the_query(store: Path, capsys: pytest.CaptureFixture[str]):
    query = (Path(__file__).parents[1] / "queries" / "measures" / "for-target.rq").read_text("utf-8")
    ask(open_store(store), query, {"target": "enterprise"}, "json")
    assert len(json.loads(capsys.readouterr().out)["results"]["bindings"]) == 3


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("SELEC", "table"),
        ("CLEAR ALL", "table"),
        ("SELECT * { SERVICE <http://e/> {} }", "csv"),
        ("ASK {}", "csv"),
        ("CONSTRUCT WHERE {?s ?p ?o}", "tsv"),
    ],
)
def test_refused_query_is_an_error(store: Path, query: str, form: str):
    with pytest.raises(QueryError):
        ask(open_store(store), query, {}, form)
