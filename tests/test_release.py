"""What a version says of itself and of its changes: catalogue, counts, provenance, feed; and what is served of it."""

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import httpx
import pyoxigraph as ox
import pyshacl
import pytest
from rdflib import Graph, URIRef
from serving import served

from api.export import export
from ontology import terms
from ontology.iris import DEFAULT_BASE
from store import dumps, feed, versions
from store.base import Iri, Literal, Rows, Store
from store.batch import triple
from store.canonical import blocks, opened
from store.catalog import counted
from store.dumps import PART, digests, name, union
from store.formats import DATASET_FORMATS, Format
from store.oxigraph import memory, open_store, publish
from store.release import Releasing

SAMPLE = Path(__file__).parent / "cases/queries/sample.trig"
SHAPES = Path(__file__).parent / "cases/dumps/dcat.ttl"
GRAPH = f"{DEFAULT_BASE}graph/notice/"
CATALOG = f"{DEFAULT_BASE}graph/catalog"
PREFIXES = "".join(f"PREFIX {prefix}: <{home}> " for prefix, home in terms.PREFIXES.items())
PARTS = (Releasing("0.1.0-test"),)


def write(directory: Path, graphs: dict[str, str]) -> Path:
    """Publishes a version in which some graphs have these N-Quads; a text that is empty removes its graph."""
    with publish(directory, PARTS) as writer:
        for graph, nquads in graphs.items():
            writer.replace_graph(graph, nquads)
    return versions.current(directory)


def quads(value: str, graph: str) -> dict[str, str]:
    return {graph: f'<{DEFAULT_BASE}id/x> <{terms.NG.text}> "{value}"@zh <{graph}> .\n'}


