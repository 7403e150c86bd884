"""``superbill eval run|report|compare|redact``: score solvers on cases, look at two runs side by side."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from evals.case import CaseError, EvalCase
from evals.compare import CompareError, compare, load_results, load_summary
from evals.datasets import load_dataset
from evals.gate import GateError, fallen, floors
from evals.journal import Journal, JournalError
from evals.report import render_comparison, render_report
from evals.run import Budget, Keeper, Run, bar, run_cases, write_run
from evals.solvers import SOLVERS, Opened, SolverError
from evals.tables import print_comparison, print_summaries
from evals.trajectories import StaleCassetteError

if TYPE_CHECKING:
    from agent.context import Limits

EXIT_INPUT = 2
_USER_ERRORS = (CaseError, CompareError, GateError, JournalError, SolverError, StaleCassetteError)


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill eval``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_run(actions.add_parser("run", help="solve and score cases"))
    report = actions.add_parser("report", help="render report.html of a run again")
    report.add_argument("out", type=Path, metavar="OUT", help="folder of the run")
    report.add_argument("--cases", type=Path, required=True, help="the cases of the run, for their notes")
    report.set_defaults(run=report_command)
    compared = actions.add_parser(
        "compare", help="two runs side by side: what got better and worse, case by case"
    )
    compared.add_argument("before", type=Path, metavar="BEFORE", help="folder of the earlier run")
    compared.add_argument("after", type=Path, metavar="AFTER", help="folder of the later run")
    compared.add_argument("--cases", type=Path, help="the cases, to show the notes beside what moved")
    compared.add_argument("--html", type=Path, help="the page (default AFTER/compare.html)")
    compared.add_argument("--json", action="store_true", help="print the comparison as one JSON object")
    compared.set_defaults(run=compare_command)
    redacted = actions.add_parser(
        "redact", help="a run's trajectories as cassettes without names, numbers and birth dates"
    )
    redacted.add_argument("source", type=Path, metavar="RUN", help="folder of a run of the agent")
    redacted.add_argument("target", type=Path, metavar="OUT", help="folder for the cassettes")
    redacted.set_defaults(run=redact_command)


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "--cases",
        type=Path,
        required=True,
        help="JSONL file or folder of them; CSV, FHIR folder, 837P with notes",
    )
    run.add_argument("--context", type=Path, help="JSON of context keys for cases that do not say them (CSV)")
    run.add_argument(
        "--solver", action="append", choices=SOLVERS, help="may be repeated: side by side (default agent)"
    )
    run.add_argument("--model", help="rules (default), bedrock:<model id>, provider:model")
    run.add_argument(
        "--from", dest="recorded", type=Path, metavar="RUN", help="the run that recorded replays"
    )
    run.add_argument(
        "--over-changes", action="store_true", help="replay over changed tables, to see what moves"
    )
    run.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder for results.jsonl, summary.json, report.html, trajectories",
    )
    run.add_argument("--workers", type=count, default=1, help="cases solved at the same time (default 1)")
    run.add_argument(
        "--half", choices=("tuned", "held_out"), help="only this half of the cases (by hash of the id)"
    )
    run.add_argument("--limit", type=count, metavar="N", help="only the first N of the chosen cases")
    run.add_argument(
        "--resume", action="store_true", help="go on with a run that was cut; finished cases are kept"
    )
    run.add_argument("--gate", metavar="SET", help="fail (exit 1) below this set of evals/baseline.json")
    for what, kind, words in (
        ("turns", count, "model turns"),
        ("tokens", count, "tokens"),
        ("cost", amount, "US dollars"),
        ("seconds", amount, "seconds"),
    ):
        run.add_argument(f"--max-{what}", type=kind, metavar="N", help=f"limit of {words} an encounter")
    run.add_argument(
        "--total-cost", type=amount, metavar="USD", help="start nothing more once the run has cost this"
    )
    run.add_argument("--total-seconds", type=amount, metavar="S", help="start nothing more after this time")
    run.add_argument("--json", action="store_true", help="print the summary object and nothing else")
    run.set_defaults(run=run_command)


def main(argv: Sequence[str] | None = None) -> int:
    """``python -m evals.run``: the same commands without the rest of the program."""
    parser = argparse.ArgumentParser(prog="evals", description="Score a model on cases.")
    add("eval", parser)
    options = parser.parse_args(argv)
    code: int = options.run(options)
    return code


def run_command(options: argparse.Namespace) -> int:
    """Solve, score, write, print; 0 when all went well, 1 for failed cases or a fallen gate, 2 for unusable input."""
    try:
        cases = [
            c for c in load_dataset(options.cases, options.context) if options.half in {None, half(c.id)}
        ]
        cases = cases[: options.limit]
        baseline = floors(options.gate) if options.gate else None
        runs = [_run(name, n, cases, options) for n, name in enumerate(options.solver or ["agent"])]
    except _USER_ERRORS as error:
        return _refuse(error)
    summaries = [r.summary for r in runs]
    names = [" ".join(filter(None, (s["solver"], s["model"]))) for s in summaries]
    first = {**summaries[0], "solvers": names}
    write_run(Run(summary=first, results=runs[0].results), cases, options.out, summaries[1:])
    if options.json:
        beside = dict(zip(names[1:], summaries[1:], strict=True))
        sys.stdout.write(orjson.dumps({**first, "others": beside}).decode() + "\n")
    else:
        print_summaries(summaries)
        sys.stdout.write(f"results and report: {options.out}\n")
    worse = fallen(first, baseline) if baseline else []
    for line in worse:
        sys.stderr.write(f"superbill eval: below the baseline {options.gate}: {line}\n")
    return 1 if worse or first["failed"] else 0


def _run(name: str, number: int, cases: Sequence[EvalCase], options: argparse.Namespace) -> Run:
    """One solver over the cases; the first keeps its files in --out, others in a folder of their name beside them."""
    from evals import solvers

    out = options.out / name if number else options.out
    opening = solvers.open_solver(
        name,
        model=options.model,
        limits=_limits(options),
        recorded=options.recorded,
        over_changes=options.over_changes,
    )
    budget = Budget(
        cost_usd=float(options.total_cost or "inf"), seconds=float(options.total_seconds or "inf")
    )
    with opening as opened, bar(len(cases), quiet=options.json) as step:
        _fit(opened, cases)
        keeper = Keeper(
            out=out, journal=Journal(out, opened.about, resume=options.resume), about=opened.about
        )
        run = run_cases(
            cases,
            opened.solver,
            book=opened.book,
            workers=options.workers,
            model=opened.model,
            step=step,
            keeper=keeper,
            budget=budget,
        )
    run = replace(run, summary={**run.summary, "solver": name, "limits": dict(opened.limits)})
    if number:
        write_run(run, cases, out)
    return run


def _fit(opened: Opened, cases: Sequence[EvalCase]) -> None:
    """Refuse a replay before it starts where one of its cassettes is missing or stale."""
    from evals.solvers.recorded import RecordedSolver

    if isinstance(opened.solver, RecordedSolver):
        for case in cases:
            opened.solver.cassette(case)


def _limits(options: argparse.Namespace) -> "Limits | None":
    from agent.context import Limits

    given = {
        "turns": options.max_turns,
        "tokens": options.max_tokens,
        "cost_usd": options.max_cost,
        "seconds": None if options.max_seconds is None else float(options.max_seconds),
    }
    said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(Limits(), **said) if said else None


def count(said: str) -> int:
    """A number of things, 1 or more."""
    if not said.isascii() or not said.isdigit() or int(said) < 1:
        raise argparse.ArgumentTypeError(f"{said!r} is no number; give 1 or more")
    return int(said)


def amount(said: str) -> Decimal:
    """An amount above zero."""
    try:
        value = Decimal(said)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0:
        raise argparse.ArgumentTypeError(f"{said!r} is no amount above zero")
    return value


def half(case_id: str) -> str:
    """Which half a case belongs to: one is tuned on, the other is only ever reported."""
    import hashlib

    return "tuned" if hashlib.sha256(case_id.encode()).digest()[0] % 2 == 0 else "held_out"


def report_command(options: argparse.Namespace) -> int:
    """Render report.html from summary.json and results.jsonl, with the solvers that stand beside it."""
    try:
        notes = {case.id: case.note for case in load_dataset(options.cases)}
        summary = load_summary(options.out)
        results = load_results(options.out)
        others = [
            load_summary(options.out / name)
            for name in SOLVERS
            if (options.out / name / "summary.json").is_file()
        ]
    except _USER_ERRORS as error:
        return _refuse(error)
    page = render_report(summary, results, notes, others)
    (options.out / "report.html").write_text(page, encoding="utf-8")
    return 0


def compare_command(options: argparse.Namespace) -> int:
    """Print and draw what two runs differ in."""
    try:
        found = compare(load_results(options.before), load_results(options.after))
        notes = {case.id: case.note for case in load_dataset(options.cases)} if options.cases else {}
    except _USER_ERRORS as error:
        return _refuse(error)
    page = options.html or options.after / "compare.html"
    drawn = render_comparison(found, options.before.name, options.after.name, notes)
    page.write_text(drawn, encoding="utf-8")
    if options.json:
        sys.stdout.write(found.model_dump_json() + "\n")
        return 0
    print_comparison(found)
    sys.stdout.write(f"page: {page}\n")
    return 0


def redact_command(options: argparse.Namespace) -> int:
    """Write cassettes of a run that name nobody."""
    from evals.redact import redact_run

    try:
        written = redact_run(options.source, options.target)
    except _USER_ERRORS as error:
        return _refuse(error)
    sys.stdout.write(f"{written} cassettes: {options.target}\n")
    return 0


def _refuse(error: Exception) -> int:
    sys.stderr.write(f"superbill eval: {error}\n")
    return EXIT_INPUT
