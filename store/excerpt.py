"""Cuts results that are written already, at the end of a row, so that what is left is whole in its format."""

import re
from collections.abc import Iterator

from store.formats import RESULTS_CSV, RESULTS_JSON, RESULTS_TSV, RESULTS_XML

# By format: what ends a row (a group; quoted text is passed over), how many lines stand before the rows, what closes
# the whole, and what stands between two rows at least as often as rows end.
_ROWS = {
    RESULTS_JSON.media_type: (rb'"(?:[^"\\]|\\.)*+"|(\})(?=,\{|\])', 0, b"]}}", b"},{"),
    RESULTS_XML.media_type: (rb"(</result>)", 0, b"</results></sparql>", b"</result>"),
    RESULTS_CSV.media_type: (rb'"[^"]*+"|(\r\n)', 1, b"", b"\r\n"),
    RESULTS_TSV.media_type: (rb"(\n)", 1, b"", b"\n"),
}


def first_rows(written: bytes, media_type: str, most: int) -> bytes | None:
    """Returns results without the rows after the first `most`; None where there are no more than these."""
    pattern, heads, tail, between = _ROWS[media_type]
    if written.count(between) + 1 - heads <= most:
        return None  # It may stand in a text as well, so that this counts too many rather than too few.
    ends = list(_ends(pattern, written))
    return written[: ends[most + heads - 1]] + tail if len(ends) - heads > most else None


def whole_rows(written: bytes, media_type: str) -> bytes | None:
    """Returns the whole rows of results that break off anywhere; None where there is not one."""
    pattern, heads, tail, _ = _ROWS[media_type]
    ends = list(_ends(pattern, written))
    return written[: ends[-1]] + tail if len(ends) > heads else None


def _ends(pattern: bytes, written: bytes) -> Iterator[int]:
    return (row.end(1) for row in re.finditer(pattern, written) if row.group(1))
