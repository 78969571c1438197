"""The store: one set of promises in memory and on disk, and the versions of a published store."""

import gc
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from ontology.terms import XSD
from store import formats
from store import oxigraph as oxigraph_driver
from store.base import BlankNode, Dataset, Iri, Literal, QueryError, StoreError, Writer
from store.formats import N_TRIPLES, convert
from store.oxigraph import memory, open_store, publish
from store.remote import Endpoint
from tests import triplestores

G, H = "http://e/g", "http://e/h"
HARD = Path(__file__).parent / "cases/dumps/hard.nq"
# Literals that the driver keeps in another form, beside some that only look so.
REWRITTEN = {
    str(number): f'"{form}"^^<http://www.w3.org/2001/XMLSchema#{kind}>'
    for number, (form, kind) in enumerate(
        [
            *(("50.0", "decimal"), ("0.50", "decimal"), ("-0", "decimal"), (".5", "decimal"), ("98", "decimal")),
            *(("007", "integer"), ("+1", "integer"), ("-0", "integer"), ("1", "int"), ("1" * 18, "integer")),
            *(("1" * 19, "integer"), ("99999999999999999999", "integer"), ("x", "integer"), ("1", "boolean")),
            *(("2020-02-30", "date"), ("2020-02-29", "date"), ("2020-01-25Z", "date"), ("2020-01-25+00:00", "date")),
            *(
                ("2020-01-01T24:00:00", "dateTime"),
                ("P12M", "duration"),
                ("1.0E3", "double"),
                ("1234567890.123456", "decimal"),
            ),
        ]
    )
}
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def quad(value: str, graph: str = G) -> str:
    return f'<http://e/a> <http://e/p> "{value}" <{graph}> .\n'


@pytest.fixture(scope="module")
def oxigraph() -> Iterator[str]:
    with triplestores.oxigraph() as root:
        yield root


@pytest.fixture(params=["memory", "disk", "oxigraph"])
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Writer]:
    if request.param == "memory":
        yield memory()
    elif request.param == "disk":
        with publish(tmp_path / "store") as draft:
            yield draft
    else:
        root = request.getfixturevalue("oxigraph")
        with Endpoint(f"{root}/query", tmp_path / "home", f"{root}/update", base="http://e/").publish() as draft:
            for graph in draft.graphs():
                draft.remove_graph(graph)
            yield draft


def integer(value: int) -> Literal:
    return Literal(str(value), XSD.integer)


def count(store: Writer) -> str:
    (row,) = store.select(COUNT)
    assert row[0] is not None
    return row[0].value


def test_replace_graph_leaves_exactly_the_new_content(writer: Writer):
    assert writer.replace_graph(G, quad("1") + quad("2"))
    assert writer.replace_graph(H, quad("2", H))
    assert writer.replace_graph(G, quad("3"))
    assert sorted(writer.nquads()) == [quad("2", H).strip(), quad("3").strip()]
    assert writer.graphs() == (G, H)
    assert sorted(row[0].value for row in writer.select("SELECT ?o { ?s ?p ?o }") if row[0]) == ["2", "3"]


def test_triple_of_two_graphs_counts_once(writer: Writer):
    writer.replace_graph(G, quad("1"))
    writer.replace_graph(H, quad("1", H))
    assert count(writer) == "1"
    assert writer.remove_graph(G)
    assert count(writer) == "1"
    assert writer.remove_graph(H)
    assert count(writer) == "0"
    assert writer.graphs() == ()
    assert not writer.remove_graph(H)


def test_same_content_changes_nothing(writer: Writer):
    assert writer.replace_graph(G, quad("1"))
    assert not writer.replace_graph(G, quad("1"))


def test_quad_of_another_graph_is_refused_and_nothing_changes(writer: Writer):
    writer.replace_graph(G, quad("1"))
    for wrong in (quad("2") + quad("3", H), '<http://e/a> <http://e/p> "2" .\n', "no quads"):
        with pytest.raises(ValueError, match=r"every quad must stand|no N-Quads"):
            writer.replace_graph(G, wrong)
    assert list(writer.nquads()) == [quad("1").strip()]


