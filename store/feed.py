"""The change feed: which graphs each version added, changed or removed (Linked Data Event Streams 1.0).

A change says what happened to which graph and when, and the digest of what the graph is since; what it says is asked of
the graph itself, so that nothing is kept here of a notice that has been withdrawn. Changes are lines of a file that is
only ever added to; each hundred of them is a page, which never changes once it is full.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from ontology.terms import LDES, XSD
from store import versions
from store.dumps import PART
from store.templates import filled

PAGE = 100
_FILE = "feed.tsv"
_KINDS = {versions.ADDED: "Create", versions.CHANGED: "Update", versions.REMOVED: "Delete"}


def append(draft: Path, before: Path | None, changes: Mapping[str, str], digests: Mapping[str, str]) -> None:
    """Writes the feed of a draft: that of the version whose feed is the longest, and the changes since.

    Args:
        draft: The directory of the draft; it has its part `dumps`.
        before: The directory of that version; None where the feed begins here.
        changes: What happened to it, of `store.versions`, by graph.
        digests: RDFC-1.0 digest by graph, of those that are there.

    Raises:
        StoreError: The record of the draft cannot be read.
    """
    time = versions.described(draft).stamp
    known = before / PART / _FILE if before is not None else None
    with (draft / PART / _FILE).open("w", encoding="utf-8") as output:
        if known is not None and known.exists():
            output.write(known.read_text(encoding="utf-8"))
        for graph, kind in sorted(changes.items()):
            output.write("\t".join((time, draft.stem, _KINDS[kind], graph, digests.get(graph, ""))) + "\n")


def root(version: Path, base: str) -> list[str]:
    """Returns the root node of the feed as lines of N-Triples: what the stream is, and the bounds of each page."""
    lines = filled("stream", base)
    for number, changes in enumerate(_pages(version), 1):
        lines += filled("relation", base, page=number, bound="GreaterThanOrEqualTo", time=changes[0][0])
        if len(changes) == PAGE:
            lines += filled("relation", base, page=number, bound="LessThanOrEqualTo", time=changes[-1][0])
    return lines


def page(version: Path, base: str, number: int) -> tuple[list[str], bool]:
    """Returns a page as lines of N-Triples, none where there is no such page, and whether it is full and never changes.

    Args:
        version: The directory of the version that is read.
        base: What IRIs begin with.
        number: Which page, from 1.
    """
    changes = next(islice(_pages(version), number - 1, None), [])
    lines: list[str] = []
    for time, name, kind, graph, digest in changes:
        about = {"page": number, "version": name, "path": graph.removeprefix(base)}
        lines += filled("change", base, **about, time=time, kind=kind, graph=graph)
        if digest:
            lines += filled("content", base, **about, digest=digest)
    full = len(changes) == PAGE
    if full:
        lines.append(f'<{base}feed/{number}> <{LDES}immutable> "true"^^<{XSD.boolean}> .')
    return sorted(set(lines)), full


def _pages(version: Path) -> Iterator[list[list[str]]]:
    with (version / PART / _FILE).open(encoding="utf-8") as lines:
        while changes := [line.rstrip("\n").split("\t") for line in islice(lines, PAGE)]:
            yield changes
