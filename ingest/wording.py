"""The words of time, from `patterns/time.tsv`: alternatives by the place that they take in the grammar."""

import re
from collections.abc import Iterator
from functools import cache

from ingest.tables import table

_TITLE = re.compile(r"《[^《》\n]*》")


@cache
def words(slot: str, value: str | None = None) -> str:
    """Returns one group of the patterns of a slot, or of those with a certain value.

    Raises:
        ValueError: The table has no such slot.
    """
    rows = [row for row in table("time") if row["slot"] == slot and value in (None, row["value"])]
    if not rows:
        raise ValueError(f"patterns/time.tsv has no slot {slot!r} with value {value!r}")
    return "(?:" + "|".join(row["pattern"] for row in rows) + ")"


@cache
def pattern(slot: str) -> re.Pattern[str]:
    """Returns what finds any word of a slot; raises as `words`."""
    return re.compile(words(slot))


def without_titles(text: str) -> str:
    """Returns a text of the same length in which nothing stands inside 《》: what a title says, the text does not."""
    return text if "《" not in text else _TITLE.sub(lambda title: f"《{'□' * (len(title[0]) - 2)}》", text)


def matches(pattern: re.Pattern[str], starts: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yields what `pattern.finditer` does, tried only where the single character that a match begins with stands."""
    end = 0
    for start in starts.finditer(text):
        if start.start() >= end and (match := pattern.match(text, start.start())):
            end = match.end()
            yield match
