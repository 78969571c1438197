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
            self._link(self.me, t.NG.hasSection, me)
            self._link(me, t.RDF.type, t.NG.Section)
            if section.number:
                self._say(me, t.NG.number, plain(section.number))
            self._say(me, t.NG.position, integer(position))
            self._say(me, t.DCT.title, lang(section.title))
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
                self._say(me, predicate, typed(value.isoformat(), t.XSD.date))

    def _source(self) -> None:
        source = self.notice.source
        self._link(self.me, t.NG.source, self.source)
        self._link(self.source, t.RDF.type, t.NG.SourceDocument)
        self._say(self.source, t.NG.fileName, plain(source.file_name))
        self._say(self.source, t.NG.sha256, plain(source.sha256))
        self._say(self.source, t.DCT.format, plain(source.media_type))
        self._say(self.source, t.NG.text, lang(source.text))

    def _provenance(self) -> None:
        graph = self.iris.notice_graph(self.slug)
        reading = self.iris.reading(self.slug)
        software = self.iris.software(SOFTWARE.release)
        name = self.notice.header.title or self.notice.source.file_name
        self._link(graph, t.RDF.type, t.PROV.Entity)
        self._say(graph, t.RDFS.label, lang(name))
        self._link(graph, t.PROV.wasGeneratedBy, reading)
        self._link(reading, t.RDF.type, t.PROV.Activity)
        self._say(reading, t.RDFS.label, lang(f"读取：{name}"))
        self._say(reading, t.RDFS.label, lang(f"Reading of {self.notice.source.file_name}", "en"))
        self._link(reading, t.PROV.used, self.source)
        self._link(reading, t.PROV.wasAssociatedWith, software)
        self._link(software, t.RDF.type, t.PROV.SoftwareAgent)
        self._say(software, t.RDFS.label, lang(f"noticegraph {SOFTWARE.version}", "en"))
        self._say(software, t.NG.version, plain(SOFTWARE.version))
        self._say(software, t.NG.fingerprint, plain(SOFTWARE.fingerprint))

    def _header(self, header: Header) -> None:
        validity = self.notice.validity
        self._link(self.me, t.RDF.type, t.NG.Notice)
        self._link(self.me, t.NG.genre, self.iris.concept("genre", header.genre))
        if header.title:
            self._say(self.me, t.DCT.title, lang(header.title))
        else:
            named = "、".join(mention.agency.name for mention in header.issuers) or self.notice.source.file_name
            self._say(self.me, t.RDFS.label, lang(f"{named}（{header.issue_date or '无日期'}）"))
        if header.document_number:
            self._say(self.me, t.NG.documentNumber, plain(header.document_number))
        for addressee in header.addressees:
            self._say(self.me, t.NG.addressee, lang(addressee))
        self._agencies(self.me, t.NG.issuedBy, header.issuers)
        self._agencies(self.me, t.NG.addressedTo, header.addressed_to)
        self._dates(
            self.me,
            (t.NG.issueDate, header.issue_date),
            (t.NG.effectiveFrom, validity.start),
            (t.NG.effectiveUntil, validity.end),
        )
        if validity.end_event:
            self._link(self.me, t.NG.effectiveUntilEvent, self.iris.concept("event", validity.end_event))

    def _measure(self, position: int, measure: Measure) -> None:
        me = self.iris.part(self.slug, "measure", position)
        self._link(self.me, t.NG.hasMeasure, me)
        self._link(me, t.RDF.type, t.NG.Measure)
        if measure.number:
            self._say(me, t.NG.number, plain(measure.number))
        self._say(me, t.NG.position, integer(position))
        self._say(me, t.NG.text, lang(measure.text))
        if measure.title:
            self._say(me, t.DCT.title, lang(measure.title))
        if measure.section is not None:
            self._link(me, t.NG.inSection, self.iris.part(self.slug, "section", measure.section + 1))
        for domain in measure.domains:
            self._link(me, t.NG.domain, self.iris.concept("domain", domain))
        for role, bodies in (
            (t.NG.responsible, measure.responsible),
            (t.NG.leadAgency, measure.leads),
            (t.NG.cooperatingAgency, measure.cooperating),
        ):
            self._agencies(me, role, bodies)
        self._citations(me, measure.citations)
        for place, provision in enumerate(measure.provisions, 1):
            self._provision(me, place, provision)

    def _provision(self, measure: str, position: int, provision: Provision) -> None:
        me = self._next("provision")
        self._link(measure, t.NG.hasProvision, me)
        self._link(me, t.RDF.type, t.NG.Provision)
        self._say(me, t.NG.position, integer(position))
        self._say(me, t.NG.text, lang(self._quote(provision.span)))
        self._link(me, t.NG.inSource, self.source)
        self._say(me, t.NG.start, integer(provision.span.start))
        self._say(me, t.NG.end, integer(provision.span.end))
        for predicate, scheme, mentions in (
            (t.NG.usesInstrument, "instrument", provision.instruments),
            (t.NG.targets, "target", provision.targets),
        ):
            for mention in mentions:
                concept = self.iris.concept(scheme, mention.concept)
                self._link(me, predicate, concept)
                self._link(measure, predicate, concept)
                self._mention(mention.span, concept, me)
        self._modality(me, provision.modality)
        for deadline in provision.deadlines:
            node = self._next("deadline")
            self._link(me, t.NG.hasDeadline, node)
            self._link(measure, t.NG.hasDeadline, node)
            self._deadline(node, deadline)
            self._mention(deadline.span, node, me)
        for amount in provision.amounts:
            node = self._next("amount")
            self._link(me, t.NG.hasAmount, node)
            self._link(measure, t.NG.hasAmount, node)
            self._amount(node, amount)
            self._mention(amount.span, node, me)

    def _modality(self, provision: str, modality: Modality) -> None:
        if modality.force:
            force = self.iris.concept("force", modality.force)
            self._link(provision, t.NG.force, force)
            if modality.word:
                self._mention(modality.word, force, provision)
        for span in modality.conditions:
            node = self._next("condition")
            self._link(provision, t.NG.hasCondition, node)
            self._quoted(node, t.NG.Condition, span, provision)
        for span in modality.exclusions:
            node = self._next("exclusion")
            self._link(provision, t.NG.hasExclusion, node)
            self._quoted(node, t.NG.Exclusion, span, provision)

    def _quoted(self, me: str, kind: str, span: Span, within: str) -> None:
        self._link(me, t.RDF.type, kind)
        self._say(me, t.NG.quote, lang(self._quote(span)))
        self._mention(span, me, within)

    def _deadline(self, me: str, deadline: Deadline) -> None:
        self._link(me, t.RDF.type, t.NG.Deadline)
        self._link(me, t.NG.deadlineType, self.iris.concept("deadline-type", deadline.type))
        self._say(me, t.NG.quote, lang(self._quote(deadline.span)))
        self._dates(me, (t.NG.startDate, deadline.start), (t.NG.endDate, deadline.end))
        for predicate, value in (
            (t.NG.duration, deadline.duration),
            (t.NG.previousDuration, deadline.previous_duration),
            (t.NG.offset, deadline.offset),
        ):
            if value:
                self._say(me, predicate, typed(value, t.NG.PrintedDuration))
        if deadline.event:
            self._link(me, t.NG.event, self.iris.concept("event", deadline.event))
        if deadline.count is not None:
            self._say(me, t.NG.count, integer(deadline.count))
        if deadline.working_days:
            self._say(me, t.NG.workingDays, boolean(value=True))

    def _amount(self, me: str, amount: Amount) -> None:
        self._link(me, t.RDF.type, t.NG.Amount)
        self._say(me, t.NG.value, typed(f"{amount.value.normalize():f}", t.XSD.decimal))
        self._link(me, t.NG.unit, self.iris.concept("amount-unit", amount.unit))
        self._link(me, t.NG.bound, self.iris.concept("amount-bound", amount.bound))
        self._say(me, t.NG.quote, lang(self._quote(amount.span)))
        if amount.unit_word:
            self._say(me, t.NG.unitWord, lang(amount.unit_word))

    def _agencies(self, of: str, predicate: str, mentions: Iterable[AgencyMention]) -> None:
        for mention in mentions:
            agency = mention.agency
            me = self._agency_iri(agency)
            self._link(of, predicate, me)
            self._agency(agency)
            if mention.short_form and mention.short_form != agency.name:
                self._say(me, t.SKOS.altLabel, lang(mention.short_form))
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
        self._link(me, t.RDF.type, t.NG.Agency)
        self._say(me, t.SKOS.prefLabel, lang(agency.name))
        if agency.parent is not None:
            self._link(me, t.ORG.unitOf, self._agency_iri(agency.parent))
            self._agency(agency.parent)
            return
        if agency.level:
            self._link(me, t.NG.agencyLevel, self.iris.concept("agency-level", agency.level))
        if agency.type:
            self._link(me, t.NG.agencyType, self.iris.concept("agency-type", agency.type))
        if agency.division:
            self._link(me, t.NG.jurisdiction, self.iris.concept("division", agency.division))
            return
        notes = {row["level"]: row for row in table("jurisdiction-notes")}
        note = notes[agency.level if agency.level in notes else ""]
        self._say(me, t.NG.jurisdictionNote, lang(note["zh"]))
        self._say(me, t.NG.jurisdictionNote, lang(note["en"], "en"))

    def _citations(self, of: str, citations: Iterable[Citation]) -> None:
        for citation in citations:
            title = "".join(citation.title.split("\n"))
            document = self.iris.document(title)
            self._link(of, t.NG.cites, document)
            self._link(document, t.RDF.type, t.NG.CitedDocument)
            self._say(document, t.DCT.title, lang(title))
            self._mention(citation.span, document, of)

    def _mention(self, span: Span, denoted: str, within: str) -> None:
        self.mentions.add((span, denoted, within))

    def _mentions(self) -> Iterator[str]:
        """Yields the lines of each mention, in order as they stand: they are more than half of the quads."""
        kind, source = f"<{t.RDF.type}> <{t.NG.Mention}>", f"<{t.NG.inSource}> <{self.source}>"
        for k, (span, denoted, within) in enumerate(sorted(self.mentions), 1):
            said = (
                kind,
                f"<{t.NG.denotes}> <{denoted}>",
                f"<{t.NG.end}> {integer(span.end)}",
                source,
                f"<{t.NG.quote}> {lang(self._quote(span))}",
                f"<{t.NG.start}> {integer(span.start)}",
                f"<{t.NG.within}> <{within}>",
            )
            yield self._lines(self.iris.part(self.slug, "mention", k), said)

    def _quote(self, span: Span) -> str:
        return self.text[span.start : span.end]
