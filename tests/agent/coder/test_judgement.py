"""What is asked, what is shown as an opportunity, which decisions carry risk, and when G2211 stands beside 25."""

import pytest

from agent.coder.decisions import decisions
from agent.coder.lines import Line
from agent.coder.longitudinal import continuing
from agent.coder.partly import partial
from agent.coder.provider_queries import provider_queries
from agent.coder.visit import Visit
from tests.agent.coder.spoken_case import ended, told

CARE = "We talked about chronic care management, which she would like."


def visit(code: str = "99214", *modifiers: str) -> Line:
    uses = tuple((m, "met") for m in modifiers)
    return Line(
        code=code, seen=(), rationale="", facts={"category": "em_established"}, modifiers=uses, is_em=True
    )


def beside(category: str) -> Line:
    return Line(code="X", seen=(), rationale="", facts={"category": category})


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("She will be admitted to the medicine service.", "hospitalization"),
        ("Hospitalization was discussed and declined.", "hospitalization"),
        ("If she worsens she needs admission.", None),
        ("She was discharged after an admission for pneumonia.", None),
        ("He agreed to hospice.", "limit_care"),
        ("He is not ready for hospice, and no order was signed.", None),
        ("She cannot afford the inhaler, so we switched to albuterol.", "social_determinants"),
        ("She lives alone.", None),
    ],
)
def test_decisions_that_carry_risk(text: str, category: str | None) -> None:
    assert [c for c, _ in decisions(told(text))] == ([category] if category else [])


def test_what_is_told_outside_the_plan_decides_nothing() -> None:
    assert not list(decisions(told("She will be admitted to the medicine service.", kind="hpi")))


def test_an_opportunity_says_what_is_there_and_what_is_missing() -> None:
    (found,) = partial(told(CARE, "She gave consent."), set(), chronic=2)
    assert found["code"] == "99490"
    assert "consent to monthly care management" in found["documented"]
    assert "a comprehensive care plan" in found["missing"]


@pytest.mark.parametrize(
    ("text", "billed", "chronic"),
    [(CARE, set(), 1), (CARE, {"99490"}, 2), ("She declined chronic care management.", set(), 2)],
)
def test_no_opportunity_where_it_does_not_apply(text: str, billed: set[str], chronic: int) -> None:
    assert not list(partial(told(text), billed, chronic))


def test_a_wellness_visit_that_is_due_is_medicares() -> None:
    due = "Her annual wellness visit is overdue."
    assert [o["code"] for o in partial(told(due), set(), 0)] == ["G0439"]
    assert not list(partial(told(due, payer="commercial"), set(), 0))
    assert not list(partial(told(due), {"G0439"}, 0))


def test_open_total_time_beside_a_procedure_is_asked() -> None:
    case = told("Total time 48 minutes.")
    open_ = Visit(line=visit(), em=None, decision_level="moderate", unsettled=48)
    assert "48 minutes" in provider_queries(case, (), (), open_)[0]["question"]
    settled = Visit(line=visit(), em=None, decision_level="moderate")
    assert provider_queries(case, (), (), settled) == []


@pytest.mark.parametrize(
    ("lines", "on", "billed"),
    [
        ((visit("99214"),), "2026-03-16", True),
        ((visit("99214", "25"), beside("vaccine_admin")), "2026-03-16", True),
        ((visit("99214", "25"), beside("wellness")), "2025-01-02", True),
        ((visit("99214", "25"), beside("vaccine_admin")), "2024-12-31", False),
        ((visit("99214", "25"), beside("vaccine_admin"), beside("injection")), "2026-03-16", False),
    ],
)
def test_continuing_care_beside_25(lines: tuple[Line, ...], on: str, billed: bool) -> None:
    case = told("I am the continuing focal point for all her care.", date_of_service=on)
    assert ("G2211" in [x.code for x in ended(continuing(case, lines))]) is billed


def test_continuing_care_adds_to_office_visits_alone() -> None:
    case = told("I am the continuing focal point for all her care.")
    emergency = Line(code="99284", seen=(), rationale="", facts={"category": "em_emergency"}, is_em=True)
    assert [x.code for x in ended(continuing(case, (emergency,)))] == ["99284"]
