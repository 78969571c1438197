"""Writes the whole data set for `noticegraph export`."""

import sys
from pathlib import Path

from store.formats import DATASET_FORMATS, convert
from store.oxigraph import open_store

FORMATS = {form.name: form for form in DATASET_FORMATS}


def export(directory: Path, form: str, output: Path) -> int:
    """Writes all named graphs; the same quads always give the same bytes.

    Args:
        directory: The published store.
        form: One of `FORMATS`; those without named graphs get the union.
        output: The file to write, whole or not at all; `-` is standard output.

    Returns:
        The exit code, 0.

    Raises:
        StoreError: Nothing has been published there.
        OSError: The file cannot be written.
    """
    written = convert(open_store(directory).snapshot().nquads(), FORMATS[form])
    if str(output) == "-":
        sys.stdout.buffer.write(written)
        return 0
    draft = output.with_name(output.name + ".tmp")
    draft.write_bytes(written)
    draft.replace(output)
    return 0
