"""Every error has one shape: `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from queries.cursors import CursorError
from queries.lists import FilterError, UnknownError
from store.base import QueryError, StoreError

_LOG = logging.getLogger("noticegraph")


_TEXT = {"type": "string"}
_MEMBERS = {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT}
_SCHEMA = {"type": "object", "properties": _MEMBERS, "required": list(_MEMBERS)}
_PROBLEM = {"description": "A problem (RFC 9457)", "content": {"application/problem+json": {"schema": _SCHEMA}}}
_REFERENCE = {"$ref": "#/components/responses/Problem"}
DOCUMENTED: dict[int | str, dict[str, Any]] = {"4XX": _REFERENCE, "5XX": _REFERENCE}
"""What OpenAPI says of the errors of every route of an `App`."""


class App(FastAPI):
    """An app whose description says once what a problem is."""

    def openapi(self) -> dict[str, Any]:
        """Returns the description (OpenAPI 3.1)."""
        document = super().openapi()
        document["components"]["responses"] = {"Problem": _PROBLEM}
        return document


class Problem(Exception):  # noqa: N818 -- the RFC's own name
    """An error that the client gets to see.

    Attributes:
        status: HTTP status.
        kind: Short name of the problem, the last part of its `type` URI.
        detail: What is wrong with this request, and what to do.
        headers: What the answer has besides.
        extra: Further members of the answer (RFC 9457, section 3.2).
    """

    def __init__(
        self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, **extra: object
    ) -> None:
        """Keeps the parts."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.extra = extra


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem, those of the framework as well."""

    @app.exception_handler(Problem)
    def _problem(_: Request, error: Problem) -> JSONResponse:
        return answer(error, error.headers)

    for kind, status, name in (
        (QueryError, 400, "query-refused"),
        (FilterError, 422, "invalid-parameter"),
        (UnknownError, 404, "not-found"),
        (CursorError, 410, "cursor-expired"),
    ):
        app.add_exception_handler(kind, partial(_told, status, name))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        detail = f"{request.method} {request.url.path}: {phrase.lower()}"
        return answer(Problem(error.status_code, phrase.lower().replace(" ", "-"), detail), error.headers)

    @app.exception_handler(RequestValidationError)
    def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        return answer(Problem(422, "invalid-parameter", "; ".join(faults)))

    @app.exception_handler(StoreError)
    def _store(_: Request, error: StoreError) -> JSONResponse:
        return answer(unavailable(error))

    @app.exception_handler(Exception)
    def _unexpected(_: Request, error: Exception) -> JSONResponse:
        _LOG.error("unexpected error", exc_info=error)
        return answer(Problem(500, "internal-error", "an unexpected error; the server's log says more"))


def _told(status: int, kind: str, _: Request, error: Exception) -> JSONResponse:
    return answer(Problem(status, kind, str(error)))


def unavailable(error: StoreError) -> Problem:
    """Logs that the store cannot be read, and returns what the client gets to see of it."""
    _LOG.error("%s", error)
    return Problem(503, "store-unavailable", "the store cannot be read at the moment")


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Returns a problem as an answer, with further headers."""
    title = HTTPStatus(problem.status).phrase
    body = {"type": f"urn:noticegraph:problem:{problem.kind}", "title": title, "status": problem.status}
    return JSONResponse(
        {**body, "detail": problem.detail, **problem.extra},
        status_code=problem.status,
        headers={**(headers or {}), "Cache-Control": "no-store", "Vary": "Accept"},
        media_type="application/problem+json",
    )
