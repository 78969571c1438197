"""Validation where it is used: engines, a version's reports, rules across notices, the command, quarantine."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pyoxigraph
import pytest
import zstandard
from rdflib import RDF, SH, BNode, Graph

from ingest import quarantine, validation
from ingest.pipeline import ingest
from ingest.reading import Reader
from ontology import terms
from shapes import compiled, engine
from shapes.components import text
from shapes.data import Data, by_graph
from shapes.engine import DisagreementError, Engine, given
from shapes.files import parts
from shapes.report import literal
from shapes.validate import validate, validate_dataset
from store import versions
from store.base import StoreError
from store.oxigraph import memory, open_store, publish
from tests import hostile
from tests.serving import served

ROOT = Path(__file__).parent.parent
NOTICES = ROOT / "data/notices"
BASE = (ROOT / "tests/cases/shapes/base.trig").read_text(encoding="utf-8")
GRAPH = "https://w3id.org/noticegraph/graph/notice/00000000000000aa"
OWN = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ng: <https://w3id.org/noticegraph/ontology#> .
<http://example.org/S> a sh:NodeShape ; sh:targetClass ng:Notice ; sh:property <http://example.org/p> .
<http://example.org/p> sh:path {path} ; {constraint} .
"""


def nquads(trig: str = BASE) -> str:
    quads = pyoxigraph.parse(trig.encode(), pyoxigraph.RdfFormat.TRIG)
    return pyoxigraph.serialize(quads, format=pyoxigraph.RdfFormat.N_QUADS).decode()


def command(*arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "api.cli", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, check=False, text=True, input=given, cwd=ROOT, encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "constraint"),
    [
        ("[ sh:inversePath ng:within ]", "sh:maxCount 1"),
        ("ng:genre", "sh:qualifiedValueShape [ sh:minLength 1 ] ; sh:qualifiedMaxCount 0"),
        ("ng:documentNumber", 'sh:pattern "^x" ; sh:flags "x"'),
        ("ng:issueDate", "sh:lessThan ng:genre"),
        ("ng:genre", "sh:node <http://example.org/S>"),
    ],
)
def test_what_is_not_compiled_is_judged_by_pyshacl(path: str, constraint: str):
    own = given(OWN.format(path=path, constraint=constraint))
    (data,) = map(Data, by_graph(nquads()).values())
    if own.compiled is not None:
        focus_nodes = {target.shape: target.focus_nodes(data) for target in own.targets}
        with pytest.raises(compiled.UnsupportedError):
            compiled.judged(own.compiled, data, focus_nodes)
    assert Engine(sample=0).judge(data, own).results == Engine("pyshacl").judge(data, own).results


def test_own_shapes_judge_beside_ours():
    own = given(OWN.format(path="ng:genre", constraint="sh:maxCount 0 ; sh:message 'none'"))
    ((name, report),) = validate_dataset(nquads(), own=own)
    (result,) = report.results
    assert (name, result.source_shape, result.message_en) == (GRAPH, "http://example.org/p", "none")
    assert report.focus_nodes > 37


def test_blank_nodes_of_own_shapes_are_named_by_what_they_say():
    text = OWN.format(path="ng:genre", constraint="sh:maxCount 0").replace("<http://example.org/p>", "_:{}")
    reports = [next(validate_dataset(nquads(), own=given(text.replace("{}", label))))[1] for label in ("a", "b")]
    assert reports[0] == reports[1]
    found = Graph().parse(data=reports[0].to_ntriples(), format="nt")
    assert [type(shape) for shape in found.objects(None, SH.sourceShape)] == [BNode]


@pytest.mark.parametrize(("turtle", "why"), [("a b c", "no Turtle"), ("<http://e/a> <http://e/b> 1 .", "no target")])
def test_shapes_that_judge_nothing_are_refused(turtle: str, why: str):
    with pytest.raises(ValueError, match=why):
        given(turtle)


