"""A data set as sorted N-Quads: what RDFC-1.0 gives where no node is blank (https://www.w3.org/TR/rdf-canon/).

Lines are bytes of canonical N-Quads with their line end, each in a named graph. Bytes of UTF-8 sort as code points do.
Memory stays flat however many lines there are: they pass in blocks, and what must be sorted is sorted on disk.
"""

import gzip
import io
import zlib
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import BinaryIO, cast

import zstandard

_BLOCK = 4 << 20
_RUN = 64 << 20
_BUFFER = 1 << 20

Block = list[bytes]


def graph_of(line: bytes) -> bytes:
    """Returns the named graph of a line as it stands at its end: a space, the IRI in angle brackets, the dot."""
    return line[line.rindex(b" <") :]


def ending(graph: str) -> bytes:
    """Returns how the lines of a named graph end, as `graph_of` gives it."""
    return f" <{graph}> .\n".encode()


def opened(file: Path) -> BinaryIO:
    """Opens a file for reading; what is in it, where its name says that it was compressed with zstd or gzip."""
    if file.suffix == ".gz":
        return cast("BinaryIO", gzip.open(file))
    if file.suffix != ".zst":
        return file.open("rb")
    return cast("BinaryIO", io.BufferedReader(zstandard.open(file, "rb"), _BUFFER))


@contextmanager
def unpacked(file: Path) -> Iterator[Path]:
    """Gives a copy of a compressed file that is not, until the end; other files as they are.

    Raises:
        ValueError: It is damaged.
    """
    if file.suffix not in {".gz", ".zst"}:
        yield file
        return
    with NamedTemporaryFile(suffix=Path(file.stem).suffix) as copy, opened(file) as content:
        try:
            copyfileobj(content, copy, _BUFFER)
        except (zstandard.ZstdError, gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise ValueError(f"damaged: {error}") from error
        copy.flush()
        yield Path(copy.name)


def blocks(file: Path) -> Iterator[Block]:
    """Yields the lines of a file, opened as by `opened`, in blocks of some megabytes."""
    with opened(file) as lines:
        while block := lines.readlines(_BLOCK):
            yield block


def without(lines: Iterable[Block], gone: Container[bytes]) -> Iterator[Block]:
    """Yields lines but for those with some ends; no block is empty."""
    for block in lines:
        kept = [line for line in block if graph_of(line) not in gone] if gone else block
        if kept:
            yield kept


@contextmanager
def sorted_runs(file: Path) -> Iterator[list[Iterator[Block]]]:
    """Yields the lines of a file as sorted runs of 64 MB, which stand beside it until the end."""
    with TemporaryDirectory(dir=file.parent) as folder, file.open("rb") as source:
        runs: list[Path] = []
        while run := source.readlines(_RUN):
            run.sort()
            runs.append(Path(folder, str(len(runs))))
            with runs[-1].open("wb") as written:
                written.writelines(run)
        yield [blocks(run) for run in runs]


def merged(runs: Iterable[Iterator[Block]], key: Callable[[bytes], bytes] | None = None) -> Iterator[Block]:
    """Yields the lines of several runs in one order.

    Args:
        runs: Lines in the order of `key`, in blocks of which none is empty; equal keys stand in one run only.
        key: What is compared; the line itself unless given.
    """
    place = key or bytes
    waiting = [(run, block) for run in runs if (block := next(run, []))]
    while waiting:
        bound = min(place(block[-1]) for _, block in waiting)
        ready, left = [], []
        for run, block in waiting:
            cut = bisect_right(block, bound, key=key)
            ready.append(block[:cut])
            if rest := block[cut:] or next(run, []):
                left.append((run, rest))
        waiting = left
        # Sorting what is sorted in parts is merging: Python's sort finds the runs.
        yield sorted(chain.from_iterable(ready), key=key) if len(ready) > 1 else ready[0]


def triples(quads: Iterable[Block]) -> Iterator[Block]:
    """Yields the union of sorted quads as sorted N-Triples, each once: the quads of a triple stand side by side."""
    last = b""
    for block in quads:
        union = []
        for line in block:
            triple = line[: line.rindex(b" <")]
            if triple != last:
                last = triple
                union.append(triple + b" .\n")
        yield union
