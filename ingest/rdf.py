"""From a Notice to the quads of its named graph: the only module that writes statements about notices.

`docs/graph.md` shows the shape of the graph. The N-Quads are sorted, so that the same notice gives the same bytes.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from ingest.model import (
    Agency,
    AgencyMention,
    Amount,
    Citation,
    Deadline,
    Header,
    Measure,
    Modality,
    Notice,
    Provision,
    Span,
)
from ingest.nquads import boolean, integer, iri, lang, plain, typed
from ingest.software import SOFTWARE
from ingest.tables import table
from ontology import terms as t
from ontology.iris import DEFAULT_BASE, Iris, slug

Statement = tuple[str, str, str]


def notice_slug(notice: Notice) -> str:
    """Returns what names the notice in IRIs: 16 hexadecimal digits.

    They stand for its issuing agencies with its document number, else with its title and issue date, else for its text
    without white space; so an edited text under the same number is the same notice.
    """
    header = notice.header
    issuers = sorted(mention.agency.name for mention in header.issuers)
    if header.document_number and issuers:
        return slug("number", header.document_number, *issuers)
    if header.title and header.issue_date and issuers:
        return slug("title", header.title, header.issue_date.isoformat(), *issuers)
    return slug("text", notice.source.text)


def notice_graph(notice: Notice, base: str = DEFAULT_BASE) -> str:
    """Returns the IRI of the notice's named graph."""
    return Iris(base).notice_graph(notice_slug(notice))


def to_nquads(notice: Notice, base: str = DEFAULT_BASE) -> str:
    """Writes the notice's named graph as sorted N-Quads, one line a quad.

    Args:
        notice: The notice as read.
        base: What all minted IRIs begin with.

    Raises:
        ValueError: The base is no http(s) IRI ending with a slash.
    """
    writer = _Writer(notice, Iris(base))
    graph = iri(writer.iris.notice_graph(writer.slug))
    lines = {f"<{s}> <{p}> {o} {graph} .\n" for s, p, o in writer.statements()}
    return "".join(sorted(lines))


