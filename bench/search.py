"""How long a search takes over the texts of a million measures: with its facets and without.

.venv/bin/python -m bench.search --texts 1000000
"""

import argparse
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from store.search import Document, TextIndex, Wanted, words, write

NOTICES = Path("data/notices")
FACETS = {"division": 340, "instrument": 70, "target": 80, "domain": 20, "agency": 5000, "force": 6}
ASKED = 300


def main() -> None:
    """Builds an index in a folder that is thrown away, asks, prints waiting times in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1_000_000)
    count = parser.parse_args().texts
    with TemporaryDirectory() as folder:
        begun = time.perf_counter()
        write(documents(count), range(count), Path(folder), FACETS)
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
        print(f"{count} texts indexed in {time.perf_counter() - begun:.0f} s, {size:.0f} MB")
        index = TextIndex(Path(folder))
        asked = [Wanted(words=words(word)) for word in queries()]
        report("ranked, with the total", [timed(index, wanted, facets=False) for wanted in asked])
        report("the same, with six facets", [timed(index, wanted, facets=True) for wanted in asked])


def documents(count: int) -> Iterator[Document]:
    """Yields texts of nine clauses of the notices, in a new order each, among names that are rare."""
    chance = random.Random(1)  # noqa: S311 - a bench, not a secret
    parts = clauses()
    for node in range(count):
        name = "".join(chr(chance.randrange(0x4E00, 0x9000)) for _ in range(3))
        text = "，".join((name, *chance.choices(parts, k=9)))
        facets = {facet: chance.choices(range(values), k=2) for facet, values in FACETS.items()}
        yield Document(node, text[:20], (text,), facets, node % 50, 20_200_101 + node % 300, 0, 0, "{}")


def queries() -> list[str]:
    """Returns words as people type them: two to six characters out of the clauses."""
    chance = random.Random(2)  # noqa: S311 - a bench, not a secret
    found = []
    for clause in chance.choices(clauses(), k=ASKED):
        start = chance.randrange(max(1, len(clause) - 4))
        found.append(clause[start : start + chance.choice((2, 2, 3, 4, 4, 6))])
    return found


def clauses() -> list[str]:
    """Returns the clauses of the five notices."""
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(NOTICES.iterdir()))
    return [clause for clause in re.split(r"[^\w（）《》]+", text) if 4 <= len(clause) <= 40]  # noqa: PLR2004 - a clause


def timed(index: TextIndex, wanted: Wanted, *, facets: bool) -> float:
    """Returns how long one search takes, in milliseconds."""
    begun = time.perf_counter()
    index.search(wanted, "relevance", 0, 20)
    if facets:
        index.counts(wanted, FACETS, 20)
    return 1000 * (time.perf_counter() - begun)


def report(what: str, times: list[float]) -> None:
    """Prints the median and the 95th and 99th of a hundred."""
    times.sort()
    p50, p95, p99 = (times[int(len(times) * share)] for share in (0.5, 0.95, 0.99))
    print(f"{what:32} p50 {p50:7.2f} ms  p95 {p95:7.2f} ms  p99 {p99:7.2f} ms")


if __name__ == "__main__":
    main()
