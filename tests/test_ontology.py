"""The ontology and vocabularies: OWL 2 DL, house style, agreement with the constants that code uses."""

import ast
import csv
import re
from functools import cache
from pathlib import Path

import pyoxigraph
import pyshacl
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import BNode, Node

from ontology import terms
from ontology.load import canonical_turtle, concepts, reference_graphs, vocabulary_files

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "ingest", "ontology", "queries", "shapes", "store")
CASES = ROOT / "tests/cases/style"
OURS = str(terms.NG).partition("ontology#")[0]
STYLE = ROOT / "shapes/style.ttl"
ONTOLOGY = [ROOT / "ontology/core.ttl", ROOT / "ontology/alignment.ttl"]
KEPT = [*ONTOLOGY, *(ROOT / "ontology" / name for name in vocabulary_files()), STYLE]

PROPERTY_KINDS = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
BUILT_IN_PREDICATES = {
    *(RDF.type, RDFS.label, RDFS.isDefinedBy, RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range),
    *(OWL.versionInfo, OWL.versionIRI, OWL.imports),
}
# https://www.w3.org/TR/owl2-syntax/#Datatype_Maps: xsd:date and xsd:duration are not in it.
OWL_2_DATATYPES = {XSD[name] for name in ("string", "boolean", "integer", "decimal", "double", "dateTime", "anyURI")}


@cache
def parsed(*files: Path) -> Graph:
    graph = Graph()
    for file in files:
        graph.parse(file)
    return graph


def everything() -> Graph:
    return parsed(*(file for file in KEPT if file != STYLE))


def sources(*suffixes: str) -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*")) if file.suffix in suffixes]


def own_terms() -> set[str]:
    return {
        str(subject) for subject in parsed(ONTOLOGY[0]).subjects(RDF.type) if str(subject).startswith(str(terms.NG))
    }


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name)
def test_file_is_canonical_and_has_no_blank_node(file: Path):
    turtle = file.read_text(encoding="utf-8")
    assert turtle == canonical_turtle(turtle)
    quads = list(pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE))
    assert not [quad for quad in quads if pyoxigraph.BlankNode in (type(quad.subject), type(quad.object))]


def test_no_vocabulary_file_is_left_out():
    assert {f"vocab/{file.name}" for file in (ROOT / "ontology/vocab").iterdir()} == set(vocabulary_files())


def test_prefixes_are_declared_once():
    turtle = (ROOT / "ontology/prefixes.ttl").read_text(encoding="utf-8")
    assert len(terms.PREFIXES) == len(turtle.splitlines())
    assert turtle.splitlines() == sorted(turtle.splitlines())


def test_every_file_uses_the_declared_prefixes():
    for file in sources(".ttl", ".rq"):
        declared = re.findall(
            r"^@?prefix\s+([\w-]+):\s+<(.+?)>", file.read_text(encoding="utf-8"), re.MULTILINE | re.IGNORECASE
        )
        assert declared, file
        for prefix, namespace in declared:
            assert terms.PREFIXES.get(prefix) == namespace, f"{file}: {prefix}"


def test_every_term_in_use_is_in_the_core():
    known = {term.removeprefix(str(terms.NG)) for term in own_terms()}
    for file in [*sources(".py", ".ttl", ".rq"), *(ROOT / "docs").glob("*.md")]:
        used = set(re.findall(r"\b(?:ng:|NG\.)([A-Za-z]\w*)", file.read_text(encoding="utf-8")))
        assert used <= known, f"{file}: {used - known}"


def test_no_iri_is_written_into_code():
    for file in sources(".py"):
        if file.parent.name == "ontology":
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        literals = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ]
        # A name in braces is how ElementTree writes an XML namespace.
        found = [text for text in literals if re.search(r"(?<!\{)https?://(?!127\.0\.0\.1|localhost)\w", text)]
        assert not found, f"{file}: {found}"


def kinds(graph: Graph) -> dict[Node, set[Node]]:
    found: dict[Node, set[Node]] = {}
    for kind in (*PROPERTY_KINDS, OWL.Class, RDFS.Datatype):
        for term in graph.subjects(RDF.type, kind):
            found.setdefault(term, set()).add(kind)
    return found


@pytest.mark.parametrize("files", [ONTOLOGY[:1], ONTOLOGY, KEPT[:-1]], ids=["core", "aligned", "with vocabularies"])
def test_every_entity_has_one_kind_and_is_declared(files: list[Path]):
    graph = parsed(*files)
    declared = kinds(graph)
    assert not {term: found for term, found in declared.items() if len(found) > 1}
    undeclared = set(graph.predicates()) - declared.keys() - BUILT_IN_PREDICATES
    assert not undeclared
    classes = {term for term, found in declared.items() if found == {OWL.Class}}
    used_as_class = {*graph.subjects(RDFS.subClassOf), *graph.objects(None, RDFS.subClassOf)}
    used_as_class |= {*graph.objects(None, RDFS.domain)}
    used_as_class |= set(graph.objects(None, RDF.type)) - {OWL.Class, OWL.Ontology, RDFS.Datatype, *PROPERTY_KINDS}
    assert used_as_class <= classes


def test_axioms_keep_object_and_data_properties_apart():
    graph = everything()
    declared = kinds(graph)
    for lower, upper in graph.subject_objects(RDFS.subPropertyOf):
        assert declared[lower] == declared[upper], lower
    for term, values in graph.subject_objects(RDFS.range):
        is_class = declared.get(values) == {OWL.Class}
        assert is_class if declared[term] == {OWL.ObjectProperty} else values in OWL_2_DATATYPES, term
    for _, predicate, value in graph:
        if declared.get(predicate) == {OWL.ObjectProperty}:
            assert isinstance(value, URIRef), predicate
        if declared.get(predicate) == {OWL.DatatypeProperty}:
            assert isinstance(value, Literal), predicate


