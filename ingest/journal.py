"""Keeps what was read until it is published, for a run that is interrupted, and what was rejected, for the next runs.

One record a file, named by its digest and name: frames of a length (4 bytes, big-endian) and a compressed Reading. A
record that is being written ends with `.part`; what a killed process left of a frame is cut off.
"""

import shutil
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.intake import Candidate
from ingest.reading import Reading
from ontology.iris import slug

_PENDING, _REJECTED = "pending", "rejected"
# Bytes from which on a file of many documents is read by several processes.
_LARGE = 1 << 20
_LENGTH = 4
_LEVEL = 1


class Record:
    """What was read of one file so far."""

    def __init__(self, path: Path) -> None:
        """Names the record; nothing is written before `append`."""
        self.path = path
        self._part = path.with_suffix(".part")

    @property
    def whole(self) -> bool:
        """Whether the file was read to its end."""
        return self.path.exists()

    def count(self) -> int:
        """Counts the readings; cuts off what is left of a torn one."""
        if not self._part.exists():
            return 0
        frames = list(_frames(self._part.read_bytes()))
        with self._part.open("r+b") as file:
            file.truncate(sum(_LENGTH + len(frame) for frame in frames))
        return len(frames)

    def append(self, reading: Reading) -> None:
        """Adds a reading."""
        frame = zlib.compress(reading.to_json(), _LEVEL)
        self._part.parent.mkdir(parents=True, exist_ok=True)
        with self._part.open("ab") as file:
            file.write(len(frame).to_bytes(_LENGTH, "big") + frame)

    def finish(self) -> None:
        """Says that the file was read to its end."""
        self._part.touch()
        self._part.replace(self.path)

    def readings(self) -> Iterator[Reading]:
        """Yields what was read, in the file's order, one at a time."""
        with self.path.open("rb") as file:
            while head := file.read(_LENGTH):
                yield Reading.from_json(zlib.decompress(file.read(int.from_bytes(head, "big"))))


class Journal:
    """The records of a store's next version and of what was rejected, those of this software and base."""

    def __init__(self, directory: Path, release: str, base: str) -> None:
        """Opens the journal of a store; records of other releases and bases are dropped.

        Args:
            directory: The folder of the published store.
            release: What decides what a notice is read as.
            base: What all minted IRIs begin with.
        """
        mine = f"{release}-{slug(base)}"
        self._pending, self._rejected = (directory / folder / mine for folder in (_PENDING, _REJECTED))
        for other in (*directory.glob(f"{_PENDING}/*"), *directory.glob(f"{_REJECTED}/*")):
            if other.name != mine:
                shutil.rmtree(other)

    def records(self, file: Candidate, shares: int) -> tuple[Record, ...]:
        """Returns the records of a file: one, of what was rejected before or not yet published; several of a large one.

        Args:
            file: The file; it is told from others by its digest and name.
            shares: How many processes may read a large file of many documents.
        """
        place = Path(file.sha256[:2]) / f"{file.sha256}-{slug(file.name)}"
        rejected = Record(self._rejected / place)
        if rejected.whole:
            return (rejected,)
        if shares == 1 or not file.many or file.size < _LARGE:
            return (Record(self._pending / place),)
        return tuple(Record(self._pending / f"{place}-{share}-{shares}") for share in range(shares))

    def reject(self, records: Sequence[Record]) -> None:
        """Remembers that nothing in a file can be published, so that it is not read again."""
        for record in records if len(records) == 1 else ():
            place = self._rejected / record.path.parent.name
            place.mkdir(parents=True, exist_ok=True)
            record.path.replace(place / record.path.name)

    def clear(self) -> None:
        """Drops the records of what is published."""
        shutil.rmtree(self._pending.parent, ignore_errors=True)


def forget_rejected(directory: Path) -> None:
    """Has what was rejected read again in the next run."""
    shutil.rmtree(directory / _REJECTED, ignore_errors=True)


def _frames(data: bytes) -> Iterator[bytes]:
    start = 0
    while start + _LENGTH <= len(data):
        end = start + _LENGTH + int.from_bytes(data[start : start + _LENGTH], "big")
        if end > len(data):
            return
        yield data[start + _LENGTH : end]
        start = end