def sample(directory: Path) -> Path:
    store = memory([SAMPLE])
    return write(directory, {graph: "".join(f"{line}\n" for line in store.nquads(graph)) for graph in store.graphs()})


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions: the sample, and the sample with one graph more."""
    directory = tmp_path_factory.mktemp("store")
    sample(directory)
    write(directory, quads("一", f"{GRAPH}a"))
    return directory


def test_the_union_is_that_of_all_graphs(directory: Path, tmp_path: Path) -> None:
    store = open_store(directory).snapshot()
    wanted = sorted({f"{triple(line)}\n".encode() for line in store.nquads()})
    assert any(CATALOG.encode() in line for line in wanted)
    assert list(chain.from_iterable(union(store))) == wanted
    with publish(tmp_path) as writer:
        for graph in store.graphs():
            writer.replace_graph(graph, "".join(f"{line}\n" for line in store.nquads(graph)))
    assert list(chain.from_iterable(union(open_store(tmp_path).snapshot()))) == wanted


@pytest.fixture(scope="module")
def store(directory: Path) -> Store:
    return open_store(directory).snapshot()


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[httpx.Client]:
    with served(store) as connected:
        yield connected


def asked(store: Store, pattern: str, graph: str = f"GRAPH <{CATALOG}>") -> Rows:
    return store.select(f"{PREFIXES} SELECT * {{ {graph} {{ {pattern} }} }}")


def values(row: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(value.value for value in row if isinstance(value, Iri | Literal))


def test_catalogue_names_every_file_as_it_is(directory: Path, store: Store):
    version = versions.current(directory)
    rows = asked(
        store,
        """?version a dcat:Dataset ; dcat:version "v000002" ; dcat:distribution ?file ; void:dataDump ?url .
        ?file a dcat:Distribution ; dcat:downloadURL ?url ; dcat:byteSize ?size ; dcat:mediaType ?type ;
          dcat:compressFormat ?packing ; spdx:checksum/spdx:checksumValue ?digest""",
    )
    found = {dict(zip(rows.variables, values(row), strict=True))["url"]: row for row in rows}
    assert len(found) == len(rows) == 12
    for url, row in found.items():
        about = dict(zip(rows.variables, values(row), strict=True))
        content = (version / PART / url.rpartition("/")[2]).read_bytes()
        assert about["digest"] == hashlib.sha256(content).hexdigest()
        assert about["size"] == str(len(content))
        assert url.startswith(f"{DEFAULT_BASE}dumps/noticegraph-v000002.")


def test_version_leads_to_the_one_before_and_to_who_made_it(directory: Path, store: Store):
    (row,) = asked(
        store,
        """<https://w3id.org/noticegraph/id/dataset> dcat:hasCurrentVersion ?version .
        ?version dcat:previousVersion ?previous ; prov:wasRevisionOf ?previous ; prov:wasGeneratedBy ?activity ;
          dct:license ?license ; dct:title ?title ; spdx:checksum/spdx:checksumValue ?digest .
        ?activity a prov:Publish ; prov:used ?previous ; prov:wasAssociatedWith ?software .
        FILTER(LANG(?title) = "en")""",
    )
    assert f"{DEFAULT_BASE}id/software/noticegraph-0.1.0-test" in values(row)
    assert f"{DEFAULT_BASE}id/dataset/v000001" in values(row)
    assert digests(versions.current(directory))["noticegraph-v000002.nq"] in values(row)


def test_counts_are_those_that_the_store_counts_itself(directory: Path, store: Store):
    outside = f"GRAPH ?g {{ ?s ?p ?o }} FILTER(?g != <{CATALOG}>)"
    version = versions.current(directory)
    found = counted(blocks(version / PART / name(version, "nt.zst")))
    union = store.select(f"SELECT ?p (COUNT(*) AS ?n) {{ SELECT DISTINCT ?s ?p ?o {{ {outside} }} }} GROUP BY ?p")
    assert {f"<{p}>".encode(): int(n) for p, n in map(values, union)} == dict(found.properties)
    classes = store.select(f"SELECT ?o (COUNT(DISTINCT ?s) AS ?n) {{ {outside} {{ ?s a ?o }} }} GROUP BY ?o")
    assert {f"<{kind}>".encode(): int(n) for kind, n in map(values, classes)} == dict(found.classes)
    used = store.select(
        f"""SELECT ?kind ?p (COUNT(*) AS ?n) {{ SELECT DISTINCT ?kind ?s ?p ?o {{ {outside}
        GRAPH ?h {{ ?s a ?kind }} FILTER(?h != <{CATALOG}>) }} }} GROUP BY ?kind ?p"""
    )
    assert {(f"<{k}>".encode(), f"<{p}>".encode()): int(n) for k, p, n in map(values, used)} == dict(found.used)
    (row,) = store.select(f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {outside} }}")
    assert values(row) == (str(found.subjects),)


def test_counts_stand_in_the_graph(store: Store):
    (row,) = asked(
        store,
        """{ SELECT ?notices ?measures { ?version dcat:version "v000002" ; void:classPartition ?part .
        ?part void:class ng:Notice ; void:entities ?notices ;
        void:propertyPartition [ void:property ng:hasMeasure ; void:triples ?measures ] } }""",
    )
    notices = len(store.select(f"SELECT DISTINCT ?s {{ ?s a <{terms.NG.Notice}> }}"))
    measures = len(store.select(f"SELECT DISTINCT ?s ?o {{ ?s a <{terms.NG.Notice}> ; <{terms.NG.hasMeasure}> ?o }}"))
    assert sorted(values(row)) == sorted([str(notices), str(measures)])


def test_description_conforms_to_dcat_ap(client: httpx.Client):
    given = Graph().parse(data=client.get("/.well-known/void").content, format="turtle")
    shapes = Graph().parse(SHAPES)
    conforms, _, text = pyshacl.validate(given, shacl_graph=shapes)
    assert conforms, text
    given.remove((None, URIRef(terms.DCAT.byteSize), None))
    assert not pyshacl.validate(given, shacl_graph=shapes)[0]


def test_description_is_in_no_dump(directory: Path):
    version = versions.current(directory)
    with opened(version / PART / name(version, "nq.zst")) as content:
        assert CATALOG.encode() not in content.read()


@pytest.mark.parametrize("suffix", ["ttl.gz", "ttl.zst", "ttl"])
def test_export_packs_as_the_name_ends(directory: Path, tmp_path: Path, suffix: str):
    version = versions.current(directory)
    assert export(open_store(directory), "ttl", tmp_path / f"out.{suffix}") == 0
    assert [file.name for file in tmp_path.iterdir()] == [f"out.{suffix}"]
    written = hashlib.sha256((tmp_path / f"out.{suffix}").read_bytes()).hexdigest()
    assert written == digests(version)[name(version, suffix)]


def members(version: Path) -> list[tuple[str, str]]:
    """What the feed says happened, in order, with the last part of the graph's IRI."""
    found = []
    number = 1
    while lines := feed.page(version, DEFAULT_BASE, number)[0]:
        kinds = {s: o for s, p, o in (line[:-2].split(" ", 2) for line in lines) if p == f"<{terms.RDF.type}>"}
        graphs = [line[:-2].split(" ", 2) for line in lines if f"<{terms.DCT}isVersionOf>" in line]
        found += [(kinds[s].rpartition("#")[2][:-1], o.rpartition("/")[2][:-1]) for s, _, o in graphs]
        number += 1
    return found


