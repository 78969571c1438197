"""The `noticegraph` command: it reads arguments, calls one function a verb, and says what came of it.

Exit codes: 0 success, 1 some data does not conform or some input failed, 2 wrong usage (contract, Command line);
128 and the number of the signal that stopped it.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from api import batch
from api.explain import explain
from api.export import FORMATS, export
from api.settings import described
from api.targets import add_folder, add_target, home_of, opened, target
from api.validate import add_engine, add_options, validate
from ingest import quarantine
from ingest.dump import ingest_dump
from ingest.errors import SourceError
from ingest.events import publish_events
from ingest.pipeline import ingest
from ingest.reading import Reader
from ingest.withdrawal import withdraw
from ingest.workers import Limits
from ontology.iris import DEFAULT_BASE
from queries.evaluation import Evaluation, evaluate
from shapes.engine import Engine
from shapes.validate import validate as judge
from store import versions
from store.base import QueryError, StoreError
from store.difference import difference
from store.oxigraph import memory

OK, FAILED, SIGNALLED = 0, 1, 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code; `arguments` are those of the process unless given."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (StoreError, QueryError, OSError, ValueError) as error:
        _complain(str(error))
        return FAILED
    except KeyboardInterrupt as stop:
        _complain("stopped; nothing of this run was published")
        return SIGNALLED + (stop.args[0] if stop.args else signal.SIGINT)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _complain(line: str) -> None:
    sys.stderr.write(f"noticegraph: {line}\n")


def _ingest(options: argparse.Namespace) -> int:
    into = target(options)
    if options.from_dump:
        count = ingest_dump(options.from_dump, into)
        _say(f"{count} graphs; published in {options.endpoint or options.store}")
        return OK
    home = home_of(options)
    held = quarantine.files(home) if options.retry_quarantine else []
    engine = Engine(options.engine, options.sample)
    reader, limits = Reader(options.base, judge=partial(judge, engine=engine)), Limits(processes=options.jobs)
    again = options.retry or bool(held)
    run = ingest([*options.path, *held], home, reader, limits, restore=options.restore, retry=again, target=into)
    complete = batch.run(quarantine.watched(run, home), options.endpoint or options.store, options.report)
    return OK if complete else FAILED


def _withdraw(options: argparse.Namespace) -> int:
    for notice in withdraw(options.notice, target(options)):
        _say(f"withdrawn {notice}")
    return OK


def _events(options: argparse.Namespace) -> int:
    count = publish_events(options.file, home_of(options), target(options))
    _say(f"{count} dates of events; published in {options.endpoint or options.store}")
    return OK


def _versions(options: argparse.Namespace) -> int:
    for version in versions.history(options.store):
        changes = f"{version.added} added, {version.changed} changed, {version.removed} removed"
        mark = "  current" if version.current else ""
        _say(f"{version.name}  {version.published.isoformat(sep=' ')}  from {version.previous or '-'}: {changes}{mark}")
    return OK


def _rollback(options: argparse.Namespace) -> int:
    _say(f"{versions.rollback(options.store, options.version)} is current")
    return OK


def _diff(options: argparse.Namespace) -> int:
    for change in difference(options.store, options.old, options.new):
        if options.patch:
            for line in (*(f"D {line}" for line in change.gone), *(f"A {line}" for line in change.come)):
                _say(line)
        else:
            _say(f"{change.kind:8} {change.graph}  -{len(change.gone)} +{len(change.come)}")
    return OK


def _validate(options: argparse.Namespace) -> int:
    return validate(options, partial(opened, options))


def _serve(options: argparse.Namespace) -> int:
    from api.serve import serve  # noqa: PLC0415 - FastAPI takes longer to load than most commands to run

    files = options.dataset or ()
    return serve(memory(files) if files else opened(options), options.host, options.port, files)


def _settings(_: argparse.Namespace) -> int:
    for name, value, origin in described():
        _say(f"{name:30}  {value:28}  {origin}")
    return OK


def _query(options: argparse.Namespace) -> int:
    from api.ask import ask, query_text  # noqa: PLC0415 - likewise

    return ask(opened(options), query_text(options.file), dict(options.param), options.format)


def _export(options: argparse.Namespace) -> int:
    return export(opened(options), options.format, options.output)


def _explain(options: argparse.Namespace) -> int:
    try:
        explain(options.file, options.html, sys.stdout)
    except SourceError as error:
        _complain(f"{options.file}: {error}")
        return FAILED
    return OK


def _evaluate(options: argparse.Namespace) -> int:
    evaluation = evaluate(opened(options).snapshot(), options.gold)
    if options.errors:
        for kind, file, field, fact in evaluation.errors:
            _say(f"{kind:8}{file} {field}: {' | '.join(map(str, fact))}")
    _print_scores(evaluation)
    below = [
        f"{field} is {evaluation.scores[field].f1:.3f}, below {floor}"
        if field in evaluation.scores
        else f"{field} is no field of the gold"
        for field, floor in options.min
        if field not in evaluation.scores or evaluation.scores[field].f1 < floor
    ]
    for line in below:
        _complain(line)
    return FAILED if below else OK


def _print_scores(evaluation: Evaluation) -> None:
    _say(f"{'field':28}{'gold':>6}{'P':>8}{'R':>8}{'F1':>8}")
    for field, score in evaluation.scores.items():
        _say(f"{field:28}{score.right + score.missing:>6}{score.precision:>8.3f}{score.recall:>8.3f}{score.f1:>8.3f}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="noticegraph",
        description="Reads notices of China's market regulators into a validated knowledge graph.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_ingest(verbs)
    verb = _verb(verbs, "withdraw", _withdraw, "remove notices and remember it")
    verb.add_argument("notice", nargs="+", help="IRI, slug or document number")
    add_target(verb)
    verb = _verb(verbs, "events", _events, "publish the dates of events, in place of those published before")
    verb.add_argument("file", nargs="+", type=Path, help="Turtle")
    add_target(verb)
    _add_versions(verbs)
    verb = _verb(verbs, "validate", _validate, "judge a store, a server or RDF files by the shapes")
    add_options(verb)
    add_target(verb)
    verb = _verb(verbs, "serve", _serve, "answer over HTTP")
    add_target(verb)
    verb.add_argument("--dataset", nargs="+", type=Path, default=[], help="RDF files to serve as they are, not a store")
    verb.add_argument("--host", default="127.0.0.1")
    verb.add_argument("--port", type=int, default=8000)
    _verb(verbs, "settings", _settings, "print each setting of the server: its variable, its value, where that is from")
    verb = _verb(verbs, "query", _query, "run a query")
    verb.add_argument("file", type=Path, help="a .rq file, a question of the catalogue, or - for standard input")
    verb.add_argument(
        "--param", action="append", type=_pair, default=[], metavar="NAME=VALUE", help="a parameter of the query"
    )
    verb.add_argument("--format", choices=("table", "json", "csv", "tsv", "xml"), default="table")
    add_target(verb)
    verb = _verb(verbs, "export", _export, "write the whole data set")
    verb.add_argument("--format", choices=sorted(FORMATS), default="nq")
    verb.add_argument("-o", "--output", type=Path, default=Path("-"), help="file to write; - is standard output")
    add_target(verb)
    _add_explain(verbs)
    verb = _verb(verbs, "evaluate", _evaluate, "compare with gold files: precision, recall, F1")
    verb.add_argument("gold", type=Path, help="folder of gold files")
    verb.add_argument("--errors", action="store_true", help="list each fact that differs")
    verb.add_argument("--min", action="append", type=_floor, default=[], metavar="FIELD=F1", help="fail below this F1")
    add_target(verb)
    return parser


def _add_ingest(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "ingest", _ingest, "read files, validate, publish")
    given = verb.add_mutually_exclusive_group(required=True)
    given.add_argument("path", nargs="*", type=Path, default=[], help="a file or a folder")
    given.add_argument("--retry-quarantine", action="store_true", help="read again what the shapes refused")
    given.add_argument("--from-dump", type=Path, metavar="FILE.nq", help="load what `export` wrote, in an empty store")
    verb.add_argument(
        "--base", default=os.environ.get("NOTICEGRAPH_BASE", DEFAULT_BASE), help="what minted IRIs begin with"
    )
    verb.add_argument(
        "--report", type=Path, metavar="FILE.jsonl", help="one line of JSON a document; - is standard output"
    )
    verb.add_argument("--jobs", type=_count, default=0, metavar="N", help="how many processes read (one a core)")
    verb.add_argument("--restore", action="store_true", help="bring back notices that were withdrawn")
    verb.add_argument("--retry", action="store_true", help="read again what was rejected before")
    add_engine(verb)
    add_target(verb)


def _add_versions(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    add_folder(_verb(verbs, "versions", _versions, "list the versions that are kept"))
    verb = _verb(verbs, "rollback", _rollback, "make an older version current")
    verb.add_argument("version", nargs="?", default="", help="name or number (the one the current was made from)")
    add_folder(verb)
    verb = _verb(verbs, "diff", _diff, "list the graphs in which two versions differ")
    verb.add_argument("old", help="name or number of a version")
    verb.add_argument("new", help="likewise")
    verb.add_argument("--patch", action="store_true", help="write an RDF Patch: D and A before N-Quads")
    add_folder(verb)


def _add_explain(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "explain", _explain, "show how one file is read: its text, what is marked in it, and why")
    verb.add_argument("file", type=Path, help="a notice; - is standard input")
    verb.add_argument("--html", type=Path, metavar="OUT.html", help="write a page instead; - is standard output")


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    verb.set_defaults(run=run)
    return verb


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)


def _floor(text: str) -> tuple[str, float]:
    field, floor = _pair(text)
    try:
        return field, float(floor)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{floor!r} is no number") from error


if __name__ == "__main__":
    sys.exit(main())
