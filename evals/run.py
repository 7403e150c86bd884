"""Run a solver over cases: results.jsonl, summary.json and report.html; a failing case stops only itself."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals.case import EvalCase, SolvedCase, Solver
from evals.report import render_report
from evals.results import CaseResult, judge, judge_failure
from evals.scorers import CodeBook
from evals.summary import summarise

_INDENT = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run: its summary as the contract prints it, and a record a case in the order of the cases."""

    summary: dict[str, Any]
    results: tuple[CaseResult, ...]


def run_cases(
    cases: Sequence[EvalCase],
    solver: Solver,
    *,
    book: CodeBook | None = None,
    workers: int = 1,
    model: str = "",
    step: Callable[[str], None] = lambda _: None,
) -> Run:
    """Solve and score every case.

    Args:
        cases: the cases.
        solver: called once a case, from ``workers`` threads at a time.
        book: says which codes exist; without it invented diagnoses can not be found.
        workers: cases solved at the same time.
        model: spec of the model, for the record.
        step: called with the id of every finished case.
    """
    started = time.perf_counter()
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        futures = [pool.submit(_solve, case, solver, step) for case in cases]
        results = tuple(_result(c, f, book) for c, f in zip(cases, futures, strict=True))
    wall = time.perf_counter() - started
    return Run(summary=summarise(results, wall=wall, commit=commit(), model=model), results=results)


def _solve(case: EvalCase, solver: Solver, step: Callable[[str], None]) -> SolvedCase:
    try:
        return solver(case)
    finally:
        step(case.id)


def _result(case: EvalCase, future: Future[SolvedCase], book: CodeBook | None) -> CaseResult:
    error = future.exception()
    if error is None:
        try:
            return judge(case, future.result(), book)
        except ValidationError as misshapen:
            return judge_failure(case, misshapen, book)
    if not isinstance(error, Exception):
        raise error
    return judge_failure(case, error, book)


def write_run(run: Run, cases: Sequence[EvalCase], out: Path) -> None:
    """Write ``results.jsonl``, ``summary.json`` and ``report.html`` into ``out``, made when missing."""
    out.mkdir(parents=True, exist_ok=True)
    lines = (orjson.dumps(result.model_dump(mode="json")) + b"\n" for result in run.results)
    (out / "results.jsonl").write_bytes(b"".join(lines))
    (out / "summary.json").write_bytes(orjson.dumps(run.summary, option=_INDENT))
    notes = {case.id: case.note for case in cases}
    (out / "report.html").write_text(render_report(run.summary, run.results, notes), encoding="utf-8")


@contextmanager
def bar(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A progress bar on stderr; a callback counts one finished case."""
    if quiet:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("scoring", total=total)
        yield lambda _: progress.advance(task)


def commit(root: Path | None = None) -> str:
    """The commit that is checked out in ``root`` (this repository), "" outside a git checkout."""
    root = root or Path(__file__).resolve().parents[1]
    head = root / ".git" / "HEAD"
    if not head.is_file():
        return ""
    said = head.read_text(encoding="ascii").strip()
    if not said.startswith("ref: "):
        return said[:12]
    name = said.removeprefix("ref: ")
    loose = root / ".git" / name
    if loose.is_file():
        return loose.read_text(encoding="ascii").strip()[:12]
    packed = root / ".git" / "packed-refs"
    lines = packed.read_text(encoding="ascii").splitlines() if packed.is_file() else []
    return next((line.split()[0][:12] for line in lines if line.endswith(f" {name}")), "")


if __name__ == "__main__":
    from evals.cli import main

    sys.exit(main(["run", *sys.argv[1:]]))