def test_feed_tells_what_happened_and_takes_back_what_was_rolled_back(tmp_path: Path):
    write(tmp_path, quads("1", f"{GRAPH}a") | quads("1", f"{GRAPH}b"))
    write(tmp_path, quads("2", f"{GRAPH}a") | quads("1", f"{GRAPH}c"))
    version = write(tmp_path, {f"{GRAPH}b": ""})
    known = [("Create", "a"), ("Create", "b"), ("Update", "a"), ("Create", "c"), ("Delete", "b")]
    assert members(version) == known
    versions.rollback(tmp_path, "1")
    version = write(tmp_path, quads("1", f"{GRAPH}d"))
    assert members(version) == [*known, ("Update", "a"), ("Update", "b"), ("Delete", "c"), ("Create", "d")]
    anew = tmp_path / "anew" / version.name
    dumps.write_dumps(open_store(tmp_path), anew)
    assert digests(anew) == digests(version)


def test_a_store_without_dumps_gets_them_with_its_next_version(tmp_path: Path):
    with publish(tmp_path) as writer:
        writer.replace_graph(*next(iter(quads("1", f"{GRAPH}a").items())))
    version = write(tmp_path, quads("2", f"{GRAPH}b"))
    assert members(version) == [("Create", "a"), ("Create", "b")]
    assert len(asked(open_store(tmp_path), "?s void:documents 2"))


def test_digest_of_the_feed_is_that_of_the_graph_as_it_is_sent(directory: Path, client: httpx.Client):
    lines, full = feed.page(versions.current(directory), DEFAULT_BASE, 1)
    assert not full
    stated = [line for line in lines if f"<{terms.SPDX}checksumValue>" in line]
    sent = {
        hashlib.sha256(client.get(f"/graph/{graph.removeprefix(DEFAULT_BASE + 'graph/')}.nq").content).hexdigest()
        for graph in open_store(directory).graphs()
    }
    assert stated
    assert all(line.split('"')[1] in sent for line in stated)


def test_a_full_page_never_changes(tmp_path: Path):
    many = {key: text for k in range(feed.PAGE) for key, text in quads("1", f"{GRAPH}{k:03}").items()}
    first, full = feed.page(write(tmp_path, many), DEFAULT_BASE, 1)
    assert full
    assert sum("immutable" in line for line in first) == 1
    write(tmp_path, quads("2", f"{GRAPH}000"))
    with served(open_store(tmp_path)) as client:
        one, two, root = (client.get(path, headers={"Accept": "application/n-triples"}) for path in PATHS)
    assert one.text.splitlines() == first
    assert "immutable" in one.headers["Cache-Control"]
    assert (two.status_code, two.headers["Cache-Control"]) == (200, "no-cache")
    assert "immutable" not in two.text
    bounds = re.findall(r"<\S+feed#(\d/\w+)> <https://w3id.org/tree#node>", root.text)
    assert sorted(bounds) == ["1/GreaterThanOrEqualTo", "1/LessThanOrEqualTo", "2/GreaterThanOrEqualTo"]


PATHS = ("/feed/1", "/feed/2", "/feed")


