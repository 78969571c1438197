"""What a source can be refused for."""


class SourceError(Exception):
    """A source that cannot be read as a notice.

    Attributes:
        code: A short name for programs: `empty-document`, `undecodable`, `too-large`, …
        reason: A sentence for people.
    """

    def __init__(self, code: str, reason: str) -> None:
        """Keeps the code and the reason."""
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
