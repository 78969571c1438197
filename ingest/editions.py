"""One notice, several sources, one after another: what a new reading does to the graph that the store holds.

Two texts of one notice are the same where they are equal without white space, or, for sources of different media types,
where they say the same (`substance`): a conversion adds page heads and tables of metadata, or drops
them. The same text from other bytes is a further `ng:source`; any other text is a new version, whose source
`prov:wasRevisionOf` the one before.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.text import fold
from ontology.terms import DCT, NG, PROV
from store.base import Store

_NO_WORD = re.compile(r"[\W_]+")
# The offsets count in the source that lost least on its way to text.
_RANK = (
    "text/plain",
    "text/html",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/ofd",
    "application/pdf",
)
_SOURCES = f"""PREFIX ng: <{NG}> PREFIX prov: <{PROV}> PREFIX dct: <{DCT}>
SELECT ?source ?type ?text ?used {{ GRAPH {{graph}} {{
  ?notice ng:source ?source . ?source dct:format ?type ; ng:text ?text .
  OPTIONAL {{ ?used prov:used ?source }} }} }}"""
_SAYS = f"""PREFIX ng: <{NG}> PREFIX dct: <{DCT}>
SELECT ?value {{ GRAPH {{graph}} {{
  {{ ?notice a ng:Notice ; dct:title|ng:documentNumber|ng:issueDate|ng:effectiveFrom|ng:effectiveUntil ?value }}
  UNION {{ ?measure a ng:Measure ; ng:text ?value }} }} }}"""


@dataclass(frozen=True, slots=True)
class Edition:
    """A source of a notice, as compared with others.

    Attributes:
        source: Its IRI.
        media_type: IANA media type.
        text: Digest of its text without white space.
        substance: Digest of what the notice says by it.
        leads: Whether the graph's offsets count in it.
    """

    source: str
    media_type: str
    text: str
    substance: str
    leads: bool = False

    def same(self, other: "Edition") -> bool:
        """Whether both are the same text of the notice."""
        return self.text == other.text or (self.media_type != other.media_type and self.substance == other.substance)

    @property
    def rank(self) -> tuple[int, str]:
        """Orders the sources of a text: the least goes first in the graph."""
        return (_RANK.index(self.media_type) if self.media_type in _RANK else len(_RANK), self.source)


def editions(store: Store, graph: str) -> tuple[Edition, ...]:
    """Returns the sources that the store's graph of a notice has, in the order of their IRIs."""
    name = f"<{graph}>"
    says = substance(value for (value,) in store.select(_SAYS.replace("{graph}", name)).texts())
    return tuple(
        Edition(source, media_type, text_key(text), says, leads=bool(used))
        for source, media_type, text, used in sorted(store.select(_SOURCES.replace("{graph}", name)).texts())
    )


def text_key(text: str) -> str:
    """Returns a digest of a text that white space does not change."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()


def substance(values: Iterable[str]) -> str:
    """Returns a digest of what a notice says: of its title, number, dates and measures, given in any order.

    White space, marks and the width of letters do not change it.
    """
    words = sorted({_NO_WORD.sub("", fold(value)) for value in values})
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def joined(nquads: str, mine: Edition, kept: Sequence[Edition], present: Sequence[str], *, lead: bool) -> str:
    """Writes the graph of a notice that gets one more source of the same text.

    Args:
        nquads: The graph as read from the new source.
        mine: The new source.
        kept: The sources of the present graph that stay.
        present: The present graph, N-Quads lines without line ends.
        lead: Whether the new source leads whatever its rank.

    Returns:
        N-Quads.
    """
    new, stay = nquads.splitlines(), {edition.source for edition in kept}
    leader = next((edition for edition in kept if edition.leads), None)
    if lead or leader is None or mine.rank < leader.rank:
        return _nquads((*new, *_of_sources(present, stay), *_with(present, PROV.wasRevisionOf)))
    gone = _of_sources(present, {line.split(" ", 3)[2][1:-1] for line in _with(present, NG.source)} - stay)
    return _nquads((*(set(present) - set(gone)), *_of_sources(new, {mine.source})))


def revised(nquads: str, graph: str, mine: Edition, old: Sequence[Edition], present: Sequence[str]) -> str:
    """Writes the graph of a notice whose text has changed; the sources of the old text are gone but for their IRIs."""
    leader = next((edition for edition in old if edition.leads), None)
    before = [f"<{mine.source}> <{PROV.wasRevisionOf}> <{leader.source}> <{graph}> ."] if leader else []
    # A text that comes back is not a revision of itself.
    history = [line for line in _with(present, PROV.wasRevisionOf) if f"<{mine.source}>" not in line]
    return _nquads((*nquads.splitlines(), *before, *history))


def _with(lines: Iterable[str], predicate: str) -> list[str]:
    return [line for line in lines if line.split(" ", 2)[1] == f"<{predicate}>"]


def _of_sources(lines: Iterable[str], sources: set[str]) -> list[str]:
    """Returns what is said of sources, but for what they revise, and that they are sources."""
    found = []
    for line in lines:
        subject, predicate, value = line.split(" ", 3)[:3]
        about = {f"<{NG.source}>": value, f"<{PROV.wasRevisionOf}>": ""}.get(predicate, subject)
        if about[1:-1] in sources:
            found.append(line)
    return found


def _nquads(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in sorted(set(lines)))
