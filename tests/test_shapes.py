"""The SHACL gate: every shape is kept by a valid sample and caught by a faulty one, and says why in two languages."""

import csv
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import RDF, RDFS, SH, BNode, Graph, Literal, URIRef

from ontology import terms
from ontology.iris import DEFAULT_BASE
from ontology.load import reference_graphs
from shapes import engine, load
from shapes.data import Data, by_graph
from shapes.report import Place, Report, Result
from shapes.validate import validate, validate_dataset

CASES = Path(__file__).parent / "cases/shapes"
BASE = (CASES / "base.trig").read_text(encoding="utf-8")
PREFIXES = "\n".join(re.findall(r"^PREFIX .+", BASE, re.MULTILINE))
GRAPH = f"{DEFAULT_BASE}graph/notice/00000000000000aa"
NQUADS = pyoxigraph.RdfFormat.N_QUADS


def rows(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def changed(delete: str = "", insert: str = "") -> str:
    """The base after `delete` (triple patterns, then FILTER) and `insert`, as N-Quads."""
    store = pyoxigraph.Store()
    store.load(BASE.encode(), format=pyoxigraph.RdfFormat.TRIG)
    before = set(store)
    template = delete.partition(" FILTER ")[0]
    store.update(f"{PREFIXES} WITH <{GRAPH}> DELETE {{ {template} }} INSERT {{ {insert} }} WHERE {{ {delete} }}")
    if delete or insert:
        assert set(store) != before, "the change changes nothing"
    return nquads(store)


def nquads(store: pyoxigraph.Store) -> str:
    return store.dump(format=NQUADS).decode()


def hit(report: Report) -> set[str]:
    """The shapes that found something; that grounding then was not judged goes without saying here."""
    return {result.source_shape.removeprefix(str(terms.NGSH)) for result in report.results} - {"NotCompared"}


def ours() -> Graph:
    return load.shapes(
        tuple(name for name in (*load.NOTICE, *load.GROUNDING, *load.REFERENCE, *load.EVENTS) if name != "style.ttl")
    )


@cache
def reporting() -> set[URIRef]:
    """The shapes that results can name: those with a target, and their property shapes; not the conditions in them."""
    graph = ours()
    targeted = {*graph.subjects(SH.targetClass), *graph.subjects(SH.targetSubjectsOf)}
    return targeted | {shape for target in targeted for shape in graph.objects(target, SH.property)}


def test_the_base_conforms_and_every_class_of_a_notice_is_in_it():
    report = validate(changed())
    assert report.results == ()
    assert report.focus_nodes == 37
    kinds = {*load.shapes(load.NOTICE).objects(None, SH.targetClass)}
    assert all(f"<{RDF.type}> <{kind}>" in changed() for kind in kinds)


@pytest.mark.parametrize("case", rows("valid.tsv"), ids=lambda case: case["what"])
def test_valid(case: dict[str, str]):
    report = validate(changed(case["delete"], case["insert"]))
    assert [str(result) for result in report.results] == []


def test_every_shape_judges_something_valid():
    """But those of values that must not stand there, such as the place of a department."""
    texts = [changed(), *(changed(case["delete"], case["insert"]) for case in rows("valid.tsv"))]
    given = [Data(triple for triples in by_graph(text).values() for triple in triples) for text in texts]
    silent = set()
    for names in (load.NOTICE, load.GROUNDING):
        shapes = engine.ours(names)
        for target in shapes.targets:
            judged = [(data, focus) for data in given for focus in target.focus_nodes(data)]
            assert judged, target.shape
            paths = {
                shape: str(shapes.graph.value(shape, SH.path))
                for shape in shapes.graph.objects(target.shape, SH.property)
            }
            silent |= {one for one, path in paths.items() if not any(data.values(f, f"<{path}>") for data, f in judged)}
    assert silent <= {*ours().subjects(SH.maxCount, Literal(0))}


@pytest.mark.parametrize("case", rows("faults.tsv"), ids=lambda case: case["shapes"].replace(" ", "+"))
def test_fault_is_caught_by_these_shapes_and_no_other(case: dict[str, str]):
    report = validate(changed(case["delete"], case["insert"]))
    assert hit(report) == set(case["shapes"].split())
    assert report.results[0].severity == case["severity"]
    assert report.conforms == (case["severity"] != "Violation")


def test_no_shape_sleeps():
    notice = {
        str(s).removeprefix(str(terms.NGSH))
        for s in reporting()
        if (s, None, None) not in load.shapes((*load.REFERENCE, *load.EVENTS, *load.DATASET))
    }
    silent = {name for name in notice if (URIRef(terms.NGSH[name]), SH.message, None) not in ours()}
    caught = {shape for case in rows("faults.tsv") for shape in case["shapes"].split()}
    assert notice - silent == caught


def test_every_shape_that_reports_says_why_in_both_languages():
    graph = ours()
    conditions = {*graph.objects(None, SH["not"])}
    for shape in reporting() | {*graph.subjects(SH.severity)}:
        if (shape, SH.severity, None) not in graph:
            direct = set(graph.predicates(shape)) - {RDF.type, RDFS.label, SH.property}
            assert direct <= {SH.targetClass, SH.targetSubjectsOf}, f"{shape} constrains without a severity"
        else:
            assert {text.language for text in graph.objects(shape, SH.message)} == {"zh", "en"}, shape
        assert {text.language for text in graph.objects(shape, RDFS.label)} == {"zh", "en"}, shape
        assert shape not in conditions
    assert {*graph.objects(None, SH.severity)} == {SH.Violation, SH.Warning, SH.Info}


def test_shapes_have_no_blank_node_and_one_file_each():
    assert not [term for triple in ours() for term in triple if isinstance(term, BNode)]
    files = {file.name for file in (Path(__file__).parent.parent / "shapes").glob("*.ttl")}
    assert files == {*load.ALL}


def test_shapes_graph_is_sorted_quads():
    ((graph, text),) = load.shapes_graph("http://localhost:8000/").items()
    assert graph == "http://localhost:8000/graph/shapes"
    assert text.splitlines() == sorted(set(text.splitlines()))
    quads = list(pyoxigraph.parse(text, format=NQUADS))
    assert {quad.graph_name for quad in quads} == {pyoxigraph.NamedNode(graph)}
    assert len(quads) == len(load.shapes(load.ALL))


def test_reference_data_conforms():
    reports = dict(validate_dataset("".join(reference_graphs().values())))
    assert len(reports) == 2
    assert [str(result) for report in reports.values() for result in report.results if not report.conforms] == []
    assert sum(report.focus_nodes for report in reports.values()) > 3000


@pytest.mark.parametrize(
    ("shape", "turtle"),
    [
        ("event-eventDate", 'event:epidemic-lifted a ng:Event ; ng:eventDate "2022"'),
        (
            "DivisionCode",
            'division:110000 ng:divisionLevel m:1 ; skos:notation "1" ; skos:inScheme s:1 . s:1 a skos:ConceptScheme',
        ),
    ],
)
def test_fault_in_reference_data(shape: str, turtle: str):
    store = pyoxigraph.Store()
    store.update(f"{PREFIXES} INSERT DATA {{ {turtle} }}")
    ((name, report),) = validate_dataset(nquads(store))
    assert name == ""
    assert shape in hit(report)


def test_offsets_are_code_points_beyond_the_basic_plane():
    assert validate(changed().replace("甲", "𠀀")).results == ()


def test_another_base():
    moved = re.sub(rf"<{DEFAULT_BASE}(?=id/|graph/)", "<http://localhost:8000/", changed())
    assert validate(moved).results == ()


@pytest.mark.parametrize(
    "term", ['"x"^^xsd:integer', '"2022-13-01"^^xsd:date', '"\\\\d"', "[]", '"maybe"^^xsd:boolean']
)
@pytest.mark.parametrize("predicate", ["ng:start", "ng:issueDate", "ng:hasDeadline", "ng:issuedBy", "ng:workingDays"])
def test_any_term_in_any_place_is_reported_and_breaks_nothing(
    predicate: str, term: str, caplog: pytest.LogCaptureFixture
):
    report = validate(changed(f"?s {predicate} ?o", f"?s {predicate} {term}"))
    assert not report.conforms
    assert hit(report)
    assert any(result.source_shape == terms.NGSH.NotCompared for result in report.results)
    assert not caplog.records


def test_what_is_not_judged_is_said():
    report = validate('<http://example.org/a> <http://example.org/b> "c" .\n')
    assert (report.conforms, report.focus_nodes) == (True, 0)
    assert hit(report) == {"NothingJudged"}
    assert report.results[0].severity == "Warning"
    assert hit(validate("")) == {"NothingJudged"}


@pytest.mark.parametrize("line", ["no quads", "<a> <b> .", '<a> <b> "c', "<a> <b> <c d> .", r"<a> <b> <\u005C> ."])
def test_what_is_no_nquads(line: str):
    with pytest.raises(ValueError, match="line 2 is no N-Quads"):
        validate(f"# a comment\n{line}\n")


def test_dataset_is_judged_graph_by_graph():
    good = changed().replace("00000000000000aa", "00000000000000ab")
    bad = changed("n:00000000000000aa ng:genre ?o")
    loose = '<http://example.org/a> <http://example.org/b> "c" .\n'
    reports = dict(validate_dataset(good + loose + bad))
    assert list(reports) == ["", GRAPH, GRAPH[:-1] + "b"]
    assert [report.conforms for report in reports.values()] == [True, False, True]
    assert hit(reports[""]) == {"NothingJudged"}
    assert [hit(report) for _, report in validate_dataset("")] == [{"NothingJudged"}]


def test_line_separators_in_literals_end_no_statement():
    text = changed().replace("免收", "免\u2028").replace("延期", "\u0085期")
    assert [hit(report) for _, report in validate_dataset(text)] == [set()]


def test_result_says_what_where_and_why():
    report = validate(changed("k:9 ng:quote ?o", 'k:9 ng:quote "延长"@zh'))
    (result,) = report.results
    assert result.place == Place(78, 80, "延长")
    assert str(result) == (
        "Violation: id/notice/00000000000000aa, ng:quote: the text of the source is not the quote there"
        "（来源正文该处与原文不符）; value id/notice/00000000000000aa/mention/9; at 78–80 “延长” [ngsh:GroundedQuote]"
    )


def test_message_names_what_is_missing_in_both_languages():
    (result,) = validate(changed("k:7 ?p ?o")).results
    document = f"{DEFAULT_BASE}id/document/00000000000000d1"
    assert result.message_zh == f"措施断言 {document}，但措施内没有提及指向它"
    assert result.message_en == f"the measure asserts {document}, which no mention within it denotes"
    assert result.path == f"<{terms.NG.cites}>"
    assert result.place is not None


@pytest.mark.parametrize(
    ("delete", "insert", "quote"),
    [
        ("d:1 ng:duration ?o", 'd:1 ng:duration "x"', "由3日缩短为1个工作日"),
        ("p:2 ng:position ?o", "", "依据《甲市目录》办理。"),
        ("m:2 ng:position ?o", "", "延期至疫情解除后3个月，补助至少3家。"),
        ("n:00000000000000aa ng:genre ?o", "", None),
    ],
)
def test_place_of_parts(delete: str, insert: str, quote: str | None):
    result = validate(changed(delete, insert)).results[0]
    assert (result.place and result.place.quote) == quote
    if result.place is not None:
        text = re.search(r'ng:text """(.+?)"""', BASE, re.DOTALL)
        assert text is not None
        assert text[1][result.place.start : result.place.end] == quote


def test_report_as_json_and_rdf():
    report = validate(changed("n:00000000000000aa ng:genre ?o", 'n:00000000000000aa ng:genre "a\\"b\\n"@zh'))
    data = json.loads(json.dumps(report.to_json()))
    assert data["conforms"] is False
    assert data["results"][0]["value"] == '"a\\"b\\n"@zh'
    graph = Graph().parse(data=report.to_ntriples(), format="nt")
    (found,) = graph.subjects(SH.resultSeverity, SH.Violation)
    assert graph.value(found, SH.sourceShape) == URIRef(terms.NGSH["notice-genre"])
    assert graph.value(found, SH.value).language == "zh"
    assert {text.language for text in graph.objects(found, SH.resultMessage)} == {"zh", "en"}
    assert len(list(graph.subjects(RDF.type, SH.ValidationResult))) == len(report.results)
    assert 'conforms> "true"' in Report((), 1).to_ntriples()


def test_long_words_are_cut_and_stay_on_one_line():
    result = Result(
        "Info", "<http://a/b>", None, f'"{"x" * 200}"', "c", "http://s", "一", "one", Place(0, 9, "二\n" * 40)
    )
    assert "\n" not in str(result)
    assert len(str(result)) < 300


def test_report_is_the_same_whatever_the_hash_seed(tmp_path: Path):
    file = tmp_path / "bad.nq"
    file.write_text(changed("?s ng:position ?o . ?s ng:text ?t", "[] a ng:Mention . [] a ng:Section"), encoding="utf-8")
    script = "import sys, shapes.validate as v; print(*v.validate(open(sys.argv[1]).read()).results, sep='\\n')"
    reports = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", script, str(file)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
            encoding="utf-8",
        ).stdout
        for seed in ("1", "2")
    }
    assert len(reports) == 1
    lines = reports.pop().splitlines()
    measures = [line for line in lines if "/measure/" in line]
    assert len(lines) > 6
    assert measures.index(next(line for line in measures if "measure/2" in line)) >= 2
