"""SPARQL tests in the W3C's manifest form, over HTTP: protocol, service description, query syntax and evaluation.

`tests/cases/protocol` has a sample of our own. SPARQL_SUITE names a checkout of w3c/rdf-tests, or a folder of one, as
`make conformance SUITE=…` does. Updates that are refused count as right; `skips.tsv` lists what does not pass, and why.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    parse,
    parse_query_results,
)
from rdflib import RDF, RDFS, Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node
from serving import served

from api.settings import Settings
from store.oxigraph import memory

CNT = Namespace("http://www.w3.org/2011/content#")
HT = Namespace("http://www.w3.org/2011/http#")
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
OWN = Path(__file__).parent / "cases/protocol"
SUITE = os.environ.get("SPARQL_SUITE")
SKIPS = dict(line.split("\t") for line in (OWN / "skips.tsv").read_text("utf-8").splitlines() if line[0] != "#")
SYNTAX = {
    MF.PositiveSyntaxTest11: True,
    MF.PositiveSyntaxTest: True,
    MF.NegativeSyntaxTest11: False,
    MF.NegativeSyntaxTest: False,
}
RESULTS = {".srx": QueryResultsFormat.XML, ".srj": QueryResultsFormat.JSON, ".tsv": QueryResultsFormat.TSV}
GRAPHS = {".ttl": RdfFormat.TURTLE, ".rdf": RdfFormat.RDF_XML, ".nt": RdfFormat.N_TRIPLES}
SETTINGS = Settings(client_seconds=10**6)


def entries() -> Iterator[tuple[Graph, Node]]:
    """The tests of all manifests."""
    files = [*OWN.glob("*.ttl"), *(Path(SUITE).rglob("manifest*.ttl") if SUITE else ())]
    for file in sorted(files):
        graph = Graph().parse(file, format="turtle", publicID=file.as_uri())
        for head in graph.objects(None, MF.entries):
            yield from ((graph, test) for test in Collection(graph, head) if (test, RDF.type, None) in graph)


def kind(graph: Graph, test: Node) -> Node | None:
    return graph.value(test, RDF.type)


def local(node: Node) -> Path:
    return Path(str(node).removeprefix("file://"))


TESTS = [(graph, test) for graph, test in entries()]
PROTOCOL = [entry for entry in TESTS if kind(*entry) in {MF.ProtocolTest, MF.ServiceDescriptionTest}]
EVALUATION = [entry for entry in TESTS if kind(*entry) == MF.QueryEvaluationTest]
SYNTACTIC = [entry for entry in TESTS if kind(*entry) in SYNTAX]


def name(part: object) -> str:
    return str(part).rpartition("/")[2] if isinstance(part, Node) else ""


def judge(test: Node, *, passes: bool) -> None:
    """Holds a test to its skip: without one it passes, with one it does not."""
    reason = next((why for end, why in SKIPS.items() if str(test).endswith(end)), None)
    assert passes == (reason is None), reason or test
    if reason:
        pytest.skip(reason)


def quads(file: Path, graph: str | None) -> Iterator[Quad]:
    for quad in parse(path=file, format=GRAPHS[file.suffix], base_iri=file.as_uri()):
        yield Quad(*quad.triple, NamedNode(graph)) if graph else quad


@pytest.mark.parametrize(("graph", "test"), PROTOCOL, ids=name)
def test_protocol(graph: Graph, test: Node, tmp_path: Path):
    data = [
        (local(graph.value(node, UT.graph)), str(graph.value(node, RDFS.label)))
        for node in graph.objects(test, UT.graphData)
    ]
    file = tmp_path / "data.nq"
    file.write_bytes(b"".join(f"{quad} .\n".encode() for path, label in data for quad in quads(path, label)))
    action = graph.value(test, MF.action)
    with served(memory([file]), SETTINGS, [file]) as client:
        for request in Collection(graph, graph.value(action, HT.requests)):
            answer = client.send(built(client, graph, request))
            update = "update" in str(test).rpartition("#")[2]
            assert update if answer.status_code in {403, 415} and update else expected(graph, request, answer)
            assert not update or answer.status_code >= 400


def built(client: httpx.Client, graph: Graph, request: Node) -> httpx.Request:
    heads = [Collection(graph, head) for head in graph.objects(request, HT.headers)]
    headers = {str(graph.value(h, HT.fieldName)): str(graph.value(h, HT.fieldValue)) for head in heads for h in head}
    body = graph.value(request, HT.body)
    encoding = str(graph.value(body, CNT.characterEncoding) or "utf-8")
    content = str(graph.value(body, CNT.chars)).encode(encoding) if body else None
    path = "/sparql" + str(graph.value(request, HT.absolutePath)).removeprefix("/sparql").removeprefix("/")
    return client.build_request(str(graph.value(request, HT.methodName)), path, headers=headers, content=content)


def expected(graph: Graph, request: Node, answer: httpx.Response) -> bool:
    """Tells whether an answer has a status, a family of formats and a truth value that are expected."""
    wanted = graph.value(request, HT.resp)
    classes = {str(status)[-3:] for status in graph.objects(wanted, MF.expectedStatus)}
    form, truth = graph.value(wanted, MF.expectedFormat), graph.value(wanted, MF.expectedBoolean)
    media_type = answer.headers.get("content-type", "")
    families = {"boolean": "sparql-results", "bindings": "sparql-results", "graph": "turtle", "RDF": "turtle"}
    fits = form is None or families.get(str(form), "") in media_type
    return (
        f"{answer.status_code // 100}xx" in classes
        and fits
        and (truth is None or answer.json()["boolean"] == truth.toPython())
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server over the data of all evaluation tests, each file in a graph of its own."""
    actions = [(graph, graph.value(test, MF.action)) for graph, test in EVALUATION]
    files = {
        local(node)
        for graph, action in actions
        for term in (QT.data, QT.graphData)
        for node in graph.objects(action, term)
    }
    file = tmp_path_factory.mktemp("evaluation") / "all.nq"
    file.write_bytes(b"".join(f"{quad} .\n".encode() for path in sorted(files) for quad in quads(path, path.as_uri())))
    with served(memory([file]), SETTINGS, [file]) as client:
        yield client


