"""The dumps of a version: the whole data set in every format, compressed, the same bytes for the same data.

N-Quads come first, in two orders: sorted as RDFC-1.0 has them, and graph by graph. Both are made from those of the
version before and the graphs that have changed, so that only these are asked of the store. All else is streamed from
the two.
"""

import gzip
import hashlib
import io
import shutil
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import zstandard

from store.base import CATALOG, Store, StoreError
from store.canonical import Block, blocks, ending, graph_of, merged, opened, sorted_runs, triples, without
from store.formats import JSON_LD, N_QUADS, N_TRIPLES, RDF_XML, TRIG, TURTLE, Format, transcribe

PART = "dumps"
FORMS = (N_QUADS, TRIG, N_TRIPLES, TURTLE, JSON_LD, RDF_XML)
COMPRESSIONS = {"gz": "application/gzip", "zst": "application/zstd"}
_BY_GRAPH = "by-graph.nq.zst"
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """A file of the dumps.

    Attributes:
        name: `noticegraph-{version}.{suffix of the format}.{compression}`.
        size: Bytes.
        sha256: Digest of the bytes, hexadecimal.
        form: What is in it.
        compression: `gz` or `zst`.
    """

    name: str
    size: int
    sha256: str
    form: Format
    compression: str


@dataclass(frozen=True, slots=True)
class Dumps:
    """What was written.

    Attributes:
        files: The files, those of N-Quads first.
        digest: RDFC-1.0 digest of the data set: SHA-256 of the sorted canonical N-Quads, hexadecimal.
        graphs: Digests of the graphs that are new or have changed, likewise.
    """

    files: tuple[File, ...]
    digest: str
    graphs: dict[str, str]


def name(version: Path, suffix: str) -> str:
    """Returns the name of a file of a version or draft; the suffix `sha256` is that of the list of digests."""
    return f"noticegraph-{version.stem}.{suffix}"


def write_dumps(
    store: Store,
    version: Path,
    changed: Collection[str] = (),
    before: Path | None = None,
    forms: Collection[Format] = FORMS,
) -> Dumps:
    """Writes the dumps of a version into its part `dumps`, with the digests of all files beside them.

    The graph that describes the dumps is not in them.

    Args:
        store: What the version holds.
        version: The directory of the version or of its draft.
        changed: The graphs that are not as they were, those that are gone among them.
        before: The directory of the version that they are compared with; None where all graphs are new.
        forms: The formats; N-Quads are always written, N-Triples where others need them.

    Raises:
        StoreError: They cannot be written, or those of the version before cannot be read.
    """
    folder = version / PART
    present = {graph for graph in store.graphs() if not graph.endswith(CATALOG)}
    graphs = sorted(present if before is None else present.intersection(changed))
    try:
        folder.mkdir(parents=True)
        digests = _write_new(store, graphs, folder / "new.nq")
        plain = {N_QUADS: _write_nquads(folder, version, {ending(graph) for graph in changed}, before)}
        if not {N_TRIPLES, TURTLE, RDF_XML}.isdisjoint(forms):
            union = triples(blocks(folder / name(version, "nq.zst")))
            plain[N_TRIPLES] = _compressed(folder / name(version, "nt"), union)
        for form in (form for form in FORMS if form in forms and form not in plain):
            with _packed(folder / name(version, form.suffix)) as (output, digest):
                source = name(version, "nt.zst") if form in {TURTLE, RDF_XML} else _BY_GRAPH
                with opened(folder / source) as lines:
                    transcribe(lines, output, form)
            plain[form] = digest.hexdigest()
    except OSError as error:
        raise StoreError(f"the dumps of {version.stem} cannot be written: {error}") from error
    files = tuple(_described(folder, version, form, packing) for form in plain for packing in COMPRESSIONS)
    sums = [(file.sha256, file.name) for file in files]
    sums += [(digest, name(version, form.suffix)) for form, digest in plain.items()]
    text = "".join(f"{digest}  {named}\n" for digest, named in sums)
    (folder / name(version, "sha256")).write_text(text, encoding="ascii")
    return Dumps(files, plain[N_QUADS], digests)


def digests(version: Path) -> dict[str, str]:
    """Returns the SHA-256 of each file of a version's dumps by its name; nothing where a version has none.

    The names without compression are there too: that of N-Quads has the RDFC-1.0 digest of the data set.
    """
    sums = version / PART / name(version, "sha256")
    lines = sums.read_text(encoding="ascii").splitlines() if sums.exists() else ()
    return {named: digest for digest, named in (line.split("  ") for line in lines)}


