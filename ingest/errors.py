"""What a source can be refused for."""


class SourceError(Exception):
    """A source that cannot be read as a notice.

    Attributes:
        code: A short name for programs: `empty-document`, `undecodable`, `too-large`, …; docs/formats.md lists them.
        reason: A sentence for people: what is wrong and what to do.
        name: The document's name, as `Document.name`; empty where it is not known.
    """

    def __init__(self, code: str, reason: str, name: str = "") -> None:
        """Keeps the code, the reason and the name; they are the arguments, so that the error crosses processes."""
        super().__init__(code, reason, name)
        self.code = code
        self.reason = reason
        self.name = name

    def __str__(self) -> str:
        """Returns the code and the reason."""
        return f"{self.code}: {self.reason}"
