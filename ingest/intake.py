"""Finds the files of a run and their digests."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.archive import is_json_lines
from ingest.outcome import REJECTED, Outcome
from ontology.iris import slug

MAX_BYTES = 512 * 1024 * 1024
_HEAD = 1_000
# Bytes from which on a file of many documents is read by several processes.
_LARGE = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A file that may hold notices; ordered by its digest, so that nothing depends on where files lie.

    Attributes:
        sha256: Digest of its bytes.
        name: Its name without folders, fit for a literal: what is no Unicode is U+FFFD.
        path: Where it lies.
        shared: Whether it begins as JSON Lines do and is large enough to be read by several processes.
    """

    sha256: str
    name: str
    path: str
    shared: bool = False

    @property
    def key(self) -> str:
        """What its readings are kept under."""
        return f"{self.sha256}-{slug(self.name)}"


def find_files(paths: Iterable[Path]) -> tuple[list[Candidate], list[Outcome]]:
    """Finds the files to read, in the order of their digests, and tells of those that cannot be read.

    Args:
        paths: Files, or folders that are searched for files; what begins with a dot is left out there.
    """
    found: dict[str, Candidate] = {}
    failed = []
    for path in paths:
        empty = True
        for member in _members(path):
            empty = False
            candidate = _candidate(member)
            if isinstance(candidate, Outcome):
                failed.append(candidate)
            else:
                found.setdefault(os.path.realpath(member), candidate)
        if empty:
            failed.append(Outcome(str(path), REJECTED, "empty-folder", "the folder holds no files"))
    return sorted(found.values()), failed


def _members(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield str(path)
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (f"{folder}{os.sep}{name}" for name in sorted(names) if not name.startswith("."))


def _candidate(path: str) -> Candidate | Outcome:
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            return Outcome(path, REJECTED, "unreadable", "it is no regular file")
        if status.st_size > MAX_BYTES:
            return Outcome(path, REJECTED, "too-large", f"{status.st_size:,} bytes; at most {MAX_BYTES:,} are read")
        with Path(path).open("rb") as file:
            shared = status.st_size >= _LARGE and is_json_lines(file.read(_HEAD))
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Outcome(path, REJECTED, "unreadable", f"cannot be read: {error.strerror}")
    return Candidate(digest, os.fsencode(Path(path).name).decode(errors="replace"), path, shared)
