"""The `noticegraph` command: it reads arguments, calls one function a verb, and says what came of it.

Exit codes: 0 success, 1 some data does not conform or some input failed, 2 wrong usage (contract, Command line);
128 and the number of the signal that stopped it.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from api import batch
from api.ask import ask, query_text
from api.explain import explain
from api.export import FORMATS, export
from api.serve import serve
from ingest.errors import SourceError
from ingest.reading import Reader
from ingest.withdrawal import withdraw
from ingest.workers import Limits
from ontology.iris import DEFAULT_BASE
from queries.evaluation import Evaluation, evaluate
from shapes.report import Report
from shapes.validate import validate_dataset
from store.base import QueryError, Store, StoreError
from store.oxigraph import open_store

OK, FAILED, SIGNALLED = 0, 1, 128
DEFAULT_STORE = Path("var/store")


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
    reader, limits = Reader(options.base), Limits(processes=options.jobs)
    complete = batch.run(options.path, options.store, reader, limits, options.report, restore=options.restore)
    return OK if complete else FAILED


def _withdraw(options: argparse.Namespace) -> int:
    for notice in withdraw(options.notice, options.store):
        _say(f"withdrawn {notice}")
    return OK


def _validate(options: argparse.Namespace) -> int:
    if options.file is None:
        return _print_reports(_judged(open_store(options.store or DEFAULT_STORE).snapshot()))
    given = sys.stdin.read() if str(options.file) == "-" else options.file.read_text(encoding="utf-8")
    return _print_reports(validate_dataset(given))


def _judged(store: Store) -> Iterator[tuple[str, Report]]:
    """Judges graph by graph, so that a large store needs no more memory than a small one."""
    for graph in store.graphs():
        yield from validate_dataset("".join(f"{quad}\n" for quad in store.nquads(graph)))


def _print_reports(reports: Iterator[tuple[str, Report]]) -> int:
    conforms, graphs = True, 0
    for graph, report in reports:
        graphs += 1
        conforms = conforms and report.conforms
        for result in report.results:
            _say(f"{graph}: {result}")
    _say(f"{'conforms' if conforms else 'does not conform'}: {graphs} graphs")
    return OK if conforms else FAILED


def _serve(options: argparse.Namespace) -> int:
    return serve(
        None if options.dataset else options.store or DEFAULT_STORE,
        options.host,
        options.port,
        options.dataset,
    )


def _query(options: argparse.Namespace) -> int:
    return ask(options.store, query_text(options.file), dict(options.param), options.format)


def _export(options: argparse.Namespace) -> int:
    return export(options.store, options.format, options.output)


def _explain(options: argparse.Namespace) -> int:
    try:
        explain(options.file, options.html, sys.stdout)
    except SourceError as error:
        _complain(f"{options.file}: {error}")
        return FAILED
    return OK


def _evaluate(options: argparse.Namespace) -> int:
    evaluation = evaluate(open_store(options.store).snapshot(), options.gold)
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
    verb = _verb(verbs, "ingest", _ingest, "read files, validate, publish")
    verb.add_argument("path", nargs="+", type=Path, help="a file or a folder")
    verb.add_argument(
        "--base", default=os.environ.get("NOTICEGRAPH_BASE", DEFAULT_BASE), help="what minted IRIs begin with"
    )
    verb.add_argument(
        "--report", type=Path, metavar="FILE.jsonl", help="one line of JSON a document; - is standard output"
    )
    verb.add_argument("--jobs", type=_count, default=0, metavar="N", help="how many processes read (one a core)")
    verb.add_argument("--restore", action="store_true", help="bring back notices that were withdrawn")
    _add_store(verb)
    verb = _verb(verbs, "withdraw", _withdraw, "remove notices and remember it")
    verb.add_argument("notice", nargs="+", help="IRI, slug or document number")
    _add_store(verb)
    verb = _verb(verbs, "validate", _validate, "check a store or a file of N-Quads against the shapes")
    verb.add_argument("file", nargs="?", type=Path, help="N-Quads; - is standard input")
    verb.add_argument("--store", type=Path, help=f"folder of the published store ({DEFAULT_STORE})")
    verb = _verb(verbs, "serve", _serve, "answer over HTTP")
    verb.add_argument("--store", type=Path, help=f"folder of the published store ({DEFAULT_STORE})")
    verb.add_argument("--dataset", nargs="+", type=Path, default=[], help="RDF files to serve as they are, not a store")
    verb.add_argument("--host", default="127.0.0.1")
    verb.add_argument("--port", type=int, default=8000)
    verb = _verb(verbs, "query", _query, "run a query")
    verb.add_argument("file", type=Path, help="a .rq file, a question of the catalogue, or - for standard input")
    verb.add_argument(
        "--param", action="append", type=_pair, default=[], metavar="NAME=VALUE", help="a parameter of the query"
    )
    verb.add_argument("--format", choices=("table", "json", "csv", "tsv", "xml"), default="table")
    _add_store(verb)
    verb = _verb(verbs, "export", _export, "write the whole data set")
    verb.add_argument("--format", choices=sorted(FORMATS), default="nq")
    verb.add_argument("-o", "--output", type=Path, default=Path("-"), help="file to write; - is standard output")
    _add_store(verb)
    _add_explain(verbs)
    verb = _verb(verbs, "evaluate", _evaluate, "compare with gold files: precision, recall, F1")
    verb.add_argument("gold", type=Path, help="folder of gold files")
    verb.add_argument("--errors", action="store_true", help="list each fact that differs")
    verb.add_argument("--min", action="append", type=_floor, default=[], metavar="FIELD=F1", help="fail below this F1")
    _add_store(verb)
    return parser


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


def _add_store(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--store", type=Path, default=DEFAULT_STORE, help="folder of the published store (%(default)s)")


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
