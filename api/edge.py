"""What holds for every request and answer: hosts, bodies, headers, HEAD, and one line of JSON in the log."""

import json
import logging
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, answer
from api.metrics import Metrics
from api.settings import Settings

_LOG = logging.getLogger("noticegraph.access")
_SHOWN = 2048
_LONGEST = 16_384
_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Edge:
    """The outermost layer of the server; it asks nothing of the routes."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        """Goes around `app`."""
        self._app, self._metrics = app, metrics
        self._hosts = {host.strip().lower() for host in settings.hosts.split(",")}
        self._most = settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request; what is refused here reaches no route."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, told = time.monotonic(), {"status": 0, "bytes": 0}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Content-Security-Policy", _POLICY)
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
        try:
            refused = self._refused(scope)
            await (answer(refused)(scope, receive, sent) if refused else self._app(inner, counted, sent))
        except Exception:
            told["status"] = told["status"] or 500  # It is answered further out.
            raise
        finally:
            self._metrics.count(inner, told["status"], time.monotonic() - begun)
            _log(scope, begun, told)

    def _refused(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if "*" not in self._hosts and _name(host) not in self._hosts:
            return Problem(
                400, "unknown-host", f"this server is not {host[:100]!r}; its operator sets NOTICEGRAPH_HOSTS"
            )
        if headers.get("content-encoding", "identity") != "identity":
            return Problem(415, "unsupported-content-encoding", "send the body without Content-Encoding")
        if len(scope["query_string"]) > _LONGEST * 16:
            return Problem(414, "uri-too-long", "the address is too long; post the query")
        return None


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _log(scope: Scope, begun: float, told: dict[str, int]) -> None:
    """Writes a line; JSON escapes what could make two of it, or speak to a terminal."""
    headers = Headers(scope=scope)
    line = {
        "client": scope["client"][0] if scope.get("client") else None,
        "method": scope["method"],
        "path": scope["path"][:_SHOWN],
        "query": scope["query_string"].decode("latin-1")[:_SHOWN],
        "agent": headers.get("user-agent", "")[:_SHOWN],
        "status": told["status"],
        "bytes": told["bytes"],
        "ms": round(1000 * (time.monotonic() - begun), 1),
    }
    _LOG.info("%s", json.dumps(line))
