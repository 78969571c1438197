"""What became of each document of a run, for people and for programs."""

import json
from dataclasses import asdict, dataclass, field

ACCEPTED = "accepted"
UNCHANGED = "unchanged"
DUPLICATE = "duplicate"
WITHDRAWN = "withdrawn"
REJECTED = "rejected"
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document.

    Attributes:
        path: The file as given or found; of a member of an archive or a line of JSON Lines, with its name after it.
        status: `accepted`; `unchanged`; `duplicate`: its notice is in the store by another source; `withdrawn`: its
            notice was withdrawn; `rejected`: it cannot be read; `refused`: its graph does not conform to the shapes.
        code: A short name for programs of why it is not accepted; empty where it is.
        reason: The same as a sentence for people.
        notice: IRI of the notice; empty where none was read.
        title: The notice's title; empty where none was found.
        issuers: Names of the issuing agencies.
        issued: Issue date as YYYY-MM-DD; empty where none was found.
        counts: How many measures, instruments, targets, deadlines, responsible bodies and citations; empty where
            nothing was read in this run.
        warnings: Sentences for people, on what was accepted with doubts.
        violations: What breaks the shapes, a line each.
        milliseconds: What reading and judging took.
        files_left: How many files of the run are not through yet.
    """

    path: str
    status: str
    code: str = ""
    reason: str = ""
    notice: str = ""
    title: str = ""
    issuers: tuple[str, ...] = ()
    issued: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    milliseconds: int = 0
    files_left: int = 0

    @property
    def failed(self) -> bool:
        """Whether the document's notice is not in the store though it should be."""
        return self.status in (REJECTED, REFUSED)

    def to_json(self) -> str:
        """Returns one line of JSON; of a name that is no Unicode the bytes are kept as lone surrogates."""
        values = asdict(self)
        del values["files_left"]
        return json.dumps(values, ensure_ascii=any("\ud800" <= letter <= "\udfff" for letter in self.path))
