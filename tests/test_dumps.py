"""Dumps: the same data give the same bytes however they came about, and any of them gives the same data back."""

import gzip
import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
import rdflib
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

from store import canonical, dumps
from store.base import Store, StoreError
from store.canonical import opened
from store.dumps import FORMS, N_QUADS, PART, digests, export, name, write_dumps
from store.formats import Format, driver_format
from store.oxigraph import memory
from tests.triplestores import oxigraph

ROOT = Path(__file__).parent.parent
HARD = ROOT / "tests/cases/dumps/hard.nq"
SAMPLE = ROOT / "tests/cases/queries/sample.trig"
RDFC_1_0 = ox.CanonicalizationAlgorithm.RDFC_1_0


@pytest.fixture(params=[HARD, SAMPLE], ids=lambda file: file.stem)
def sample(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def digest(quads: ox.Dataset) -> str:
    """The RDFC-1.0 digest, as the specification has it and another library's code computes it."""
    quads.canonicalize(RDFC_1_0)
    return hashlib.sha256("".join(sorted(f"{quad} .\n" for quad in quads)).encode()).hexdigest()


def original(file: Path, form: Format) -> str:
    quads = ox.Store()  # which writes some literals otherwise: 50.0 as 50
    quads.bulk_load(path=file)
    if form.named_graphs:
        return digest(ox.Dataset(quads))
    return digest(ox.Dataset(ox.Quad(*quad.triple) for quad in quads))


def written(file: Path, version: Path) -> dumps.Dumps:
    return write_dumps(memory([file]), version)


def plain(version: Path, form: Format) -> bytes:
    with opened(version / PART / name(version, f"{form.suffix}.zst")) as content:
        return content.read()


def test_digest_is_that_of_rdfc_1_0_and_of_the_bytes(sample: Path, tmp_path: Path):
    done = written(sample, tmp_path / "v000001")
    assert done.digest == original(sample, N_QUADS)
    assert done.digest == hashlib.sha256(plain(tmp_path / "v000001", N_QUADS)).hexdigest()
    for graph, known in done.graphs.items():
        (tmp_path / "one.nq").write_text("".join(f"{line}\n" for line in memory([sample]).nquads(graph)))
        assert known == original(tmp_path / "one.nq", N_QUADS)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_dump_gives_the_same_data_back(form: Format, sample: Path, tmp_path: Path):
    written(sample, tmp_path / "v000001")
    content = plain(tmp_path / "v000001", form)
    expected = original(sample, form)
    if form.name == "rdfxml" and sample == HARD:  # XML cannot hold U+0001
        assert content.decode().count("\ufffd") == 6
        return
    assert digest(ox.Dataset(ox.parse(content, driver_format(form.media_type)))) == expected
    store = ox.Store()
    store.bulk_load(content, driver_format(form.media_type))
    assert digest(ox.Dataset(store)) == expected


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_rdflib_reads_the_same_data(form: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    written(SAMPLE, tmp_path / "v000001")
    names = {"nq": "nquads", "jsonld": "json-ld", "rdfxml": "xml", "nt": "nt", "ttl": "turtle", "trig": "trig"}
    data = rdflib.Dataset()
    data.parse(data=plain(tmp_path / "v000001", form), format=names[form.name])
    quads = ox.Dataset()
    for subject, predicate, value, graph in data.quads():
        home = f" <{graph}>" if graph not in (None, DATASET_DEFAULT_GRAPH_ID) else ""
        line = f"{subject.n3()} {predicate.n3()} {value.n3()}{home} ."
        for quad in ox.parse(line, ox.RdfFormat.N_QUADS):
            quads.add(quad)
    assert digest(quads) == original(SAMPLE, form)


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with oxigraph() as root, httpx.Client(base_url=root, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_oxigraph_server_takes_the_same_data(form: Format, server: httpx.Client, tmp_path: Path):
    written(SAMPLE, tmp_path / "v000001")
    assert server.post("/update", data={"update": "DROP ALL"}).status_code == 204
    where = "/store" if form.named_graphs else "/store?default"
    sent = server.post(where, content=plain(tmp_path / "v000001", form), headers={"Content-Type": form.media_type})
    assert sent.status_code in {200, 201, 204}
    held = server.get("/store", headers={"Accept": "application/n-quads"}).content
    assert digest(ox.Dataset(ox.parse(held, ox.RdfFormat.N_QUADS))) == original(SAMPLE, form)


def test_both_compressions_hold_the_same_and_tell_no_time(sample: Path, tmp_path: Path):
    version, again = tmp_path / "v000001", tmp_path / "again" / "v000001"
    done = written(sample, version)
    written(sample, again)
    assert [file.name for file in done.files] == [
        f"noticegraph-v000001.{form}.{packing}"
        for form in ("nq", "nt", "trig", "ttl", "jsonld", "rdf")
        for packing in ("gz", "zst")
    ]
    known = digests(version)
    for file in done.files:
        content = (version / PART / file.name).read_bytes()
        assert content == (again / PART / file.name).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert known[file.name] == file.sha256
        zstd = zstandard.ZstdDecompressor().decompressobj()
        unpack = gzip.decompress if file.compression == "gz" else zstd.decompress
        assert hashlib.sha256(unpack(content)).hexdigest() == known[file.name.rpartition(".")[0]]
        assert file.compression != "gz" or content[3:8] == b"\0\0\0\0\0"  # no name, no time


GRAPHS = st.dictionaries(st.sampled_from([f"http://e/graph/{c}" for c in "abcd"]), st.sets(st.integers(0, 30)))


@given(states=st.lists(GRAPHS, min_size=2, max_size=4), block=st.sampled_from([1, 80, 1 << 20]))
def test_a_version_from_the_one_before_is_as_if_made_anew(
    states: list[dict[str, set[int]]], block: int, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("versions")
    before: Path | None = None
    last: dict[str, set[int]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "_BLOCK", block)
        patch.setattr(canonical, "_RUN", block)
        for number, state in enumerate(states):
            store = memory()
            for graph, values in state.items():
                nquads = "".join(f'<http://e/{value % 7}> <http://e/p> "{value}" <{graph}> .\n' for value in values)
                store.replace_graph(graph, nquads)
            changed = {graph for graph in {*state, *last} if state.get(graph, set()) != last.get(graph, set())}
            version = folder / f"v{number:06d}"
            kept = write_dumps(store, version, changed, before, (N_QUADS, dumps.TRIG))
            anew = write_dumps(store, folder / f"anew{number}" / version.name, forms=(N_QUADS, dumps.TRIG))
            assert [(file.name, file.sha256) for file in kept.files] == [(f.name, f.sha256) for f in anew.files]
            before, last = version, state


def test_lines_are_sorted_beyond_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(canonical, "_RUN", 1000)
    lines = [f"{number:06d} {'x' * (number % 50)}\n".encode() for number in range(2000)]
    mixed = lines.copy()
    random.Random(5).shuffle(mixed)  # noqa: S311 - any order will do
    (tmp_path / "lines").write_bytes(b"".join(mixed))
    with canonical.sorted_runs(tmp_path / "lines") as runs:
        assert len(runs) > 1
        assert [line for block in canonical.merged(runs) for line in block] == lines
    assert [file.name for file in tmp_path.iterdir()] == ["lines"]


@pytest.mark.parametrize("packing", ["", "gz", "zst"])
def test_export_takes_the_dump_of_the_version_or_makes_one(packing: str, tmp_path: Path):
    def exported(store: Store) -> bytes:
        with (tmp_path / "out").open("wb") as output:
            export(store, dumps.TURTLE, packing, output)
        return (tmp_path / "out").read_bytes()

    store = memory([SAMPLE])
    made = exported(store)
    write_dumps(store, tmp_path / "v000001")

    class Read:
        version = tmp_path / "v000001"

    assert exported(Read()) == made  # type: ignore[arg-type] - nothing else is asked of it


def test_a_damaged_dump_is_named_and_nothing_is_passed_on(tmp_path: Path):
    written(SAMPLE, tmp_path / "v000001")
    damaged = tmp_path / "v000001" / PART / "by-graph.nq.zst"
    damaged.write_bytes(damaged.read_bytes()[:-9] + b"\0" * 9)
    with pytest.raises(StoreError, match="v000002 cannot be written"):
        write_dumps(memory([SAMPLE]), tmp_path / "v000002.tmp", (), tmp_path / "v000001")


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("zst", zstandard.ZstdCompressor().compress)])
def test_what_was_compressed_is_read_whole_or_not_at_all(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = (random.Random(seed).randbytes(70_000) for seed in (1, 2))  # noqa: S311 - any bytes will do
    packed, file = pack(first) + pack(second), tmp_path / f"a.{suffix}"
    for piece in (1000, 1 << 16, 1 << 20):
        monkeypatch.setattr(canonical, "_PIECE", piece)
        file.write_bytes(packed)
        with opened(file) as content:
            assert content.read() == first + second
        for left in (0, 3, 50_000, len(packed) - 1):
            file.write_bytes(packed[:left])
            with pytest.raises(OSError, match="cut off"), opened(file) as content:
                content.read()
        file.write_bytes(b"no such thing" + packed)
        with pytest.raises(OSError, match="damaged"), opened(file) as content:
            content.read()