def test_a_difference_between_the_engines_is_an_error(monkeypatch: pytest.MonkeyPatch):
    faulty = nquads(BASE.replace('"甲市监〔2022〕5号"', '"5"@zh'))
    assert not validate(faulty, Engine("both")).conforms
    monkeypatch.setattr(engine.compiled, "judged", lambda *_: [])
    assert validate(faulty, Engine(sample=0)).conforms
    assert not validate(faulty, Engine("pyshacl")).conforms
    for who in (Engine("both"), Engine(sample=1)):
        with pytest.raises(DisagreementError, match="notice-documentNumber"):
            validate(faulty, who)


def test_the_sample_is_drawn_by_digest():
    graphs = [Data([("<http://e/s>", "<http://e/p>", f'"{k}"')]) for k in range(1000)]
    drawn = [data.fraction < 0.1 for data in graphs]
    assert 60 < sum(drawn) < 140
    assert drawn == [Data(data.triples).fraction < 0.1 for data in graphs]


@pytest.mark.parametrize(
    ("shape", "severity", "trig"),
    [
        ("NoticeOnce", "Violation", "GRAPH g:1 { n:1 a ng:Notice } GRAPH g:2 { n:1 a ng:Notice }"),
        ("CitationStands", "Violation", "GRAPH g:1 { n:1 ng:cites n:2 }"),
        (
            "AgencyOnce",
            "Warning",
            'GRAPH g:1 { n:1 a ng:Agency ; skos:prefLabel "甲" } GRAPH g:2 { n:2 a ng:Agency ; skos:prefLabel "甲" }',
        ),
        ("AgencyPlace", "Warning", "GRAPH g:1 { n:1 ng:jurisdiction n:2 } GRAPH g:2 { n:1 ng:jurisdiction n:3 }"),
    ],
)
def test_what_must_hold_across_notices(tmp_path: Path, shape: str, severity: str, trig: str):
    prefixes = f"PREFIX ng: <{terms.NG}> PREFIX skos: <{terms.SKOS}> PREFIX n: <http://e/n/> PREFIX g: <http://e/g/> "
    (tmp_path / "data.trig").write_text(prefixes + trig, encoding="utf-8")
    (result,) = validation.across(memory([tmp_path / "data.trig"])).results
    assert (result.source_shape, result.severity) == (terms.NGSH[shape], severity)
    assert "{" not in result.message_zh + result.message_en
    (tmp_path / "data.trig").write_text(BASE, encoding="utf-8")
    assert validation.across(memory([tmp_path / "data.trig"])).results == ()


def test_a_version_keeps_its_reports_and_judges_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    untitled = BASE.replace('dct:title "甲市市场监督管理局关于', 'ng:unread "甲市市场监督管理局关于')
    other = BASE.replace("00000000000000aa", "00000000000000ab")
    parts = (validation.Validating(),)
    with publish(tmp_path, parts) as writer:
        writer.replace_graph(GRAPH, nquads(untitled))
    seen: list[str] = []
    before = validation.validate_dataset
    monkeypatch.setattr(validation, "validate_dataset", lambda text, *rest: seen.append(text) or before(text, *rest))
    with publish(tmp_path, parts) as writer:
        writer.replace_graph(GRAPH[:-1] + "b", nquads(other))
    assert len(seen) == 1
    version = versions.current(tmp_path)
    found = {line.graph: (line.violations, line.others) for line in validation.reports(version)}
    assert found == {GRAPH: (0, 1), GRAPH[:-1] + "b": (0, 0), validation.ACROSS: (0, 0)}
    report = validation.report(version, GRAPH)
    assert report is not None
    assert report == validate(nquads(untitled))
    with publish(tmp_path, parts) as writer:
        writer.remove_graph(GRAPH)
    assert validation.report(versions.current(tmp_path), GRAPH) is None


def test_what_is_wrong_is_not_published(tmp_path: Path):
    with (
        pytest.raises(StoreError, match=r"not published: .*00aa: Violation: .*notice-documentNumber"),
        publish(tmp_path, (validation.Validating(),)) as writer,
    ):
        writer.replace_graph(GRAPH, nquads(BASE.replace('"甲市监〔2022〕5号"', '"5"@zh')))
    assert not versions.published(tmp_path)


