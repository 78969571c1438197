"""From a Notice to the quads of its named graph: the only module that writes statements about notices.

`docs/graph.md` shows the shape of the graph. The N-Quads are sorted, so that the same notice gives the same bytes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import chain

from ingest.model import Agency, AgencyMention, Citation, Deadline, Header, Measure, Modality, Notice, Provision, Span
from ingest.software import FINGERPRINT, RELEASE, VERSION
from ingest.tables import table
from ontology.iris import DEFAULT_BASE, Iris, slug
from ontology.terms import DCT, NG, ORG, PROV, RDF, RDFS, SKOS, XSD, literal

_Value = str | bool | int | date | Decimal


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
    return slug("text", notice.text)


def notice_graph(notice: Notice, base: str = DEFAULT_BASE) -> str:
    """Returns the IRI of the notice's named graph."""
    return Iris(base).graph(f"notice/{notice_slug(notice)}")


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
        self.me = iris.thing("notice", self.slug)
        self.source = iris.thing("source", notice.document.sha256)
        self.text = notice.text
        self.graph = iris.graph(f"notice/{self.slug}")
        self.behind = f" <{self.graph}> .\n"
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
            self._link(self.me, NG.hasSection, me)
            self._link(me, RDF.type, NG.Section)
            self._name(me, NG.number, section.number)
            self._say(me, NG.position, position)
            self._say(me, DCT.title, section.title)
        for position, measure in enumerate(self.notice.measures, 1):
            self._measure(position, measure)
        self._citations(self.me, self.notice.citations)
        nodes = (self._lines(subject, sorted(set(said))) for subject, said in self.nodes.items())
        return "".join(sorted(chain(nodes, self._mentions())))

    def _lines(self, subject: str, said: Iterable[str]) -> str:
        return f"<{subject}> " + f"{self.behind}<{subject}> ".join(said) + self.behind

    def _link(self, subject: str, predicate: str, other: str) -> None:
        self.nodes[subject].append(f"<{predicate}> <{other}>")

    def _concept(self, subject: str, predicate: str, scheme: str, concept: str | None) -> None:
        if concept:
            self._link(subject, predicate, self.iris.thing(scheme, concept))

    def _name(self, subject: str, predicate: str, name: str | None) -> None:
        """Says what is a name or a number in no language, if anything."""
        if name:
            self.nodes[subject].append(f"<{predicate}> {literal(name)}")

    def _say(self, subject: str, predicate: str, value: _Value | None, language: str = "zh") -> None:
        """Says a value, if there is one; words are in a language."""
        if value is not None and value != "":
            self.nodes[subject].append(f"<{predicate}> {_literal(value, language)}")

    def _next(self, kind: str) -> str:
        """Returns the IRI of the next part of a kind, counted through the notice."""
        self.counts[kind] += 1
        return self.iris.part(self.slug, kind, self.counts[kind])

    def _quoted(self, kind: str, span: Span, *wholes: str) -> str:
        """Adds a thing that the text says in one stretch (Deadline, Condition, …) to the first of `wholes`, and above.

        Returns:
            Its IRI.
        """
        me = self._next(kind.lower())
        for whole in wholes:
            self._link(whole, NG[f"has{kind}"], me)
        self._link(me, RDF.type, NG[kind])
        self._say(me, NG.quote, self._quote(span))
        self._mention(span, me, wholes[0])
        return me

    def _source(self) -> None:
        document = self.notice.document
        self._link(self.me, NG.source, self.source)
        self._link(self.source, RDF.type, NG.SourceDocument)
        self._name(self.source, NG.fileName, document.name)
        self._name(self.source, NG.sha256, document.sha256)
        self._name(self.source, DCT.format, document.media_type)
        self._say(self.source, NG.text, self.text)

    def _provenance(self) -> None:
        graph, reading = self.graph, f"{self.me}/reading"
        software = self.iris.software(RELEASE)
        name = self.notice.header.title or self.notice.document.name
        self._link(graph, RDF.type, PROV.Entity)
        self._say(graph, RDFS.label, name)
        self._link(graph, PROV.wasGeneratedBy, reading)
        self._link(reading, RDF.type, PROV.Activity)
        self._say(reading, RDFS.label, f"读取：{name}")
        self._say(reading, RDFS.label, f"Reading of {self.notice.document.name}", "en")
        self._link(reading, PROV.used, self.source)
        self._link(reading, PROV.wasAssociatedWith, software)
        self._link(software, RDF.type, PROV.SoftwareAgent)
        self._say(software, RDFS.label, f"noticegraph {VERSION}", "en")
        self._name(software, NG.version, VERSION)
        self._name(software, NG.fingerprint, FINGERPRINT)

    def _header(self, header: Header) -> None:
        me, validity = self.me, self.notice.validity
        self._link(me, RDF.type, NG.Notice)
        self._concept(me, NG.genre, "genre", header.genre)
        self._say(me, DCT.title, header.title)
        if not header.title:
            named = "、".join(mention.agency.name for mention in header.issuers) or self.notice.document.name
            self._say(me, RDFS.label, f"{named}（{header.issue_date or '无日期'}）")
        self._name(me, NG.documentNumber, header.document_number)
        for addressee in header.addressees:
            self._say(me, NG.addressee, addressee)
        self._agencies(me, NG.issuedBy, header.issuers)
        self._agencies(me, NG.addressedTo, header.addressed_to)
        self._say(me, NG.issueDate, header.issue_date)
        self._say(me, NG.effectiveFrom, validity.start)
        self._say(me, NG.effectiveUntil, validity.end)
        self._concept(me, NG.effectiveUntilEvent, "event", validity.end_event)

    def _measure(self, position: int, measure: Measure) -> None:
        me = self.iris.part(self.slug, "measure", position)
        self._link(self.me, NG.hasMeasure, me)
        self._link(me, RDF.type, NG.Measure)
        self._name(me, NG.number, measure.number)
        self._say(me, NG.position, position)
        self._say(me, NG.text, measure.text)
        self._say(me, DCT.title, measure.title)
        if measure.section is not None:
            self._link(me, NG.inSection, self.iris.part(self.slug, "section", measure.section + 1))
        for domain in measure.domains:
            self._concept(me, NG.domain, "domain", domain)
        self._agencies(me, NG.responsible, measure.responsible)
        self._agencies(me, NG.leadAgency, measure.leads)
        self._agencies(me, NG.cooperatingAgency, measure.cooperating)
        self._citations(me, measure.citations)
        for place, provision in enumerate(measure.provisions, 1):
            self._provision(me, place, provision)

    def _provision(self, measure: str, position: int, provision: Provision) -> None:
        me = self._next("provision")
        self._link(measure, NG.hasProvision, me)
        self._link(me, RDF.type, NG.Provision)
        self._say(me, NG.position, position)
        self._say(me, NG.text, self._quote(provision.span))
        self._link(me, NG.inSource, self.source)
        self._say(me, NG.start, provision.span.start)
        self._say(me, NG.end, provision.span.end)
        for predicate, scheme, mentions in (
            (NG.usesInstrument, "instrument", provision.instruments),
            (NG.targets, "target", provision.targets),
        ):
            for mention in mentions:
                concept = self.iris.thing(scheme, mention.concept)
                self._link(me, predicate, concept)
                self._link(measure, predicate, concept)
                self._mention(mention.span, concept, me)
        self._modality(me, provision.modality)
        for deadline in provision.deadlines:
            self._deadline(self._quoted("Deadline", deadline.span, me, measure), deadline)
        for amount in provision.amounts:
            node = self._quoted("Amount", amount.span, me, measure)
            self._say(node, NG.value, amount.value)
            self._concept(node, NG.unit, "amount-unit", amount.unit)
            self._concept(node, NG.bound, "amount-bound", amount.bound)
            self._say(node, NG.unitWord, amount.unit_word)

    def _modality(self, provision: str, modality: Modality) -> None:
        if modality.force:
            force = self.iris.thing("force", modality.force)
            self._link(provision, NG.force, force)
            if modality.word:
                self._mention(modality.word, force, provision)
        for span in modality.conditions:
            self._quoted("Condition", span, provision)
        for span in modality.exclusions:
            self._quoted("Exclusion", span, provision)

    def _deadline(self, me: str, deadline: Deadline) -> None:
        self._concept(me, NG.deadlineType, "deadline-type", deadline.type)
        self._say(me, NG.startDate, deadline.start)
        self._say(me, NG.endDate, deadline.end)
        for predicate, value in (
            (NG.duration, deadline.duration),
            (NG.previousDuration, deadline.previous_duration),
            (NG.offset, deadline.offset),
        ):
            if value:
                self.nodes[me].append(f'<{predicate}> "{value}"^^<{NG.PrintedDuration}>')
        self._concept(me, NG.event, "event", deadline.event)
        self._say(me, NG.count, deadline.count)
        self._say(me, NG.workingDays, deadline.working_days or None)

    def _agencies(self, of: str, predicate: str, mentions: Iterable[AgencyMention]) -> None:
        for mention in mentions:
            agency = mention.agency
            me = self._agency_iri(agency)
            self._link(of, predicate, me)
            self._agency(agency)
            if mention.short_form != agency.name:
                self._say(me, SKOS.altLabel, mention.short_form)
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
        self._link(me, RDF.type, NG.Agency)
        self._say(me, SKOS.prefLabel, agency.name)
        if agency.parent is not None:
            self._link(me, ORG.unitOf, self._agency_iri(agency.parent))
            self._agency(agency.parent)
            return
        self._concept(me, NG.agencyLevel, "agency-level", agency.level)
        self._concept(me, NG.agencyType, "agency-type", agency.type)
        if agency.division:
            self._concept(me, NG.jurisdiction, "division", agency.division)
            return
        notes = {row["level"]: row for row in table("jurisdiction-notes")}
        note = notes[agency.level if agency.level in notes else ""]
        self._say(me, NG.jurisdictionNote, note["zh"])
        self._say(me, NG.jurisdictionNote, note["en"], "en")

    def _citations(self, of: str, citations: Iterable[Citation]) -> None:
        for citation in citations:
            title = "".join(citation.title.split("\n"))
            document = self.iris.thing("document", slug(title))
            self._link(of, NG.cites, document)
            self._link(document, RDF.type, NG.CitedDocument)
            self._say(document, DCT.title, title)
            self._mention(citation.span, document, of)

    def _mention(self, span: Span, denoted: str, within: str) -> None:
        self.mentions.add((span, denoted, within))

    def _mentions(self) -> Iterator[str]:
        """Yields the lines of each mention, in order as they stand: they are more than half of the quads."""
        kind, source = f"<{RDF.type}> <{NG.Mention}>", f"<{NG.inSource}> <{self.source}>"
        for k, (span, denoted, within) in enumerate(sorted(self.mentions), 1):
            said = (
                kind,
                f"<{NG.denotes}> <{denoted}>",
                f"<{NG.end}> {_literal(span.end)}",
                source,
                f"<{NG.quote}> {_literal(self._quote(span))}",
                f"<{NG.start}> {_literal(span.start)}",
                f"<{NG.within}> <{within}>",
            )
            yield self._lines(self.iris.part(self.slug, "mention", k), said)

    def _quote(self, span: Span) -> str:
        return self.text[span.start : span.end]


def _literal(value: _Value, language: str = "zh") -> str:
    """Writes a literal as N-Quads has it: words in a language, other values by their types."""
    if isinstance(value, str):
        return literal(value, language)
    if isinstance(value, bool):
        return f'"{str(value).lower()}"^^<{XSD.boolean}>'
    if isinstance(value, int):
        return f'"{value}"^^<{XSD.integer}>'
    if isinstance(value, date):
        return f'"{value.isoformat()}"^^<{XSD.date}>'
    return f'"{value.normalize():f}"^^<{XSD.decimal}>'