def test_only_ours_is_stated_of_ours_and_nothing_but_the_kind_of_others():
    for subject, predicate, _ in parsed(*ONTOLOGY):
        assert not isinstance(subject, BNode)
        assert str(subject).startswith(OURS) or predicate == RDF.type, subject


def test_core_stands_without_the_alignment():
    borrowed = {"org", "prov", "skos", "schema", "dct", "vann", "owl", "rdf", "rdfs", "xsd"}
    used = {str(node) for triple in parsed(ONTOLOGY[0]) for node in triple if isinstance(node, URIRef)}
    foreign = [iri for iri in used if not iri.startswith(OURS) and "creativecommons" not in iri]
    assert all(iri.startswith(tuple(terms.PREFIXES[prefix] for prefix in borrowed)) for iri in foreign)


def test_alignment_names_every_model():
    objects = {str(value) for value in parsed(ONTOLOGY[1]).objects()}
    for prefix in ("cpsv", "cv", "dcat", "dct", "eli", "oa", "org", "prov", "schema", "time"):
        assert any(value.startswith(terms.PREFIXES[prefix]) for value in objects), prefix


def violated(graph: Graph) -> set[str]:
    ours = Graph()
    for triple in graph:
        if str(triple[0]).startswith(OURS):
            ours.add(triple)
    _, report, _ = pyshacl.validate(ours, shacl_graph=parsed(STYLE))
    assert isinstance(report, Graph)
    shapes = report.objects(None, URIRef(terms.SH.sourceShape))
    return {str(shape).removeprefix(str(terms.NGSH)) for shape in shapes}


def test_ontology_and_vocabularies_keep_the_style():
    assert violated(everything()) == set()


def faults() -> list[dict[str, str]]:
    with (CASES / "faults.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def snippet(turtle: str) -> Graph:
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in terms.PREFIXES.items())
    return Graph().parse(data=head + turtle, format="turtle")


def test_valid_sample_keeps_the_style():
    assert violated(Graph().parse(CASES / "valid.ttl")) == set()


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault["shape"])
def test_style_catches(fault: dict[str, str]):
    graph = Graph().parse(CASES / "valid.ttl")
    removed = snippet(fault["remove"])
    assert all(triple in graph for triple in removed)
    assert fault["shape"] in violated(graph - removed + snippet(fault["add"]))


def test_every_style_shape_has_messages_and_a_fault():
    graph = parsed(STYLE)
    message = URIRef(terms.SH.message)
    spoken = set(graph.subjects(message))
    for shape in spoken:
        assert {text.language for text in graph.objects(shape, message)} == {"en", "zh"}, shape
    assert {str(shape).removeprefix(str(terms.NGSH)) for shape in spoken} == {fault["shape"] for fault in faults()}


@pytest.mark.parametrize("scheme", terms.SCHEMES)
def test_hierarchy_is_sound(scheme: str):
    found = {concept.id: concept for concept in concepts(scheme)}
    assert found
    for concept in found.values():
        seen = {concept.id}
        while (parent := found[concept.id].parent) is not None:
            assert parent in found
            assert parent not in seen
            seen.add(parent)
            concept = found[parent]  # noqa: PLW2901 - climbs


@pytest.mark.parametrize("scheme", [scheme for scheme in terms.SCHEMES if scheme != "division"])
def test_labels_tell_concepts_apart(scheme: str):
    found = concepts(scheme)
    assert len({concept.label_zh for concept in found}) == len(found)
    assert len({concept.label_en for concept in found}) == len(found)


def test_concepts_of_an_unknown_scheme():
    with pytest.raises(ValueError, match="no scheme 'colour'"):
        concepts("colour")


def test_reference_graphs_are_sorted_quads():
    graphs = reference_graphs()
    assert set(graphs) == {OURS + "graph/ontology", OURS + "graph/vocabulary"}
    for graph, n_quads in graphs.items():
        lines = n_quads.splitlines()
        assert lines == sorted(set(lines))
        quads = list(pyoxigraph.parse(n_quads, format=pyoxigraph.RdfFormat.N_QUADS))
        assert {quad.graph_name for quad in quads} == {pyoxigraph.NamedNode(graph)}


def test_another_base_moves_things_and_keeps_terms():
    graphs = reference_graphs("http://localhost:8000/")
    assert set(graphs) == {"http://localhost:8000/graph/ontology", "http://localhost:8000/graph/vocabulary"}
    vocabulary = graphs["http://localhost:8000/graph/vocabulary"]
    assert f"<{terms.ID}" not in vocabulary
    assert "<http://localhost:8000/id/instrument/fee-exemption> <" in vocabulary
    assert f"<{terms.NG}Instrument>" in vocabulary
    moved = vocabulary.replace("http://localhost:8000/", OURS).splitlines()
    assert sorted(moved) == reference_graphs()[OURS + "graph/vocabulary"].splitlines()


def test_a_base_that_is_none():
    with pytest.raises(ValueError, match="the base must be"):
        reference_graphs("example.org")


def test_documentation_defines_every_term_as_the_core_does():
    page = (ROOT / "docs/ontology.md").read_text(encoding="utf-8")
    core = parsed(ONTOLOGY[0])
    for term in own_terms():
        meanings = [str(text) for text in core.objects(URIRef(term), SKOS.definition) if text.language == "en"]
        row = rf"^\| `ng:{term.removeprefix(str(terms.NG))}` \|.*\| {re.escape(meanings[0])} \|$"
        assert re.search(row, page, re.MULTILINE), term
