"""``superbill eval run|report|compare``: score a model on cases."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
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
    run.add_argument("--limit", type=_count, metavar="N", help="only the first N of the chosen cases")
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
    cases = cases[: options.limit]
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


def _count(said: str) -> int:
    if not said.isascii() or not said.isdigit() or int(said) < 1:
        raise argparse.ArgumentTypeError(f"{said!r} is no number of cases; give 1 or more")
    return int(said)


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
            rate, interval = summary[group][name], summary[group]["ci95"][name]
            table.add_row("" if index else group, name, percent(rate), _span(interval))
    for row in _whole_run(summary):
        table.add_row(*row)
    Console().print(table)
    Console().print(f"results and report: {options.out}")


def _whole_run(summary: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """The rows of the contract's table that speak of the whole run."""
    must_not, latency = summary["must_not"], summary["latency_ms"]
    yield "must_not", "violations", f"{must_not['violations']} of {must_not['of']}", _span(must_not["ci95"])
    yield "codes", "fabricated", str(summary["fabricated_codes"]), ""
    for group, name in (("evidence", "evidence_verified"), ("blocked", "blocked_rate")):
        yield group, name, percent(summary[name]), _span(summary["ci95"][name])
    for index, (kind, number) in enumerate(summary["held"].items()):
        yield "" if index else "held", kind, str(number), ""
    for index, name in enumerate(("ece", "brier", "auroc")):
        found = summary["calibration"][name]
        yield "" if index else "calibration", name, "–" if found is None else f"{found:.3f}", ""
    for index, (name, found) in enumerate(latency.items()):
        yield "" if index else "latency", name, "–" if found is None else f"{found:.0f} ms", ""
    speed = summary["encounters_per_s"]
    yield "speed", "encounters per second", "–" if speed is None else f"{speed:.2f}", ""
    yield "use", "tokens", f"{summary['tokens']:,}", ""
    yield "", "cost", f"{summary['cost_usd']:.2f} USD", ""
    yield "failed", "cases", str(summary["failed"]), ""


def _span(interval: Sequence[float] | None) -> str:
    return f"{percent(interval[0])} to {percent(interval[1])}" if interval else ""
