"""What is asked most is answered ahead of the routes, which describe it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from fastapi import Request
from fastapi.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors

Serve = Callable[[Request], Awaitable[Response]]


class Shortcut:
    """Answers requests for one path: the way to a route takes longer than most of these answers."""

    def __init__(self, app: ASGIApp, path: str, methods: Collection[str], serve: Serve) -> None:
        """Goes around `app`, which gets all other requests.

        Args:
            app: What is inside.
            path: What is answered.
            methods: By these, and by GET where there is a query string.
            serve: Answers; what it raises is answered as the app answers it.
        """
        self._app, self._methods, self._serve = app, methods, serve
        self._route = Route(path, app)  # Its path is what is counted.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request for the path."""
        asks = scope["type"] == "http" and scope["path"] == self._route.path
        if not asks or not (scope["query_string"] if scope["method"] == "GET" else scope["method"] in self._methods):
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route
        request = Request(scope, receive)
        try:
            answer = await self._serve(request)
        except asyncio.CancelledError:  # Uvicorn cancels what still runs when the time to end in good order is over.
            ending = errors.Problem(503, "ending", "this server is going down; ask again")
            answer = errors.answer(ending, {"Retry-After": "5"})
        except Exception as error:
            handlers = scope["app"].exception_handlers
            kinds = (kind for kind in type(error).__mro__ if kind in handlers and kind is not Exception)
            if (kind := next(kinds, None)) is None:
                raise
            answer = handlers[kind](request, error)
        await answer(scope, receive, send)