@pytest.mark.parametrize("text", ["\\u0022 } ; DROP ALL #", '"', "\\", "a\nb\rc\td", "\x01\x7f", "\U00020000", "}"])
def test_text_comes_back_as_it_went_in(writer: Writer, text: str):
    line = f"<http://e/a> <http://e/p> {Literal(text).n3()} <{G}> ."
    writer.replace_graph(G, line)
    assert [row[0] for row in writer.select("SELECT ?o { ?s ?p ?o }")] == [Literal(text)]
    writer.replace_graph(G, "".join(f"{line}\n" for line in writer.nquads()))
    assert [row[0] for row in writer.select("SELECT ?o { ?s ?p ?o }")] == [Literal(text)]


def test_blank_nodes_become_the_same_iris_whatever_their_labels(writer: Writer):
    assert writer.replace_graph(G, f'_:x <http://e/p> _:y <{G}> .\n_:y <http://e/p> "1" <{G}> .')
    assert not writer.replace_graph(G, f'_:k <http://e/p> "1" <{G}> .\n_:l <http://e/p> _:k <{G}> .')
    assert not any("_:" in line for line in writer.nquads())


def test_load_fills_an_empty_store_only(writer: Writer):
    writer.load(BytesIO((quad("1") + quad("1", H)).encode()))
    assert (writer.graphs(), count(writer)) == ((G, H), "1")
    with pytest.raises(StoreError, match="empty"):
        writer.load(BytesIO(quad("2").encode()))


