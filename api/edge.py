"""What holds for every request and answer: hosts, bodies, headers, HEAD, and one line of JSON in the log."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TextIO
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, answer
from api.metrics import Metrics
from api.settings import Settings

_SHOWN = 2048
_LONGEST = 16_384
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "QUERY")
_EXPOSED = (
    *("Link", "ETag", "Content-Location", "Location", "Accept-Ranges", "Content-Range", "Repr-Digest", "Retry-After"),
    *("X-Result-Truncated", "X-Query-Hint"),
)
# All may be read from any origin, so that no answer depends on it.
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", ", ".join(_EXPOSED).encode()),
)


class Edge:
    """The outermost layer of the server; it asks nothing of the routes."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics, log: TextIO | None) -> None:
        """Goes around `app`; a line for each request goes to `log`."""
        self._app, self._metrics, self._log = app, metrics, log
        self._preflight = CORSMiddleware(app, ["*"], _METHODS, ["Authorization"])
        self._hosts = {host.strip().lower() for host in settings.hosts.split(",")}
        self._most = settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request; what is refused here reaches no route."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, told = time.monotonic(), {"status": 0, "bytes": 0}
        given = dict(scope["headers"])
        preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in given

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                headers = message.get("headers", ())
                policy = () if any(name == _POLICY[0] for name, _ in headers) else (_POLICY,)
                message["headers"] = [*headers, *(_ALWAYS[:1] if preflight else _ALWAYS), *policy]
            else:
                told["bytes"] += len(message.get("body", b""))
            await send(message)

        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise Problem(413, "body-too-large", f"the body is longer than {self._most} bytes; send less")
            return message

        head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET", "noticegraph.head": True} if head else scope
        app = self._preflight if preflight else self._app
        try:
            refused = self._refused(scope, given)
            await (answer(refused)(scope, receive, sent) if refused else app(inner, counted, sent))
        except Exception:
            told["status"] = told["status"] or 500  # It is answered further out.
            raise
        finally:
            self._metrics.count(inner, told["status"], time.monotonic() - begun)
            if self._log:
                with suppress(OSError, ValueError):  # Who reads the log may be gone; answers go on.
                    self._log.write(_line(scope, given, begun, told))
                    self._log.flush()

    def _refused(self, scope: Scope, given: Mapping[bytes, bytes]) -> Problem | None:
        host = given.get(b"host", b"").decode("latin-1")
        if "*" not in self._hosts and _name(host) not in self._hosts:
            return Problem(
                400, "unknown-host", f"this server is not {host[:100]!r}; its operator sets NOTICEGRAPH_HOSTS"
            )
        if given.get(b"content-encoding", b"identity") != b"identity":
            return Problem(415, "unsupported-content-encoding", "send the body without Content-Encoding")
        if len(scope["query_string"]) > _LONGEST * 16:
            return Problem(414, "uri-too-long", "the address is too long; post the query")
        return None


@lru_cache(100)
def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _line(scope: Scope, given: Mapping[bytes, bytes], begun: float, told: dict[str, int]) -> str:
    """Returns a line for the log; JSON escapes what could make two of it, or speak to a terminal."""
    line = {
        "client": scope["client"][0] if scope.get("client") else None,
        "method": scope["method"],
        "path": scope["path"][:_SHOWN],
        "query": scope["query_string"].decode("latin-1")[:_SHOWN],
        "agent": given.get(b"user-agent", b"").decode("latin-1")[:_SHOWN],
        "status": told["status"],
        "bytes": told["bytes"],
        "ms": round(1000 * (time.monotonic() - begun), 1),
    }
    return json.dumps(line) + "\n"
