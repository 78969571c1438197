"""Writes the whole data set for `noticegraph export`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from store import dumps
from store.base import Store
from store.formats import DATASET_FORMATS

FORMATS = {form.name: form for form in DATASET_FORMATS}


def export(store: Store, form: str, output: Path) -> int:
    """Writes all named graphs but `graph/catalog`; the same quads always give the same bytes.

    Args:
        store: What is written.
        form: One of `FORMATS`; those without named graphs get the union.
        output: The file to write, whole or not at all, compressed where its name ends with `.gz` or `.zst`; `-` is
            standard output.

    Returns:
        The exit code, 0.

    Raises:
        StoreError: The store or the dump cannot be read.
        OSError: The file cannot be written.
    """
    store, suffix = store.snapshot(), output.suffix.removeprefix(".")
    compression = suffix if suffix in dumps.COMPRESSIONS else ""
    with written(output) as file:
        dumps.export(store, FORMATS[form], compression, file)
    return 0


@contextmanager
def written(output: Path) -> Iterator[BinaryIO]:
    """Yields where bytes go: standard output for `-`, else a draft that becomes the file when it is whole."""
    if str(output) == "-":
        yield sys.stdout.buffer
        return
    draft = output.with_name(output.name + ".tmp")
    with draft.open("wb") as file:
        yield file
    draft.replace(output)
