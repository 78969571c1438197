"""SPARQL tests in the W3C's manifest form, over HTTP: protocol, service description, query syntax and evaluation.

`tests/cases/protocol` has a sample of our own. SPARQL_SUITE names a checkout of w3c/rdf-tests, or a folder of one, as
`make conformance SUITE=…` does. Updates that are refused count as right; `skips.tsv` lists what does not pass, and why.
"""

import os
import re
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
    Store,
    parse,
    parse_query_results,
)
from rdflib import RDF, RDFS, Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node, URIRef
from serving import served

from api.settings import Settings
from store.oxigraph import memory

CNT = Namespace("http://www.w3.org/2011/content#")
HT = Namespace("http://www.w3.org/2011/http#")
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
SD_TERMS = """Service Language Function Aggregate EntailmentRegime EntailmentProfile GraphCollection Dataset Graph
NamedGraph Feature SPARQL10Query SPARQL11Query SPARQL11Update DereferencesURIs UnionDefaultGraph RequiresDataset
EmptyGraphs BasicFederatedQuery endpoint feature defaultEntailmentRegime defaultSupportedEntailmentProfile
entailmentRegime supportedEntailmentProfile extensionFunction extensionAggregate languageExtension supportedLanguage
propertyFeature defaultDataset availableGraphs resultFormat inputFormat defaultGraph namedGraph name graph"""
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
OWN = Path(__file__).parent / "cases/protocol"
OWN_BASE = "https://w3id.org/noticegraph/tests/"
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
PROTOCOL = [entry for entry in TESTS if kind(*entry) == MF.ProtocolTest]
GRAPH_DATA = [(graph, node) for graph, test in PROTOCOL for node in graph.objects(test, UT.graphData)]
OWN_NAMES = {str(test).rpartition("#")[2] for _, test in PROTOCOL if OWN_BASE in str(test)}
DESCRIPTION = [entry for entry in TESTS if kind(*entry) == MF.ServiceDescriptionTest]
EVALUATION = [entry for entry in TESTS if kind(*entry) == MF.QueryEvaluationTest]
SYNTACTIC = [entry for entry in TESTS if kind(*entry) in SYNTAX]


def name(part: object) -> str:
    return "/".join(str(part).rsplit("/", 2)[1:]) if isinstance(part, URIRef) else ""


def judge(test: Node, *, passes: bool) -> None:
    """Holds a test to its skip: without one it passes, with one it does not."""
    reason = next((why for end, why in SKIPS.items() if str(test).endswith(end)), None)
    assert passes == (reason is None), reason or test
    if reason:
        pytest.skip(reason)


