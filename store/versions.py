"""The directory of a published store: immutable versions `v000001`, `v000002` … and the symlink `current`.

A version is a directory of parts: `data/` is the engine's, the others belong to whoever makes them (dumps, reports, an
index). A reader holds one version for as long as it likes; a writer builds the next one beside it and swaps the
symlink, which is one atomic step. Nobody ever opens a directory that is being written.
"""

import fcntl
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from store.base import CATALOG, StoreError

DATA = "data"
KEPT = 3
ADDED, CHANGED, REMOVED = "added", "changed", "removed"
_CURRENT = "current"
_LOCK = "lock"
_RECORD = "version.json"
_CHANGES = "changes.tsv"
_VERSION = re.compile(r"v\d{6,}")


@dataclass(frozen=True, slots=True)
class Version:
    """A published version, as it was recorded when it was made.

    Attributes:
        name: `v000001` and so on.
        previous: The version that it was made from; empty for the first.
        added: How many named graphs it has that the one before had not.
        changed: How many named graphs have another content.
        removed: How many are gone.
        published: When it was made, in UTC.
        current: Whether readers get it.
    """

    name: str
    previous: str
    added: int
    changed: int
    removed: int
    published: datetime
    current: bool

    @property
    def stamp(self) -> str:
        """When it was made, as xsd:dateTime."""
        return self.published.isoformat(timespec="seconds").replace("+00:00", "Z")


def published(directory: Path) -> bool:
    """Tells whether anything has been published there."""
    return (directory / _CURRENT).is_symlink()


def current(directory: Path) -> Path:
    """Returns the version that `current` points at.

    Raises:
        StoreError: Nothing has been published there, or it is of a release whose versions had no parts.
    """
    try:
        version = directory / (directory / _CURRENT).readlink()
    except OSError as error:
        raise StoreError(f"{directory} holds no published store; `noticegraph ingest` makes one") from error
    return _checked(version)


def is_current(version: Path) -> bool:
    """Tells whether a version is what `current` points at; asked before every answer, so that it makes no paths."""
    try:
        return os.readlink(f"{version.parent}/{_CURRENT}") == version.name  # noqa: PTH115 - a path costs twenty times as much
    except OSError:
        return False


def part(version: Path, name: str) -> Path:
    """Returns the place of a part of a version or draft: a directory that its maker makes."""
    return version / name


def history(directory: Path) -> tuple[Version, ...]:
    """Returns the versions that are kept, the oldest first.

    Raises:
        StoreError: Nothing has been published there.
    """
    now = current(directory)
    return tuple(described(version, current=version == now) for version in _versions(directory))


def find(directory: Path, name: str) -> Path:
    """Returns a version that is kept, by its name or number.

    Raises:
        StoreError: There is none; those that there are, are named.
    """
    kept = {version.name: version for version in _versions(directory)}
    found = kept.get(f"v{int(name):06d}" if name.isdecimal() else name)
    if found is None:
        raise StoreError(f"{directory} keeps no version {name}; it keeps {', '.join(kept) or 'none'}")
    return _checked(found)


def changes(version: Path) -> dict[str, str]:
    """Returns what a version or draft changed against the one before: `ADDED`, `CHANGED` or `REMOVED` by graph IRI.

    Raises:
        StoreError: The record cannot be read.
    """
    try:
        lines = (version / _CHANGES).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise StoreError(f"what {version} changed cannot be read: {error.strerror}") from error
    return {graph: kind for kind, graph in (line.split("\t") for line in lines)}


