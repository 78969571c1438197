"""A data set as sorted N-Quads: what RDFC-1.0 gives where no node is blank (https://www.w3.org/TR/rdf-canon/).

Lines are bytes of canonical N-Quads with their line end, each in a named graph. Bytes of UTF-8 sort as code points do.
Memory stays flat however many lines there are: they pass in blocks, and what must be sorted is sorted on disk.
"""

import io
import zlib
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any, BinaryIO, cast

import zstandard

_BLOCK = 4 << 20
_RUN = 64 << 20
_BUFFER = 1 << 20
_PIECE = 1 << 16
# What unpacks a frame, by suffix; frames that are read in turns may not share a decompressor.
_PACKED: dict[str, Callable[[], Any]] = {
    ".gz": lambda: zlib.decompressobj(wbits=zlib.MAX_WBITS | 16),
    ".zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
}

Block = list[bytes]


def graph_of(line: bytes) -> bytes:
    """Returns the named graph of a line as it stands at its end: a space, the IRI in angle brackets, the dot."""
    return line[line.rindex(b" <") :]


def ending(graph: str) -> bytes:
    """Returns how the lines of a named graph end, as `graph_of` gives it."""
    return f" <{graph}> .\n".encode()


def opened(file: Path) -> BinaryIO:
    """Opens a file for reading: what is in it, where its name says that it was compressed.

    Reading raises OSError where it is damaged or cut off.
    """
    return cast("BinaryIO", io.BufferedReader(_Unpacked(file), _BUFFER)) if file.suffix in _PACKED else file.open("rb")


class _Unpacked(io.RawIOBase):
    """What was compressed, in one frame or several; unlike zstandard's own reader it tells when a file is cut off."""

    def __init__(self, file: Path) -> None:
        self._new = _PACKED[file.suffix]
        self._file = file.open("rb")
        self._frame = self._new()
        self._unread, self._ready = b"", memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        while not self._ready and (data := self._unread or self._file.read(_PIECE)):
            if self._frame.eof:
                self._frame = self._new()
            try:
                self._ready = memoryview(self._frame.decompress(data))
            except (zlib.error, zstandard.ZstdError) as error:
                raise OSError(f"{self._file.name}: damaged: {error}") from error
            self._unread = self._frame.unused_data
        if not self._ready and not self._frame.eof:
            raise OSError(f"{self._file.name}: cut off")
        target = cast("memoryview", buffer)
        count = min(len(target), len(self._ready))
        target[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def unpacked(file: Path) -> Iterator[Path]:
    """Gives a copy of a compressed file that is not, until the end; other files as they are.

    Raises:
        OSError: It is damaged or cut off.
    """
    if file.suffix not in _PACKED:
        yield file
        return
    with NamedTemporaryFile(suffix=Path(file.stem).suffix) as copy, opened(file) as content:
        copyfileobj(content, copy, _BUFFER)
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
