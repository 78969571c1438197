"""The `noticegraph` command: it reads arguments, calls one function a verb, and says what came of it.

Exit codes: 0 success, 1 some data does not conform or some input failed, 2 wrong usage (contract, Command line).
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from api.ask import ask, query_text
from api.export import FORMATS, export
from api.serve import serve
from ingest.model import Notice
from ingest.pipeline import ACCEPTED, UNCHANGED, Outcome, ingest
from ontology.iris import DEFAULT_BASE
from queries.evaluation import Evaluation, evaluate
from shapes.report import Report
from shapes.validate import validate_dataset
from store.base import QueryError, StoreError
from store.oxigraph import open_store

OK, FAILED, USAGE = 0, 1, 2
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
    except KeyboardInterrupt:
        _complain("stopped; nothing of this run was published")
        return 130


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _complain(line: str) -> None:
    sys.stderr.write(f"noticegraph: {line}\n")


def _ingest(options: argparse.Namespace) -> int:
    outcomes = []
    for outcome in ingest(options.path, options.store, options.base):
        outcomes.append(outcome)
        _report_outcome(outcome)
    read = sum(outcome.status == ACCEPTED for outcome in outcomes)
    unchanged = sum(outcome.status == UNCHANGED for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    _say(f"{read} read, {unchanged} unchanged, {failed} failed; published in {options.store}")
    return FAILED if failed else OK


def _report_outcome(outcome: Outcome) -> None:
    name = Path(outcome.path).name
    if outcome.status == ACCEPTED and outcome.notice is not None:
        _say(f"{outcome.status:9} {name}  {_summary(outcome.notice)}")
    elif outcome.status == UNCHANGED:
        _say(f"{outcome.status:9} {name}")
    if outcome.reason:
        _complain(f"{outcome.path}: {outcome.status}: {outcome.reason}")
    if outcome.failed and outcome.report is not None:
        for result in outcome.report.results:
            _complain(f"  {result}")


def _summary(notice: Notice) -> str:
    header = notice.header
    issuers = "、".join(mention.agency.name for mention in header.issuers) or "no issuing agency found"
    provisions = [provision for measure in notice.measures for provision in measure.provisions]
    counts = {
        "measures": len(notice.measures),
        "instruments": sum(len({m.concept for p in x.provisions for m in p.instruments}) for x in notice.measures),
        "targets": sum(len({m.concept for p in x.provisions for m in p.targets}) for x in notice.measures),
        "deadlines": sum(len(provision.deadlines) for provision in provisions),
        "responsible bodies": sum(len(measure.responsible) for measure in notice.measures),
        "citations": len(notice.citations),
    }
    found = ", ".join(f"{count} {what}" for what, count in counts.items())
    return f"{issuers}, {header.issue_date or 'no date found'}: {header.title or 'no title'} ({found})"


def _validate(options: argparse.Namespace) -> int:
    return _print_reports(validate_dataset(_quads(options)))


def _quads(options: argparse.Namespace) -> str:
    if options.file is None:
        return "".join(f"{quad}\n" for quad in open_store(options.store or DEFAULT_STORE).snapshot().nquads())
    if str(options.file) == "-":
        return sys.stdin.read()
    return str(options.file.read_text(encoding="utf-8"))


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
    _add_store(verb)
    verb = _verb(verbs, "validate", _validate, "check a store or a file of N-Quads against the shapes")
    verb.add_argument("file", nargs="?", type=Path, help="N-Quads; - is standard input")
    verb.add_argument("--store", type=Path, help=f"folder of the published store ({DEFAULT_STORE})")
    verb = _verb(verbs, "serve", _serve, "answer over HTTP")
    verb.add_argument("--store", type=Path, help=f"folder of the published store ({DEFAULT_STORE})")
    verb.add_argument(
        "--dataset",
        nargs="+",
        type=Path,
        default=[],
        help="RDF files to serve as they are, in place of a store",
    )
    verb.add_argument("--host", default="127.0.0.1")
    verb.add_argument("--port", type=int, default=8000)
    verb = _verb(verbs, "query", _query, "run a query")
    verb.add_argument("file", type=Path, help="a .rq file, a question of the catalogue, or - for standard input")
    verb.add_argument(
        "--param",
        action="append",
        type=_pair,
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the query",
    )
    verb.add_argument("--format", choices=("table", "json", "csv", "tsv", "xml"), default="table")
    _add_store(verb)
    verb = _verb(verbs, "export", _export, "write the whole data set")
    verb.add_argument("--format", choices=sorted(FORMATS), default="nq")
    verb.add_argument("-o", "--output", type=Path, default=Path("-"), help="file to write; - is standard output")
    _add_store(verb)
    verb = _verb(verbs, "evaluate", _evaluate, "compare with gold files: precision, recall, F1")
    verb.add_argument("gold", type=Path, help="folder of gold files")
    verb.add_argument("--errors", action="store_true", help="list each fact that differs")
    verb.add_argument("--min", action="append", type=_floor, default=[], metavar="FIELD=F1", help="fail below this F1")
    _add_store(verb)
    return parser


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


def _floor(text: str) -> tuple[str, float]:
    field, floor = _pair(text)
    try:
        return field, float(floor)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{floor!r} is no number") from error


if __name__ == "__main__":
    sys.exit(main())
