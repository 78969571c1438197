"""Which software read a notice: version, and a digest of all that decides what it says."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

_PACKAGES = ("ingest", "ontology", "shapes")
_DECIDING = (".py", ".tsv", ".ttl")


@dataclass(frozen=True, slots=True)
class Software:
    """The running software.

    Attributes:
        version: Version of the distribution.
        fingerprint: 16 hexadecimal digits over code, patterns, vocabularies and shapes; it changes when they do, so
            that what an older version read is read again.
    """

    version: str
    fingerprint: str

    @property
    def release(self) -> str:
        """Version and fingerprint, as they stand in the software's IRI."""
        return f"{self.version}-{self.fingerprint}"


def _deciding_files(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _deciding_files(entry, name)
        elif entry.name.endswith(_DECIDING):
            yield name, entry.read_bytes()


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name, content in sorted(found for package in _PACKAGES for found in _deciding_files(files(package), package)):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


SOFTWARE = Software(version("noticegraph"), _fingerprint())
