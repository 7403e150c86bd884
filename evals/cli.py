"""``superbill eval run|report|compare``: score a model on cases."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from evals.case import CaseError, load_cases
from evals.report import percent, render_report
from evals.results import CaseResult
from evals.run import bar, run_cases, write_run

EXIT_INPUT = 2
_SHOWN = (
    ("icd10", ("must_recall", "may_precision", "f1", "strict_f1", "f1_3char", "first_listed")),
    ("em", ("exact", "within_one", "over", "under")),
    ("lines", ("precision", "recall", "f1")),
    ("modifiers", ("precision", "recall")),
    ("links", ("accuracy",)),
)


def add(name: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``superbill eval``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    run = actions.add_parser("run", help="solve and score cases")
    run.add_argument("--cases", type=Path, required=True, help="JSONL file of cases, or a folder of them")
    run.add_argument("--model", help="rules (default), bedrock:<model id>, provider:model")
    run.add_argument(
        "--out", type=Path, required=True, help="folder for results.jsonl, summary.json, report.html"
    )
    run.add_argument("--workers", type=int, default=1, help="cases solved at the same time (default 1)")
    run.add_argument(
        "--half", choices=("tuned", "held_out"), help="only this half of the cases (by hash of the id)"
    )
    run.add_argument("--json", action="store_true", help="print the summary object and nothing else")
    run.set_defaults(run=run_command)
    report = actions.add_parser("report", help="render report.html of a run again")
    report.add_argument("out", type=Path, metavar="OUT", help="folder of the run")
    report.add_argument("--cases", type=Path, required=True, help="the cases of the run, for their notes")
    report.set_defaults(run=report_command)
    compare = actions.add_parser("compare", help="two runs side by side")
    compare.add_argument("before", type=Path, metavar="BEFORE", help="folder of the earlier run")
    compare.add_argument("after", type=Path, metavar="AFTER", help="folder of the later run")
    compare.add_argument("--json", action="store_true", help="print the differences as JSON")
    compare.set_defaults(run=compare_command)


def main(argv: Sequence[str] | None = None) -> int:
    """``python -m evals.run``: the same commands without the rest of the program."""
    parser = argparse.ArgumentParser(prog="evals", description="Score a model on cases.")
    add("eval", parser)
    options = parser.parse_args(argv)
    code: int = options.run(options)
    return code


def run_command(options: argparse.Namespace) -> int:
    """Solve, score, write, print; 0 when every case was answered, 1 when some failed, 2 for unusable input."""
    from evals.solvers import agent_solver

    try:
        cases = [c for c in load_cases(options.cases) if options.half in {None, half(c.id)}]
    except CaseError as error:
        return _refuse(error)
    with agent_solver(options.model) as (solver, book), bar(len(cases), quiet=options.json) as step:
        run = run_cases(
            cases,
            solver,
            book=book,
            workers=options.workers,
            model=solver.context.model_spec,
            step=step,
        )
    write_run(run, cases, options.out)
    _print(run.summary, options)
    return 1 if run.summary["failed"] else 0


def half(case_id: str) -> str:
    """Which half a case belongs to: one is tuned on, the other is only ever reported."""
    import hashlib

    return "tuned" if hashlib.sha256(case_id.encode()).digest()[0] % 2 == 0 else "held_out"


def report_command(options: argparse.Namespace) -> int:
    """Render report.html from summary.json and results.jsonl."""
    try:
        notes = {case.id: case.note for case in load_cases(options.cases)}
        summary = _summary(options.out)
        lines = (options.out / "results.jsonl").read_bytes().splitlines()
    except (CaseError, OSError) as error:
        return _refuse(error)
    results = [CaseResult.model_validate_json(line) for line in lines]
    (options.out / "report.html").write_text(render_report(summary, results, notes), encoding="utf-8")
    return 0


def compare_command(options: argparse.Namespace) -> int:
    """Print every rate of two runs; a change beyond the earlier interval is marked."""
    try:
        before, after = _summary(options.before), _summary(options.after)
    except OSError as error:
        return _refuse(error)
    rows = differences(before, after)
    if options.json:
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
        return 0
    table = Table("rate", "before", "after", "change", "")
    for row in rows:
        mark = "beyond chance" if row["significant"] else ""
        table.add_row(
            row["rate"], percent(row["before"]), percent(row["after"]), f"{100 * row['change']:+.1f}", mark
        )
    Console().print(table)
    return 0


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every rate both runs have, with its change and whether it leaves the earlier 95 % interval."""
    rows = []
    for group, names in _SHOWN:
        for name in names:
            old, new = before[group][name], after[group][name]
            if old is None or new is None:
                continue
            low, high = before[group]["ci95"][name] or (old, old)
            rows.append(
                {
                    "rate": f"{group}.{name}",
                    "before": old,
                    "after": new,
                    "change": new - old,
                    "significant": not low <= new <= high,
                }
            )
    return rows


def _summary(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads((folder / "summary.json").read_bytes())
    return loaded


def _refuse(error: Exception) -> int:
    sys.stderr.write(f"superbill eval: {error}\n")
    return EXIT_INPUT


def _print(summary: Mapping[str, Any], options: argparse.Namespace) -> None:
    if options.json:
        sys.stdout.write(orjson.dumps(summary).decode() + "\n")
        return
    table = Table(
        "", "rate", "value", "95 % interval", title=f"{summary['model']} on {summary['cases']} cases"
    )
    for group, names in _SHOWN:
        for index, name in enumerate(names):
            interval = summary[group]["ci95"][name]
            said = f"{percent(interval[0])} to {percent(interval[1])}" if interval else ""
            table.add_row("" if index else group, name, percent(summary[group][name]), said)
    must_not = summary["must_not"]
    table.add_row("must_not", "violations", f"{must_not['violations']} of {must_not['of']}", "")
    table.add_row("codes", "fabricated", str(summary["fabricated_codes"]), "")
    table.add_row("evidence", "verified", percent(summary["evidence_verified"]), "")
    Console().print(table)
    Console().print(f"results and report: {options.out}")
