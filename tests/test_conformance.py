"""SHACL tests in the W3C's manifest form: what is expected, what pySHACL and the compiled validator say.

`tests/cases/shacl` has a test for each component that is compiled. SHACL_SUITE names a copy of the W3C's own tests
(data-shapes-test-suite/tests), as `make conformance-shacl SUITE=…` does.
"""

import csv
import os
from pathlib import Path

import pytest
from rdflib import RDF, SH, Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node, URIRef

from shapes import compiled, pyshacl_judge
from shapes.data import Data, by_graph
from shapes.report import Result

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
OWN = Path(__file__).parent / "cases/shacl"
SUITE = os.environ.get("SHACL_SUITE")
FILES = sorted(OWN.glob("*.ttl")) + (sorted(Path(SUITE).rglob("*.ttl")) if SUITE else [])
# Where pySHACL is known not to say what the W3C expects (its own issue tracker): compiled is held to pySHACL alone.
DIFFERS = {"uniqueLang-002.ttl"}
# What pySHACL cannot judge as we call it: it has no $shapesGraph, and no imports are followed.
UNJUDGED = {"shapesGraph-001.ttl", "prefixes-001.ttl"}


def entries(file: Path) -> list[tuple[Graph, Node]]:
    """The tests of a manifest; a file of data or shapes has none."""
    graph = Graph().parse(file, format="turtle", publicID=file.as_uri())
    lists = graph.objects(None, MF.entries)
    tests = [test for node in lists for test in Collection(graph, node)]
    return [(graph, test) for test in tests if (test, RDF.type, SHT.Validate) in graph]


def loaded(graph: Graph, file: Path, node: Node | None) -> Graph:
    assert isinstance(node, URIRef)
    return graph if str(node) == file.as_uri() else Graph().parse(str(node).removeprefix("file://"), format="turtle")


def key(result: Result) -> tuple[str | None, ...]:
    """What is compared; the labels of blank nodes tell nothing."""
    shape = result.source_shape if ":" in result.source_shape else None
    terms = (result.focus_node, result.path, result.value)
    return result.severity, result.component, shape, *(None if one and one.startswith("_:") else one for one in terms)


def expected(graph: Graph, test: Node) -> list[tuple[str | None, ...]]:
    report = graph.value(test, MF.result)
    results = graph.objects(report, SH.result)
    return sorted((key(pyshacl_judge.result_of(graph, node, Graph())) for node in results), key=str)


def judged_as_compiled(shapes: Graph, data: Data) -> list[Result]:
    targets = compiled.targets(shapes)
    return compiled.judged(
        compiled.compiled(shapes, targets), data, {target.shape: target.focus_nodes(data) for target in targets}
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_manifest(file: Path):
    for graph, test in entries(file):
        action = graph.value(test, MF.action)
        shapes = loaded(graph, file, graph.value(action, SHT.shapesGraph))
        given = loaded(graph, file, graph.value(action, SHT.dataGraph))
        data = Data(triple for triples in by_graph(given.serialize(format="nt")).values() for triple in triples)
        if file.name in UNJUDGED or graph.value(test, MF.result) == SHT.Failure:
            with pytest.raises(ValueError, match="pySHACL cannot judge"):
                pyshacl_judge.judged(shapes, data)
            with pytest.raises(compiled.UnsupportedError):
                judged_as_compiled(shapes, data)
            continue
        judged = pyshacl_judge.judged(shapes, data)
        if file.name not in DIFFERS:
            assert sorted(map(key, judged), key=str) == expected(graph, test)
        try:
            found = judged_as_compiled(shapes, data)
        except compiled.UnsupportedError as refused:
            if OWN in file.parents:
                raise
            pytest.skip(f"refused: {refused}")
        assert {one.key for one in found} == {one.key for one in judged}
        assert {key(one) for one in found} == set(map(key, judged))


def test_each_component_that_is_compiled_has_a_test():
    told = "".join(file.read_text(encoding="utf-8") for file in OWN.glob("*.ttl"))
    assert [name for name in compiled.COMPONENTS if f"sh:{name[0].upper()}{name[1:]}Constraint" not in told] == []


QUERIES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <http://example.org/> .
:S a sh:NodeShape ; sh:targetClass :C ; sh:sparql :Q . :Q sh:prefixes :O ; sh:select %r .
:O sh:declare [ sh:prefix "" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .
:a a :C ; :p :d ; :n 2 ; :m 5 ; :s "abc\\nde"@en . :b a :C ; :p :e . :d a :D ; :q :a . :e :x :b ; :p :b .
"""


def queries() -> list[dict[str, str]]:
    with (OWN.parent / "shapes/queries.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("case", queries(), ids=lambda case: case["select"])
def test_queries(case: dict[str, str]):
    """Those that are compiled find what pySHACL finds; the others are refused."""
    graph = Graph().parse(data=QUERIES % case["select"], format="turtle")
    data = Data(triple for triples in by_graph(graph.serialize(format="nt")).values() for triple in triples)
    if case["known"] == "no":
        with pytest.raises(compiled.UnsupportedError):
            judged_as_compiled(graph, data)
        return
    found = {one.key for one in judged_as_compiled(graph, data)}
    assert found == {one.key for one in pyshacl_judge.judged(graph, data)}
    assert len(found) == int(case["results"])
