"""From a Notice to the quads of its named graph: the only module that writes statements about notices.

`docs/graph.md` shows the shape of the graph. The N-Quads are sorted, so that the same notice gives the same bytes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

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
from ingest.nquads import boolean, integer, lang, plain, typed
from ingest.software import SOFTWARE
from ingest.tables import table
from ontology import terms as t
from ontology.iris import DEFAULT_BASE, Iris, slug


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
    return _Writer(notice, Iris(base)).nquads()


class _Writer:
    """Writes one notice; numbers its provisions, deadlines and mentions through the notice."""

    def __init__(self, notice: Notice, iris: Iris) -> None:
        self.notice = notice
        self.iris = iris
        self.slug = notice_slug(notice)
        self.me = iris.notice(self.slug)
        self.source = iris.source(notice.source.sha256)
        self.text = notice.source.text
        self.behind = f" <{iris.notice_graph(self.slug)}> .\n"
        self.nodes = defaultdict[str, list[str]](list)
        """What is said of each subject: predicate and object; what two parts of the notice say stands twice."""
        self.mentions: set[tuple[Span, str, str]] = set()
        self.described: set[Agency] = set()
        self.counts = Counter[str]()

    def nquads(self) -> str:
        """Returns the quads as sorted N-Quads; sorted subject by subject, for that gives the same and costs less."""
        self._source()
        self._provenance()
        self._header(self.notice.header)
        for position, section in enumerate(self.notice.sections, 1):
            me = self.iris.part(self.slug, "section", position)
            self._link(self.me, t.HAS_SECTION, me)
            self._link(me, t.RDF_TYPE, t.SECTION)
            if section.number:
                self._say(me, t.NUMBER, plain(section.number))
            self._say(me, t.POSITION, integer(position))
            self._say(me, t.DCT_TITLE, lang(section.title))
        for position, measure in enumerate(self.notice.measures, 1):
            self._measure(position, measure)
        self._citations(self.me, self.notice.citations)
        nodes = (self._lines(subject, sorted(set(said))) for subject, said in self.nodes.items())
        return "".join(sorted(chain(nodes, self._mentions())))

    def _lines(self, subject: str, said: Iterable[str]) -> str:
        return f"<{subject}> " + f"{self.behind}<{subject}> ".join(said) + self.behind

    def _say(self, subject: str, predicate: str, term: str) -> None:
        self.nodes[subject].append(f"<{predicate}> {term}")

    def _link(self, subject: str, predicate: str, other: str) -> None:
        self.nodes[subject].append(f"<{predicate}> <{other}>")

    def _next(self, kind: str) -> str:
        """Returns the IRI of the next part of a kind, counted through the notice."""
        self.counts[kind] += 1
        return self.iris.part(self.slug, kind, self.counts[kind])

    def _dates(self, me: str, *values: tuple[str, date | None]) -> None:
        for predicate, value in values:
            if value is not None:
                self._say(me, predicate, typed(value.isoformat(), t.XSD_DATE))

    def _source(self) -> None:
        source = self.notice.source
        self._link(self.me, t.SOURCE, self.source)
        self._link(self.source, t.RDF_TYPE, t.SOURCE_DOCUMENT)
        self._say(self.source, t.FILE_NAME, plain(source.file_name))
        self._say(self.source, t.SHA256, plain(source.sha256))
        self._say(self.source, t.DCT_FORMAT, plain(source.media_type))
        self._say(self.source, t.TEXT, lang(source.text))

    def _provenance(self) -> None:
        graph = self.iris.notice_graph(self.slug)
        reading = self.iris.reading(self.slug)
        software = self.iris.software(SOFTWARE.release)
        name = self.notice.header.title or self.notice.source.file_name
        self._link(graph, t.RDF_TYPE, t.PROV_ENTITY)
        self._say(graph, t.RDFS_LABEL, lang(name))
        self._link(graph, t.WAS_GENERATED_BY, reading)
        self._link(reading, t.RDF_TYPE, t.PROV_ACTIVITY)
        self._say(reading, t.RDFS_LABEL, lang(f"读取：{name}"))
        self._say(reading, t.RDFS_LABEL, lang(f"Reading of {self.notice.source.file_name}", "en"))
        self._link(reading, t.USED, self.source)
        self._link(reading, t.WAS_ASSOCIATED_WITH, software)
        self._link(software, t.RDF_TYPE, t.SOFTWARE_AGENT)
        self._say(software, t.RDFS_LABEL, lang(f"noticegraph {SOFTWARE.version}", "en"))
        self._say(software, t.VERSION, plain(SOFTWARE.version))
        self._say(software, t.FINGERPRINT, plain(SOFTWARE.fingerprint))

    def _header(self, header: Header) -> None:
        validity = self.notice.validity
        self._link(self.me, t.RDF_TYPE, t.NOTICE)
        self._link(self.me, t.GENRE, self.iris.concept("genre", header.genre))
        if header.title:
            self._say(self.me, t.DCT_TITLE, lang(header.title))
        else:
            named = "、".join(mention.agency.name for mention in header.issuers) or self.notice.source.file_name
            self._say(self.me, t.RDFS_LABEL, lang(f"{named}（{header.issue_date or '无日期'}）"))
        if header.document_number:
            self._say(self.me, t.DOCUMENT_NUMBER, plain(header.document_number))
        for addressee in header.addressees:
            self._say(self.me, t.ADDRESSEE, lang(addressee))
        self._agencies(self.me, t.ISSUED_BY, header.issuers)
        self._agencies(self.me, t.ADDRESSED_TO, header.addressed_to)
        self._dates(
            self.me,
            (t.ISSUE_DATE, header.issue_date),
            (t.EFFECTIVE_FROM, validity.start),
            (t.EFFECTIVE_UNTIL, validity.end),
        )
        if validity.end_event:
            self._link(self.me, t.EFFECTIVE_UNTIL_EVENT, self.iris.concept("event", validity.end_event))

    def _measure(self, position: int, measure: Measure) -> None:
        me = self.iris.part(self.slug, "measure", position)
        self._link(self.me, t.HAS_MEASURE, me)
        self._link(me, t.RDF_TYPE, t.MEASURE)
        if measure.number:
            self._say(me, t.NUMBER, plain(measure.number))
        self._say(me, t.POSITION, integer(position))
        self._say(me, t.TEXT, lang(measure.text))
        if measure.title:
            self._say(me, t.DCT_TITLE, lang(measure.title))
        if measure.section is not None:
            self._link(me, t.IN_SECTION, self.iris.part(self.slug, "section", measure.section + 1))
        for domain in measure.domains:
            self._link(me, t.DOMAIN, self.iris.concept("domain", domain))
        for role, bodies in (
            (t.RESPONSIBLE, measure.responsible),
            (t.LEAD_AGENCY, measure.leads),
            (t.COOPERATING_AGENCY, measure.cooperating),
        ):
            self._agencies(me, role, bodies)
        self._citations(me, measure.citations)
        for place, provision in enumerate(measure.provisions, 1):
            self._provision(me, place, provision)

    def _provision(self, measure: str, position: int, provision: Provision) -> None:
        me = self._next("provision")
        self._link(measure, t.HAS_PROVISION, me)
        self._link(me, t.RDF_TYPE, t.PROVISION)
        self._say(me, t.POSITION, integer(position))
        self._say(me, t.TEXT, lang(self._quote(provision.span)))
        self._link(me, t.IN_SOURCE, self.source)
        self._say(me, t.START, integer(provision.span.start))
        self._say(me, t.END, integer(provision.span.end))
        for predicate, scheme, mentions in (
            (t.USES_INSTRUMENT, "instrument", provision.instruments),
            (t.TARGETS, "target", provision.targets),
        ):
            for mention in mentions:
                concept = self.iris.concept(scheme, mention.concept)
                self._link(me, predicate, concept)
                self._link(measure, predicate, concept)
                self._mention(mention.span, concept, me)
        self._modality(me, provision.modality)
        for deadline in provision.deadlines:
            node = self._next("deadline")
            self._link(me, t.HAS_DEADLINE, node)
            self._link(measure, t.HAS_DEADLINE, node)
            self._deadline(node, deadline)
            self._mention(deadline.span, node, me)
        for amount in provision.amounts:
            node = self._next("amount")
            self._link(me, t.HAS_AMOUNT, node)
            self._link(measure, t.HAS_AMOUNT, node)
            self._amount(node, amount)
            self._mention(amount.span, node, me)

    def _modality(self, provision: str, modality: Modality) -> None:
        if modality.force:
            force = self.iris.concept("force", modality.force)
            self._link(provision, t.FORCE, force)
            if modality.word:
                self._mention(modality.word, force, provision)
        for span in modality.conditions:
            node = self._next("condition")
            self._link(provision, t.HAS_CONDITION, node)
            self._quoted(node, t.CONDITION, span, provision)
        for span in modality.exclusions:
            node = self._next("exclusion")
            self._link(provision, t.HAS_EXCLUSION, node)
            self._quoted(node, t.EXCLUSION, span, provision)

    def _quoted(self, me: str, kind: str, span: Span, within: str) -> None:
        self._link(me, t.RDF_TYPE, kind)
        self._say(me, t.QUOTE, lang(self._quote(span)))
        self._mention(span, me, within)

    def _deadline(self, me: str, deadline: Deadline) -> None:
        self._link(me, t.RDF_TYPE, t.DEADLINE)
        self._link(me, t.DEADLINE_TYPE, self.iris.concept("deadline-type", deadline.type))
        self._say(me, t.QUOTE, lang(self._quote(deadline.span)))
        self._dates(me, (t.START_DATE, deadline.start), (t.END_DATE, deadline.end))
        for predicate, value in (
            (t.DURATION, deadline.duration),
            (t.PREVIOUS_DURATION, deadline.previous_duration),
            (t.OFFSET, deadline.offset),
        ):
            if value:
                self._say(me, predicate, typed(value, t.PRINTED_DURATION))
        if deadline.event:
            self._link(me, t.EVENT, self.iris.concept("event", deadline.event))
        if deadline.count is not None:
            self._say(me, t.COUNT, integer(deadline.count))
        if deadline.working_days:
            self._say(me, t.WORKING_DAYS, boolean(value=True))

    def _amount(self, me: str, amount: Amount) -> None:
        self._link(me, t.RDF_TYPE, t.AMOUNT)
        self._say(me, t.VALUE, typed(f"{amount.value.normalize():f}", t.XSD_DECIMAL))
        self._link(me, t.UNIT, self.iris.concept("amount-unit", amount.unit))
        self._link(me, t.BOUND, self.iris.concept("amount-bound", amount.bound))
        self._say(me, t.QUOTE, lang(self._quote(amount.span)))
        if amount.unit_word:
            self._say(me, t.UNIT_WORD, lang(amount.unit_word))

    def _agencies(self, of: str, predicate: str, mentions: Iterable[AgencyMention]) -> None:
        for mention in mentions:
            agency = mention.agency
            me = self._agency_iri(agency)
            self._link(of, predicate, me)
            self._agency(agency)
            if mention.short_form and mention.short_form != agency.name:
                self._say(me, t.ALT_LABEL, lang(mention.short_form))
            self._mention(mention.span, me, of)

    def _agency_iri(self, agency: Agency) -> str:
        if agency.parent is None:
            return self.iris.agency(agency.name)
        return self.iris.unit(agency.parent.name, agency.name)

    def _agency(self, agency: Agency) -> None:
        if agency in self.described:
            return
        self.described.add(agency)
        me = self._agency_iri(agency)
        self._link(me, t.RDF_TYPE, t.AGENCY)
        self._say(me, t.PREF_LABEL, lang(agency.name))
        if agency.parent is not None:
            self._link(me, t.UNIT_OF, self._agency_iri(agency.parent))
            self._agency(agency.parent)
            return
        if agency.level:
            self._link(me, t.AGENCY_LEVEL, self.iris.concept("agency-level", agency.level))
        if agency.type:
            self._link(me, t.AGENCY_TYPE, self.iris.concept("agency-type", agency.type))
        if agency.division:
            self._link(me, t.JURISDICTION, self.iris.concept("division", agency.division))
            return
        notes = {row["level"]: row for row in table("jurisdiction-notes")}
        note = notes[agency.level if agency.level in notes else ""]
        self._say(me, t.JURISDICTION_NOTE, lang(note["zh"]))
        self._say(me, t.JURISDICTION_NOTE, lang(note["en"], "en"))

    def _citations(self, of: str, citations: Iterable[Citation]) -> None:
        for citation in citations:
            title = "".join(citation.title.split("\n"))
            document = self.iris.document(title)
            self._link(of, t.CITES, document)
            self._link(document, t.RDF_TYPE, t.CITED_DOCUMENT)
            self._say(document, t.DCT_TITLE, lang(title))
            self._mention(citation.span, document, of)

    def _mention(self, span: Span, denoted: str, within: str) -> None:
        self.mentions.add((span, denoted, within))

    def _mentions(self) -> Iterator[str]:
        """Yields the lines of each mention, in order as they stand: they are more than half of the quads."""
        kind, source = f"<{t.RDF_TYPE}> <{t.MENTION}>", f"<{t.IN_SOURCE}> <{self.source}>"
        for k, (span, denoted, within) in enumerate(sorted(self.mentions), 1):
            said = (
                kind,
                f"<{t.DENOTES}> <{denoted}>",
                f"<{t.END}> {integer(span.end)}",
                source,
                f"<{t.QUOTE}> {lang(self._quote(span))}",
                f"<{t.START}> {integer(span.start)}",
                f"<{t.WITHIN}> <{within}>",
            )
            yield self._lines(self.iris.part(self.slug, "mention", k), said)

    def _quote(self, span: Span) -> str:
        return self.text[span.start : span.end]
