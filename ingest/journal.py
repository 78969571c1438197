"""Keeps what was read until it is published, for a run that is interrupted, and what was rejected, for the next runs.

One SQLite file in the folder of a store; any process may write it, and what a killed one left half written is undone.
A document is known by its file and its place in it, so that it does not matter how many processes read the file.
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ingest.reading import Reading
from ontology.iris import slug
from store.base import StoreError

_TABLES = """
CREATE TABLE IF NOT EXISTS document (file TEXT, place INT, name TEXT, reading BLOB, PRIMARY KEY (file, place));
CREATE TABLE IF NOT EXISTS whole (file TEXT PRIMARY KEY, rejected INT DEFAULT 0);
"""
_LAST = 1 << 62
_LEVEL = 1


class Journal:
    """What was read and not yet published, and what was rejected, by files."""

    def __init__(self, path: Path) -> None:
        """Opens the journal at `path`, which is made where missing."""
        self.path = path
        self._file = sqlite3.connect(path, timeout=60, isolation_level=None)
        # What the system holds outlives a killed process; a power cut may cost the journal, not the store.
        self._file.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLES}")

    def is_whole(self, file: str) -> bool:
        """Tells whether a file was read to its end."""
        return bool(self._file.execute("SELECT 1 FROM whole WHERE file = ?", (file,)).fetchone())

    def finish(self, file: str) -> None:
        """Says that a file was read to its end."""
        self._file.execute("INSERT OR IGNORE INTO whole (file) VALUES (?)", (file,))

    def resume(self, file: str, share: int, shares: int) -> frozenset[int]:
        """Returns the places that were read in a share of a file: `share`, `share + shares`, …; none is begun then."""
        which = (file, shares, share)
        self._file.execute("DELETE FROM document WHERE file = ? AND place % ? = ? AND reading IS NULL", which)
        rows = self._file.execute("SELECT place FROM document WHERE file = ? AND place % ? = ?", which)
        return frozenset(place for (place,) in rows)

    def begin(self, file: str, place: int, name: str) -> None:
        """Says that the document at a place is being read."""
        self._file.execute("INSERT INTO document (file, place, name) VALUES (?, ?, ?)", (file, place, name))

    def begun(self, file: str, share: int, shares: int) -> tuple[int, str] | None:
        """Returns the place and the name of the document of a share that is being read."""
        query = "SELECT place, name FROM document WHERE file = ? AND place % ? = ? AND reading IS NULL"
        found: tuple[int, str] | None = self._file.execute(query, (file, shares, share)).fetchone()
        return found

    def append(self, file: str, reading: Reading, place: int = _LAST) -> None:
        """Adds a reading; without a place it stands behind all others."""
        row = (file, place, zlib.compress(reading.to_json(), _LEVEL))
        self._file.execute("INSERT OR REPLACE INTO document (file, place, reading) VALUES (?, ?, ?)", row)

    def readings(self, file: str) -> Iterator[Reading]:
        """Yields what was read of a file, in the file's order, one at a time."""
        query = "SELECT reading FROM document WHERE file = ? AND reading IS NOT NULL ORDER BY place"
        for (reading,) in self._file.execute(query, (file,)):
            yield Reading.from_json(zlib.decompress(reading))

    def reject(self, file: str) -> None:
        """Remembers that nothing in a file can be published, so that it is not read again."""
        self._file.execute("UPDATE whole SET rejected = 1 WHERE file = ?", (file,))

    def clear(self) -> None:
        """Drops what is published."""
        self._drop("file NOT IN (SELECT file FROM whole WHERE rejected)")
        self._file.execute("VACUUM")

    def retry(self) -> None:
        """Has what was rejected read again."""
        self._drop("file IN (SELECT file FROM whole WHERE rejected)")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _drop(self, which: str) -> None:
        tables = "".join(f"DELETE FROM {table} WHERE {which};" for table in ("document", "whole"))  # noqa: S608 - ours
        self._file.executescript(f"BEGIN; {tables} COMMIT")


@contextmanager
def journal_of(directory: Path, release: str, base: str) -> Iterator[Journal]:
    """Opens the journal of a store; those of other releases and bases are dropped.

    Args:
        directory: The folder of the published store, made where missing.
        release: What decides what a notice is read as.
        base: What all minted IRIs begin with.

    Raises:
        StoreError: It cannot be written.
    """
    path = directory / f"journal-{release}-{slug(base)}.sqlite"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for other in directory.glob("journal-*"):
            if not other.name.startswith(path.name):
                other.unlink()
        with closing(Journal(path)) as journal:
            yield journal
    except sqlite3.Error as error:
        raise StoreError(f"cannot write {path}: {error}") from error