def export(store: Store, form: Format, compression: str, output: BinaryIO) -> None:
    """Writes the whole data set: from the dumps of the version that is read, else from the store.

    Args:
        store: What is written.
        form: The format; one without named graphs gets the union.
        compression: `gz`, `zst`, or nothing.
        output: Where the bytes go.

    Raises:
        StoreError: The dump cannot be read or made.
    """
    with TemporaryDirectory() as scratch:
        version, suffix = store.version, f"{form.suffix}.{compression or 'zst'}"
        if version is None or name(version, suffix) not in digests(version):
            version = Path(scratch, "export")
            write_dumps(store, version, forms=(form,))
        file = version / PART / name(version, suffix)
        with file.open("rb") if compression else opened(file) as source:
            shutil.copyfileobj(source, output, _BUFFER)


def union(store: Store) -> Iterator[Block]:
    """Yields all triples of a store as sorted N-Triples, each once: from the dumps of its version where it has them."""
    version = store.version
    dump = version / PART / name(version, "nq.zst") if version and name(version, "nq.zst") in digests(version) else None
    # The graph that describes the dumps is not in them.
    graphs = [graph for graph in store.graphs() if dump is None or graph.endswith(CATALOG)]
    if version is None and not graphs:  # Files of formats without named graphs.
        yield sorted(store.answer("CONSTRUCT WHERE { ?s ?p ?o }", N_TRIPLES.media_type).splitlines(keepends=True))
        return
    with TemporaryDirectory() as scratch:
        file = Path(scratch, "quads.nq")
        with file.open("wb") as output:
            output.writelines(f"{line}\n".encode() for graph in graphs for line in store.nquads(graph))
        with sorted_runs(file) as runs:
            yield from triples(merged([blocks(dump), *runs] if dump else runs))


def _write_new(store: Store, graphs: Iterable[str], file: Path) -> dict[str, str]:
    """Writes graph by graph, each sorted, and returns their digests."""
    digests = {}
    with file.open("wb") as output:
        for graph in graphs:
            written = "\n".join([*sorted(store.nquads(graph)), ""]).encode()
            digests[graph] = hashlib.sha256(written).hexdigest()
            output.write(written)
    return digests


def _write_nquads(folder: Path, version: Path, gone: set[bytes], before: Path | None) -> str:
    """Writes N-Quads in both orders, and returns the digest of the sorted ones."""

    def kept(file: str) -> Iterator[Block]:
        return without(blocks(before / PART / file) if before else (), gone)

    new = folder / "new.nq"
    with zstandard.open(folder / _BY_GRAPH, "wb") as output:
        for block in merged((kept(_BY_GRAPH), blocks(new)), graph_of):
            output.write(b"".join(block))
    with sorted_runs(new) as runs:
        lines = merged((kept(name(before or version, "nq.zst")), *runs))
        digest = _compressed(folder / name(version, "nq"), lines)
    new.unlink()
    return digest


def _compressed(file: Path, lines: Iterable[Block]) -> str:
    with _packed(file) as (output, digest):
        for block in lines:
            output.write(b"".join(block))
    return digest.hexdigest()


@contextmanager
def _packed(file: Path) -> Iterator[tuple[BinaryIO, "hashlib._Hash"]]:
    """Yields what writes a file with both compressions, and the digest of what is written."""
    with (
        Path(f"{file}.gz").open("wb") as packed,
        # No name and no time in the header: the same data must give the same bytes.
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=packed, mtime=0) as slow,
        zstandard.open(f"{file}.zst", "wb", cctx=zstandard.ZstdCompressor(level=3, write_checksum=True)) as fast,
        ThreadPoolExecutor(1) as pool,
        _Tee(slow, cast("BinaryIO", fast), pool) as tee,
        io.BufferedWriter(tee, _BUFFER) as output,
    ):
        yield cast("BinaryIO", output), tee.digest


class _Tee(io.RawIOBase):
    """Digests what is written, and hands it to two files, to the slower one in a thread of its own."""

    def __init__(self, slow: gzip.GzipFile, fast: BinaryIO, pool: ThreadPoolExecutor) -> None:
        self.digest = hashlib.sha256()
        self._slow, self._fast, self._pool = slow, fast, pool
        self._pending: Future[int] | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        written = bytes(cast("bytes", data))  # The buffer is filled anew before the thread is through with it.
        self._settle()
        self._pending = self._pool.submit(self._slow.write, written)
        self.digest.update(written)
        self._fast.write(written)
        return len(written)

    def close(self) -> None:
        if not self.closed:
            self._settle()
        super().close()

    def _settle(self) -> None:
        if self._pending is not None:
            self._pending.result()


def _described(folder: Path, version: Path, form: Format, compression: str) -> File:
    file = folder / name(version, f"{form.suffix}.{compression}")
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return File(file.name, file.stat().st_size, digest, form, compression)