@pytest.mark.parametrize(
    "how",
    [
        lambda line: line,
        lambda line: line.replace(" ", "\t", 2),
        lambda line: line.replace("> .", ">."),
        lambda line: f"# a comment .\n{line}",
        lambda line: line.replace("> <", "><", 1),
    ],
    ids=["canonical", "tabs", "no space", "comments", "no spaces"],
)
def test_graphs_of_a_file_are_judged_by_many_processes(tmp_path: Path, how: Callable[[str], str]):
    lines = [nquads(BASE.replace("00000000000000aa", f"{k:016x}")).splitlines(keepends=True) for k in range(6)]
    file = tmp_path / "data.nq"  # with the lines of all graphs by turns
    file.write_text("".join(map(how, chain.from_iterable(zip(*lines, strict=True)))), encoding="utf-8")
    found = [(name, report, part.read()) for name, report, part in validation.judged_file(file, jobs=2)]
    assert [name[-16:] for name, _, _ in found] == [f"{k:016x}" for k in range(6)]
    assert [report.results for _, report, _ in found] == [()] * 6
    assert [set(*by_graph(text).values()) for _, _, text in found] == [
        set(*by_graph("".join(s)).values()) for s in lines
    ]


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("zst", zstandard.compress)])
def test_dumps_are_judged_as_they_are_published(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]):
    file = tmp_path / f"dump.nq.{suffix}"
    file.write_bytes(pack(f"{nquads()}<http://e/> <http://e/> <http://e/> <http://e/graph/catalog> .\n".encode()))
    assert [(name, report.results) for name, report, _ in validation.judged_file(file)] == [(GRAPH, ())]


def test_control_characters_are_written_as_rdf_writes_them():
    (triple,) = by_graph('<http://e/s> <http://e/p> "a\\u0007\x0b\\u007F\\u0041\\t" .\n')[""]
    assert triple[2] == '"a\\u0007\\u000B\\u007FA\\t"'
    assert text(triple[2]) == "a\x07\x0b\x7fA\t"
    assert literal(text(triple[2])) == triple[2]


@pytest.mark.parametrize("term", ['"x"@en--ltr', "<<( <http://e/s> <http://e/p> 1 )>>"])
def test_what_rdf_1_1_does_not_know_is_refused(tmp_path: Path, term: str):
    (tmp_path / "data.ttl").write_text(f"<http://e/s> <http://e/p> {term} .", encoding="utf-8")
    run = command("validate", tmp_path / "data.ttl")
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch("noticegraph: .*data.ttl: RDF 1.1 does not know such a statement: .*\n", run.stderr)


def test_ends_of_lines_tell_the_graph(tmp_path: Path):
    file = tmp_path / "data.nq"
    objects = ["<http://e/o>", '"a <http://e/g> ."', '"\\" b"@zh', f'"a"^^<{terms.XSD.boolean}>', "_:b"]
    graphs = {"": objects, "_:g": objects[:3], "<http://e/g>": objects}
    lines = [
        f"<http://e/s> <http://e/p> {one} {name} .\n".replace("  ", " ") for name in graphs for one in graphs[name]
    ]
    file.write_text("".join(lines), encoding="utf-8")
    for jobs in (1, 2, 5):
        found = parts(file, jobs) or []
        assert {part.graph: [o for _, _, o in part.triples()[part.graph]] for part in found} == graphs


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("faulty") / "faulty.trig"
    file.write_text(BASE.replace("k:9 a", "k:9 ng:extra 1 . k:9 a").replace('"延期"@zh', '"延长"@zh'), encoding="utf-8")
    return file


