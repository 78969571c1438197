"""Answers that are kept: a published version never changes, so the same question of it has the same answer."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from fastapi import Request
from fastapi.responses import Response

from api.negotiate import known

BYTES = 64_000_000
_NOTHING = Response()
_DECIDING = (b"accept", b"accept-language", b"accept-profile")


class Kept:
    """Keeps the answers that were made last, up to so many bytes; any thread may ask."""

    def __init__(self, most: int) -> None:
        """Keeps nothing yet."""
        self._answers: dict[tuple[object, ...], Response] = {}
        self._left = most
        self._lock = Lock()

    def answer(self, request: Request, version: Path | None, make: Callable[[], Response]) -> Response:
        """Returns the answer to a request, kept or made; without a version nothing is kept.

        Args:
            request: Its address, Accept, Accept-Language and Accept-Profile decide.
            version: What is asked.
            make: Makes the answer, with an ETag.
        """
        if version is None:
            return make()
        scope = request.scope
        deciding = [value for name, value in scope["headers"] if name in _DECIDING]
        key = (version, scope["path"], scope["query_string"], *deciding)
        answer = self._answers.get(key)
        if answer is None:
            answer = make()
            if answer.status_code != 200:  # noqa: PLR2004 - nothing but whole answers
                return answer
            with self._lock:
                self._left += len(self._answers.pop(key, _NOTHING).body) - len(answer.body)
                while self._left < 0 and self._answers:
                    self._left += len(self._answers.pop(next(iter(self._answers))).body)
                self._answers[key] = answer
        if known(request.headers.get("if-none-match", ""), answer.headers["ETag"]):
            headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
            return Response(status_code=304, headers=headers)
        return answer
