"""Transitional care instead of the visit: the days and the decision making that each code takes, and the parts without which none is billed."""

import pytest

from agent.coder.case import Case
from agent.coder.lines import Line
from agent.coder.transition import as_transition
from agent.coder.visit import Visit
from tests.agent.coder.spoken_case import ended, told

LEFT = "Discharged home from Oak Hospital on {}."
CALLED = "Our nurse spoke with her on {}."
LIST = "Medications were reconciled today."


def case(*sentences: str) -> Case:
    return told(*sentences, kind="hpi")


def billed(of: Case, decision: str) -> str:
    line = Line(code="99214", seen=(), rationale="", facts={}, is_em=True)
    visit = Visit(line=line, em={"code": "99214"}, decision_level=decision)
    stage = as_transition(of, visit)
    after: Visit | None = ended(stage)
    assert after is not None
    assert (after.em is None) == (after.line.code != "99214")
    return after.line.code


@pytest.mark.parametrize(
    ("left", "called", "decision", "code"),
    [
        ("March 9", "March 10", "high", "99496"),
        ("March 9", "March 10", "moderate", "99495"),
        ("March 9", "March 10", "low", "99214"),
        ("March 6", "March 9", "high", "99495"),
        ("March 2", "March 3", "moderate", "99495"),
        ("March 1", "March 3", "moderate", "99214"),
        ("March 6", "March 11", "high", "99214"),
    ],
)
def test_days_and_decision_making_decide(left: str, called: str, decision: str, code: str) -> None:
    assert billed(case(LEFT.format(left), CALLED.format(called), LIST), decision) == code


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_every_part_is_needed(absent: int) -> None:
    told = [LEFT.format("March 9"), CALLED.format("March 10"), LIST]
    assert billed(case(*told), "high") == "99496"
    assert billed(case(*(t for n, t in enumerate(told) if n != absent)), "high") == "99214"
