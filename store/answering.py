"""What a worker process does: it answers one query after another over a socket, under limits that it cannot lift.

Frames go both ways: a byte for the kind, four for the size, and so many bytes. A job is a JSON array; an answer is
`DATA` frames and an `END` that carries the last bytes, after a `CUT` where it was cut, or a `FAULT` in place of all.
"""

import json
import os
import resource
import socket
import struct
from dataclasses import dataclass
from io import RawIOBase
from typing import BinaryIO, Protocol, cast

from store.base import Dataset, QueryError, StoreError
from store.excerpt import first_rows, whole_rows
from store.formats import ROWS_FORMATS
from store.results import variables

READY, JOB, DATA, CUT, END, FAULT = b"R", b"J", b"D", b"C", b"E", b"F"
HEAD = struct.Struct("!cI")
CHUNK = 1 << 20
_SPARE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Job:
    """A query that may run, and what it may use.

    Attributes:
        query: Its text; a SELECT asks for one row more than `rows` at most.
        media_type: What is wanted, a format of `store.formats` that fits the form.
        rows: The most rows, or triples, that are sent; None for all, as they come.
        size: The most bytes of an answer; None likewise.
        seconds: How long it may run.
        dataset: The graphs that it is asked of; None for those it names itself, else all.
        base: What relative IRIs are relative to, unless the query says it.
        star: Where the `*` of a `SELECT *` stands; None where there is none.
        columns: Its variables, in the order that its columns shall have.
        on_disk: Whether it is for the disk where there is a replica as well, which has the union of the graphs alone.
    """

    query: str
    media_type: str
    rows: int | None
    size: int | None
    seconds: float
    dataset: Dataset | None = None
    base: str | None = None
    star: int | None = None
    columns: tuple[str, ...] = ()
    on_disk: bool = False

    def packed(self) -> bytes:
        """Returns it as a frame."""
        graphs = self.dataset and (self.dataset.default, self.dataset.named)
        limits = (self.rows, self.size, self.seconds)
        asked = (self.query, self.media_type, *limits, graphs, self.base, self.star, self.columns, self.on_disk)
        return framed(JOB, json.dumps(asked).encode())

    @staticmethod
    def unpacked(frame: bytes) -> "Job":
        """Reads what `packed` wrote, without the frame's head."""
        query, media_type, rows, size, seconds, graphs, base, star, columns, on_disk = json.loads(frame)
        dataset = graphs and Dataset(*map(tuple, graphs))
        return Job(query, media_type, rows, size, seconds, dataset, base, star, tuple(columns), on_disk)

    def projected(self) -> str:
        """Returns the query with its columns in place of a `*`, for which the engine would sort them by name.

        Raises:
            QueryError: The engine cannot read it.
        """
        if self.star is None:
            return self.query
        place = {name: number for number, name in enumerate(self.columns)}
        names = sorted(variables(self.query, self.base), key=lambda name: place.get(name, len(place)))
        columns = " ".join(f"?{name}" for name in names) or "*"
        return f"{self.query[: self.star]} {columns} {self.query[self.star + 1 :]}"


class Writes(Protocol):
    """A store that writes answers as they come."""

    def write(self, job: Job, output: BinaryIO) -> bool:
        """Answers a job; tells whether triples after the first `job.rows` are left out, rows never are.

        Raises:
            QueryError: The engine refuses the query.
            StoreError: The store cannot be read.
        """


def framed(kind: bytes, body: bytes) -> bytes:
    """Returns a frame."""
    return HEAD.pack(kind, len(body)) + body


def serve(channel: socket.socket, store: Writes, disk: Writes | None = None) -> None:
    """Answers until nobody asks any more; the main function of a worker, which may have a version's `disk` as well."""
    channel.sendall(framed(READY, str(os.getpid()).encode()))
    requests = channel.makefile("rb")
    while head := requests.read(HEAD.size):
        job = Job.unpacked(requests.read(HEAD.unpack(head)[1]))
        spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        ceiling = int(spent + job.seconds) + _SPARE_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (ceiling, resource.RLIM_INFINITY))  # Should nobody be left to kill it.
        try:
            _answer(channel, disk if disk and job.on_disk else store, job)
        except QueryError as error:
            _fault(channel, "query", str(error), error.line, error.column)
        except StoreError as error:
            _fault(channel, "store", str(error))
        except MemoryError:
            _fault(channel, "memory", "it needs more memory than a query may use")


def _answer(channel: socket.socket, store: Writes, job: Job) -> None:
    sink = _Sink(channel, job)
    cut, tabular = False, any(form.media_type == job.media_type for form in ROWS_FORMATS)
    try:
        cut = store.write(job, cast("BinaryIO", sink))
        shorter = first_rows(bytes(sink.held), job.media_type, job.rows) if tabular and job.rows else None
    except _FullError:
        shorter = whole_rows(bytes(sink.held), job.media_type) if tabular else None
        if shorter is None:
            _fault(channel, "size", f"its answer is larger than {job.size} bytes")
            return
        if job.rows:  # Another server may not heed the LIMIT.
            shorter = first_rows(shorter, job.media_type, job.rows) or shorter
    if cut or shorter is not None:
        channel.sendall(framed(CUT, b""))
    sink.close_with(sink.held if shorter is None else shorter)


class _Sink(RawIOBase):
    """Holds an answer until it is whole, so that it can be cut; where all of it is wanted, sends it as it comes."""

    def __init__(self, channel: socket.socket, job: Job) -> None:
        self.held = bytearray()
        self._channel = channel
        self._streams = job.rows is None
        self._most = job.size

    def write(self, data: object) -> int:
        written = cast("bytes", data)
        self.held += written
        if self._streams and len(self.held) >= CHUNK:
            self._channel.sendall(framed(DATA, bytes(self.held)))
            self.held.clear()
        elif self._most is not None and len(self.held) > self._most:
            raise _FullError
        return len(written)

    def close_with(self, rest: bytes | bytearray) -> None:
        """Sends what is left."""
        last = len(rest) // CHUNK * CHUNK
        for start in range(0, last, CHUNK):
            self._channel.sendall(framed(DATA, bytes(rest[start : start + CHUNK])))
        self._channel.sendall(framed(END, bytes(rest[last:])))


class _FullError(Exception):
    """There is no room for more of an answer."""


def _fault(channel: socket.socket, kind: str, message: str, line: int | None = None, column: int | None = None) -> None:
    fault = {"kind": kind, "message": message, "line": line, "column": column}
    channel.sendall(framed(FAULT, json.dumps(fault).encode()))
