"""Keeps what was read until it is published, so that an interrupted run is resumed where it stopped.

One record a file, named by its digest and name: frames of a length (4 bytes, big-endian) and a compressed Reading. A
record that is being written ends with `.part`; what a killed process left of a frame is cut off.
"""

import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

from ingest.reading import Reading
from ontology.iris import slug

_FOLDER = "pending"
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
    """The records of a store's next version, those of this software and base."""

    def __init__(self, directory: Path, release: str, base: str) -> None:
        """Opens the journal of a store; records of other releases and bases are dropped.

        Args:
            directory: The folder of the published store.
            release: What decides what a notice is read as.
            base: What all minted IRIs begin with.
        """
        self._root = directory / _FOLDER
        self._folder = self._root / f"{release}-{slug(base)}"
        for other in self._root.glob("*"):
            if other != self._folder:
                shutil.rmtree(other)

    def record(self, sha256: str, name: str) -> Record:
        """Returns the record of a file, by its digest and name."""
        return Record(self._folder / sha256[:2] / f"{sha256}-{slug(name)}")

    def clear(self) -> None:
        """Drops all records: what they hold is published."""
        shutil.rmtree(self._root, ignore_errors=True)


def _frames(data: bytes) -> Iterator[bytes]:
    start = 0
    while start + _LENGTH <= len(data):
        end = start + _LENGTH + int.from_bytes(data[start : start + _LENGTH], "big")
        if end > len(data):
            return
        yield data[start + _LENGTH : end]
        start = end
