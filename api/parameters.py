"""Parameters of a query string: a pydantic model reads them, and describes them in OpenAPI.

FastAPI could do so too, but before the route is called; a route that keeps its answers looks there first.
"""

from collections.abc import Container
from functools import cache
from typing import Annotated, Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.errors import Problem
from queries import cursors

_Model = TypeVar("_Model", bound="Parameters")


IRI = r"^[A-Za-z][A-Za-z0-9+.-]*:[^\u0000-\u0020<>\"{}|^`\\\\]*$"
"""What an IRI looks like (ECMA-262, for JSON Schema)."""
Cursor = Annotated[str, Field(pattern=cursors.PATTERN)]


class Parameters(BaseModel):
    """What a query string may say; anything else is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)


def read(model: type[_Model], request: Request) -> _Model:
    """Reads the query string of a request.

    Raises:
        RequestValidationError: A parameter is not known, is missing, or has a value that does not fit.
        Problem: 422, a parameter that takes one value is given twice.
    """
    return parsed(model, request.scope["query_string"].decode("latin-1"))


def parsed(model: type[_Model], query: str) -> _Model:
    """Reads a query string, see `read`."""
    lists, given = _lists(model), dict[str, Any]()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in lists:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise Problem(422, "invalid-parameter", f"{name}: it takes one value, and is given twice")
        else:
            given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error


@cache
def _lists(model: type[Parameters]) -> frozenset[str]:
    """Returns the names of the parameters that take several values."""
    fields = model.model_fields.items()
    return frozenset(field.alias or name for name, field in fields if get_origin(field.annotation) is list)


def described(model: type[Parameters], without: Container[str] = ()) -> dict[str, Any]:
    """Returns the parameters, but for some, as a route's `openapi_extra` (OpenAPI 3.1, Parameter Object)."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": part.pop("description", ""),
                "schema": part,
            }
            for name, part in schema["properties"].items()
            if name not in without
        ]
    }