@pytest.mark.parametrize("form", DATASET_FORMATS, ids=lambda form: form.name)
@pytest.mark.parametrize("path", ["/.well-known/void", "/feed", "/feed/1"])
def test_description_and_feed_in_every_format(client: httpx.Client, path: str, form: Format):
    answer = client.get(path, headers={"Accept": form.media_type})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, form.content_type)
    assert "Accept" in answer.headers["Vary"]
    again = client.get(path, headers={"Accept": form.media_type, "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_void_says_what_the_graph_says_with_the_datatypes_of_dcat(client: httpx.Client):
    void = client.get("/.well-known/void", headers={"Accept": "application/n-triples"}).text
    store = ox.Store()
    store.bulk_load(void, ox.RdfFormat.N_TRIPLES)
    graph = client.get("/graph/catalog", headers={"Accept": "application/n-triples"}).text
    assert sorted(f"{quad.triple} ." for quad in store) == sorted(graph.splitlines())
    assert void.count(f"<{terms.XSD}nonNegativeInteger>") == 12


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/html"}])
def test_dumps_are_listed_with_their_digests(client: httpx.Client, directory: Path, headers: dict[str, str]):
    answer = client.get("/dumps/", headers=headers)
    assert answer.status_code == 200
    known = digests(versions.current(directory))
    assert known["noticegraph-v000002.nq"] in answer.text
    for file in known:
        packed = file.endswith((".gz", ".zst"))
        assert (f'"/dumps/{file}"' in answer.text) == packed
        assert client.get(f"/dumps/{file}").status_code == (200 if packed else 404)
    sums = client.get("/dumps/noticegraph-v000002.sha256").text
    assert f"{known['noticegraph-v000002.trig.gz']}  noticegraph-v000002.trig.gz\n" in sums


@pytest.mark.parametrize("number", [1, 2])
def test_a_file_is_sent_as_it_is_and_for_good(client: httpx.Client, directory: Path, number: int):
    file = f"noticegraph-v00000{number}.ttl.zst"
    answer = client.get(f"/dumps/{file}")
    content = (directory / f"v00000{number}" / PART / file).read_bytes()
    assert answer.content == content
    assert answer.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert answer.headers["Content-Type"] == "application/zstd"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Repr-Digest"].startswith("sha-256=:")
    head = client.head(f"/dumps/{file}")
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(content)), b"")
    for condition in (
        {"If-None-Match": answer.headers["ETag"]},
        {"If-None-Match": '"x", *'},
        {"If-Modified-Since": answer.headers["Last-Modified"]},
    ):
        known = client.get(f"/dumps/{file}", headers=condition)
        assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    for condition in (
        {"If-None-Match": '"x"'},
        {"If-None-Match": '"x"', "If-Modified-Since": answer.headers["Last-Modified"]},
        {"If-Modified-Since": "Fri, 01 Jan 1999 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert client.get(f"/dumps/{file}", headers=condition).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "cut"),
    [
        ("bytes=0-99", lambda content: content[:100]),
        ("bytes=100-", lambda content: content[100:]),
        ("bytes=-10", lambda content: content[-10:]),
        ("bytes=10-999999999", lambda content: content[10:]),
        ("bytes=-999999999", lambda content: content),
    ],
)
def test_a_part_of_a_file(client: httpx.Client, wanted: str, cut: Callable[[bytes], bytes]):
    path = "/dumps/noticegraph-v000002.nq.gz"
    whole = client.get(path)
    part = client.get(path, headers={"Range": wanted})
    assert (part.status_code, part.content) == (206, cut(whole.content))
    assert part.headers["ETag"] == whole.headers["ETag"]
    assert part.headers["Content-Range"].endswith(f"/{len(whole.content)}")
    assert client.get(path, headers={"Range": wanted, "If-Range": whole.headers["ETag"]}).status_code == 206
    assert client.get(path, headers={"Range": wanted, "If-Range": '"old"'}).status_code == 200


@pytest.mark.parametrize("wanted", ["bytes=5-3", "lines=1-2", "bytes=a-b", "bytes=0-1,3-4", "bytes=", "bytes=-"])
def test_what_is_no_single_range_gets_the_whole(client: httpx.Client, wanted: str):
    assert client.get("/dumps/noticegraph-v000002.nq.gz", headers={"Range": wanted}).status_code == 200


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_416(client: httpx.Client, wanted: str):
    answer = client.get("/dumps/noticegraph-v000002.nq.gz", headers={"Range": wanted})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"].startswith("bytes */")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_latest_moves(client: httpx.Client):
    answer = client.get("/dumps/noticegraph-latest.nq.zst")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dumps/noticegraph-v000002.nq.zst")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("file", "status"),
    [
        ("noticegraph-v000000.nq.zst", 410),
        ("noticegraph-v000003.nq.zst", 404),
        ("noticegraph-v000002.nq", 404),
        ("noticegraph-v000002.exe.gz", 404),
        ("feed.tsv", 404),
        ("..%2f..%2fversion.json", 404),
        ("noticegraph-v000002.nq.gz%00", 404),
        ("by-graph.nq.zst", 404),
    ],
)
def test_what_is_no_dump_is_a_problem(client: httpx.Client, file: str, status: int):
    answer = client.get(f"/dumps/{file}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/dumps/", "/dumps/noticegraph-latest.nq.gz", "/.well-known/void", "/feed", "/feed/1"]
)
def test_a_store_that_was_not_published_has_no_dumps(path: str):
    with served(memory([SAMPLE])) as client:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:noticegraph:problem:no-dumps")


@pytest.mark.parametrize(("path", "status"), [("/feed/2", 404), ("/feed/0", 404), ("/feed/-1", 404), ("/feed/x", 422)])
def test_what_is_no_page_is_a_problem(client: httpx.Client, path: str, status: int):
    assert client.get(path).status_code == status