def quads(file: Path, graph: str | None) -> Iterator[Quad]:
    for quad in parse(path=file, format=GRAPHS[file.suffix], base_iri=file.as_uri()):
        yield Quad(*quad.triple, NamedNode(graph)) if graph else quad


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server over the data of all tests, each file in a graph of its own."""
    data = {(local(graph.value(node, UT.graph)), str(graph.value(node, RDFS.label))) for graph, node in GRAPH_DATA}
    actions = [(graph, graph.value(test, MF.action)) for graph, test in EVALUATION]
    terms = [node for graph, action in actions for term in (QT.data, QT.graphData) for node in graph[action:term]]
    data |= {(local(node), str(node)) for node in terms}
    file = tmp_path_factory.mktemp("suite") / "all.nq"
    file.write_bytes(b"".join(f"{quad} .\n".encode() for path, name in sorted(data) for quad in quads(path, name)))
    with served(memory([file]), SETTINGS, [file]) as client:
        yield client


@pytest.mark.parametrize(("graph", "test"), PROTOCOL, ids=name)
def test_protocol(client: httpx.Client, graph: Graph, test: Node):
    requests = list(Collection(graph, graph.value(graph.value(test, MF.action), HT.requests)))
    if not requests:
        assert str(test).rpartition("#")[2] in OWN_NAMES
        pytest.skip("this edition only describes it; our own case of that name runs")
    if "update" in str(test).rpartition("#")[2]:
        answer = client.send(built(client, graph, requests[0]))
        assert 400 <= answer.status_code < 500  # Refused, so that there is no effect that the others could ask for.
        return
    for request in requests:
        assert expected(graph, request, client.send(built(client, graph, request)))


@pytest.mark.parametrize("test", [test for _, test in DESCRIPTION], ids=name)
def test_service_description(client: httpx.Client, test: Node):
    answer = client.get("/sparql", headers={"Accept": "text/turtle, application/rdf+xml"})
    answer.raise_for_status()
    told = Graph().parse(data=answer.text, format="turtle")
    address = URIRef(str(client.base_url.join("/sparql")))
    terms = {term for triple in told for term in triple if str(term).startswith(SD)}
    passes = {
        "returns-rdf": len(told) > 0,
        "has-endpoint-triple": set(told[: SD.endpoint]) == {(told.value(None, RDF.type, SD.Service), address)},
        "conforms-to-schema": terms <= {SD[name] for name in SD_TERMS.split()}
        and all((node, RDF.type, SD.Dataset) in told for node in told.objects(None, SD.defaultDataset)),
    }
    judge(test, passes=passes[str(test).rpartition("#")[2]])


def built(client: httpx.Client, graph: Graph, request: Node) -> httpx.Request:
    heads = [Collection(graph, head) for head in graph.objects(request, HT.headers)]
    headers = {str(graph.value(h, HT.fieldName)): str(graph.value(h, HT.fieldValue)) for head in heads for h in head}
    body = graph.value(request, HT.body)
    encoding = str(graph.value(body, CNT.characterEncoding) or "utf-8")
    # The suite has Turtle's escapes twice in some bodies, and encodes the & between two parameters once.
    content = str(graph.value(body, CNT.chars)).replace('\\"', '"').encode(encoding) if body else None
    path = str(graph.value(request, HT.absolutePath)).replace("%26named-graph-uri%3D", "&named-graph-uri=")
    return client.build_request(str(graph.value(request, HT.methodName)), path, headers=headers, content=content)


def expected(graph: Graph, request: Node, answer: httpx.Response) -> bool:
    """Tells whether an answer has a status, a family of formats and a truth value that are expected."""
    wanted = graph.value(request, HT.resp)
    classes = {str(status)[-3:] for status in graph.objects(wanted, MF.expectedStatus)}
    form, truth = graph.value(wanted, MF.expectedFormat), graph.value(wanted, MF.expectedBoolean)
    families = {"boolean": "sparql-results", "tabular": "sparql-results", "RDF": "turtle"}
    return (
        f"{answer.status_code // 100}xx" in classes
        and (form is None or families[str(form)] in answer.headers["content-type"])
        and (truth is None or answer.json()["boolean"] == truth.toPython())
    )


@pytest.mark.parametrize(("graph", "test"), EVALUATION, ids=name)
def test_evaluation(client: httpx.Client, graph: Graph, test: Node):
    action, result = graph.value(test, MF.action), graph.value(test, MF.result)
    file = local(graph.value(action, QT.query))
    if result is None or local(result).suffix == ".csv":
        pytest.skip("a CSV result says no types")
    if (action, SD.entailmentRegime, None) in graph:
        pytest.skip("no entailment regime is claimed but the simple one")
    parameters = {"query": f"BASE <{file.as_uri()}>\n{file.read_text('utf-8')}"}
    if not re.search(r"\bFROM\b", parameters["query"]):
        parameters["default-graph-uri"] = [str(node) for node in graph.objects(action, QT.data)] or ["urn:none"]
        parameters["named-graph-uri"] = [str(node) for node in graph.objects(action, QT.graphData)] or ["urn:none"]
    table = local(result).suffix in RESULTS
    accept = (
        "application/n-triples, application/sparql-results+json" if not table else "application/sparql-results+json"
    )
    answer = client.post("/sparql", data=parameters, headers={"Accept": accept})
    if "service-refused" in answer.text:
        return  # As it shall be here.
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
    engine = Store()  # It writes numbers and dates anew, so that those of the suite compare by value.
    engine.extend(Quad(*quad.triple) for quad in given)
    dataset = Dataset(engine)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset))


@pytest.mark.parametrize(("graph", "test"), SYNTACTIC, ids=name)
def test_syntax(client: httpx.Client, graph: Graph, test: Node):
    action = graph.value(test, MF.action)
    query = local(action).read_text("utf-8")
    answer = client.post("/sparql", data={"query": f"BASE <{local(action).as_uri()}>\n{query}"})
    if "service-refused" in answer.text:
        return  # As it shall be here.
    good = answer.status_code == 200 or answer.json()["detail"].startswith("The custom function")
    judge(test, passes=good == SYNTAX[kind(graph, test)])
