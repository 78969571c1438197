"""The directory of a published store: immutable versions `v000001`, `v000002` … and the symlink `current`.

A reader holds one version for as long as it likes; a writer builds the next one beside it and swaps the
symlink, which is one atomic step. Nobody ever opens a directory that is being written.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.base import StoreError

_CURRENT = "current"
_LOCK = "lock"
_VERSION = re.compile(r"v\d{6,}")
_KEPT = 3


def published(directory: Path) -> bool:
    """Tells whether anything has been published there."""
    return (directory / _CURRENT).is_symlink()


def current(directory: Path) -> Path:
    """Returns the version that `current` points at.

    Raises:
        StoreError: Nothing has been published there.
    """
    try:
        return directory / (directory / _CURRENT).readlink()
    except OSError as error:
        raise StoreError(f"{directory} holds no published store; `noticegraph ingest` makes one") from error


@contextmanager
def writing(directory: Path) -> Iterator[Path]:
    """Holds the one right to write below `directory` (made where missing); clears what a killed writer left.

    Yields:
        A path for the next version, which does not exist yet; gone afterwards unless `promote` was called.

    Raises:
        StoreError: Another process writes; its number is named.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / _LOCK).open("a+", encoding="ascii")
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


def promote(draft: Path) -> None:
    """Makes a finished draft the current version and forgets all but the last three."""
    directory, version = draft.parent, draft.with_suffix("")
    _sync(draft)
    draft.rename(version)
    link = directory / f"{_CURRENT}.tmp"
    link.symlink_to(version.name)
    link.replace(directory / _CURRENT)
    _sync(directory)
    for old in _versions(directory)[:-_KEPT]:
        shutil.rmtree(old)


def _take(lock: int, directory: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
        raise StoreError(f"{directory} is being written by process {holder}") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


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


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
