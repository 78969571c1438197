"""JSON-LD for front ends: our own context, trees below one thing, and the same triples as in N-Triples."""

import json
import re
from typing import Any

import httpx
import pytest
from pyld import jsonld

from ontology.context import CONTEXT, PATH
from ontology.iris import DEFAULT_BASE
from ontology.terms import NG, SKOS, XSD
from queries.framing import framed
from store.base import Iri, Literal, Rows, Store, Term
from store.oxigraph import memory
from tests.generated import ROOT, context_text
from tests.serving import served

NOTICE = "/id/notice/2b3610a6bd83ddcc"


def loaded(address: str, _: object) -> dict[str, Any]:
    """Loads our context alone."""
    assert address == DEFAULT_BASE + PATH
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": address, "document": CONTEXT}


def triples(document: object) -> set[str]:
    """Returns what a document says, as another JSON-LD processor than the one that wrote it might read it."""
    options = {"documentLoader": loaded, "format": "application/n-quads"}
    return set(jsonld.to_rdf(document, options).split("\n")) - {""}


def document(real: httpx.Client, path: str) -> Any:  # noqa: ANN401 - JSON
    answer = real.get(f"{path}.jsonld")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_context_is_that_of_ontology_and_shapes():
    assert (ROOT / "ontology" / PATH).read_text("utf-8") == context_text(), (
        "it is not what ontology and shapes give: make a v2 with `make generated`, and keep v1"
    )


def test_the_context_is_served_for_ever(real: httpx.Client):
    answer = real.get(f"/{PATH}")
    assert answer.headers["Content-Type"] == "application/ld+json"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.json() == CONTEXT


@pytest.mark.parametrize("profile", ["full", "brief", "labels"])
def test_a_document_says_the_very_triples(real: httpx.Client, store: Store, profile: str):
    # One thing of each kind that there are IRIs of: notice, measure, concept, agency, unit, source, mention …
    found = store.select("SELECT ?s { ?s ?p ?o FILTER(STRSTARTS(STR(?s), '" + DEFAULT_BASE + "id/')) } ORDER BY ?s")
    kinds = {re.sub(r"[0-9a-f]{16,}|\d+|(?<=/)[a-z0-9-]+$", "*", iri.value): iri.value for (iri,) in found if iri}
    assert len(kinds) > 15
    for iri in kinds.values():
        path = f"/{iri.removeprefix(DEFAULT_BASE)}"
        lines = real.get(f"{path}.nt", params={"_profile": profile}).text.splitlines()
        read = real.get(f"{path}.jsonld", params={"_profile": profile}).json()
        assert read["@context"] == DEFAULT_BASE + PATH
        assert triples(read) == set(lines), iri
        assert read.get("id", iri) == iri


def test_a_notice_holds_its_sections_and_measures(real: httpx.Client):
    notice = document(real, NOTICE)
    assert notice["type"] == ["Notice"]
    assert [measure["position"] for measure in notice["hasMeasure"]] == list(range(1, 22))
    assert notice["hasMeasure"][0]["title"] == "推行全程电子化登记"
    assert notice["hasSection"][0]["number"] == "一"
    assert notice["issuedBy"][0]["prefLabel"] == {"zh": "海南省市场监督管理局"}
    assert notice["issueDate"] == "2020-02-12"
    assert all(instrument["prefLabel"]["en"] for instrument in notice["hasMeasure"][0]["usesInstrument"])
    assert list(notice)[-1] == "included"


def test_a_measure_holds_its_provisions_and_deadlines(real: httpx.Client):
    measure = document(real, f"{NOTICE}/measure/19")
    deadline = measure["hasDeadline"][1]
    assert (deadline["offset"], deadline["event"]["prefLabel"]["zh"]) == ("P90D", "Ⅰ级应急响应解除")
    provision = measure["hasProvision"][1]
    assert provision["hasDeadline"][1] == deadline
    assert provision["hasCondition"][0]["quote"].startswith("食品生产经营从业人员")
    assert (provision["start"], provision["end"]) == (2683, 2792)
    assert measure["inSection"]["title"]
    assert measure["reverse"]["hasMeasure"][0]["id"] == DEFAULT_BASE + NOTICE[1:]


def test_agencies_and_concepts_tell_what_points_at_them(real: httpx.Client):
    concept = document(real, "/id/target/enterprise")
    assert concept["prefLabel"]["en"] == "Enterprise"
    assert all(narrower["prefLabel"]["zh"] for narrower in concept["reverse"]["broader"])
    agency = document(real, "/id/agency/8de3fec2c2b4291b")
    assert agency["jurisdiction"]["prefLabel"] == {"zh": "连云港市"}
    assert {"计量处"} < {unit["prefLabel"]["zh"] for unit in agency["reverse"]["unitOf"]}


@pytest.mark.parametrize(
    "value",
    [
        *(Literal(text, XSD.integer) for text in ("0", "-7", "007", "+7", "99999999999999999999", "x")),
        *(Literal(text, XSD.boolean) for text in ("true", "1", "yes")),
        *(Literal(text, XSD.decimal) for text in ("5000.00", "0.5")),
        Literal("1.0", XSD.float),  # of xsd:double, PyLD reads the canonical form whatever is written
        Literal("2020-02-30", XSD.date),
        Literal("P1D", XSD.duration),
        Literal('a "quote"\n\\ 𠀀\u2028'),
        Literal("x", language="en"),
        Literal("甲", language="zh-hant"),
        Iri("urn:e:y"),
        Iri("urn:e:root"),
        Iri("javascript:alert(1)"),
    ],
    ids=lambda value: value.value[:12],
)
@pytest.mark.parametrize("predicate", [NG.position, NG.workingDays, NG.value, SKOS.prefLabel, "urn:e:p"])
def test_odd_values_keep_their_form(predicate: str, value: Term):
    row = (Iri("urn:e:root"), Iri(predicate), value)
    read = json.loads(framed(Rows(("s", "p", "o"), (row,)), "urn:e:root", DEFAULT_BASE))
    assert triples(read) == {" ".join(term.n3() for term in row) + " ."}


def test_of_a_hub_two_hundred_links_are_told_and_places_in_the_text_least():
    store, graph, hub = memory(), f"{DEFAULT_BASE}graph/g", f"{DEFAULT_BASE}id/target/hub"
    pointing = [(name, k) for name in ("denotes", "targets") for k in range(300)]
    store.replace_graph(
        graph, "\n".join(f"<{hub}/{name}/{k}> <{NG}{name}> <{hub}> <{graph}> ." for name, k in pointing)
    )
    with served(store) as client:
        reverse = client.get("/id/target/hub.jsonld").json()["reverse"]
        assert client.get("/id/target/hub.nt").text == client.get("/id/target/hub.nt?").text
    assert {name: len(others) for name, others in reverse.items()} == {"denotes": 50, "targets": 150}


def test_circles_end():
    store, graph = memory(), f"{DEFAULT_BASE}graph/g"
    a, b = f"<{DEFAULT_BASE}id/a>", f"<{DEFAULT_BASE}id/b>"
    lines = [
        f"{a} <urn:e:p> {b} .",
        f"{b} <urn:e:p> {a} .",
        f"{a} <urn:e:q> {a} .",
        f'{b} <{SKOS.prefLabel}> "乙"@zh .',
    ]
    store.replace_graph(graph, "\n".join(line[:-1] + f"<{graph}> ." for line in lines))
    with served(store) as client:
        assert triples(client.get("/id/a.jsonld").json()) == set(lines)