def record(draft: Path, changed: Mapping[str, str]) -> None:
    """Writes down what a draft changes against the current version, and which that is."""
    changed = {graph: kind for graph, kind in changed.items() if not graph.endswith(CATALOG)}
    kinds = list(changed.values())
    about: dict[str, str | int] = {kind: kinds.count(kind) for kind in (ADDED, CHANGED, REMOVED)}
    about["previous"] = current(draft.parent).name if published(draft.parent) else ""
    made = described(draft).published if (draft / _RECORD).exists() else datetime.now(UTC)
    about["published"] = made.isoformat(timespec="seconds")
    lines = (f"{kind}\t{graph}\n" for graph, kind in sorted(changed.items()))
    (draft / _CHANGES).write_text("".join(lines), encoding="utf-8")
    (draft / _RECORD).write_text(json.dumps(about) + "\n", encoding="ascii")


def described(version: Path, *, current: bool = False) -> Version:
    """Returns what was recorded of a version or draft.

    Raises:
        StoreError: The record cannot be read.
    """
    try:
        values = json.loads((version / _RECORD).read_text(encoding="ascii"))
        published = datetime.fromisoformat(values.pop("published"))
        return Version(version.stem, **values, published=published, current=current)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the record of {version} cannot be read: {error}") from error


@contextmanager
def writing(directory: Path) -> Iterator[Path]:
    """Holds the one right to write below `directory` (made where missing); clears what a killed writer left.

    Yields:
        A path for the next version, which does not exist yet; gone afterwards unless `promote` was called.

    Raises:
        StoreError: Another process writes, and which that is; or the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / _LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write to {directory}: {error.strerror}") from error
    with lock:
        _take(lock.fileno(), directory)
        for leftover in directory.glob("*.tmp"):
            _discard(leftover)
        draft = directory / f"v{_latest(directory) + 1:06d}.tmp"
        try:
            yield draft
        finally:
            _discard(draft)


def promote(draft: Path, keep: int = KEPT) -> None:
    """Makes a finished draft the current version and forgets all but the last `keep`."""
    directory, version = draft.parent, draft.with_suffix("")
    for path in (draft, *draft.rglob("*")):
        if path.is_dir() or path.stat().st_nlink == 1:  # the others are those of the version before
            _sync(path)
    draft.rename(version)
    _point(directory, version)
    for old in _versions(directory)[:-keep]:
        # Out of the list at once: a prune that is killed must not leave half a version that looks whole.
        shutil.rmtree(old.rename(old.with_suffix(".tmp")))


def rollback(directory: Path, name: str = "") -> str:
    """Makes an older version current, and returns its name; nothing is deleted.

    Args:
        directory: The folder of the published store.
        name: Its name or number; unless given, the one that the current version was made from.

    Raises:
        StoreError: It is not kept, or another process writes.
    """
    with writing(directory):
        name = name or described(current(directory), current=True).previous
        if not name:
            raise StoreError(f"nothing was published in {directory} before the current version")
        version = find(directory, name)
        _point(directory, version)
    return version.name


def _checked(version: Path) -> Path:
    if not part(version, DATA).is_dir():
        raise StoreError(f"{version} is of an older release; delete {version.parent} and `noticegraph ingest` anew")
    return version


def _point(directory: Path, version: Path) -> None:
    link = directory / f"{_CURRENT}.tmp"
    link.symlink_to(version.name)
    link.replace(directory / _CURRENT)
    _sync(directory)


def _take(lock: int, directory: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, 4096, 0).decode(errors="replace").strip() or "another process"
        raise StoreError(f"{directory} is being written by {holder}; wait for it, or stop it") from error
    since = datetime.now(UTC).isoformat(timespec="seconds")
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:500]
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()} since {since}: {command}\n".encode(), 0)


def _versions(directory: Path) -> list[Path]:
    return sorted(
        (entry for entry in directory.iterdir() if _VERSION.fullmatch(entry.name)),
        key=lambda entry: int(entry.name[1:]),
    )


def _latest(directory: Path) -> int:
    return max((int(entry.name[1:]) for entry in _versions(directory)), default=0)


def _discard(leftover: Path) -> None:
    if leftover.is_symlink() or leftover.is_file():
        leftover.unlink()
    elif leftover.exists():
        shutil.rmtree(leftover)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
