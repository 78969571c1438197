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

    def notice(self, notice: str) -> str:
        """Returns the notice's IRI."""
        return f"{self.base}id/notice/{notice}"

    def part(self, notice: str, kind: str, position: int) -> str:
        """Returns the IRI of a part of a notice: a section, measure, provision, deadline, condition, mention."""
        return f"{self.base}id/notice/{notice}/{kind}/{position}"

    def reading(self, notice: str) -> str:
        """Returns the IRI of the activity that read the notice."""
        return f"{self.base}id/notice/{notice}/reading"

    def agency(self, name: str) -> str:
        """Returns the IRI of an authority by its full official name."""
        return f"{self.base}id/agency/{slug(name)}"

    def unit(self, agency: str, name: str) -> str:
        """Returns the IRI of a department by its authority's full name and its own printed name."""
        return f"{self.agency(agency)}/unit/{slug(name)}"

    def document(self, title: str) -> str:
        """Returns the IRI of a cited document by its title."""
        return f"{self.base}id/document/{slug(title)}"

    def source(self, sha256: str) -> str:
        """Returns the IRI of a source document by the digest of its bytes."""
        return f"{self.base}id/source/{sha256}"

    def software(self, release: str) -> str:
        """Returns the IRI of a release of this software: version and fingerprint."""
        return f"{self.base}id/software/noticegraph-{release}"

    def concept(self, scheme: str, concept: str) -> str:
        """Returns the IRI of a concept, event, genre or division by its scheme's name and its id."""
        return f"{self.base}id/{scheme}/{concept}"

    def scheme(self, scheme: str) -> str:
        """Returns the IRI of a concept scheme."""
        return f"{self.base}id/scheme/{scheme}"

    def notice_graph(self, notice: str) -> str:
        """Returns the IRI of a notice's named graph."""
        return f"{self.base}graph/notice/{notice}"

    def graph(self, name: str) -> str:
        """Returns the IRI of a reference graph: ontology, vocabulary or shapes."""
        return f"{self.base}graph/{name}"
