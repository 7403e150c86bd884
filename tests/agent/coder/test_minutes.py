"""Services by their minutes: each code at its threshold and a minute below, what else it asks for, and time that is billed apart."""

import pytest

from agent.coder.lines import Line
from agent.coder.minutes import (
    apart,
    further_units,
    is_month_only,
    prolong,
    says_excluded,
    timed,
    timed_services,
)
from agent.coder.visit import own_minutes
from tests.agent.coder.spoken_case import ended, told

CONSENT = "She gave consent."
PLAN = "The care plan was updated."


def line(code: str, *, minutes: int | None = None, **facts: object) -> Line:
    return Line(code=code, seen=(), rationale="", facts=facts, minutes=minutes)


def billed(*sentences: str, lines: tuple[Line, ...] = (), payer: str = "medicare") -> list[tuple[str, int]]:
    found = ended(timed(told(*sentences, payer=payer), lines))
    return [(x.code, x.units) for x in found]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("We spent 16 minutes on advance care planning.", [("99497", 1)]),
        ("We spent 15 minutes on advance care planning.", []),
        ("We spent 45 minutes on advance care planning.", [("99497", 1)]),
        ("We spent 46 minutes on advance care planning.", [("99497", 1), ("99498", 1)]),
        ("We spent 76 minutes on advance care planning.", [("99497", 1), ("99498", 2)]),
        ("Annual depression screening took 5 minutes.", [("G0444", 1)]),
        ("Annual depression screening took 4 minutes.", []),
        ("Chronic care management this month: 20 minutes of staff time.", [("99490", 1)]),
        ("Chronic care management this month: 19 minutes of staff time.", []),
        ("Chronic care management this month: 60 minutes of staff time.", [("99490", 1), ("99439", 2)]),
        ("I personally spent 30 minutes this month on her chronic care management.", [("99491", 1)]),
        ("I personally spent 29 minutes this month on her chronic care management.", []),
        ("Chronic care management will be 20 minutes a visit.", []),
    ],
)
def test_each_code_begins_at_its_minute(text: str, codes: list[tuple[str, int]]) -> None:
    assert billed(text, CONSENT, PLAN) == codes


def test_care_management_needs_consent_and_plan() -> None:
    month = "Chronic care management this month: 24 minutes of staff time."
    assert billed(month, PLAN) == []
    assert billed(month, CONSENT) == []
    assert billed(month, PLAN, "No consent was given.") == []


def test_depression_screening_is_medicares_and_part_of_the_first_wellness_visit() -> None:
    text = "Annual depression screening took 8 minutes."
    assert billed(text, payer="commercial") == []
    assert billed(text, lines=(line("G0438"),)) == [("G0438", 1)]
    assert billed(text, lines=(line("G0439"), line("96127"))) == [("G0439", 1), ("G0444", 1)]


def test_further_units_never_pass_what_the_month_takes() -> None:
    row = next(r for r in timed_services() if r.code == "99490")
    assert [further_units(row, m) for m in (39, 40, 59, 60, 200)] == [0, 1, 1, 2, 2]


def test_a_month_without_a_visit_has_none() -> None:
    month = "Chronic care management note, no face-to-face visit."
    assert is_month_only(told(month), [line("99490")])
    assert not is_month_only(told(month), [line("96127")])
    assert not is_month_only(told("She was seen today."), [line("99490")])


def test_time_of_the_day_that_is_billed_apart_is_no_time_of_the_visit() -> None:
    lines = [line("99406", minutes=8), line("99490", minutes=24), line("99498", minutes=50)]
    assert apart(lines) == 8
    assert own_minutes(told("Total time 43 minutes."), 43, lines) == 35
    excluded = told("Total time 43 minutes, excluding the counseling.")
    assert says_excluded(excluded)
    assert own_minutes(excluded, 43, lines) == 43


def test_time_beside_a_procedure_counts_only_when_the_procedure_is_left_out() -> None:
    procedure = [line("20610", global_days="000")]
    assert own_minutes(told("Total time 43 minutes."), 43, procedure) is None
    assert own_minutes(told("Total time 43 minutes, not including the injection."), 43, procedure) == 43


@pytest.mark.parametrize(
    ("payers_code", "visit", "minutes", "units"),
    [
        ("99417", "99215", 54, 0),
        ("99417", "99215", 55, 1),
        ("99417", "99215", 70, 2),
        ("99417", "99205", 74, 0),
        ("99417", "99205", 75, 1),
        ("G2212", "99215", 68, 0),
        ("G2212", "99215", 69, 1),
        ("G2212", "99205", 89, 1),
        ("99417", "99214", 90, 0),
    ],
)
def test_prolonged_visits_by_the_payers_code(payers_code: str, visit: str, minutes: int, units: int) -> None:
    case = told("Total time.", prolonged_code=payers_code)
    lines = ended(prolong(case, line(visit, minutes=minutes), {"code": visit}))
    assert [(x.code, x.units) for x in lines[1:]] == ([(payers_code, units)] if units else [])
