"""Where an answer goes on: a version and places in its order; for that version alone, so that nothing is met twice."""

PATTERN = r"^[a-z0-9]{1,20}(\.[0-9]{1,12}){1,2}$"
"""What a cursor looks like (ECMA-262, for JSON Schema)."""
_NO_VERSION = "v0"


class CursorError(ValueError):
    """A cursor was given for other data, or by another list."""


def write(version: str, *places: int) -> str:
    """Returns a cursor."""
    return ".".join((version or _NO_VERSION, *map(str, places)))


def read(cursor: str | None, version: str, count: int) -> tuple[int, ...]:
    """Returns the places of a cursor that fits `PATTERN`, so many zeros where there is none.

    Raises:
        CursorError: It is of another version, or has another number of places.
    """
    if cursor is None:
        return (0,) * count
    of, *places = cursor.split(".")
    if of != (version or _NO_VERSION) or len(places) != count:
        raise CursorError("cursor: the data have changed since, or it is of another list; begin without it")
    return tuple(map(int, places))