class _Writer:
    """Writes one notice; numbers its provisions, deadlines and mentions through the notice."""

    def __init__(self, notice: Notice, iris: Iris) -> None:
        self.notice = notice
        self.iris = iris
        self.slug = notice_slug(notice)
        self.me = iris.notice(self.slug)
        self.source = iris.source(notice.source.sha256)
        self.text = notice.source.text
        self.mentions: dict[tuple[Span, str, str], None] = {}
        self.provisions = 0
        self.deadlines = 0
        self.conditions = 0
        self.exclusions = 0
        self.amounts = 0

    def statements(self) -> Iterator[Statement]:
        yield from self._source()
        yield from self._provenance()
        yield from self._header(self.notice.header)
        for position, section in enumerate(self.notice.sections, 1):
            me = self.iris.part(self.slug, "section", position)
            yield self.me, t.HAS_SECTION, iri(me)
            yield me, t.RDF_TYPE, iri(t.SECTION)
            yield me, t.NUMBER, plain(section.number)
            yield me, t.POSITION, integer(position)
            yield me, t.DCT_TITLE, lang(section.title)
        for position, measure in enumerate(self.notice.measures, 1):
            yield from self._measure(position, measure)
        yield from self._citations(self.me, self.notice.citations)
        yield from self._mentions()

    def _source(self) -> Iterator[Statement]:
        source = self.notice.source
        yield self.me, t.SOURCE, iri(self.source)
        yield self.source, t.RDF_TYPE, iri(t.SOURCE_DOCUMENT)
        yield self.source, t.FILE_NAME, plain(source.file_name)
        yield self.source, t.SHA256, plain(source.sha256)
        yield self.source, t.DCT_FORMAT, plain(source.media_type)
        yield self.source, t.TEXT, lang(source.text)

    def _provenance(self) -> Iterator[Statement]:
        graph = self.iris.notice_graph(self.slug)
        reading = self.iris.reading(self.slug)
        software = self.iris.software(SOFTWARE.release)
        name = self.notice.header.title or self.notice.source.file_name
        yield graph, t.RDF_TYPE, iri(t.PROV_ENTITY)
        yield graph, t.RDFS_LABEL, lang(name)
        yield graph, t.WAS_GENERATED_BY, iri(reading)
        yield reading, t.RDF_TYPE, iri(t.PROV_ACTIVITY)
        yield reading, t.RDFS_LABEL, lang(f"读取：{name}")
        yield reading, t.RDFS_LABEL, lang(f"Reading of {self.notice.source.file_name}", "en")
        yield reading, t.USED, iri(self.source)
        yield reading, t.WAS_ASSOCIATED_WITH, iri(software)
        yield software, t.RDF_TYPE, iri(t.SOFTWARE_AGENT)
        yield software, t.RDFS_LABEL, lang(f"noticegraph {SOFTWARE.version}", "en")
        yield software, t.VERSION, plain(SOFTWARE.version)
        yield software, t.FINGERPRINT, plain(SOFTWARE.fingerprint)

    def _header(self, header: Header) -> Iterator[Statement]:
        validity = self.notice.validity
        yield self.me, t.RDF_TYPE, iri(t.NOTICE)
        yield self.me, t.GENRE, iri(self.iris.concept("genre", header.genre))
        if header.title:
            yield self.me, t.DCT_TITLE, lang(header.title)
        if header.document_number:
            yield self.me, t.DOCUMENT_NUMBER, plain(header.document_number)
        for addressee in header.addressees:
            yield self.me, t.ADDRESSEE, lang(addressee)
        yield from self._agencies(self.me, t.ISSUED_BY, header.issuers)
        yield from self._agencies(self.me, t.ADDRESSED_TO, header.addressed_to)
        yield from _dates(
            self.me,
            (t.ISSUE_DATE, header.issue_date),
            (t.EFFECTIVE_FROM, validity.start),
            (t.EFFECTIVE_UNTIL, validity.end),
        )
        if validity.end_event:
            yield self.me, t.EFFECTIVE_UNTIL_EVENT, iri(self.iris.concept("event", validity.end_event))

    def _measure(self, position: int, measure: Measure) -> Iterator[Statement]:
        me = self.iris.part(self.slug, "measure", position)
        yield self.me, t.HAS_MEASURE, iri(me)
        yield me, t.RDF_TYPE, iri(t.MEASURE)
        yield me, t.NUMBER, plain(measure.number)
        yield me, t.POSITION, integer(position)
        yield me, t.TEXT, lang(measure.text)
        if measure.title:
            yield me, t.DCT_TITLE, lang(measure.title)
        if measure.section is not None:
            yield me, t.IN_SECTION, iri(self.iris.part(self.slug, "section", measure.section + 1))
        for domain in measure.domains:
            yield me, t.DOMAIN, iri(self.iris.concept("domain", domain))
        for role, bodies in (
            (t.RESPONSIBLE, measure.responsible),
            (t.LEAD_AGENCY, measure.leads),
            (t.COOPERATING_AGENCY, measure.cooperating),
        ):
            yield from self._agencies(me, role, bodies)
        yield from self._citations(me, measure.citations)
        for place, provision in enumerate(measure.provisions, 1):
            yield from self._provision(me, place, provision)

    def _provision(self, measure: str, position: int, provision: Provision) -> Iterator[Statement]:
        self.provisions += 1
        me = self.iris.part(self.slug, "provision", self.provisions)
        yield measure, t.HAS_PROVISION, iri(me)
        yield me, t.RDF_TYPE, iri(t.PROVISION)
        yield me, t.POSITION, integer(position)
        yield me, t.TEXT, lang(self._quote(provision.span))
        yield me, t.IN_SOURCE, iri(self.source)
        yield me, t.START, integer(provision.span.start)
        yield me, t.END, integer(provision.span.end)
        for predicate, scheme, mentions in (
            (t.USES_INSTRUMENT, "instrument", provision.instruments),
            (t.TARGETS, "target", provision.targets),
        ):
            for mention in mentions:
                concept = self.iris.concept(scheme, mention.concept)
                yield me, predicate, iri(concept)
                yield measure, predicate, iri(concept)
                self._mention(mention.span, concept, me)
        yield from self._modality(me, provision.modality)
        for deadline in provision.deadlines:
            self.deadlines += 1
            node = self.iris.part(self.slug, "deadline", self.deadlines)
            yield me, t.HAS_DEADLINE, iri(node)
            yield measure, t.HAS_DEADLINE, iri(node)
            yield from self._deadline(node, deadline)
            self._mention(deadline.span, node, me)
        for amount in provision.amounts:
            self.amounts += 1
            node = self.iris.part(self.slug, "amount", self.amounts)
            yield me, t.HAS_AMOUNT, iri(node)
            yield measure, t.HAS_AMOUNT, iri(node)
            yield from self._amount(node, amount)
            self._mention(amount.span, node, me)

    def _modality(self, provision: str, modality: Modality) -> Iterator[Statement]:
        if modality.force:
            force = self.iris.concept("force", modality.force)
            yield provision, t.FORCE, iri(force)
            if modality.word:
                self._mention(modality.word, force, provision)
        for span in modality.conditions:
            self.conditions += 1
            node = self.iris.part(self.slug, "condition", self.conditions)
            yield provision, t.HAS_CONDITION, iri(node)
            yield from self._quoted(node, t.CONDITION, span, provision)
        for span in modality.exclusions:
            self.exclusions += 1
            node = self.iris.part(self.slug, "exclusion", self.exclusions)
            yield provision, t.HAS_EXCLUSION, iri(node)
            yield from self._quoted(node, t.EXCLUSION, span, provision)

    def _quoted(self, me: str, kind: str, span: Span, within: str) -> Iterator[Statement]:
        yield me, t.RDF_TYPE, iri(kind)
        yield me, t.QUOTE, lang(self._quote(span))
        self._mention(span, me, within)

    def _deadline(self, me: str, deadline: Deadline) -> Iterator[Statement]:
        yield me, t.RDF_TYPE, iri(t.DEADLINE)
        yield me, t.DEADLINE_TYPE, iri(self.iris.concept("deadline-type", deadline.type))
        yield me, t.QUOTE, lang(self._quote(deadline.span))
        yield from _dates(me, (t.START_DATE, deadline.start), (t.END_DATE, deadline.end))
        for predicate, value in (
            (t.DURATION, deadline.duration),
            (t.PREVIOUS_DURATION, deadline.previous_duration),
            (t.OFFSET, deadline.offset),
        ):
            if value:
                yield me, predicate, typed(value, t.PRINTED_DURATION)
        if deadline.event:
            yield me, t.EVENT, iri(self.iris.concept("event", deadline.event))
        if deadline.count is not None:
            yield me, t.COUNT, integer(deadline.count)
        if deadline.working_days:
            yield me, t.WORKING_DAYS, boolean(value=True)

    def _amount(self, me: str, amount: Amount) -> Iterator[Statement]:
        yield me, t.RDF_TYPE, iri(t.AMOUNT)
        yield me, t.VALUE, typed(f"{amount.value.normalize():f}", t.XSD_DECIMAL)
        yield me, t.UNIT, iri(self.iris.concept("amount-unit", amount.unit))
        yield me, t.BOUND, iri(self.iris.concept("amount-bound", amount.bound))
        yield me, t.QUOTE, lang(self._quote(amount.span))
        if amount.unit_word:
            yield me, t.UNIT_WORD, lang(amount.unit_word)

    def _agencies(self, of: str, predicate: str, mentions: Iterable[AgencyMention]) -> Iterator[Statement]:
        for mention in mentions:
            agency = mention.agency
            yield of, predicate, iri(self._agency_iri(agency))
            yield from self._agency(agency)
            if mention.short_form and mention.short_form != agency.name:
                yield self._agency_iri(agency), t.ALT_LABEL, lang(mention.short_form)
            self._mention(mention.span, self._agency_iri(agency), of)

    def _agency_iri(self, agency: Agency) -> str:
        if agency.parent is None:
            return self.iris.agency(agency.name)
        return self.iris.unit(agency.parent.name, agency.name)

    def _agency(self, agency: Agency) -> Iterator[Statement]:
        me = self._agency_iri(agency)
        yield me, t.RDF_TYPE, iri(t.AGENCY)
        yield me, t.PREF_LABEL, lang(agency.name)
        if agency.parent is not None:
            yield me, t.UNIT_OF, iri(self._agency_iri(agency.parent))
            yield from self._agency(agency.parent)
            return
        if agency.level:
            yield me, t.AGENCY_LEVEL, iri(self.iris.concept("agency-level", agency.level))
        if agency.type:
            yield me, t.AGENCY_TYPE, iri(self.iris.concept("agency-type", agency.type))
        if agency.division:
            yield me, t.JURISDICTION, iri(self.iris.concept("division", agency.division))
            return
        notes = {row["level"]: row for row in table("jurisdiction-notes")}
        note = notes[agency.level if agency.level in notes else ""]
        yield me, t.JURISDICTION_NOTE, lang(note["zh"])
        yield me, t.JURISDICTION_NOTE, lang(note["en"], "en")

    def _citations(self, of: str, citations: Iterable[Citation]) -> Iterator[Statement]:
        for citation in citations:
            title = "".join(citation.title.split("\n"))
            document = self.iris.document(title)
            yield of, t.CITES, iri(document)
            yield document, t.RDF_TYPE, iri(t.CITED_DOCUMENT)
            yield document, t.DCT_TITLE, lang(title)
            self._mention(citation.span, document, of)

    def _mention(self, span: Span, denoted: str, within: str) -> None:
        self.mentions[span, denoted, within] = None

    def _mentions(self) -> Iterator[Statement]:
        for k, (span, denoted, within) in enumerate(sorted(self.mentions, key=_in_text_order), 1):
            me = self.iris.part(self.slug, "mention", k)
            yield me, t.RDF_TYPE, iri(t.MENTION)
            yield me, t.IN_SOURCE, iri(self.source)
            yield me, t.START, integer(span.start)
            yield me, t.END, integer(span.end)
            yield me, t.QUOTE, lang(self._quote(span))
            yield me, t.DENOTES, iri(denoted)
            yield me, t.WITHIN, iri(within)

    def _quote(self, span: Span) -> str:
        return self.text[span.start : span.end]


def _in_text_order(mention: tuple[Span, str, str]) -> tuple[int, int, str, str]:
    span, denoted, within = mention
    return span.start, span.end, denoted, within


def _dates(me: str, *values: tuple[str, date | None]) -> Iterator[Statement]:
    for predicate, value in values:
        if value is not None:
            yield me, predicate, typed(value.isoformat(), t.XSD_DATE)
