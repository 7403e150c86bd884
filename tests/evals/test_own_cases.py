"""Our own cases: every note under evals/cases (the shipped encounters have their own test) is coded without a fault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.case import EvalCase, load_cases
from evals.results import judge
from evals.solvers import AgentSolver, ShelfBook, agent_solver

FOLDER = Path(__file__).resolve().parents[2] / "evals" / "cases"
CASES = [
    case for file in sorted(FOLDER.glob("*.jsonl")) if file.stem != "shipped" for case in load_cases(file)
]


@pytest.fixture(scope="module")
def agent() -> Iterator[tuple[AgentSolver, ShelfBook]]:
    with agent_solver("rules") as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_own_case_is_coded_without_a_fault(
    case: EvalCase, agent: tuple[AgentSolver, ShelfBook]
) -> None:
    solver, book = agent
    result = judge(case, solver(case), book)
    assert result.score.perfect, result.why


def test_every_own_case_names_what_makes_it_right() -> None:
    assert [case.id for case in CASES if not (case.guideline or case.sections)] == []
