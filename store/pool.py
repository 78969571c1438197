"""Runs queries from outside in worker processes that can be killed, for the engine cannot stop a query.

The workers of a version are forked from its template (`store.template`), first from one that leaves the data on disk;
where the data are small enough, a second template reads a replica into memory, and takes over when it has it.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from store import versions
from store.answering import CHUNK, CUT, END, FAULT, HEAD, Job
from store.base import QueryError, StoreError
from store.remote import Endpoint
from store.template import Source, Template

_LOG = logging.getLogger("noticegraph")
_LONG, _EARLY = 1.0, 0.1
_REMEMBERED = 60.0
_QUEUE = 4


@dataclass(frozen=True, slots=True)
class Room:
    """What the pool may use.

    Attributes:
        workers: How many queries run at once.
        memory: Bytes that one may use.
        replica: Versions of at most so many bytes on disk are copied into memory.
        patience: Seconds that a query waits for a worker.
    """

    workers: int
    memory: int
    replica: int
    patience: float = 2.0


class LimitError(Exception):
    """A query needs more than it may use.

    Attributes:
        limit: `time`, `memory`, `size` or `busy`: all workers are at work.
    """

    def __init__(self, limit: str, message: str) -> None:
        """Keeps both."""
        super().__init__(message)
        self.limit = limit


class _EarlyError(Exception):
    """A worker ended as soon as it got a query."""


class Reply:
    """An answer that has begun.

    Attributes:
        cut: Whether rows or triples were left out.
        first: Its first bytes.
        rest: The others as they come; None where `first` is all. It raises `LimitError` where the answer breaks off.
    """

    def __init__(self, *, cut: bool, first: bytes, rest: AsyncGenerator[bytes, None] | None) -> None:
        """Keeps the parts."""
        self.cut, self.first, self.rest = cut, first, rest


class Run:
    """A query that waits or runs; `stop` ends it at once."""

    def __init__(self, job: Job) -> None:
        """Nothing runs yet."""
        self.job = job
        self.seconds = 0.0
        self.worker: _Worker | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.stopped = self.overdue = self.retried = False

    def stop(self) -> None:
        """Kills the worker that it runs in."""
        self.stopped = True
        if self.worker:
            self.worker.kill()

    def begin(self, worker: "_Worker") -> None:
        """Goes into a worker, and lets it yield to others where it takes long."""
        self.worker = worker
        if self.stopped:
            worker.kill()
        self.timer = asyncio.get_running_loop().call_later(min(_LONG, self.job.seconds), self._linger)

    def _linger(self) -> None:
        if self.worker:
            self.worker.template.nice(self.worker.number)
        left = self.job.seconds - _LONG
        self.timer = asyncio.get_running_loop().call_later(max(left, 0), self.expire)

    def end(self, seconds: float) -> None:
        """Leaves the worker after so many seconds."""
        self.worker, self.seconds = None, seconds
        if self.timer:
            self.timer.cancel()

    def expire(self) -> None:
        """Kills the worker, for the time is over."""
        self.overdue = True
        self.stop()


class Pool:
    """The workers of a server; it belongs to the event loop in which it is first used."""

    def __init__(self, room: Room, files: tuple[Path, ...] = (), server: Endpoint | None = None) -> None:
        """Starts nothing yet; `files`, or a `server`, are what answers in place of versions."""
        self._room = room
        self._files, self._server = tuple(map(str, files)), Source.asking(server)
        self._template: Template | None = None
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        self._slots = asyncio.Semaphore(room.workers)
        self._waiting = 0
        self._deadly: dict[Job, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closings: set[asyncio.Task[None]] = set()

    @property
    def in_memory(self) -> bool:
        """Whether workers answer from memory now."""
        source = self._template and self._template.source
        return bool(source and (source.replica or source.files))

    @property
    def workers(self) -> dict[str, int]:
        """How many workers there are, by state: `busy`, `idle`."""
        idle = len(self._idle)
        return {"busy": len(self._workers) - idle, "idle": idle}

    async def start(self, version: Path | None) -> None:
        """Makes a first worker ready."""
        self._release(await self._acquire(version))

    async def answer(self, run: Run, version: Path | None) -> Reply:
        """Runs a query and returns its answer when it is whole, or has begun where all of it is wanted.

        Raises:
            QueryError: The engine refuses the query.
            LimitError: It needs too much, or no worker is free.
            StoreError: The store cannot be read.
        """
        job = run.job
        if self._deadly.get(job, 0.0) > time.monotonic():
            raise LimitError("time", "this query was stopped a moment ago, and would be again")
        frames = await self._begun(run, version)
        try:
            kind, body = await anext(frames)
        except _EarlyError:  # It was dead when it got the query, so that is not what it died of; once.
            run.retried = True
            while self._idle:  # The others may be as well.
                self._forget(self._idle.pop())
            frames = await self._begun(run, version)
            kind, body = await anext(frames)
        cut = kind == CUT
        if cut:
            kind, body = await anext(frames)
        if kind == END:
            await frames.aclose()
            return Reply(cut=cut, first=body, rest=None)
        return Reply(cut=cut, first=body, rest=_bodies(frames))

    async def close(self) -> None:
        """Ends all processes."""
        for worker in tuple(self._workers):
            worker.kill()
        for task in self._tasks:
            task.cancel()
        self._replace(None)
        for worker in tuple(self._workers):
            self._forget(worker)
        while self._tasks or self._closings:
            await asyncio.gather(*self._tasks, *self._closings, return_exceptions=True)
        await asyncio.sleep(0)  # For the channels to close.

    async def _begun(self, run: Run, version: Path | None) -> AsyncGenerator[tuple[bytes, bytes], None]:
        """Gives a query to a worker when one is free."""
        await self._slot()
        begun = time.monotonic()
        try:
            worker = await self._acquire(version)
        except BaseException:
            self._slots.release()
            raise
        run.begin(worker)
        return self._frames(run, worker, begun)

    async def _slot(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()  # Without the task that waiting with a limit costs.
            return
        if self._waiting >= _QUEUE * self._room.workers:
            raise LimitError("busy", "too many queries wait for a worker")
        self._waiting += 1
        try:
            await asyncio.wait_for(self._slots.acquire(), self._room.patience)
        except TimeoutError as error:
            raise LimitError("busy", f"no worker became free within {self._room.patience:g} seconds") from error
        finally:
            self._waiting -= 1

    async def _frames(self, run: Run, worker: "_Worker", begun: float) -> AsyncGenerator[tuple[bytes, bytes], None]:
        """Yields the frames of an answer; a worker whose answer is not read to its end is killed."""
        whole = False
        try:
            worker.writer.write(run.job.packed())
            while not whole:
                kind, body = await worker.frame()
                whole = kind in {END, FAULT}
                if kind == FAULT:
                    raise _error(json.loads(body))
                yield kind, body
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            early = time.monotonic() - begun < _EARLY and not run.stopped and not run.retried
            raise (_EarlyError if early else self._died(run)) from error
        finally:
            run.end(time.monotonic() - begun)
            # One that has worked long yields to others, and holds memory that the next query could want.
            if whole and run.seconds < _LONG:
                self._release(worker)
            else:
                worker.kill()
                self._forget(worker)
            self._slots.release()

    def _died(self, run: Run) -> LimitError:
        now = time.monotonic()
        if run.stopped and not run.overdue:
            return LimitError("stopped", "its client is gone")
        self._deadly = {job: until for job, until in self._deadly.items() if until > now}
        self._deadly[run.job] = now + _REMEMBERED
        if run.overdue:
            return LimitError("time", f"it ran longer than {run.job.seconds:g} seconds")
        _LOG.warning("a query ended its process: %s", json.dumps(run.job.query[:2000]))
        return LimitError("memory", f"it ended its process; a query may use {self._room.memory >> 20} MiB of memory")

    async def _acquire(self, version: Path | None) -> "_Worker":
        """Takes a worker of the version that is alive, or has one forked; one more is made ready for the next."""
        template = self._template_of(version)
        while self._idle:
            worker = self._idle.pop()
            if worker.template is template and worker.alive:
                break
            self._forget(worker)
        else:
            worker = await self._forked(template)
        if not self._idle and template.workers <= len(self._workers):  # None is on its way.
            self._spawn(self._spare(template))
        return worker

    def _template_of(self, version: Path | None) -> Template:
        name = str(version or "")
        if self._template and self._template.source.version == name:
            return self._template
        files, server = ((), None) if version else (self._files, self._server)
        source = Source(name, files, self._room.memory, server=server)
        template = Template(source)
        self._replace(template)
        if version and self._room.replica and _size(version) <= self._room.replica:
            self._spawn(self._replicate(source))
        return template

    async def _replicate(self, source: Source) -> None:
        """Lets a template with a replica take over when it has read it, unless there is another version by then."""
        template = Template(replace(source, replica=True))
        template.control.setblocking(False)
        try:
            ready = await asyncio.get_running_loop().sock_recv(template.control, 1)
        except BaseException:
            await asyncio.to_thread(template.close)
            raise
        template.control.setblocking(True)
        if ready and self._template and self._template.source == source:
            self._replace(template)
            self._spawn(self._spare(template))
        else:
            await asyncio.to_thread(template.close)

    async def _spare(self, template: Template) -> None:
        with suppress(StoreError):  # Whoever needs a worker will hear of it.
            self._release(await self._forked(template))

    async def _forked(self, template: Template) -> "_Worker":
        template.workers += 1
        worker = None
        try:
            reader, writer = await asyncio.open_unix_connection(sock=template.fork(), limit=2 * CHUNK)
            worker = _Worker(template, reader, writer)
            await worker.introduce()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError) as error:
            if worker:
                worker.writer.close()
            if self._template is template and not isinstance(error, asyncio.CancelledError):
                self._replace(None)
            self._leave(template)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise StoreError(f"no process can be started that reads the store: {error}") from error
        self._workers.add(worker)
        return worker

    def _release(self, worker: "_Worker") -> None:
        if worker.template is self._template and len(self._idle) <= self._room.workers:
            self._idle.append(worker)
        else:
            self._forget(worker)

    def _forget(self, worker: "_Worker") -> None:
        worker.writer.close()
        self._workers.discard(worker)
        self._leave(worker.template)

    def _leave(self, template: Template) -> None:
        template.workers -= 1
        self._retire(template)

    def _replace(self, template: Template | None) -> None:
        old, self._template = self._template, template
        while self._idle:
            self._forget(self._idle.pop())
        if old:
            self._retire(old)

    def _retire(self, template: Template) -> None:
        """Ends a template that is not current when the last of its workers is done."""
        if template is not self._template and template.workers == 0:
            template.workers = -1
            closing = asyncio.ensure_future(asyncio.to_thread(template.close))
            self._closings.add(closing)
            closing.add_done_callback(self._closings.discard)

    def _spawn(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Worker:
    """One process as seen from outside."""

    def __init__(self, template: Template, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.template = template
        self.reader = reader
        self.writer = writer
        self.number = 0

    @property
    def alive(self) -> bool:
        return not self.reader.at_eof() and not self.writer.is_closing()

    async def frame(self) -> tuple[bytes, bytes]:
        kind, size = HEAD.unpack(await self.reader.readexactly(HEAD.size))
        return kind, await self.reader.readexactly(size)

    async def introduce(self) -> None:
        kind, told = await self.frame()
        if kind == FAULT:
            raise OSError(told.decode())
        self.number = int(told)

    def kill(self) -> None:
        self.template.kill(self.number)


async def _bodies(frames: AsyncGenerator[tuple[bytes, bytes], None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(frames):
        async for _, body in frames:
            yield body


def _error(fault: dict[str, str | int | None]) -> Exception:
    kind, message = fault["kind"], str(fault["message"])
    if kind == "query":
        line, column = (value if isinstance(value, int) else None for value in (fault["line"], fault["column"]))
        return QueryError(message, line, column)
    return StoreError(message) if kind == "store" else LimitError(str(kind), message)


def _size(version: Path) -> int:
    return sum(file.stat().st_size for file in versions.part(version, versions.DATA).iterdir())
