"""What a notice says, as plain frozen values; no RDF here.

All offsets are code points in the normalised text (`Notice.text`, published as `ng:text` of the source), half-open.
Concepts, events, genres and divisions are named by their ids in `ontology/vocab`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple


class Span(NamedTuple):
    """Where something stands: code points from `start` (included) to `end` (excluded)."""

    start: int
    end: int

    def shifted(self, offset: int) -> "Span":
        """Returns the same stretch counted from a text that begins `offset` code points earlier."""
        return Span(self.start + offset, self.end + offset)

    def holds(self, other: "Span") -> bool:
        """Tells whether `other` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Document:
    """One document with its raw text, whatever it came in.

    Attributes:
        name: The file's name; of a member `archive.zip!/dir/name.txt`, of a line of JSON Lines `crawl.jsonl#3`.
        sha256: Digest of its bytes (of the member, of the line), 64 hexadecimal digits.
        media_type: IANA media type; of a line of JSON Lines that of the text in it.
        text: What `ingest.layout.lay_out` reads: paragraphs by line ends, a form feed at a page's end, cells by tabs.
        url: Where it was published, as its container states; None where it does not.
        title: Its title, as its container states.
        published: Its day of publication, as its container states.
        warnings: Sentences on what was mended.
    """

    name: str
    sha256: str
    media_type: str
    text: str
    url: str | None = None
    title: str | None = None
    published: date | None = None
    warnings: tuple[str, ...] = ()


class ConceptMention(NamedTuple):
    """A concept of the instrument or target scheme, and the words that say it."""

    concept: str
    span: Span


@dataclass(frozen=True, slots=True)
class Deadline:
    """A quantity of time that limits, grants or conditions something; the fields follow the annotation guide.

    Attributes:
        type: Concept id of the deadline-type scheme: one of the core eight.
        span: The shortest printed phrase that carries the value.
        start: First day, where the text or the document's own dates give one; never guessed.
        end: Last day, both ends inclusive.
        duration: xsd:duration in the printed unit.
        previous_duration: xsd:duration that `duration` replaces.
        event: Id of the event that an event-relative deadline counts from.
        offset: xsd:duration after the event; P0D is the event itself.
        count: How often per `duration`, for a frequency.
        working_days: Whether the durations count working days (工作日).
    """

    type: str
    span: Span
    start: date | None = None
    end: date | None = None
    duration: str | None = None
    previous_duration: str | None = None
    event: str | None = None
    offset: str | None = None
    count: int | None = None
    working_days: bool = False


class Amount(NamedTuple):
    """An amount of money, a rate or a count of things that the text prints.

    Attributes:
        span: The shortest printed phrase that carries the value, its bound included.
        value: In the unit given, exactly.
        unit: Concept id of the amount-unit scheme.
        bound: Concept id of the amount-bound scheme: how the true value stands to `value`.
        unit_word: The word that counts (家, 名, 批次); None where the unit is no count.
    """

    span: Span
    value: Decimal
    unit: str
    bound: str
    unit_word: str | None = None


class Citation(NamedTuple):
    """A document named inside 《》; `title` is without the marks, `span` includes them not."""

    title: str
    span: Span


class Agency(NamedTuple):
    """A body: an authority, or a department of one.

    Attributes:
        name: Full official name; of a department its printed name.
        parent: The authority that a department belongs to; None for an authority.
        level: Concept id of the agency-level facet; None where the name does not tell, and for departments.
        type: Concept id of the agency-type facet; None where the name does not tell.
        division: GB/T 2260 code of its jurisdiction, six digits; None where it has none or the name does not tell.
    """

    name: str
    parent: "Agency | None" = None
    level: str | None = None
    type: str | None = None
    division: str | None = None


class AgencyMention(NamedTuple):
    """An agency and the words that name it; one phrase may name several."""

    agency: Agency
    span: Span
    short_form: str | None = None


class Modality(NamedTuple):
    """How binding a provision is and when it holds.

    Attributes:
        force: Concept id of the force scheme; None where the provision neither binds nor lets act (a definition).
        word: The word that says the force; None where the plain statement of an act does.
        conditions: The words that say when or for whom alone it holds, in order.
        exclusions: The words that say when or for whom it does not hold, in order.
    """

    force: str | None = None
    word: Span | None = None
    conditions: tuple[Span, ...] = ()
    exclusions: tuple[Span, ...] = ()


class Provision(NamedTuple):
    """One operative sentence of a measure, with what it says by itself."""

    span: Span
    instruments: tuple[ConceptMention, ...] = ()
    targets: tuple[ConceptMention, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    amounts: tuple[Amount, ...] = ()
    modality: Modality = Modality()


class Section(NamedTuple):
    """A heading that holds measures: its number as printed without marks, empty where it has none, and its title."""

    number: str
    title: str
    span: Span


class Measure(NamedTuple):
    """The smallest numbered operative item.

    Attributes:
        number: As printed, marks dropped; empty where a list mark alone leads it.
        text: Everything after the number, the responsibility bracket left out.
        title: The lead that names the measure; None where there is none.
        section: Index into `Notice.sections`; None where it stands under no heading.
        responsible: The bodies that answer for it.
        leads: Those of them that are named to lead (牵头).
        cooperating: The bodies that are named to cooperate (配合); they may answer for it too.
        domains: Concept ids of the domain scheme, the best supported first.
    """

    number: str
    span: Span
    text: str
    title: str | None
    section: int | None
    responsible: tuple[AgencyMention, ...]
    domains: tuple[str, ...]
    provisions: tuple[Provision, ...]
    citations: tuple[Citation, ...]
    leads: tuple[AgencyMention, ...] = ()
    cooperating: tuple[AgencyMention, ...] = ()


@dataclass(frozen=True, slots=True)
class Validity:
    """The period that a notice states for itself; any part may be missing."""

    start: date | None = None
    end: date | None = None
    end_event: str | None = None
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What identifies a notice, by GB/T 9704-2012 section 7: title, number, issuing agencies, addressees, date."""

    title: str | None
    document_number: str | None
    genre: str
    issuers: tuple[AgencyMention, ...]
    addressees: tuple[str, ...]
    addressed_to: tuple[AgencyMention, ...]
    issue_date: date | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Everything that was read from one document; `text` is its normalised text, which all offsets count in."""

    document: Document
    text: str
    header: Header
    validity: Validity
    sections: tuple[Section, ...]
    measures: tuple[Measure, ...]
    citations: tuple[Citation, ...]
