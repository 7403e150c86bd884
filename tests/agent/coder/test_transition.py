"""Transitional care instead of the visit: the days and the decision making that each code takes, and the parts without which none is billed."""

import pytest

from agent.coder.case import Case
from agent.coder.conversation import Answer
from agent.coder.lines import Line
from agent.coder.transition import Stage, as_transition
from agent.coder.visit import Visit

LEFT = "Discharged home from Oak Hospital on {}."
CALLED = "Our nurse spoke with her on {}."
LIST = "Medications were reconciled today."


def case(*told: str) -> Case:
    text = "\n".join(told)
    starts = [text.index(t) for t in told]
    return Case(
        encounter={"date_of_service": "2026-03-16"},
        history=(),
        mentions=(),
        sections={"d": [{"name": "HPI", "kind": "hpi", "start": 0, "end": len(text)}]},
        sentences={"d": [[s, s + len(t), 0] for s, t in zip(starts, told, strict=True)]},
        texts={"d": text},
    )


def billed(of: Case, decision: str) -> str:
    line = Line(code="99214", seen=(), rationale="", facts={}, is_em=True)
    visit = Visit(line=line, em={"code": "99214"}, decision_level=decision)
    stage = as_transition(of, visit)
    after = ended(stage)
    assert after is not None
    assert (after.em is None) == (after.line.code != "99214")
    return after.line.code


def ended(stage: Stage) -> Visit | None:
    """What the stage returns when every code that it looks up is found."""
    answers: tuple[Answer, ...] | None = None
    while True:
        try:
            asked = stage.send(answers) if answers else next(stage)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration is untyped
        answers = tuple(Answer(data={"codes": [{"code": a.args["codes"][0], "found": True}]}) for a in asked)


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
