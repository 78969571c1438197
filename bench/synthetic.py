"""Notices in the shape of ours, in any number: copies of read ones with other slugs, agencies and divisions."""

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

_NOTICE = re.compile(r"/graph/notice/[0-9a-f]{16}> \.$")
_SLUGS = re.compile(r"/(notice|agency|source)/([0-9a-f]+)")
_DIVISION = re.compile(r"/id/division/\d{6}")
_AGENCIES = 40


def copies(lines: Iterable[str], quads: int) -> Iterator[str]:
    """Yields N-Quads: what belongs to no notice once, then copies of the notices until there are `quads` lines.

    Args:
        lines: N-Quads of some notices and the vocabularies, without line ends.
        quads: How many lines there shall be, to the next whole copy.
    """
    own: list[str] = []
    count = 0
    for line in lines:
        if _NOTICE.search(line):
            own.append(line)
        else:
            count += 1
            yield line
    divisions = sorted({place for line in own for place in _DIVISION.findall(line)})
    copy = 0
    while count < quads:
        chance = random.Random(copy)  # noqa: S311 - a bench, not a secret
        places = dict(zip(divisions, chance.sample(divisions, len(divisions)), strict=True))
        for line in own:
            renamed = _SLUGS.sub(partial(_renamed, copy), line)
            yield _DIVISION.sub(partial(_moved, places), renamed)
        count += len(own)
        copy += 1


def _moved(places: Mapping[str, str], found: re.Match[str]) -> str:
    return places[found[0]]


def _renamed(copy: int, found: re.Match[str]) -> str:
    kind, slug = found[1], found[2]
    number = copy % _AGENCIES if kind == "agency" else copy
    return f"/{kind}/{hashlib.sha256(f'{slug}{number}'.encode()).hexdigest()[: len(slug)]}"
