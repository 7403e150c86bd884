"""The embedded coder on the shipped cases does not fall below evals/baseline.json; raise it where the coder gets better."""

from typing import Any

import pytest

from agent.context import Context
from agent.graph import build_graph
from agent.models.rules import RulesModel
from agent.policy import Policy
from evals.case import load_cases
from evals.docs import load_published, moved, published
from evals.encounters.cases import SHIPPED
from evals.gate import GateError, fallen, floors
from evals.run import run_cases
from evals.solvers import AgentSolver, ShelfBook
from knowledge.bookshelf import Bookshelf
from tools.checks import CheckPolicy

BASELINE = floors("shipped")


@pytest.fixture(scope="module")
def summary(shelf: Bookshelf) -> dict[str, Any]:
    context = Context(
        bookshelf=shelf,
        model=RulesModel(),
        model_spec="rules",
        policy=Policy(),
        check_policy=CheckPolicy.default(),
        pdf=False,
    )
    solver = AgentSolver(context=context, graph=build_graph(None))
    cases = load_cases(SHIPPED)
    done = run_cases(cases, solver, book=ShelfBook(shelf=shelf), model="rules")
    assert {r.failure for r in done.results} == {None}
    return {**done.summary, "why": {r.id: r.why for r in done.results if r.why}}


def test_the_embedded_coder_does_not_fall_below_its_baseline(summary: dict[str, Any]) -> None:
    assert fallen(summary, BASELINE) == [], summary["why"]


def test_the_published_figures_are_those_that_are_measured(summary: dict[str, Any]) -> None:
    was = load_published()["shipped"]["agent"]
    assert moved(was, published(summary)) == [], "stale: run python -m evals.docs --measure"


@pytest.mark.parametrize(
    ("group", "rate", "worse"),
    [("icd10", "strict_f1", 0.92), ("em", "over", 0.1), ("must_not", "violations", 1)],
)
def test_a_worse_figure_is_named(summary: dict[str, Any], group: str, rate: str, worse: float) -> None:
    spoilt = {**summary, group: {**summary[group], rate: worse}}
    (said,) = set(fallen(spoilt, BASELINE)) - set(fallen(summary, BASELINE))
    assert said.startswith(f"{group}.{rate} is {worse:g}, ")


def test_a_figure_that_is_no_longer_scored_has_fallen(summary: dict[str, Any]) -> None:
    silent = {**summary, "links": {**summary["links"], "accuracy": None}}
    assert "links.accuracy is not scored, at least 1 is asked" in fallen(silent, BASELINE)


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(GateError, match="shipped"):
        floors("none such")
