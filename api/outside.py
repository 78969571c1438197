"""Queries from outside: admitted by what their client has left, run in workers under limits, sent as they come."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TypeVar

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from api import hints
from api.clients import Account, Clients
from api.errors import Problem
from api.guard import Guarded
from api.kept import BYTES, Kept
from api.negotiate import header, known, respond
from api.settings import Settings
from store.answering import Job
from store.base import Dataset, QueryError, Store
from store.formats import RESULTS_CSV, Format
from store.pool import LimitError, Pool, Reply, Room, Run
from store.remote import RemoteStore

_N = TypeVar("_N", int, float)
_UNNOTICED = 0.05
_PROBLEMS = {
    "time": (504, "query-timeout", "; ask for less, add a LIMIT, or take a dump (/dumps/)"),
    "memory": (503, "query-too-large", "; ask for less: fewer rows to sort, group or concatenate"),
    "size": (413, "result-too-large", "; ask for less, or take a dump (/dumps/)"),
    "busy": (503, "busy", "; try again"),
    "stopped": (503, "client-gone", ""),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """A query as it came.

    Attributes:
        query: Its text.
        dataset: The graphs that it is asked of; None for those it names itself, else all.
        lowered: Limits that the client lowers: `timeout` in seconds, `rows`.
    """

    query: str
    dataset: Dataset | None
    lowered: Mapping[str, str]


class Outside:
    """The way of all queries that are not our own."""

    def __init__(self, settings: Settings, store: Store, files: Sequence[Path] = ()) -> None:
        """Prepares workers for a store of versions, files or another server; any other store is asked in threads."""
        self._settings, self._store = settings, store
        self._clients = Clients(settings.client_seconds, settings.client_queries)
        self._pool: Pool | None = None
        server = store.endpoint if isinstance(store, RemoteStore) else None
        if files or store.version or server:
            room = Room(settings.workers, settings.query_memory, settings.replica_bytes)
            self._pool = Pool(room, tuple(files), server)
        self._fixed = bool(files or store.version)  # Data that stay as they are until there is another version.
        self._started = secrets.token_hex(8)
        self._kept = Kept(BYTES)

    @property
    def served_from(self) -> str:
        """What queries are answered from now: `memory`, `disk` or another `server`."""
        if self._pool is None or self._pool.in_memory:
            return "memory"
        return "disk" if self._fixed else "server"

    @property
    def workers(self) -> dict[str, int]:
        """How many workers there are, by state; none where queries are answered in threads."""
        return self._pool.workers if self._pool else {}

    async def start(self) -> None:
        """Makes a worker ready."""
        if self._pool:
            await self._pool.start(self._store.snapshot().version)

    async def close(self) -> None:
        """Ends all workers."""
        if self._pool:
            await self._pool.close()

    async def answer(self, request: Request, operation: Operation, guarded: Guarded, target: Format) -> Response:
        """Answers a query that may run, in a format that fits its form.

        Raises:
            Problem: It is refused, or needs more than it may use.
            StoreError: The store cannot be read.
        """
        store = self._store.snapshot()
        job = self._job(request, operation, guarded, target)
        headers = {"Vary": "Accept", "Cache-Control": "no-cache", **hints.headers(guarded)}
        if target == RESULTS_CSV:
            headers["Content-Disposition"] = 'attachment; filename="results.csv"'  # A spreadsheet would run formulas.
        etag = ""
        if self._fixed and not guarded.changing():
            key = repr((store.version, self._started if store.version is None else "", job))
            headers["ETag"] = etag = f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'
            if known(header(request, b"if-none-match"), etag):
                return Response(status_code=304, headers=headers)
            if kept := self._kept.get(etag):
                return kept
        account, run = self._clients.admitted(request.client.host if request.client else None), Run(job)
        try:
            reply = await self._reply(request, run, store, operation.query)
        except BaseException:
            account.leave(run.seconds)
            raise
        if reply.cut:
            headers["X-Result-Truncated"] = "true"
        headers["Content-Type"] = target.content_type
        if reply.rest:
            return StreamingResponse(_streamed(reply, reply.rest, account, run), headers=headers)
        account.leave(run.seconds)
        if not self._fixed:
            return respond(request, reply.first, target, headers)
        answer = Response(reply.first, headers=headers)
        if etag and not reply.cut:
            self._kept.keep(etag, answer)
        return answer

    async def _reply(self, request: Request, run: Run, store: Store, query: str) -> Reply:
        try:
            if self._pool is None:
                asked = run_in_threadpool(store.answer, query, run.job.media_type, run.job.dataset)
                return Reply(cut=False, first=await asyncio.wait_for(asked, run.job.seconds), rest=None)
            try:
                return await _watched(request, run, self._pool.answer(run, store.version))
            except QueryError:
                if run.job.query == query:
                    raise
                run.job = replace(run.job, query=query)  # The fault shall be told in what the client wrote.
                return await _watched(request, run, self._pool.answer(run, store.version))
        except QueryError as error:
            raise hints.problem(error, query) from error
        except TimeoutError as error:
            raise _problem(LimitError("time", f"it ran longer than {run.job.seconds:g} seconds")) from error
        except LimitError as error:
            raise _problem(error) from error

    def _job(self, request: Request, operation: Operation, guarded: Guarded, target: Format) -> Job:
        own, trusted = self._settings, self._trusted(request)
        seconds = _lowered(operation, "timeout", float, own.token_seconds if trusted else own.query_seconds)
        size = None if trusted else own.query_bytes
        most = None if trusted and "rows" not in operation.lowered else _lowered(operation, "rows", int, own.query_rows)
        query = guarded.text
        if most and self._pool and guarded.form == "SELECT":
            query = guarded.at_most(most + 1)  # By the one more, the worker sees that there are more.
        star = guarded.star()
        columns = () if star is None else guarded.columns()
        on_disk = operation.dataset is not None or guarded.on_disk()
        return Job(query, target.media_type, most, size, seconds, operation.dataset, own.base, star, columns, on_disk)

    def _trusted(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not self._settings.token or scheme.lower() != "bearer":
            return False
        if not hmac.compare_digest(given.strip().encode(), self._settings.token.encode()):
            raise Problem(401, "wrong-token", "the token is not known here", {"WWW-Authenticate": "Bearer"})
        return True


async def _watched(request: Request, run: Run, answer: Awaitable[Reply]) -> Reply:
    """Waits for an answer, and stops its query when the client goes away."""
    watching: set[asyncio.Task[None]] = set()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        run.stop()

    # Most are answered before a task for that would be worth it.
    timer = asyncio.get_running_loop().call_later(_UNNOTICED, lambda: watching.add(asyncio.ensure_future(watch())))
    try:
        return await answer
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()


async def _streamed(
    reply: Reply, rest: AsyncGenerator[bytes, None], account: Account, run: Run
) -> AsyncIterator[bytes]:
    """Yields an answer; where it breaks off, so does the connection, so that nobody takes it for whole."""
    try:
        async with aclosing(rest):
            yield reply.first
            async for chunk in rest:
                yield chunk
    finally:
        account.leave(run.seconds)


def _lowered(operation: Operation, name: str, kind: type[_N], most: _N) -> _N:
    """Returns a limit that the client may lower."""
    given = operation.lowered.get(name)
    if given is None:
        return most
    try:
        value = kind(given)
    except ValueError:
        value = kind(0)
    if not 0 < value < inf:
        raise Problem(400, "invalid-parameter", f"{name} must be a positive number, not {given!r}")
    return min(value, most)


def _problem(error: LimitError) -> Problem:
    status, kind, remedy = _PROBLEMS[error.limit]
    return Problem(status, kind, f"{error}{remedy}", {"Retry-After": "2"} if error.limit == "busy" else None)
