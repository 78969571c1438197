"""What can be set from outside; one frozen value, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ontology.iris import DEFAULT_BASE, Iris

_PREFIX = "NOTICEGRAPH_"
FILE = "NOTICEGRAPH_SETTINGS"
"""The variable that names a file of settings: `NAME=value` lines, as systemd's EnvironmentFile has them."""
_TEXTS = {"base", "hosts", "token"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the server; each is read from `NOTICEGRAPH_` and its name in capitals.

    Attributes:
        base: What every minted IRI begins with; answers use it whatever host serves.
        hosts: The host names that requests may be for, with commas between; `*` for any.
        token: Who sends it as a Bearer token has `token_seconds`, all rows and all bytes; empty for nobody.
        token_seconds: How long a query with the token may run.
        max_query_bytes: Longest query text in bytes of UTF-8.
        max_body_bytes: Longest body of a request.
        query_seconds: How long a query may run.
        query_rows: The most rows, or triples, of an answer.
        query_bytes: The most bytes of an answer.
        query_memory: Bytes of memory that a query may use.
        query_workers: How many queries run at once; 0 for as many as there are cores, and 2 at least.
        client_queries: How many queries of one client run or wait at once.
        client_seconds: Seconds of work that a client has a minute; it can save up twice that.
        replica_bytes: Versions of at most so many bytes on disk are served from memory.

    Raises:
        ValueError: The base is no http(s) IRI ending with a slash, or a number is not positive.
    """

    base: str = DEFAULT_BASE
    hosts: str = "*"
    token: str = field(default="", repr=False)
    token_seconds: int = 60
    max_query_bytes: int = 65_536
    max_body_bytes: int = 262_144
    query_seconds: int = 10
    query_rows: int = 10_000
    query_bytes: int = 50_000_000
    query_memory: int = 2 << 30
    query_workers: int = 0
    client_queries: int = 4
    client_seconds: int = 60
    replica_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        """Refuses settings that could not work."""
        Iris(self.base)
        for known in fields(self):
            least = 0 if known.name in {"query_workers", "replica_bytes"} else 1
            if known.name not in _TEXTS and getattr(self, known.name) < least:
                raise ValueError(f"{_PREFIX}{known.name.upper()} must be a number, {least} at least")

    @property
    def workers(self) -> int:
        """How many queries run at once."""
        return self.query_workers or max(2, len(os.sched_getaffinity(0)))


def described(environment: Mapping[str, str] = os.environ) -> list[tuple[str, str, str]]:
    """Returns the variable, value and origin of each setting; what is secret is not shown.

    Raises:
        ValueError: A value makes no sense; the message names it.
    """
    settings, told = from_environment(environment), _told(environment)
    rows = []
    for known in fields(Settings):
        name, value = _PREFIX + known.name.upper(), str(getattr(settings, known.name))
        shown = value if known.repr or not value else "(set)"
        rows.append((name, shown, told[name][1] if name in told else "default"))
    return rows


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads the settings from environment variables, else from the file that `NOTICEGRAPH_SETTINGS` names.

    What is set in neither keeps its default.

    Raises:
        ValueError: The file cannot be read or has a line that is no setting, or a value makes no sense; the message
            names it.
    """
    given, told = dict[str, Any](), _told(environment)
    for known in fields(Settings):
        name = _PREFIX + known.name.upper()
        value = told[name][0] if name in told else None
        if value is not None and known.name not in _TEXTS and not value.isdecimal():
            raise ValueError(f"{name} must be a positive number, not {value!r}")
        if value is not None:
            given[known.name] = value if known.name in _TEXTS else int(value)
    return Settings(**given)


def _told(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Returns by variable what it is set to, and where."""
    names = {_PREFIX + known.name.upper() for known in fields(Settings)}
    told, path = dict[str, tuple[str, str]](), environment.get(FILE, "")
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{FILE}: {path} cannot be read: {error}") from error
    for number, line in enumerate(map(str.strip, lines), 1):
        name, assigned, value = line.partition("=")
        if name.strip() in names and assigned:
            told[name.strip()] = value.strip().strip("\"'"), path
        elif line and not line.startswith("#") and (not assigned or name.startswith(_PREFIX)):
            raise ValueError(f"{path}, line {number}: no setting; `noticegraph settings` lists them")
    return told | {name: (environment[name], "environment") for name in names & environment.keys()}
