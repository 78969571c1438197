"""Reads one source: bytes in, a Notice out. The stages stand in the order of the modules imported here."""

from itertools import islice

from ingest.bodies import Bodies
from ingest.dates import DocumentDates
from ingest.document import open_documents
from ingest.errors import SourceError
from ingest.header import read_header
from ingest.layout import lay_out
from ingest.measures import Surroundings, find_citations, read_measure
from ingest.model import Citation, Document, Header, Notice, Span, Validity
from ingest.structure import Outline, outline
from ingest.text import fold
from ingest.validity import read_validity


def read_notice(data: bytes, file_name: str) -> Notice:
    """Reads a notice from the bytes of a file that holds one.

    Args:
        data: The file as received.
        file_name: Its name, without folders.

    Raises:
        SourceError: The file cannot be read, holds no text, or holds several documents (`several-documents`).
    """
    first, *others = islice(open_documents(data, file_name), 2)
    if others:
        raise SourceError("several-documents", "it holds several documents; ingest it as an archive", file_name)
    if isinstance(first, SourceError):
        raise first
    return read_document(first)


def read_document(document: Document) -> Notice:
    """Reads a notice from a document.

    Raises:
        SourceError: The document holds no text but blanks and page numbers (`empty-document`).
    """
    layout = lay_out(document.text)
    if not layout.text:
        raise SourceError("empty-document", "it holds nothing but blanks and page numbers", document.name)
    text = fold(layout.text)
    parts = outline(text, layout)
    header = read_header(text, layout, parts)
    validity = _validity(text, parts, header)
    bodies = Bodies(tuple(mention.agency for mention in header.issuers), text)
    dates = DocumentDates(issued=header.issue_date, published=document.published, effective=validity.start)
    around = Surroundings(parts.sections, bodies, dates)
    measures = tuple(read_measure(layout.text, text, item, around) for item in parts.items)
    return Notice(
        document=document,
        text=layout.text,
        header=header,
        validity=validity,
        sections=parts.sections,
        measures=measures,
        citations=_citations(layout.text),
    )


def _validity(text: str, parts: Outline, header: Header) -> Validity:
    """The first part of the notice that states its validity counts, closing words first, opening ones last."""
    for span in (*parts.back, *parts.set_apart, *parts.front):
        found = read_validity(text[span.start : span.end], span.start, header.issue_date)
        if found.start or found.end or found.end_event:
            return found
    return Validity()


def _citations(text: str) -> tuple[Citation, ...]:
    """Every title that the notice cites, at its first place."""
    first: dict[str, Citation] = {}
    for citation in find_citations(text, Span(0, len(text))):
        first.setdefault("".join(citation.title.split()), citation)
    return tuple(first.values())
