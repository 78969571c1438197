"""Writes the whole data set for `noticegraph export`."""

import sys
from pathlib import Path

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
    if str(output) == "-":
        dumps.export(store, FORMATS[form], compression, sys.stdout.buffer)
        return 0
    draft = output.with_name(output.name + ".tmp")
    with draft.open("wb") as file:
        dumps.export(store, FORMATS[form], compression, file)
    draft.replace(output)
    return 0
