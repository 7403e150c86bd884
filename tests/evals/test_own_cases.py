"""Our own cases: every note under evals/cases is coded without a fault, and its recording replays without a model.

One recorded run serves both questions: what the coder makes of the cases, and that a replay of two hundred of them is
bit-identical while a changed rule or table moves exactly the cases it touches.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.context import Context
from evals.case import EvalCase, SolvedCase, load_cases
from evals.compare import compare
from evals.docs import load_published, published, worse
from evals.journal import Journal
from evals.run import Keeper, Run, run_cases
from evals.solvers import Opened, open_solver
from evals.solvers.recorded import RecordedSolver, same_outcome
from evals.summary import summarise
from knowledge.edits import EditTables, MueRow

FOLDER = Path(__file__).resolve().parents[2] / "evals" / "cases"
CASES = load_cases(FOLDER)
RULE = "modifier.25_thin"
CODE = "J3301"


class Recorded:
    """The run, its folder, and every answer as it came."""

    def __init__(self, run: Run, out: Path, answers: dict[str, SolvedCase], opened: Opened) -> None:
        self.results = {r.id: r for r in run.results}
        self.out, self.answers, self.opened = out, answers, opened
        self.context: Context = opened.solver.context  # type: ignore[attr-defined]  # the agent's own

    def solver(self, **changes: Any) -> RecordedSolver:
        context = dataclasses.replace(self.context, **changes)
        assert self.opened.basis is not None
        return RecordedSolver(folder=self.out, context=context, basis=self.opened.basis)

    def moved(self, cases: list[EvalCase], solver: RecordedSolver) -> set[str]:
        done = run_cases(cases, solver, book=self.opened.book)
        assert {r.failure for r in done.results} == {None}
        return {m.id for m in compare([self.results[c.id] for c in cases], done.results).moved}

    def with_finding(self, rule: str) -> set[str]:
        return {name for name, r in self.results.items() if any(rule in f for f in r.findings)}

    def with_units(self, code: str) -> set[str]:
        """Cases that bill more than one unit of a code."""
        lines = {name: r.given["lines"] for name, r in self.results.items()}
        return {
            name for name, given in lines.items() if any(x["code"] == code and x["units"] > 1 for x in given)
        }


@pytest.fixture(scope="module")
def recorded(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    out = tmp_path_factory.mktemp("recorded")
    answers: dict[str, SolvedCase] = {}
    with open_solver("agent", model="rules", home=home) as opened:

        def solver(case: EvalCase) -> SolvedCase:
            answers[case.id] = opened.solver(case)
            return answers[case.id]

        keeper = Keeper(out=out, journal=Journal(out, opened.about, resume=False), about=opened.about)
        run = run_cases(CASES, solver, book=opened.book, keeper=keeper)
        yield Recorded(run, out, answers, opened)


def test_every_own_case_is_coded_without_a_fault(recorded: Recorded) -> None:
    """One test, not one a case: parted among processes, each of them would code all cases again."""
    assert sorted(recorded.results) == sorted(case.id for case in CASES)
    assert {name: r.why for name, r in recorded.results.items() if not r.score.perfect} == {}


def test_every_own_case_names_what_makes_it_right() -> None:
    assert [case.id for case in CASES if not (case.guideline or case.sections)] == []


def test_what_is_published_of_our_own_cases_is_not_better_than_what_is_measured(recorded: Recorded) -> None:
    own = [r for r in recorded.results.values() if r.dataset != "shipped"]
    now = published(summarise(own, wall=1.0, commit="", model="rules"))
    was = load_published()["own"]["agent"]
    assert worse(was, now) == [], "stale: run python -m evals.docs --measure"
    assert was["cases"] >= 0.9 * len(own), "many cases are new: run python -m evals.docs --measure"


@pytest.mark.slow
def test_two_hundred_recordings_replay_bit_identical_without_a_model(recorded: Recorded) -> None:
    assert len(CASES) >= 200
    solver = recorded.solver(model=None)
    odd = [c.id for c in CASES[:200] if not same_outcome(recorded.answers[c.id], solver(c))]
    assert odd == []


def some(touched: set[str], others: int) -> list[EvalCase]:
    """Every case that a change should touch, and as many that it should not."""
    return [c for c in CASES if c.id in touched] + [c for c in CASES if c.id not in touched][:others]


def test_a_rule_that_is_raised_moves_exactly_the_cases_it_speaks_on(recorded: Recorded) -> None:
    touched = recorded.with_finding(RULE)
    assert touched
    policy = recorded.context.check_policy
    raised = policy.model_copy(update={"levels": {**policy.levels, RULE: "error"}})
    assert recorded.moved(some(touched, 20), recorded.solver(check_policy=raised)) == touched


def test_a_table_row_that_is_changed_moves_exactly_the_claims_it_judges(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched = recorded.with_units(CODE)
    assert touched
    whole = EditTables.mue

    def changed(self: EditTables, code: str, *rest: Any) -> MueRow | None:
        row = whole(self, code, *rest)
        return dataclasses.replace(row, mue=1) if row is not None and code == CODE else row

    monkeypatch.setattr(EditTables, "mue", changed)
    assert recorded.moved(some(touched, 20), recorded.solver()) == touched
