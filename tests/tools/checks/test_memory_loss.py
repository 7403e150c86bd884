"""The published memory-loss visit, in our own words, and the claim a language model once billed for it."""

from datetime import date

import pytest

from knowledge.bookshelf import Bookshelf
from tests.tools.checks.builders import L, coverage, ln, person, request
from tools.checks import run_checks

NOTE = """SUBJECTIVE
Mrs. Holt, an 82-year-old woman new to this practice, comes because of trouble with her memory. Over five to ten years it
has slowly become worse; she asks the same thing again and loses track of talks she has had. Her mother had dementia with
hallucinations. She denies head trauma, stroke, dizziness, numbness, and trouble with speech, sight or muscles.

OBJECTIVE
Alert and friendly. Asked to draw the face of a clock, she can not place the numbers. Gait steady. No recent
laboratory tests or imaging are available.

ASSESSMENT
Memory problems, slowly progressive, cause open.

PLAN
TSH and vitamin B12 ordered at the hospital laboratory. Start Aricept 5 mg at bedtime. Referral to neurology for
dementia evaluation.
"""
PATIENT = person(birth_date=date(1944, 2, 2))
MEDICARE = {"patient": PATIENT, "coverages": (coverage("medicare"),)}


def errors(shelf: Bookshelf, codes: tuple[str, ...], *lines: str) -> dict[str, set[str]]:
    """The codes each error names, by rule, for a claim that brings no evidence of its own."""
    made = ln(*(L(code) for code in lines), text=NOTE, codes=codes, **MEDICARE)
    made.pop("known")
    found = run_checks(request(shelf, foreign=True, **made))
    rules = {f.rule for f in found if f.level == "error"}
    return {rule: {c for f in found if f.rule == rule for c in f.codes} for rule in rules}


def test_the_billed_claim_has_an_error_for_both_codes(shelf: Bookshelf) -> None:
    found = errors(shelf, ("G30.9",), "99204", "96125")
    assert found["dx.not_established"] == {"G30.9"}
    assert found["line.not_documented"] == {"96125"}


def test_the_right_claim_has_none(shelf: Bookshelf) -> None:
    assert errors(shelf, ("R41.3",), "99204") == {}


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("F03.90", "dx.uncertain_evidence"),
        ("R42", "dx.negated_evidence"),
        ("S09.90XA", "dx.negated_evidence"),
        ("I63.9", "dx.negated_evidence"),
        ("R44.3", "dx.family_evidence"),
        ("G20.A1", "dx.not_established"),
    ],
)
def test_what_is_only_denied_asked_or_a_relatives(shelf: Bookshelf, code: str, rule: str) -> None:
    assert code in errors(shelf, ("R41.3", code), "99204")[rule]


@pytest.mark.parametrize(
    ("code", "rule"), [("84443", "line.ordered_not_done"), ("96116", "line.not_documented")]
)
def test_what_was_ordered_or_not_done(shelf: Bookshelf, code: str, rule: str) -> None:
    assert code in errors(shelf, ("R41.3",), "99204", code)[rule]


def test_family_history_may_be_coded(shelf: Bookshelf) -> None:
    assert errors(shelf, ("R41.3", "Z81.8"), "99204") == {}


def test_the_age_of_the_note_is_the_patients(shelf: Bookshelf) -> None:
    made = ln(L("99204"), text=NOTE, codes=("R41.3",))
    made.pop("known")
    assert "document.other_patient" in {f.rule for f in run_checks(request(shelf, foreign=True, **made))}
