"""Where an answer goes on: a version and places in its order; for that version alone, so that nothing is met twice."""

import re

_CURSOR = re.compile(r"([a-z0-9]+)((?:\.\d{1,12})+)")
_NO_VERSION = "v0"


class CursorError(ValueError):
    """A cursor is none of ours, or the data have changed since it was given.

    Attributes:
        expired: Whether the data have changed.
    """

    def __init__(self, message: str, *, expired: bool = False) -> None:
        """Keeps whether it was good once."""
        super().__init__(message)
        self.expired = expired


def write(version: str, *places: int) -> str:
    """Returns a cursor."""
    return ".".join((version or _NO_VERSION, *map(str, places)))


def read(cursor: str | None, version: str, count: int) -> tuple[int, ...]:
    """Returns the places of a cursor, so many zeros where there is none.

    Raises:
        CursorError: It is none of ours, or of another version.
    """
    if cursor is None:
        return (0,) * count
    found = _CURSOR.fullmatch(cursor)
    places = tuple(map(int, found[2].split(".")[1:])) if found else ()
    if found is None or len(places) != count:
        raise CursorError(f"cursor: {cursor!r} was not given by this server; take the one in `next`")
    if found[1] != (version or _NO_VERSION):
        raise CursorError("the data have changed since this cursor was given; begin again without it", expired=True)
    return places
