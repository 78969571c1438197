"""Keeps the files of which a notice was refused by the shapes, beside why, until it conforms.

`quarantine/{digest}/` in the folder of a store holds the file under its own name, and `refused.json` with the outcomes.
"""

import hashlib
import json
import shutil
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from ingest.outcome import REFUSED, Outcome

_FOLDER = "quarantine"
_REASONS = "refused.json"


def files(directory: Path) -> list[Path]:
    """Returns the files in quarantine in the folder of a store, sorted."""
    return sorted(file for file in directory.glob(f"{_FOLDER}/*/*") if file.name != _REASONS)


def watched(outcomes: Generator[Outcome], directory: Path) -> Generator[Outcome]:
    """Yields the outcomes of a run; puts what is refused in quarantine, and lets go what came from there and is not.

    Args:
        outcomes: The run (`ingest.pipeline.ingest`).
        directory: The folder of the store.

    Raises:
        OSError: The quarantine cannot be written.
    """
    refused: dict[Path, list[Outcome]] = {}
    through: set[Path] = set()
    with closing(outcomes):
        for outcome in outcomes:
            if (file := _file(Path(outcome.path))) is not None:
                through.add(file)
                if outcome.status == REFUSED:
                    refused.setdefault(file, []).append(outcome)
            yield outcome
    for file, reasons in refused.items():
        _keep(file, reasons, directory)
    for file in through & set(files(directory)) - refused.keys():
        shutil.rmtree(file.parent)


def _file(path: Path) -> Path | None:
    """Returns the file that a document stands in: of a member of an archive, the archive."""
    return next((one for one in (path, *path.parents) if one.is_file()), None)


def _keep(file: Path, reasons: list[Outcome], directory: Path) -> None:
    content = file.read_bytes()
    folder = directory / _FOLDER / hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    if file.parent != folder:
        (folder / file.name).write_bytes(content)
    lines = [json.loads(outcome.to_json()) for outcome in reasons]
    (folder / _REASONS).write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
