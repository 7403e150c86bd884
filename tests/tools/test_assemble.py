"""Assembling: codes of the proposal, people of the facts, names and prices of the tables; no guesses."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from knowledge.bookshelf import Bookshelf
from knowledge.records import CodeSystem
from tests.tools.fhir.record import bent, facts
from tools.charges import ChargeMaster
from tools.claim.assemble import assemble_claim, claim_id, eleven_digits
from tools.context import ToolContext
from tools.encounter import EncounterFacts
from tools.proposal import ModifierUse, Proposal, ProposedDiagnosis, ProposedLine


def line(code: str, *modifiers: str, system: CodeSystem = CodeSystem.CPT, **changes: Any) -> ProposedLine:
    given = {"pointers": (1,), "evidence": (), "rationale": "", **changes}
    return ProposedLine(
        code=code, system=system, modifiers=tuple(ModifierUse(code=m, why="w") for m in modifiers), **given
    )


def proposal(*lines: ProposedLine, codes: tuple[str, ...] = ("J20.9",)) -> Proposal:
    diagnoses = tuple(ProposedDiagnosis(code=code, evidence=(), rationale="") for code in codes)
    return Proposal(diagnoses=diagnoses, service_lines=lines)


@pytest.fixture
def context(shelf: Bookshelf) -> ToolContext:
    return ToolContext(bookshelf=shelf, today=date(2026, 11, 24))


def test_a_claim_is_a_draft_with_names_values_and_prices_from_the_tables(context: ToolContext) -> None:
    found = facts()
    given = proposal(line("99213"), line("J3301", "JZ", system=CodeSystem.HCPCS, units=Decimal(4)))
    claim = assemble_claim(given, found, context)
    visit, drug = claim.lines
    assert claim.draft
    assert (claim.encounter_id, claim.created, claim.place_of_service) == ("enc", date(2026, 11, 24), "11")
    assert claim.diagnoses[0].display == "Acute bronchitis, unspecified"
    fee = context.bookshelf.fees.amount("99213", (), facility=False, locality=None, on=found.date_of_service)
    assert fee.amount is not None
    assert visit.rvu is not None
    assert (visit.rvu.work, visit.rvu.total) == (fee.work, fee.total)
    assert visit.charge == (fee.amount * Decimal("1.50")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert (visit.charge_basis, visit.date_from, visit.place_of_service) == (
        "derived",
        date(2026, 8, 15),
        "11",
    )
    assert visit.display
    assert (drug.modifiers, drug.units) == (("JZ",), Decimal(4))
    assert claim.total_charge == visit.charge + drug.charge
    assert claim.billing_provider == found.billing_provider
    assert claim.coverages == found.coverages
    assert claim.editions["icd10cm"]


def test_a_facility_place_takes_the_facility_values(context: ToolContext) -> None:
    office = assemble_claim(proposal(line("99213")), facts(), context)
    hospital = assemble_claim(proposal(line("99213", place_of_service="22")), facts(), context)
    assert hospital.lines[0].charge < office.lines[0].charge
    assert hospital.lines[0].place_of_service == "22"


def test_what_no_table_knows_has_no_name_and_no_price(context: ToolContext) -> None:
    claim = assemble_claim(proposal(line("00000"), codes=("Z99.99X",)), facts(), context)
    (only,) = claim.lines
    assert (only.display, only.charge, only.rvu) == ("", Decimal("0.00"), None)
    assert claim.diagnoses[0].display == ""


def test_what_the_facts_lack_stays_empty(context: ToolContext) -> None:
    claim = assemble_claim(
        proposal(line("99213")), bent(without=("cov", "role"), enc={"participant": []}), context
    )
    assert (claim.coverages, claim.rendering_provider) == ((), None)


def test_the_claim_number_is_stable_and_unlike_any_other() -> None:
    found = facts()
    other_payer = bent(payer={"identifier": [{"type": {"coding": [{"code": "payerid"}]}, "value": "TST02"}]})
    other_tenant = found.model_copy(update={"tenant": "b"})
    numbers = [claim_id(one) for one in (found, other_payer, other_tenant)]
    assert claim_id(facts()) == numbers[0]
    assert len(set(numbers)) == 3
    assert all(len(n) == 20 and n.isalnum() and n == n.upper() for n in numbers)


def test_line_control_numbers_are_unique_and_short_enough(context: ToolContext) -> None:
    claim = assemble_claim(proposal(line("99213"), line("36415")), facts(), context)
    numbers = [one.control_number or "" for one in claim.lines]
    assert len(set(numbers)) == 2
    assert all(len(n) <= 30 for n in numbers)


def test_the_clia_number_goes_with_a_laboratory_line_only(context: ToolContext) -> None:
    with_test = assemble_claim(proposal(line("87880", "QW")), facts(), context)
    without = assemble_claim(proposal(line("99213")), facts(), context)
    assert (with_test.clia, without.clia) == ("14D2087650", None)


def test_a_house_call_has_no_facility(context: ToolContext) -> None:
    home: EncounterFacts = bent(place={"type": [{"coding": [{"code": "PTRES"}]}], "name": "Home"})
    claim = assemble_claim(proposal(line("99348")), home, context)
    assert (claim.place_of_service, claim.facility) == ("12", None)


def test_an_inpatient_visit_carries_the_stay(context: ToolContext) -> None:
    stay = bent(
        enc={"class": {"code": "IMP"}, "period": {"start": "2026-08-10", "end": "2026-08-14"}},
        place={"type": [{"coding": [{"code": "HOSP"}]}]},
    )
    dates = assemble_claim(proposal(line("99223")), stay, context).dates
    assert (dates.admission, dates.discharge) == (date(2026, 8, 10), date(2026, 8, 14))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("00003-0293-05", "00003029305"),
        ("0003-0293-05", "00003029305"),
        ("50242-040-62", "50242004062"),
        ("60574-4114-1", "60574411401"),
        ("00003029305", "00003029305"),
        ("0003029305", None),
        ("0003-029305", None),
        ("003-0293-5", None),
        ("lot 7", None),
    ],
)
def test_an_ndc_is_padded_where_its_dashes_show_how(given: str, expected: str | None) -> None:
    assert eleven_digits(given) == expected


def test_a_drug_needs_number_quantity_and_unit(context: ToolContext) -> None:
    whole = line("J3301", ndc="0003-0293-05", ndc_quantity=Decimal(1), ndc_unit="ML")
    partial = line("J3301", ndc="0003-0293-05")
    first, second = assemble_claim(proposal(whole, partial), facts(), context).lines
    assert first.drug is not None
    assert first.drug.ndc == "00003029305"
    assert second.drug is None


def test_the_practices_own_charge_stands_before_the_derived_one(shelf: Bookshelf, tmp_path: Path) -> None:
    path = tmp_path / "charges.csv"
    rows = "99213,,,180.00,,\n99213,,TST01,175.50,,\nJ3301,,,9.25,,\n"
    path.write_text("code,modifier,payer,charge,effective_from,effective_to\n" + rows, encoding="utf-8")
    context = ToolContext(bookshelf=shelf, charge_master=ChargeMaster.load(path), today=date(2026, 11, 24))
    given = proposal(line("99213"), line("J3301", units=Decimal(4)), line("36415"))
    claim = assemble_claim(given, facts(), context)
    assert [(one.charge, one.charge_basis) for one in claim.lines][:2] == [
        (Decimal("175.50"), "charge_master"),
        (Decimal("37.00"), "charge_master"),
    ]
    assert claim.lines[2].charge_basis == "derived"
    assert claim.total_charge == sum(one.charge for one in claim.lines)


@pytest.mark.parametrize(
    ("modifier", "told", "assumed", "relinquished"),
    [
        ("55", "The care was transferred to us on 2026-08-01 by a signed agreement.", date(2026, 8, 1), None),
        ("54", "On 2026-08-15 the care is transferred to Dr. Orlan in writing.", None, date(2026, 8, 15)),
        ("55", "The care was transferred to us on 2026-08-01.", None, None),
        ("RT", "The care was transferred to us on 2026-08-01 by a signed agreement.", None, None),
    ],
)
def test_the_days_of_a_transfer_of_care_are_those_of_the_written_agreement(
    context: ToolContext, modifier: str, told: str, assumed: date | None, relinquished: date | None
) -> None:
    found = facts()
    document = found.documents[0].model_copy(update={"text": told})
    claim = assemble_claim(
        proposal(line("25605", modifier)), found.model_copy(update={"documents": (document,)}), context
    )
    assert (claim.dates.assumed_care, claim.dates.relinquished_care) == (assumed, relinquished)