@pytest.mark.parametrize(("graph", "test"), EVALUATION, ids=name)
def test_evaluation(everything: httpx.Client, graph: Graph, test: Node):
    action, result = graph.value(test, MF.action), graph.value(test, MF.result)
    file = local(graph.value(action, QT.query))
    if result is None or local(result).suffix == ".csv":
        pytest.skip("a CSV result says no types")
    parameters = {
        "query": f"BASE <{file.as_uri()}>\n{file.read_text('utf-8')}",
        "default-graph-uri": [str(node) for node in graph.objects(action, QT.data)] or ["urn:none"],
        "named-graph-uri": [str(node) for node in graph.objects(action, QT.graphData)] or ["urn:none"],
    }
    table = local(result).suffix in RESULTS
    accept = (
        "application/n-triples, application/sparql-results+json" if not table else "application/sparql-results+json"
    )
    answer = everything.post("/sparql", data=parameters, headers={"Accept": accept})
    ordered = "ORDER BY" in parameters["query"].upper()
    judge(test, passes=answer.status_code == 200 and same(answer, local(result), ordered=ordered))


def same(answer: httpx.Response, file: Path, *, ordered: bool) -> bool:
    """Compares an answer with the expected one up to the names of blank nodes (RDFC-1.0, rows as statements)."""
    if "n-triples" in answer.headers["content-type"]:
        return canonical(parse(answer.content, RdfFormat.N_TRIPLES)) == canonical(quads(file, None))
    given = parse_query_results(answer.content, QueryResultsFormat.JSON)
    if file.suffix not in RESULTS:
        return False
    wanted = parse_query_results(path=file, format=RESULTS[file.suffix])
    if isinstance(given, QueryBoolean) or isinstance(wanted, QueryBoolean):
        return bool(given) == bool(wanted)
    return statements(given, ordered=ordered) == statements(wanted, ordered=ordered)


def statements(rows: QuerySolutions, *, ordered: bool) -> str:
    names = sorted(variable.value for variable in rows.variables)
    facts = []
    for number, row in enumerate(rows):
        cells = [f"<urn:v:{name}> {row[name]}" for name in names if row[name] is not None]
        node = f"<urn:row:{number}>" if ordered else f"_:row{number}"
        facts += [f"{node} {cell} ." for cell in ("<urn:row> <urn:row>", *cells)]
    return " ".join(names) + canonical(parse("\n".join(facts).encode(), RdfFormat.N_TRIPLES))


def canonical(given: Iterator[Quad]) -> str:
    dataset = Dataset(Quad(*quad.triple) for quad in given)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset))


@pytest.mark.parametrize(("graph", "test"), SYNTACTIC, ids=name)
def test_syntax(everything: httpx.Client, graph: Graph, test: Node):
    action = graph.value(test, MF.action)
    query = local(action).read_text("utf-8")
    answer = everything.post("/sparql", data={"query": f"BASE <{local(action).as_uri()}>\n{query}"})
    if answer.status_code == 403:
        pytest.skip("SERVICE and updates are refused here")
    judge(test, passes=(answer.status_code == 200) == SYNTAX[kind(graph, test)])
