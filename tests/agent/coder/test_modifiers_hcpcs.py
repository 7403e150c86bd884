"""HCPCS modifiers by documented criteria: class findings of foot care, the screening turned treatment, the physician of record."""

import pytest

from tests.agent.coder.test_modifiers import added, case, line

FOOT = {"family": "nail_care", "category": "podiatry"}
BOWEL = {"family": "lower_endoscopy", "category": "gi"}
FIRST_DAY = {"family": "hospital_initial", "category": "em_hospital"}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("Dorsalis pedis and posterior tibial pulses are absent.", ["Q8"]),
        ("Posterior tibial pulse absent, dorsalis pedis not palpable.", ["Q8"]),
        ("Dorsalis pedis palpable, posterior tibial absent.", []),
        ("Posterior tibial pulse 2+, dorsalis pedis absent.", []),
        ("Dorsalis pedis is present and posterior tibial is absent.", []),
    ],
)
def test_two_class_b_findings_are_two_pulses_absent_not_one(told: str, found: list[str]) -> None:
    assert added(case(told, payer="medicare"), line("11721", FOOT)) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("Non-traumatic amputation of the left great toe in 2021.", ["Q7"]),
        ("Traumatic amputation of the left great toe in 2021.", []),
        ("No amputation of a toe.", []),
    ],
)
def test_the_class_a_finding_is_an_amputation_not_from_an_injury(told: str, found: list[str]) -> None:
    assert added(case(told, payer="medicare"), line("11721", FOOT)) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("Here for screening colonoscopy; her last screening was normal.", True),
        ("Her last screening colonoscopy was in 2017.", False),
        ("Previous colonoscopy for screening was normal; now rectal bleeding.", False),
    ],
)
def test_an_earlier_screening_does_not_make_today_s_colonoscopy_one(told: str, found: bool) -> None:
    what = line("45385", BOWEL)
    assert added(case(told, payer="medicare"), what) == (["PT"] if found else [])
    assert added(case(told, payer="commercial"), what) == (["33"] if found else [])


@pytest.mark.parametrize(
    ("told", "payer", "found"),
    [
        ("I am the admitting physician of record.", "medicare", ["AI"]),
        ("I am the principal physician of record and oversee her care.", "medicare", ["AI"]),
        ("Dr. Bell is the admitting physician of record.", "medicare", []),
        ("I am not the admitting physician.", "medicare", []),
        ("I am the admitting physician of record.", "commercial", []),
    ],
)
def test_the_first_hospital_visit_of_the_physician_of_record(told: str, payer: str, found: list[str]) -> None:
    assert added(case(told, payer=payer, place="21"), line("99222", FIRST_DAY)) == found
    assert added(case(told, payer=payer), line("99214", {"category": "em_established"})) == []
