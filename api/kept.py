"""Answers that are kept: a published version never changes, so the same question of it has the same answer."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.negotiate import header, known
from ingest.software import FINGERPRINT
from queries.index import Index, index_of
from store.base import Store

BYTES = 64_000_000
_ONCE = 20_000
_NOTHING = Response()
_DECIDING = (b"accept", b"accept-language", b"accept-profile")


class Kept:
    """Keeps the answers that were made last, up to so many bytes; any thread may ask."""

    def __init__(self, most: int) -> None:
        """Keeps nothing yet."""
        self._answers: OrderedDict[Hashable, Response] = OrderedDict()
        self._left = most
        self._once: set[int] = set()
        self._lock = Lock()

    def answer(self, request: Request, version: Path | None, make: Callable[[], Response]) -> Response:
        """Returns the answer to a request, kept or made; it is kept when it is made again, of a version alone.

        Args:
            request: Its address, Accept, Accept-Language and Accept-Profile decide.
            version: What is asked.
            make: Makes the answer, with an ETag.
        """
        if version is None:
            return make()
        key = (version, *_asked(request))
        answer = self.get(key)
        if answer is None:
            answer = make()
            if answer.status_code != 200:  # noqa: PLR2004 - nothing but whole answers
                return answer
            if self._again(key):
                self.keep(key, answer)
        if (condition := header(request, b"if-none-match")) and known(condition, answer.headers["ETag"]):
            headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
            return Response(status_code=304, headers=headers)
        return answer

    def _again(self, key: Hashable) -> bool:
        """Tells whether a key was met before: what is asked once alone would drive out of the caches what is not."""
        if (number := hash(key)) in self._once:
            return True
        if len(self._once) == _ONCE:
            self._once.clear()
        self._once.add(number)
        return False

    def get(self, key: Hashable) -> Response | None:
        """Returns the answer that is kept under a key, which must say all that it depends on, the version as well."""
        return self._answers.get(key)

    def keep(self, key: Hashable, answer: Response) -> None:
        """Keeps a whole answer in place of those that were made first."""
        with self._lock:
            self._left += len(self._answers.pop(key, _NOTHING).body) - len(answer.body)
            while self._left < 0 and self._answers:
                self._left += len(self._answers.popitem(last=False)[1].body)
            self._answers[key] = answer

    async def threaded(self, request: Request, version: Path | None, make: Callable[[], Response]) -> Response:
        """Returns the answer to a request: at once where it is kept, else made in a thread; see `answer`."""
        if version and (version, *_asked(request)) in self._answers:
            return self.answer(request, version, make)
        return await run_in_threadpool(self.answer, request, version, make)

    async def from_index(self, request: Request, store: Store, make: Callable[[Index], Response]) -> Response:
        """Returns what the index of a store answers; see `threaded`."""
        snapshot = store.snapshot()
        return await self.threaded(request, snapshot.version, lambda: make(index_of(snapshot)))


def tag(request: Request, index: Index) -> str:
    """Returns the ETag of what an index answers to a request; empty where it is of no version.

    The digest of the data, the software and the request say all of the answer, so nobody need digest its bytes.
    """
    key = (index.version, index.graph.digest, FINGERPRINT, *_asked(request))
    return f'"{hashlib.sha256(repr(key).encode()).hexdigest()[:32]}"' if index.version else ""


def _asked(request: Request) -> tuple[object, ...]:
    scope = request.scope
    return scope["path"], scope["query_string"], *(value for name, value in scope["headers"] if name in _DECIDING)
