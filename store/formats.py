"""Media type, file suffix, serialiser: one table for the server and the export (SPARQL 1.1, RDF 1.1)."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from itertools import islice
from typing import BinaryIO, cast

import pyoxigraph

from ontology.terms import FORMATS, PREFIXES

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write RDF or query results.

    Attributes:
        name: Short name, as on the command line.
        media_type: IANA media type without parameters.
        suffix: File suffix without the dot.
        iri: Its name in the W3C list of formats (http://www.w3.org/ns/formats/).
        named_graphs: Whether it can say which graph a statement stands in.
    """

    name: str
    media_type: str
    suffix: str
    iri: str
    named_graphs: bool = False

    @property
    def content_type(self) -> str:
        """The media type with the charset that text formats need."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


TURTLE = Format("ttl", "text/turtle", "ttl", FORMATS.Turtle)
N_TRIPLES = Format("nt", "application/n-triples", "nt", FORMATS["N-Triples"])
RDF_XML = Format("rdfxml", "application/rdf+xml", "rdf", FORMATS.RDF_XML)
JSON_LD = Format("jsonld", "application/ld+json", "jsonld", FORMATS["JSON-LD"], named_graphs=True)
N_QUADS = Format("nq", "application/n-quads", "nq", FORMATS["N-Quads"], named_graphs=True)
TRIG = Format("trig", "application/trig", "trig", FORMATS.TriG, named_graphs=True)
GRAPH_FORMATS = (TURTLE, N_TRIPLES, RDF_XML, JSON_LD)
DATASET_FORMATS = (*GRAPH_FORMATS, N_QUADS, TRIG)

RESULTS_JSON = Format("json", "application/sparql-results+json", "srj", FORMATS.SPARQL_Results_JSON)
RESULTS_XML = Format("xml", "application/sparql-results+xml", "srx", FORMATS.SPARQL_Results_XML)
RESULTS_CSV = Format("csv", "text/csv", "csv", FORMATS.SPARQL_Results_CSV)
RESULTS_TSV = Format("tsv", "text/tab-separated-values", "tsv", FORMATS.SPARQL_Results_TSV)
BOOLEAN_FORMATS = (RESULTS_JSON, RESULTS_XML)
ROWS_FORMATS = (RESULTS_JSON, RESULTS_XML, RESULTS_CSV, RESULTS_TSV)


def rdf_format(suffix: str) -> Format | None:
    """Returns the RDF format of a file suffix (without dot), or None."""
    return next((known for known in DATASET_FORMATS if known.suffix == suffix), None)


def driver_format(media_type: str) -> pyoxigraph.RdfFormat:
    """Returns the driver's name of an RDF format."""
    found = pyoxigraph.RdfFormat.from_media_type(media_type)
    if found is None:
        raise ValueError(f"{media_type} is no format of RDF")
    return found


def convert(nquads: Iterable[str], target: Format) -> bytes:
    """Writes N-Quads lines in another format, sorted, so that the same quads give the same bytes.

    A format without named graphs gets each triple once; XML gets U+FFFD for characters that it cannot hold.

    Raises:
        ValueError: A line is no N-Quads.
    """
    text = "".join(f"{line}\n" for line in sorted(nquads))
    if target == N_QUADS:
        return text.encode()
    try:
        quads = list(pyoxigraph.parse(text.encode(), pyoxigraph.RdfFormat.N_QUADS))
    except SyntaxError as error:
        raise ValueError(f"no N-Quads: {error}") from error
    output = BytesIO()
    if not target.named_graphs:
        _serialize(dict.fromkeys(quad.triple for quad in quads), output, target.media_type)
    else:
        _serialize(sorted(quads, key=lambda quad: str(quad.graph_name)), output, target.media_type)
    return output.getvalue()


def transcribe(nquads: BinaryIO, output: BinaryIO, target: Format) -> None:
    """Writes canonical N-Quads in another format as they come, in flat memory; XML gets U+FFFD as in `convert`.

    Args:
        nquads: Lines that are grouped by graph, or in no named graph at all, and sorted in each.
        output: Where the bytes go.
        target: One of `DATASET_FORMATS`.
    """
    quads = pyoxigraph.parse(nquads, pyoxigraph.RdfFormat.N_QUADS, lenient=True)
    _serialize(quads, output, target.media_type)


def write(
    results: pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean | pyoxigraph.QueryTriples, media_type: str
) -> bytes:
    """Returns the driver's results as `send` writes them."""
    output = BytesIO()
    send(results, media_type, output)
    return output.getvalue()


def send(
    results: pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean | Iterable[pyoxigraph.Triple],
    media_type: str,
    output: BinaryIO,
    most: int | None = None,
) -> bool:
    """Writes the driver's results in the order that they come; of a graph the driver gives each triple once.

    Returns:
        Whether triples after the first `most` are left out; rows never are.
    """
    if isinstance(results, pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean):
        results.serialize(_legal(output, media_type), pyoxigraph.QueryResultsFormat.from_media_type(media_type))
        return False
    triples = iter(results)
    _serialize(islice(triples, most), output, media_type)
    return next(triples, None) is not None


def _serialize(
    statements: Iterable[pyoxigraph.Triple] | Iterable[pyoxigraph.Quad], output: BinaryIO, media_type: str
) -> None:
    pyoxigraph.serialize(statements, _legal(output, media_type), driver_format(media_type), prefixes=PREFIXES)


def _legal(output: BinaryIO, media_type: str) -> BinaryIO:
    return cast("BinaryIO", _LegalXml(output)) if media_type.endswith("+xml") else output


class _LegalXml(RawIOBase):
    """Passes UTF-8 on without what makes XML not well-formed; a character may stand in two writes."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def write(self, data: object) -> int:
        written = cast("bytes", data)
        self._output.write(_NOT_XML.sub("\ufffd", self._decoder.decode(written)).encode())
        return len(written)
