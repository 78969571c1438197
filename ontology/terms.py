"""The IRIs of the terms that code names, as plain strings; meaning stands in `core.ttl`.

A constant is the local name in capitals. Terms of other vocabularies carry their prefix where the bare name would not
tell.
"""

AS = "https://www.w3.org/ns/activitystreams#"
CPSV = "http://purl.org/vocab/cpsv#"
CV = "http://data.europa.eu/m8g/"
DCAT = "http://www.w3.org/ns/dcat#"
DCT = "http://purl.org/dc/terms/"
ELI = "http://data.europa.eu/eli/ontology#"
FOAF = "http://xmlns.com/foaf/0.1/"
FORMATS = "http://www.w3.org/ns/formats/"
LDES = "https://w3id.org/ldes#"
MEDIA_TYPES = "http://www.iana.org/assignments/media-types/"
NG = "https://w3id.org/noticegraph/ontology#"
NGSH = "https://w3id.org/noticegraph/shapes#"
OA = "http://www.w3.org/ns/oa#"
ODRL = "http://www.w3.org/ns/odrl/2/"
ORG = "http://www.w3.org/ns/org#"
OWL = "http://www.w3.org/2002/07/owl#"
PROV = "http://www.w3.org/ns/prov#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SCHEMA = "https://schema.org/"
SD = "http://www.w3.org/ns/sparql-service-description#"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SPDX = "http://spdx.org/rdf/terms#"
TIME = "http://www.w3.org/2006/time#"
TREE = "https://w3id.org/tree#"
VANN = "http://purl.org/vocab/vann/"
VOID = "http://rdfs.org/ns/void#"
XSD = "http://www.w3.org/2001/XMLSchema#"
ID = "https://w3id.org/noticegraph/id/"  # of the default base, as in the Turtle files

# The names of the concept schemes: `id/scheme/{name}` is the scheme, `id/{name}/{concept}` a concept of it.
SCHEMES = (
    "agency-level",
    "agency-role",
    "agency-type",
    "amount-bound",
    "amount-unit",
    "deadline-type",
    "division",
    "domain",
    "event",
    "force",
    "genre",
    "instrument",
    "target",
)

PREFIXES: dict[str, str] = {
    "as": AS,
    "cpsv": CPSV,
    "cv": CV,
    "dcat": DCAT,
    "dct": DCT,
    "eli": ELI,
    "foaf": FOAF,
    "formats": FORMATS,
    "id": ID,
    "ldes": LDES,
    "ng": NG,
    "ngsh": NGSH,
    "oa": OA,
    "odrl": ODRL,
    "org": ORG,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "sd": SD,
    "sh": SH,
    "skos": SKOS,
    "spdx": SPDX,
    "time": TIME,
    "tree": TREE,
    "vann": VANN,
    "void": VOID,
    "xsd": XSD,
    **{name: f"{ID}{name}/" for name in ("scheme", *SCHEMES)},
}
"""Prefix to namespace, as `prefixes.ttl` has them; those of concepts are of the default base."""

# Classes
AGENCY = NG + "Agency"
AMOUNT = NG + "Amount"
CITED_DOCUMENT = NG + "CitedDocument"
CONDITION = NG + "Condition"
DEADLINE = NG + "Deadline"
EXCLUSION = NG + "Exclusion"
INSTRUMENT = NG + "Instrument"
MEASURE = NG + "Measure"
MENTION = NG + "Mention"
NOTICE = NG + "Notice"
PROVISION = NG + "Provision"
SECTION = NG + "Section"
SOURCE_DOCUMENT = NG + "SourceDocument"

# Properties
ADDRESSED_TO = NG + "addressedTo"
ADDRESSEE = NG + "addressee"
AGENCY_LEVEL = NG + "agencyLevel"
AGENCY_TYPE = NG + "agencyType"
BOUND = NG + "bound"
CITES = NG + "cites"
COOPERATING_AGENCY = NG + "cooperatingAgency"
COUNT = NG + "count"
DEADLINE_TYPE = NG + "deadlineType"
DENOTES = NG + "denotes"
DOCUMENT_NUMBER = NG + "documentNumber"
DOMAIN = NG + "domain"
DURATION = NG + "duration"
EFFECTIVE_FROM = NG + "effectiveFrom"
EFFECTIVE_UNTIL = NG + "effectiveUntil"
EFFECTIVE_UNTIL_EVENT = NG + "effectiveUntilEvent"
END = NG + "end"
END_DATE = NG + "endDate"
EVENT = NG + "event"
EVENT_DATE = NG + "eventDate"
FILE_NAME = NG + "fileName"
FINGERPRINT = NG + "fingerprint"
FORCE = NG + "force"
GENRE = NG + "genre"
HAS_AMOUNT = NG + "hasAmount"
HAS_CONDITION = NG + "hasCondition"
HAS_DEADLINE = NG + "hasDeadline"
HAS_EXCLUSION = NG + "hasExclusion"
HAS_MEASURE = NG + "hasMeasure"
HAS_PROVISION = NG + "hasProvision"
HAS_SECTION = NG + "hasSection"
IN_SECTION = NG + "inSection"
IN_SOURCE = NG + "inSource"
ISSUE_DATE = NG + "issueDate"
ISSUED_BY = NG + "issuedBy"
JURISDICTION = NG + "jurisdiction"
JURISDICTION_NOTE = NG + "jurisdictionNote"
LEAD_AGENCY = NG + "leadAgency"
NUMBER = NG + "number"
OFFSET = NG + "offset"
POSITION = NG + "position"
PREVIOUS_DURATION = NG + "previousDuration"
QUOTE = NG + "quote"
RESPONSIBLE = NG + "responsible"
SHA256 = NG + "sha256"
SOURCE = NG + "source"
START = NG + "start"
START_DATE = NG + "startDate"
TARGETS = NG + "targets"
TEXT = NG + "text"
UNIT = NG + "unit"
UNIT_WORD = NG + "unitWord"
USES_INSTRUMENT = NG + "usesInstrument"
VALUE = NG + "value"
VERSION = NG + "version"
WITHIN = NG + "within"
WORKING_DAYS = NG + "workingDays"

# Terms of others
ALT_LABEL = SKOS + "altLabel"
BROADER = SKOS + "broader"
CONCEPT = SKOS + "Concept"
CONFORMS_TO = DCT + "conformsTo"
DCT_FORMAT = DCT + "format"
DCT_TITLE = DCT + "title"
IN_SCHEME = SKOS + "inScheme"
PREF_LABEL = SKOS + "prefLabel"
PROV_ACTIVITY = PROV + "Activity"
PROV_ENTITY = PROV + "Entity"
RDF_TYPE = RDF + "type"
RDFS_IS_DEFINED_BY = RDFS + "isDefinedBy"
RDFS_LABEL = RDFS + "label"
SOFTWARE_AGENT = PROV + "SoftwareAgent"
TOP_CONCEPT_OF = SKOS + "topConceptOf"
UNIT_OF = ORG + "unitOf"
USED = PROV + "used"
WAS_ASSOCIATED_WITH = PROV + "wasAssociatedWith"
WAS_GENERATED_BY = PROV + "wasGeneratedBy"

# Datatypes
RDF_LANG_STRING = RDF + "langString"
XSD_BOOLEAN = XSD + "boolean"
XSD_DATE = XSD + "date"
XSD_DECIMAL = XSD + "decimal"
PRINTED_DURATION = NG + "PrintedDuration"
XSD_INTEGER = XSD + "integer"
XSD_STRING = XSD + "string"
