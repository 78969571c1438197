"""Mints the IRIs of things and graphs below a base: pure functions of what identifies them (contract)."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

DEFAULT_BASE = "https://w3id.org/noticegraph/"
_SPACE = re.compile(r"\s+")


@lru_cache(65536)
def slug(*key: str) -> str:
    """Returns 16 hexadecimal digits that stand for `key`; white space does not count."""
    joined = "\x1f".join(_SPACE.sub("", part) for part in key)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Iris:
    """Mints below `base`, which ends with a slash.

    Raises:
        ValueError: The base is no absolute http(s) IRI ending with a slash.
    """

    base: str = DEFAULT_BASE

    def __post_init__(self) -> None:
        """Refuses a base that could not be the start of an IRI."""
        if not re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+/", self.base):
            raise ValueError(f"the base must be an http(s) IRI that ends with a slash, not {self.base!r}")

    def thing(self, kind: str, key: str) -> str:
        """Returns the IRI of what has a name of its own in its kind: a notice, a source, a concept, a scheme."""
        return f"{self.base}id/{kind}/{key}"

    def part(self, notice: str, kind: str, position: int) -> str:
        """Returns the IRI of a part of a notice: a section, measure, provision, deadline, condition, mention."""
        return f"{self.base}id/notice/{notice}/{kind}/{position}"

    def agency(self, name: str) -> str:
        """Returns the IRI of an authority by its full official name."""
        return self.thing("agency", slug(name))

    def unit(self, agency: str, name: str) -> str:
        """Returns the IRI of a department by its authority's full name and its own printed name."""
        return f"{self.agency(agency)}/unit/{slug(name)}"

    def software(self, release: str) -> str:
        """Returns the IRI of a release of this software: version and fingerprint."""
        return self.thing("software", f"noticegraph-{release}")

    def graph(self, name: str) -> str:
        """Returns the IRI of a named graph: `notice/{slug}`, or of reference: ontology, vocabulary, shapes."""
        return f"{self.base}graph/{name}"
