"""What can be set from outside; one frozen value, read once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ontology.iris import DEFAULT_BASE, Iris


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the server.

    Attributes:
        base: What every minted IRI begins with (`NOTICEGRAPH_BASE`); answers use it whatever host serves.
        max_query_bytes: Longest query text in bytes of UTF-8 (`NOTICEGRAPH_MAX_QUERY_BYTES`).

    Raises:
        ValueError: The base is no http(s) IRI ending with a slash, or the limit is no positive number.
    """

    base: str = DEFAULT_BASE
    max_query_bytes: int = 65_536

    def __post_init__(self) -> None:
        """Refuses settings that could not work."""
        Iris(self.base)
        if self.max_query_bytes < 1:
            raise ValueError("NOTICEGRAPH_MAX_QUERY_BYTES must be a positive number")


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads the settings from environment variables; what is not set keeps its default.

    Raises:
        ValueError: A value makes no sense; the message names it.
    """
    limit = environment.get("NOTICEGRAPH_MAX_QUERY_BYTES", str(65_536))
    if not limit.isdecimal():
        raise ValueError(f"NOTICEGRAPH_MAX_QUERY_BYTES must be a positive number, not {limit!r}")
    return Settings(environment.get("NOTICEGRAPH_BASE", DEFAULT_BASE), int(limit))
