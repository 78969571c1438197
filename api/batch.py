"""`noticegraph ingest` at the terminal: a line a document, a report for programs, a bar, a clean end when stopped."""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TextIO

from ingest.outcome import ACCEPTED, DUPLICATE, REFUSED, REJECTED, UNCHANGED, WITHDRAWN, Outcome

_SHOWN = 3


def run(outcomes: Generator[Outcome], store: object, report: Path | None) -> bool:
    """Ingests, tells of each document, and returns whether all that should be in the store is.

    What is accepted or unchanged is told on standard output, all else on standard error, a line each; where that is a
    terminal, a bar stands below.

    Args:
        outcomes: The run (`ingest.pipeline.ingest`).
        store: Where it publishes, for people.
        report: Where one line of JSON a document goes; `-` is standard output.

    Raises:
        StoreError: The store cannot be written.
        OSError: The report cannot be written.
        KeyboardInterrupt: The process was told to stop; the signal's number is its argument where it was SIGTERM.
    """
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        stack.enter_context(_stoppable())
        lines = stack.enter_context(_written(report))
        advance = stack.enter_context(_bar())
        # Closed here, before anything else is said: what is half done is dropped, the processes are gone.
        for outcome in stack.enter_context(closing(outcomes)):
            counts[outcome.status] += 1
            if lines is not None:
                lines.write(outcome.to_json() + "\n")
            _tell(outcome)
            advance(outcome)
    failures = counts[REJECTED] + counts[REFUSED]
    others = [f"{counts[status]} {status}" for status in (DUPLICATE, WITHDRAWN) if counts[status]]
    told = (f"{counts[ACCEPTED]} read", f"{counts[UNCHANGED]} unchanged", *others, f"{failures} failed")
    stored = counts.total() - failures - counts[WITHDRAWN]
    sys.stdout.write(f"{', '.join(told)}; {f'published in {store}' if stored else 'nothing published'}\n")
    return not failures


def _tell(outcome: Outcome) -> None:
    name = Path(outcome.path).name
    if outcome.status == ACCEPTED:
        _write(sys.stdout, f"{outcome.status:9} {name}  {_summary(outcome)}")
    elif outcome.status == UNCHANGED:
        _write(sys.stdout, f"{outcome.status:9} {name}")
    else:
        _write(sys.stderr, f"noticegraph: {outcome.path}: {outcome.status}: {outcome.code}: {outcome.reason}")
    for warning in outcome.warnings if outcome.status == ACCEPTED else ():
        _write(sys.stderr, f"noticegraph: {outcome.path}: {outcome.status} with a warning: {warning}")
    for violation in outcome.violations[:_SHOWN]:
        _write(sys.stderr, f"noticegraph:   {violation}")
    if len(outcome.violations) > _SHOWN:
        _write(sys.stderr, f"noticegraph:   and {len(outcome.violations) - _SHOWN} more, in the report (--report)")


def _write(stream: TextIO, line: str) -> None:
    """Writes one line; what cannot be shown, such as a line end in a file's name, is escaped."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    stream.write(shown + "\n")


def _summary(read: Outcome) -> str:
    counts = ", ".join(f"{count} {what}" for what, count in read.counts.items())
    issuers = "、".join(read.issuers) or "no issuing agency found"
    return f"{issuers}, {read.issued or 'no date found'}: {read.title or 'no title'} ({counts})"


@contextmanager
def _stoppable() -> Iterator[None]:
    """Makes SIGTERM end the run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: object) -> None:
        raise KeyboardInterrupt(number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _written(report: Path | None) -> Iterator[TextIO | None]:
    if report is None:
        yield None
    elif str(report) == "-":
        yield sys.stdout
    else:
        with report.open("w", encoding="utf-8") as file:
            yield file


@contextmanager
def _bar() -> Iterator[Callable[[Outcome], None]]:
    """Yields what to call with each outcome; it does nothing where standard error is no terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - a twentieth of a second that no script and no test needs
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files · {task.fields[measures]} measures · {task.fields[rejects]} rejected ·"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=None, measures=0, rejects=0)
        seen: Counter[str] = Counter()

        def advance(outcome: Outcome) -> None:
            seen["measures"] += outcome.counts.get("measures", 0)
            seen["rejects"] += outcome.failed
            seen["total"] = max(seen["total"], outcome.files_left + 1)
            progress.update(
                task,
                total=seen["total"],
                completed=seen["total"] - outcome.files_left,
                measures=seen["measures"],
                rejects=seen["rejects"],
            )

        yield advance
