"""Local learning without a GPU: terms and confidence of the embedded coder from approved cases, behind the same gate.

One half of the cases teaches, the other judges (``eval run --half`` splits them the same way). The gain is told even when it is nothing.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from agent.coding import Coding
from agent.confidence import Weight, features
from evals.calibrate import ROWS, Row, fit, load, measure
from evals.case import EvalCase, SolvedCase
from evals.cli import half
from evals.run import Run, run_cases
from evals.solvers import AgentSolver, ShelfBook, agent_solver
from evals.train.promote import Verdict, gate
from evals.train.records import TrainError
from evals.train.terms import Proposed, propose, write_terms
from knowledge.tables import read_csv
from knowledge.whole import written_whole

Step = Callable[[str, int, int], None]
CONFIDENCE: Final = "confidence.csv"
SHIPPED: Final = Path(__file__).parents[2] / "agent" / "confidence" / "rules.csv"
LEAST_ROWS: Final = 50
"""Fewer diagnoses than this fit chance."""
LEAST_GAIN: Final = 0.001
"""By which the Brier score has to fall."""


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """Confidence on the judging half: with the shipped weights and with those fitted to the teaching half."""

    rows: int
    judged_on: int
    weights: dict[str, float]
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether the fitted weights are better by enough, on enough rows."""
        old, new = self.before["brier"], self.after["brier"]
        enough = min(self.rows, self.judged_on) >= LEAST_ROWS
        return enough and old is not None and new is not None and old - new >= LEAST_GAIN


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the cases teach and what it gains on the half that judges."""

    taught_by: int
    judged_by: int
    proposed: tuple[Proposed, ...]
    verdict: Verdict
    calibrated: Calibrated | None


def learn(
    cases: Sequence[EvalCase],
    *,
    support: int = 2,
    home: Path | None = None,
    step: Step = lambda what, done, total: None,
) -> Learned:
    """Learn from one half, judge by the other.

    Args:
        cases: approved cases with gold diagnoses.
        support: see ``terms.propose``.
        home: the data folder, when not the configured one.
        step: progress.

    Raises:
        TrainError: no case has gold diagnoses in one of the halves.
    """
    teaching, judging = halves(cases)
    with agent_solver("rules", home) as (solver, book):
        kept: dict[str, SolvedCase] = {}
        taught = _run(teaching, solver, book, "learning", step, kept)
        judged = _run(judging, solver, book, "judging before", step, kept)
        rows = propose(teaching, taught.results, book.shelf.vocabulary, support=support)
        after = _with(rows, judging, solver, book, step) if rows else judged
        calibrated = _calibrated(teaching, judging, kept)
    return Learned(
        taught_by=len(teaching),
        judged_by=len(judging),
        proposed=rows,
        verdict=gate(judged.results, after.results),
        calibrated=calibrated,
    )


def judge(
    rows: Sequence[Proposed],
    cases: Sequence[EvalCase],
    *,
    home: Path | None = None,
    step: Step = lambda what, done, total: None,
) -> Verdict:
    """What the accepted rows gain on the judging half.

    Raises:
        TrainError: no case has gold diagnoses in one of the halves.
    """
    _, judging = halves(cases)
    with agent_solver("rules", home) as (solver, book):
        before = _run(judging, solver, book, "judging before", step, {})
        return gate(before.results, _with(rows, judging, solver, book, step).results)


def halves(cases: Sequence[EvalCase]) -> tuple[list[EvalCase], list[EvalCase]]:
    """The half that teaches and the half that judges, of the cases with gold diagnoses.

    Raises:
        TrainError: one of them is empty.
    """
    known = [c for c in cases if c.gold.icd10 is not None and c.gold.icd10.must]
    teaching = [c for c in known if half(c.id) == "tuned"]
    judging = [c for c in known if half(c.id) == "held_out"]
    if not teaching or not judging:
        raise TrainError(
            f"{len(known)} cases with diagnoses are too few to learn from one half and judge by the other"
        )
    return teaching, judging


def _run(
    cases: Sequence[EvalCase],
    solver: AgentSolver,
    book: ShelfBook,
    what: str,
    step: Step,
    kept: dict[str, SolvedCase],
) -> Run:
    done = 0

    def one(_: str) -> None:
        nonlocal done
        done += 1
        step(what, done, len(cases))

    def solve(case: EvalCase) -> SolvedCase:
        kept[case.id] = solver(case)
        return kept[case.id]

    return run_cases(cases, solve, book=book, model="rules", step=one)


def _with(
    rows: Sequence[Proposed], cases: Sequence[EvalCase], solver: AgentSolver, book: ShelfBook, step: Step
) -> Run:
    """The cases coded with the rows in the vocabulary."""
    with tempfile.TemporaryDirectory() as folder:
        write_terms(Path(folder), rows)
        shelf = book.shelf.with_learned(Path(folder))
        own = replace(solver, context=replace(solver.context, bookshelf=shelf))
        return _run(cases, own, replace(book, shelf=shelf), "judging after", step, {})


def _calibrated(
    teaching: Sequence[EvalCase], judging: Sequence[EvalCase], kept: dict[str, SolvedCase]
) -> Calibrated | None:
    """Weights fitted to the shipped rows with those of the teaching half; None where one half has no diagnosis."""
    rows, others = _rows(teaching, kept), _rows(judging, kept)
    if not rows or not others:
        return None
    weights = fit([*load(ROWS / "rules.csv"), *rows])
    shipped = {row.feature: float(row.weight) for row in read_csv(SHIPPED, Weight)}
    return Calibrated(
        rows=len(rows),
        judged_on=len(others),
        weights=weights,
        before=measure(others, shipped),
        after=measure(others, weights),
    )


def _rows(cases: Sequence[EvalCase], kept: dict[str, SolvedCase]) -> list[Row]:
    found = []
    for case in cases:
        if case.id not in kept or case.gold.icd10 is None:
            continue
        coding = Coding.model_validate(kept[case.id].coding)
        codes = [d.code for d in coding.diagnoses]
        right = case.gold.icd10.acceptable
        found += [(features(d, d.display, codes), d.code in right) for d in coding.diagnoses]
    return found


def write_confidence(folder: Path, weights: dict[str, float]) -> None:
    """Write ``confidence.csv`` of a learned folder, as the coder reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["feature,weight", *(f"{k},{Decimal(str(v))}" for k, v in weights.items())]
    with written_whole(folder / CONFIDENCE) as draft:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
