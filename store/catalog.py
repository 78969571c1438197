"""What a version is, in its own graph `graph/catalog`: DCAT 3, VoID with counted partitions, and PROV.

The words stand in `templates/`. The graph is in no dump and in no count, for it describes them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby

from ontology.iris import slug
from ontology.terms import NG, PREFIXES, RDF, VOID
from store.base import CATALOG
from store.canonical import Block
from store.dumps import COMPRESSIONS, Dumps
from store.templates import filled
from store.versions import Version

FILE = "catalog.nq"
_EXAMPLES = tuple(f"<{NG}{name}>".encode() for name in ("Notice", "Measure", "Agency"))
_TYPE = f"<{RDF.type}>".encode()


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is counted in the union of all graphs (VoID, section 4.6); terms are as N-Triples has them.

    Attributes:
        subjects: Distinct subjects.
        properties: Triples of each property.
        classes: Instances of each class.
        used: Triples of each property whose subject is an instance of the class, by class and property.
        examples: The first instance of each class.
    """

    subjects: int
    properties: Counter[bytes]
    classes: Counter[bytes]
    used: Counter[tuple[bytes, bytes]]
    examples: dict[bytes, bytes]


def counted(union: Iterable[Block]) -> Statistics:
    """Counts sorted N-Triples in flat memory."""
    subjects = 0
    properties: Counter[bytes] = Counter()
    classes: Counter[bytes] = Counter()
    used: Counter[tuple[bytes, bytes]] = Counter()
    examples: dict[bytes, bytes] = {}
    for subject, lines in groupby(chain.from_iterable(union), lambda line: line[: line.index(b" ")]):
        subjects += 1
        statements = [line.split(b" ", 2)[1:] for line in lines]
        mine = Counter(predicate for predicate, _ in statements)
        properties.update(mine)
        for kind in [value.removesuffix(b" .\n") for predicate, value in statements if predicate == _TYPE]:
            classes[kind] += 1
            examples.setdefault(kind, subject)
            used.update({(kind, name): count for name, count in mine.items()})
    return Statistics(subjects, properties, classes, used, examples)


def described(base: str, release: Version, graphs: int, software: str, dumps: Dumps, found: Statistics) -> str:
    """Returns the description of a version as N-Quads, the lines sorted.

    Args:
        base: What IRIs begin with.
        release: The version that is being published.
        graphs: How many named graphs it has.
        software: IRI of the software that made it.
        dumps: Its files.
        found: What is in it.
    """
    dataset, version = f"<{base}id/dataset>", f"{base}id/dataset/{release.name}"
    fixed = filled("catalog", base)
    # What is said of the data set is said of its version as well.
    lines = [*fixed, *(line.replace(dataset, f"<{version}>", 1) for line in fixed if line.startswith(dataset))]
    lines += filled(
        "version",
        base,
        version=release.name,
        published=release.stamp,
        software=software,
        digest=dumps.digest,
        graphs=graphs,
        subjects=found.subjects,
        triples=found.properties.total(),
        properties=len(found.properties),
        classes=len(found.classes),
    )
    if release.previous:
        lines += filled("revision", base, version=release.name, previous=release.previous)
    for file in dumps.files:
        lines += filled(
            "distribution",
            base,
            version=release.name,
            name=file.name,
            suffix=f"{file.form.suffix}.{file.compression}",
            size=file.size,
            digest=file.sha256,
            media=file.form.media_type,
            packed=COMPRESSIONS[file.compression],
        )
    lines += (
        f"<{version}> <{VOID}exampleResource> {found.examples[kind].decode()} ."
        for kind in _EXAMPLES
        if kind in found.examples
    )
    lines += chain.from_iterable(_partitions(base, version, found))
    return "".join(sorted({f"{line.removesuffix('.')}<{base[:-1]}{CATALOG}> .\n" for line in lines}))


def _partitions(base: str, version: str, found: Statistics) -> Iterator[list[str]]:
    for name, count in found.properties.items():
        yield _partition(base, version, "property", name, count)
    for kind, count in found.classes.items():
        yield _partition(base, version, "class", kind, count)
    for (kind, name), count in found.used.items():
        yield _partition(base, f"{version}/class/{_local(kind.decode())}", "property", name, count)


def _partition(base: str, whole: str, kind: str, term: bytes, count: int) -> list[str]:
    counted, name = "entities" if kind == "class" else "triples", term.decode()
    return filled(
        "partition", base, whole=whole, kind=kind, local=_local(name), term=name, counted=counted, count=count
    )


def _local(term: str) -> str:
    """Returns a short name for a term, as part of an IRI: its prefix and its own name, else a digest."""
    iri = term[1:-1]
    name = iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]
    prefix = next((known for known, home in PREFIXES.items() if home + name == iri), None)
    return f"{prefix}-{name}" if prefix else slug(term)
