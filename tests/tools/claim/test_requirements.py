"""What keeps a claim from being written: all of it at once, and not a word more."""

from datetime import date
from decimal import Decimal

import pytest

from tests.tools.claim.strategies import envelope
from tools.claim.errors import ClaimError
from tools.claim.model import Accident, ClaimDates, ClaimDiagnosis, Drug
from tools.claim.requirements import problems_of
from tools.claim.x12.writer import write_837


def _line(**changes):
    return lambda claim: {"lines": (claim.lines[0].model_copy(update=changes),)}


def _billing(**changes):
    return lambda claim: {"billing_provider": claim.billing_provider.model_copy(update=changes)}


def _payer(**changes):
    return lambda claim: {"coverages": (claim.coverages[0].model_copy(update=changes),)}


def _patient(**changes):
    return lambda claim: {"patient": claim.patient.model_copy(update=changes)}


def _dx(*codes):
    return lambda claim: {
        "diagnoses": tuple(ClaimDiagnosis(sequence=n, code=c, display="") for n, c in enumerate(codes, 1))
    }


def _set(**changes):
    return lambda claim: changes


_FAULTS = [
    (_set(claim_id="has space"), "claim id must be 1 to 20"),
    (_set(claim_id="lower1"), "upper case"),
    (_set(frequency="7"), "payer's claim number"),
    (_set(coverages=()), "no coverage"),
    (_payer(payer_id=None), "payer id"),
    (_payer(member_id=""), "member id"),
    (_payer(order=2), "must be primary"),
    (_payer(relationship="child"), "subscriber is missing"),
    (_payer(filing_code="QQ"), "claim filing code"),
    (_patient(birth_date=None), "birth date is missing"),
    (_patient(birth_date=date(2027, 1, 1)), "born after"),
    (_patient(address=None), "patient (N3, N4, box 5) address is missing"),
    (_set(billing_provider=None), "billing provider is missing"),
    (_billing(npi=None), "billing provider NPI is missing"),
    (_billing(npi="1234567890"), "wrong check digit"),
    (_billing(tax_id="12-3456789"), "9 digits without a dash"),
    (_billing(tax_id=None), "tax id is missing"),
    (_billing(taxonomy="207Q"), "taxonomy"),
    (_set(rendering_provider=None), None),
    (_dx(), "at least one diagnosis"),
    (_dx("R41.3", "R41.3"), "more than once"),
    (_dx("W18.40XA", "S93.401A"), "can not come first"),
    (_dx("S93.401A", "W18.40XA"), None),
    (_dx(*(f"A{n:02d}" for n in range(13))), "at most 12"),
    (_dx("R413 "), "not written like"),
    (_set(lines=(), total_charge=Decimal(0)), "at least one service line"),
    (_line(pointers=()), "0 diagnosis pointers"),
    (_line(pointers=(2,)), "points to diagnosis 2"),
    (_line(modifiers=("25", "59", "RT", "LT", "95")), "at most 4 fit"),
    (_line(modifiers=("25", "25")), "given twice"),
    (_line(units=Decimal(0)), "units must be above 0"),
    (_line(units=Decimal("0.5")), None),
    (_line(date_to=date(2026, 7, 1)), "run backwards"),
    (_line(date_to=date(2026, 7, 3)), None),
    (_line(code="9921"), "5 letters and digits"),
    (_line(code="A0429"), "ambulance"),
    (_line(code="A4550"), None),
    (_set(place_of_service="41"), "ambulance"),
    (_line(clia="1234567890"), "CLIA"),
    (_line(clia="12D3456789"), None),
    (_line(drug=Drug(ndc="0000-9307-301", quantity=Decimal(1), unit="ML")), "11 digits"),
    (_line(drug=Drug(ndc="00009307301", quantity=Decimal(1), unit="ML")), None),
    (_line(note="x" * 81), "at most 80 fit"),
    (_line(note="x" * 80), None),
    (_line(note="患者"), "can not carry: 患者"),
    (_set(total_charge=Decimal("185.49")), "not the sum of the lines"),
    (_set(patient_paid=Decimal("-1")), "is negative"),
    (_set(patient_paid=Decimal("1.005")), "at most 2 decimals"),
    (_set(accident=Accident(auto=True), dates=ClaimDates(accident=date(2026, 7, 1))), "needs its state"),
    (_set(accident=Accident(employment=True)), "needs its date"),
    (_set(accident=Accident(employment=True), dates=ClaimDates(accident=date(2026, 7, 1))), None),
    (_set(dates=ClaimDates(onset=date(2026, 7, 3))), "onset and service"),
    (_set(created=date(2026, 7, 1)), "service and claim"),
    (_set(place_of_service="21"), "admission date"),
    (_set(place_of_service="21", dates=ClaimDates(admission=date(2026, 7, 1))), None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), _FAULTS)
def test_a_fault_is_named_and_its_near_miss_is_not(claim, change, message):
    changed = claim.model_copy(update=change(claim))
    problems = problems_of(changed)
    if message is None:
        assert problems == []
    else:
        assert [p for p in problems if message in p]


def test_billing_addresses(claim, address):
    for update, message in (
        ({"postal_code": "62701"}, "must have 9 digits"),
        ({"line1": "P.O. Box 12"}, "post office box"),
        ({"state": "Illinois"}, "two-letter"),
    ):
        changed = claim.billing_provider.model_copy(update={"address": address.model_copy(update=update)})
        problems = problems_of(claim.model_copy(update={"billing_provider": changed}))
        assert [p for p in problems if message in p]


def test_everything_missing_is_listed_at_once_and_nothing_is_written(claim):
    empty = claim.model_copy(
        update={
            "patient": claim.patient.model_copy(update={"birth_date": None, "address": None}),
            "coverages": (claim.coverages[0].model_copy(update={"payer_id": None, "member_id": None}),),
            "billing_provider": None,
        }
    )
    with pytest.raises(ClaimError) as caught:
        write_837([empty], envelope())
    assert len(caught.value.problems) == 5


def test_a_batch_says_which_claim_has_the_problem_and_refuses_the_same_id_twice(claim):
    broken = claim.model_copy(update={"claim_id": "OTHER", "billing_provider": None})
    with pytest.raises(ClaimError) as caught:
        write_837([claim, broken, claim], envelope())
    assert caught.value.problems == ("claim OTHER: billing provider is missing (2010AA, box 33)",)
    with pytest.raises(ClaimError, match="claim id SB000001 is used 2 times"):
        write_837([claim, claim], envelope())
