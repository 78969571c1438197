"""Which software reads notices: its version, and a digest of all that decides what it says of them."""

import hashlib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

_PACKAGES = ("ingest", "ontology", "shapes")
_DECIDING = {".py", ".tsv", ".ttl"}


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for package in _PACKAGES:
        home = Path(str(files(package)))
        for file in sorted(file for file in home.rglob("*") if file.suffix in _DECIDING):
            content = file.read_bytes()
            digest.update(f"{package}/{file.relative_to(home)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


VERSION = version("noticegraph")
"""Of the distribution."""
FINGERPRINT = _fingerprint()
"""16 hexadecimal digits over code, patterns, vocabularies and shapes: what others have read is read again."""
RELEASE = f"{VERSION}-{FINGERPRINT}"
"""Both, as they stand in the software's IRI."""
