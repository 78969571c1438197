"""Reads the pattern tables of `ingest/patterns`: tab-separated, one header line, `#` lines are comments."""

from functools import cache
from importlib.resources import files


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Returns the rows of `patterns/{name}.tsv`, each by its column names; a missing last cell is empty.

    Raises:
        ValueError: A row has more cells than the header.
    """
    text = files("ingest").joinpath("patterns", f"{name}.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    columns = lines[0].split("\t")
    rows = []
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) > len(columns):
            raise ValueError(f"patterns/{name}.tsv: too many cells: {line!r}")
        rows.append(dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=True)))
    return tuple(rows)