@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_writer_gives_what_the_store_will_have(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(oxigraph_driver, "_CHUNK", chunk)
    kept = [f"{line}\n" for line in memory([HARD]).nquads()]
    rewritten = [quad(value).replace(f'"{value}"', term) for value, term in REWRITTEN.items()]
    with publish(tmp_path / "loaded") as writer:
        writer.load(BytesIO("".join([*kept[::2], *rewritten, *kept[1::2]]).encode()))
        loaded = set(writer.nquads())
        assert writer.select("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }").rows[0][0] == integer(len(loaded))
        assert count(writer) == str(len({line.rpartition(" <")[0] for line in loaded}))
    with publish(tmp_path / "replaced") as writer:
        for graph in {line.rpartition(" <")[2][:-3] for line in loaded}:
            lines = [line for line in (*kept, *rewritten) if line.endswith(f" <{graph}> .\n")]
            assert writer.replace_graph(graph, "".join(lines))
        assert set(writer.nquads()) == loaded
        assert not writer.replace_graph(G, "".join(rewritten))
    for name in ("loaded", "replaced"):
        assert set(open_store(tmp_path / name).nquads()) == loaded


def test_results_are_our_own_values(writer: Writer):
    writer.replace_graph(G, f'<http://e/a> <http://e/p> "甲"@zh <{G}> .')
    rows = writer.select("SELECT ?o ?x ?s { ?s ?p ?o }")
    assert rows.variables == ("o", "x", "s")
    assert rows.rows == (
        (Literal("甲", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", "zh"), None, Iri("http://e/a")),
    )
    assert writer.ask("ASK { ?s ?p ?o }")
    found = writer.answer("CONSTRUCT WHERE { ?s ?p ?o }", N_TRIPLES.media_type)
    assert found.decode() == '<http://e/a> <http://e/p> "甲"@zh .\n'
    (row,) = writer.select("SELECT (BNODE() AS ?b) {}")
    assert isinstance(row[0], BlankNode)


def test_dataset_takes_the_place_of_the_union(writer: Writer):
    writer.replace_graph(G, quad("1"))
    writer.replace_graph(H, quad("2", H))
    values = "SELECT ?o { ?s ?p ?o }"
    named = "SELECT ?o { GRAPH ?g { ?s ?p ?o } }"
    assert len(writer.select(values)) == 2
    assert [row[0] for row in writer.select(values, Dataset(default=(H,)))] == [Literal("2")]
    assert len(writer.select(named, Dataset(default=(H,)))) == 0
    assert [row[0] for row in writer.select(named, Dataset(named=(G,)))] == [Literal("1")]
    assert len(writer.select(values, Dataset(named=(G,)))) == 0
    assert [row[0] for row in writer.select("SELECT ?o FROM <http://e/h> { ?s ?p ?o }")] == [Literal("2")]


def test_refused_query_tells_its_place(writer: Writer):
    with pytest.raises(QueryError) as caught:
        writer.select("SELECT * {\n ?s ?p }")
    assert (caught.value.line, caught.value.column) == (2, 9)
    for query in ("SELECT (<http://e/f>(1) AS ?x) {}", "ASK {}", "SELECT ?x { ?x \ud800 }"):
        with pytest.raises((QueryError, StoreError)):  # a server may take an unknown function for its own fault
            writer.select(query)


def test_error_of_another_thread_can_be_dropped_here(monkeypatch: pytest.MonkeyPatch):
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    store = memory()
    for query in ("SELECT (<<( <a:a> <b:b> <c:c> )>> AS ?x) {}", "CONSTRUCT WHERE { ?s ?p ?o }"):
        with ThreadPoolExecutor(1) as pool:
            error = pool.submit(store.select, query).exception()
        assert isinstance(error, QueryError)
        del error
        gc.collect()
    assert unraisable == []


def test_no_version_without_a_change(tmp_path: Path):
    for _ in range(2):
        with publish(tmp_path) as writer:
            writer.replace_graph(G, quad("1"))
    with publish(tmp_path):
        pass
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["current", "lock", "v000001"]


def test_reader_sees_a_swap_at_its_next_snapshot_and_three_versions_stay(tmp_path: Path):
    with publish(tmp_path) as writer:
        writer.replace_graph(G, quad("0"))
    store = open_store(tmp_path)
    held = store.snapshot()
    for value in "1234":
        with publish(tmp_path) as writer:
            writer.replace_graph(G, quad(value))
            assert list(store.snapshot().nquads()) == [quad(str(int(value) - 1)).strip()]
    assert list(held.nquads()) == [quad("0").strip()]
    assert list(store.snapshot().nquads()) == [quad("4").strip()]
    assert sorted(tmp_path.glob("v*")) == [tmp_path / f"v00000{n}" for n in (3, 4, 5)]


def test_failure_leaves_what_was_published(tmp_path: Path):
    with publish(tmp_path) as writer:
        writer.replace_graph(G, quad("1"))
    with pytest.raises(ValueError, match="no N-Quads"), publish(tmp_path) as writer:
        [writer.replace_graph(graph, quads) for graph, quads in ((G, quad("2")), (H, "no quads"))]
    assert list(open_store(tmp_path).nquads()) == [quad("1").strip()]
    assert not list(tmp_path.glob("*.tmp"))


def test_second_writer_is_told_who_writes(tmp_path: Path):
    with publish(tmp_path), pytest.raises(StoreError, match=f"written by process {os.getpid()}"), publish(tmp_path):
        pass


def test_killed_writer_leaves_no_harm(tmp_path: Path):
    script = (
        "import pathlib, sys, time\nfrom store.oxigraph import publish\n"
        "with publish(pathlib.Path(sys.argv[1])) as writer:\n"
        f"    writer.replace_graph({G!r}, {quad('1')!r})\n    print('written', flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    with pytest.raises(StoreError, match="no published store"):
        open_store(tmp_path)
    assert list(tmp_path.glob("*.tmp"))
    with publish(tmp_path) as writer:
        assert writer.graphs() == ()
        writer.replace_graph(G, quad("2"))
    assert list(open_store(tmp_path).nquads()) == [quad("2").strip()]
    assert not list(tmp_path.glob("*.tmp"))


def test_missing_store_is_named(tmp_path: Path):
    with pytest.raises(StoreError, match=f"{tmp_path} holds no published store"):
        open_store(tmp_path)


def test_memory_reads_files_as_they_are(tmp_path: Path):
    (tmp_path / "a.ttl").write_text("@prefix : <http://e/> . [] :p :b .")
    (tmp_path / "b.nq").write_text(quad("1"))
    store = memory([tmp_path / "a.ttl", tmp_path / "b.nq"])
    assert count(store) == "2"
    for name, text in (("c.txt", ""), ("d.ttl", "no turtle"), ("missing.ttl", None)):
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(StoreError, match=name):
            memory([tmp_path / name])


@pytest.mark.parametrize("target", formats.DATASET_FORMATS, ids=lambda form: form.name)
def test_same_quads_give_the_same_bytes(target: formats.Format):
    lines = [quad(value, graph).strip() for value in "312" for graph in (G, H)]
    assert convert(lines, target) == convert(reversed(lines), target)


def test_xml_stays_well_formed():
    written = convert(['<http://e/a> <http://e/p> "a\\u0001b" .'], formats.RDF_XML)
    assert ET.fromstring(written)[0][0].text == "a\ufffdb"  # noqa: S314 -- our own bytes
    written = memory().answer('SELECT ("a\\u0001b" AS ?x) {}', formats.RESULTS_XML.media_type)
    assert "a\ufffdb" in "".join(ET.fromstring(written).itertext())  # noqa: S314 -- our own bytes
