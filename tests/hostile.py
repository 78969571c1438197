"""Ways to open and to judge files for tests of the pipeline; the processes that read import them from here."""

import hashlib
import os
import signal
import time
from collections.abc import Iterator

from ingest.document import open_documents
from ingest.errors import SourceError
from ingest.model import Document
from shapes.report import Report, Result

BOUNDARY = b"\n=====\n"


def opened(data: bytes, name: str) -> Iterator[Document | SourceError]:
    """Does what the bytes say where they are hostile; parts between boundaries are documents of their own."""
    if BOUNDARY not in data:
        _suffer(data)
        yield from open_documents(data, name)
        return
    for k, part in enumerate(data.split(BOUNDARY), 1):
        if part.startswith(b"OPEN"):
            _suffer(part.removeprefix(b"OPEN"))
        text = part.decode()
        yield Document(f"{name}#{k}", hashlib.sha256(part).hexdigest(), "text/plain", text)


def as_html(data: bytes, name: str) -> Iterator[Document | SourceError]:
    """Takes what is named .html for HTML whose text is all that follows the line `<main>`, page head included."""
    for document in open_documents(data, name):
        if isinstance(document, Document) and name.endswith(".html"):
            yield Document(name, document.sha256, "text/html", document.text)
        else:
            yield document


def never(data: bytes, name: str) -> Iterator[Document | SourceError]:
    """Opens nothing, so that what is accepted all the same was read before."""
    yield SourceError("unreadable", f"{len(data)} bytes", name)


def conforms(nquads: str) -> Report:
    """Finds no fault; a second faster than the shapes."""
    return judged(nquads, "ontology#never")


def refuses_free(nquads: str) -> Report:
    """Finds fault with notices that say 全额."""
    return judged(nquads, "全额")


def kills(nquads: str) -> Report:
    """Does what the text of the notice says."""
    for word in ("SLEEP", "KILL"):
        if word in nquads:
            _suffer(word.encode())
    return conforms(nquads)


def judged(nquads: str, fault: str) -> Report:
    """Finds fault with graphs that hold some words."""
    fault_found = Result("Violation", "", None, None, "Test", "https://example.org/shape", "错", "wrong")
    return Report((fault_found,) if fault in nquads else (), 1)


def _suffer(data: bytes) -> None:
    if data.startswith(b"SLEEP"):
        time.sleep(600)
    elif data.startswith(b"ALLOCATE"):
        bytearray(1 << 36)
    elif data.startswith(b"KILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    elif data.startswith(b"RECURSE"):
        _suffer_again(data)
    elif data.startswith(b"RAISE"):
        raise KeyError("unforeseen")


def _suffer_again(data: bytes) -> None:
    _suffer_again(data)
