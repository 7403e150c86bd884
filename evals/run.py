"""Run a solver over cases: results.jsonl, summary.json and report.html; a failing case stops only itself."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals.case import BrokenSolverError, EvalCase, SolvedCase, Solver
from evals.journal import Journal
from evals.report import render_report
from evals.results import CaseResult, attempt, judge, judge_failure
from evals.scorers import CodeBook, PriceBook
from evals.summary import summarise
from evals.trajectories import save_trajectory

_INDENT = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run: its summary as the contract prints it, and a record a case in the order of the cases."""

    summary: dict[str, Any]
    results: tuple[CaseResult, ...]


@dataclass(kw_only=True)
class Budget:
    """What a whole run may cost; what does not fit is not run, and unscored. Safe between threads."""

    cost_usd: float = math.inf
    seconds: float = math.inf
    spent: float = 0.0
    started: float = field(default_factory=time.perf_counter)
    lock: Lock = field(default_factory=Lock)

    def spend(self, cost: float) -> None:
        """Count what a case has cost, US dollars."""
        with self.lock:
            self.spent += cost

    @property
    def used_up(self) -> bool:
        """Whether nothing more may be started."""
        return self.spent >= self.cost_usd or time.perf_counter() - self.started >= self.seconds


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Where a run is kept while it goes on: the journal to resume from, a trajectory a case."""

    out: Path
    journal: Journal
    about: Mapping[str, Any]

    def keep(
        self,
        case: EvalCase,
        result: CaseResult,
        answer: SolvedCase | None,
        steps: Sequence[Mapping[str, Any]],
    ) -> None:
        """Write one finished case."""
        save_trajectory(self.out, case, result, answer=answer, steps=steps, about=self.about)
        self.journal.add(case, result)


def run_cases(
    cases: Sequence[EvalCase],
    solver: Solver,
    *,
    book: CodeBook | None = None,
    workers: int = 1,
    model: str = "",
    step: Callable[[str], None] = lambda _: None,
    keeper: Keeper | None = None,
    budget: Budget | None = None,
) -> Run:
    """Solve and score every case.

    Args:
        cases: the cases.
        solver: called once a case, from ``workers`` threads at a time.
        book: says which codes exist, and what they are worth if it can; without it invented codes can not be found.
        workers: cases solved at the same time.
        model: spec of the model, for the record.
        step: called with the id of every finished case.
        keeper: keeps every case as soon as it is done, and knows those that were done before.
        budget: of the whole run.
    """
    started = time.perf_counter()
    budget = budget or Budget()
    kept = sum(keeper.journal.known(case) is not None for case in cases) if keeper else 0

    def one(case: EvalCase) -> CaseResult | None:
        try:
            return _one(case, solver, book, keeper, budget)
        finally:
            step(case.id)

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        try:
            found = list(pool.map(one, cases))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    wall = time.perf_counter() - started
    results = tuple(result for result in found if result is not None)
    summary = summarise(results, wall=wall, commit=commit(), model=model)
    summary |= {"not_run": len(found) - len(results), "kept": kept}
    if kept:
        summary["encounters_per_s"] = (len(results) - kept) / wall
    return Run(summary=summary, results=results)


def _one(
    case: EvalCase, solver: Solver, book: CodeBook | None, keeper: Keeper | None, budget: Budget
) -> CaseResult | None:
    before = keeper.journal.known(case) if keeper else None
    if before is not None or budget.used_up:
        return before
    answer, error = attempt(lambda: solver(case))
    steps = answer.steps if answer is not None else ()
    if isinstance(error, BrokenSolverError):
        steps, error = error.steps, _cause(error)
    result = _judged(case, answer, error, book)
    budget.spend(result.cost_usd)
    if keeper is not None:
        keeper.keep(case, result, answer, steps)
    return result


def _cause(error: BrokenSolverError) -> Exception:
    return error.__cause__ if isinstance(error.__cause__, Exception) else error


def _judged(
    case: EvalCase, answer: SolvedCase | None, error: Exception | None, book: CodeBook | None
) -> CaseResult:
    """The record of a case; a scorer that crashes is a failure record as a solver that does."""
    prices = book if isinstance(book, PriceBook) else None
    if answer is None:
        return judge_failure(case, error or RuntimeError("no answer"), book, prices)
    result, fault = attempt(lambda: judge(case, answer, book, prices))
    if result is not None:
        return result
    stage: Any = "solver" if type(fault).__name__ == "ValidationError" else "scorer"
    return judge_failure(case, fault or RuntimeError("no score"), book, prices, stage=stage)


def write_run(
    run: Run, cases: Sequence[EvalCase], out: Path, others: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Write ``results.jsonl``, ``summary.json`` and ``report.html`` into ``out``, made when missing.

    ``others`` are summaries of other solvers on the same cases, for the page.
    """
    out.mkdir(parents=True, exist_ok=True)
    lines = (orjson.dumps(result.model_dump(mode="json")) + b"\n" for result in run.results)
    (out / "results.jsonl").write_bytes(b"".join(lines))
    (out / "summary.json").write_bytes(orjson.dumps(run.summary, option=_INDENT))
    notes = {case.id: case.note for case in cases}
    page = render_report(run.summary, run.results, notes, others)
    (out / "report.html").write_text(page, encoding="utf-8")


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