def test_the_command_judges_any_rdf_in_many_forms(faulty: Path, tmp_path: Path):
    table = command("validate", faulty)
    assert table.returncode == 1
    assert "at 78–80 “延长” [ngsh:GroundedQuote]" in table.stdout
    assert table.stdout.endswith("does not conform: 1 graphs\n")
    data = json.loads(command("validate", faulty, "--format", "json", "--engine", "both").stdout)
    assert (data["conforms"], data["graphs"][0]["results"][0]["value"][-10:]) == (False, "mention/9>")
    turtle = Graph().parse(data=command("validate", faulty, "--format", "ttl").stdout, format="turtle")
    assert len(list(turtle.subjects(RDF.type, SH.ValidationResult))) == len(data["graphs"][0]["results"])
    page = tmp_path / "page.html"
    assert command("validate", faulty, "--format", "html", "-o", page).returncode == 1
    shown = page.read_text(encoding="utf-8")
    assert re.search("<mark>延期</mark>至疫情.*in the graph: <mark>延长</mark>", shown)
    assert command("validate", "-", given=nquads()).stdout == "conforms: 1 graphs\n"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.docx", "", "unknown suffix"),
        ("a.ttl", "<a> <b>", "not Turtle"),
        ("a.nq", "\nx", "not N-Quads: Parser error at line 2"),
        ("a.rdf", '<!DOCTYPE x [<!ENTITY a "b">]>', "document type"),
        ("a.nq.gz", "no gzip", "damaged"),
        ("a.nq.zst", "no zstd", "damaged"),
    ],
)
def test_what_is_no_rdf_is_named(tmp_path: Path, name: str, content: str, why: str):
    (tmp_path / name).write_text(content, encoding="utf-8")
    run = command("validate", tmp_path / name)
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch(f"noticegraph: .*{re.escape(name)}: .*{why}.*\n", run.stderr)


def test_the_server_shows_reports_and_shapes(tmp_path: Path):
    with publish(tmp_path, (validation.Validating(),)) as writer:
        writer.replace_graph(GRAPH, nquads(BASE.replace("ng:issueDate", "ng:unread")))
        writer.replace_graph(*next(iter(engine.load.shapes_graph().items())))
    with served(open_store(tmp_path)) as client:
        listed = client.get("/validation/").json()
        assert [(item["graph"], item["others"]) for item in listed["items"]] == [(GRAPH, 1)]
        assert (listed["conforms"], listed["judged"], listed["next"]) == (True, 2, None)
        href = listed["items"][0]["href"]
        assert href == "/validation/notice/00000000000000aa"
        assert client.get(f"{href}.json").json()["results"][0]["path"] == f"<{terms.NG.issueDate}>"
        report = Graph().parse(data=client.get(href, headers={"Accept": "text/turtle"}).text, format="turtle")
        assert len(list(report.objects(None, SH.result))) == 1
        for path in ("/graph/notice/00000000000000aa", "/id/notice/00000000000000aa"):
            assert f'<{href}>; rel="{terms.DCT.conformsTo}"' in client.get(f"{path}.ttl").headers["link"]
            assert f'<a href="{href}">' in client.get(f"{path}.html").text
        assert "/validation/" not in client.get("/id/notice/00000000000000aa/measure/1.ttl").headers["link"]
        assert "notice-issueDate-known" in client.get(f"{href}.html").text
        assert client.get("/validation/notice/0.json").status_code == 404
        assert client.get(f"{href}.nq").status_code == 404
        assert client.get("/shapes", headers={"Accept": "image/png"}).status_code == 406
        shown = Graph().parse(data=client.get("/shapes.ttl").text, format="turtle")
        assert len(shown) == len(engine.load.shapes(engine.load.ALL))
        page = client.get("/shapes", headers={"Accept": "text/html"}).text
        assert '<span id="GroundedQuote">' in page


def test_what_the_shapes_refuse_is_kept_until_it_conforms(tmp_path: Path):
    folder, home = tmp_path / "in", tmp_path / "store"
    folder.mkdir()
    text = next(NOTICES.glob("002*")).read_text(encoding="utf-8")
    (folder / "free.txt").write_text(f"{text}\n全额退还费用。\n", encoding="utf-8")
    reader = Reader(judge=hostile.refuses_free)
    refused = [one.path for one in quarantine.watched(ingest([folder], home, reader), home) if one.status == "refused"]
    held = quarantine.files(home)
    assert [file.name for file in held] == [Path(path).name for path in refused] == ["free.txt"]
    assert json.loads((held[0].parent / "refused.json").read_text(encoding="utf-8"))[0]["code"] == "shapes"
    (folder / "free.txt").unlink()
    run = command("ingest", "--retry-quarantine", "--store", home)
    assert (run.returncode, quarantine.files(home)) == (0, [])
    assert run.stdout.startswith("accepted")
