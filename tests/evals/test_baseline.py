"""The embedded coder on the shipped cases does not fall below evals/baseline.json; raise it where the coder gets better."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from agent.context import Context
from agent.graph import build_graph
from agent.models.rules import RulesModel
from agent.policy import Policy
from evals.case import load_cases
from evals.encounters.cases import SHIPPED
from evals.run import run_cases
from evals.solvers import AgentSolver, ShelfBook
from knowledge.bookshelf import Bookshelf
from tests.conftest import ROOT
from tools.checks import CheckPolicy

BASELINE: dict[str, dict[str, float]] = orjson.loads((ROOT / "evals" / "baseline.json").read_bytes())


def figure(summary: Mapping[str, Any], name: str) -> float:
    """A figure of a summary by its dotted name."""
    found: Any = summary
    for part in name.split("."):
        found = found[part]
    return float(found)


def fallen(summary: Mapping[str, Any]) -> list[str]:
    """What of a summary is worse than the baseline."""
    low = [n for n, floor in BASELINE["at_least"].items() if figure(summary, n) < floor]
    high = [n for n, ceiling in BASELINE["at_most"].items() if figure(summary, n) > ceiling]
    return [f"{name} is {figure(summary, name)}" for name in (*low, *high)]


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
    assert fallen(summary) == [], summary["why"]


@pytest.mark.parametrize(
    ("group", "rate", "worse"),
    [("icd10", "strict_f1", 0.92), ("em", "over", 0.1), ("must_not", "violations", 1)],
)
def test_a_worse_figure_is_named(summary: dict[str, Any], group: str, rate: str, worse: float) -> None:
    spoilt = {**summary, group: {**summary[group], rate: worse}}
    assert fallen(spoilt) == [*fallen(summary), f"{group}.{rate} is {float(worse)}"]
