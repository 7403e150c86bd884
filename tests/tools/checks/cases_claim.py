"""For every claim rule: what fires it, and a near miss."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.tools.checks.builders import (
    DAY,
    STREET,
    L,
    cl,
    coverage,
    diagnosis,
    document,
    history,
    ln,
    person,
    provider,
)
from tools.claim.model import Accident, Adjustment, ClaimDates, ClaimPayment
from tools.encounter import Name

Case = tuple[str, dict[str, Any], dict[str, Any]]
MOTHER = person(id="pat-2", name=Name(last="Alder", first="Ruth"), birth_date=date(1950, 1, 1))


def billing(**changes: Any) -> dict[str, Any]:
    return cl(billing_provider=provider("billing", **changes))


def rendering(**changes: Any) -> dict[str, Any]:
    return cl(rendering_provider=provider("rendering", **changes))


def covered(kind: str = "commercial", **changes: Any) -> dict[str, Any]:
    return cl(coverages=(coverage(kind, **changes),))


def paid(amount: str, taken: str) -> dict[str, Any]:
    cut = Adjustment(group="CO", carc="45", amount=Decimal(taken))
    return cl(payments=(ClaimPayment(payer_id="12345", paid=Decimal(amount), adjustments=(cut,)),))


PEOPLE: list[Case] = [
    ("claim.npi_missing", rendering(npi=None), rendering()),
    ("claim.npi_check_digit", rendering(npi="1234567890"), rendering(npi="1234567893")),
    ("claim.taxonomy", rendering(taxonomy="207Q0000"), rendering(taxonomy="207R00000X")),
    ("claim.tax_id_missing", billing(tax_id=None), billing()),
    ("claim.tax_id", billing(tax_id="12-3456789"), billing(tax_id="123456780")),
    ("claim.billing_address", billing(address=None), billing()),
    (
        "claim.billing_zip",
        billing(address=STREET.model_copy(update={"postal_code": "43215"})),
        billing(address=STREET),
    ),
    (
        "claim.billing_po_box",
        billing(address=STREET.model_copy(update={"line1": "P.O. Box 12"})),
        billing(address=STREET.model_copy(update={"line1": "12 Boxwood Street"})),
    ),
    (
        "claim.state",
        billing(address=STREET.model_copy(update={"state": "ZZ"})),
        billing(address=STREET.model_copy(update={"state": "KY"})),
    ),
    (
        "claim.zip",
        cl(patient=person(address=STREET.model_copy(update={"postal_code": "4321"}))),
        cl(patient=person(address=STREET)),
    ),
    ("claim.patient_demographics", cl(patient=person(address=None)), cl(patient=person())),
    (
        "claim.subscriber_missing",
        covered(relationship="child"),
        covered(relationship="child", subscriber=MOTHER),
    ),
    ("claim.subscriber_self", covered(subscriber=MOTHER), covered(subscriber=person())),
    (
        "claim.birth_date",
        cl(patient=person(birth_date=date(2026, 9, 1))),
        cl(patient=person(birth_date=date(2026, 8, 1))),
    ),
    (
        "claim.deceased",
        cl(patient=person(death_date=date(2026, 8, 1))),
        cl(patient=person(death_date=DAY)),
    ),
    ("claim.patient_mismatch", cl(known={"patient": person(id="pat-9")}), cl(known={"patient": person()})),
    ("claim.encounter_mismatch", cl(known={"encounter_id": "enc-9"}), cl()),
    ("claim.rendering_person", rendering(is_person=False), rendering()),
]

MONEY: list[Case] = [
    ("claim.total", cl(total_charge=Decimal("120.00")), cl()),
    (
        "claim.money_format",
        ln(L("99213", charge=Decimal("10.005"))),
        ln(L("99213", charge=Decimal("10.05"))),
    ),
    (
        "claim.total_positive",
        ln(L("99213", charge=Decimal(0))),
        ln(L("99213", charge=Decimal("0.01"))),
    ),
    (
        "claim.total_positive",
        ln(L("99024", charge=Decimal(0)), L("99213", charge=Decimal(0))),
        ln(L("99024", charge=Decimal(0))),
    ),
    ("claim.balance", paid("60", "30"), paid("60", "40")),
    ("claim.patient_paid", cl(patient_paid=Decimal(120)), cl(patient_paid=Decimal(20))),
    ("claim.too_many_lines", ln(*[L("99213")] * 51), ln(*[L("99213")] * 50)),
    (
        "claim.too_many_diagnoses",
        cl(diagnoses=tuple(diagnosis(i, "I10") for i in range(1, 14))),
        cl(diagnoses=tuple(diagnosis(i, "I10") for i in range(1, 13))),
    ),
    ("claim.id", cl(claim_id="SB-0000001-LONG-ENOUGH"), cl(claim_id="SB00000000000000000A")),
    (
        "claim.control_number",
        ln(L("99213", control_number="1"), L("93000", control_number="1")),
        ln(L("99213", control_number="1"), L("93000", control_number="2")),
    ),
    (
        "claim.charset",
        cl(patient=person(name=Name(last="Σιδέρη", first="Ana"))),
        cl(patient=person(name=Name(last="Núñez", first="Ana"))),
    ),
    (
        "claim.lengths",
        cl(patient=person(name=Name(last="A" * 61, first="Ana"))),
        cl(patient=person(name=Name(last="A" * 60, first="Ana"))),
    ),
]

DATES: list[Case] = [
    ("claim.future", cl(created=date(2026, 8, 1)), cl(created=DAY)),
    (
        "claim.dates_order",
        cl(dates=ClaimDates(onset=date(2026, 9, 1))),
        cl(dates=ClaimDates(onset=date(2026, 8, 1))),
    ),
    (
        "claim.accident_state",
        cl(accident=Accident(auto=True)),
        cl(accident=Accident(auto=True, state="OH")),
    ),
    (
        "claim.accident_date",
        cl(accident=Accident(other=True)),
        cl(accident=Accident(other=True), dates=ClaimDates(accident=DAY)),
    ),
    (
        "claim.accident_payer",
        covered("workers_comp"),
        cl(coverages=(coverage("workers_comp"),), accident=Accident(employment=True)),
    ),
    (
        "claim.work_related",
        cl(coverages=(coverage("medicare"),), accident=Accident(employment=True)),
        cl(coverages=(coverage("medicare"),), accident=Accident(other=True)),
    ),
    ("claim.frequency_reference", cl(frequency="7"), cl(frequency="7", original_reference="X1")),
    ("claim.original_reference", cl(original_reference="X1"), cl(frequency="8", original_reference="X1")),
    (
        "claim.frequency_payer",
        cl(frequency="7", original_reference="X1", coverages=(coverage("medicare"),)),
        cl(frequency="7", original_reference="X1"),
    ),
    (
        "claim.admission_date",
        ln(L("99222", place_of_service="21")),
        ln(L("99222", place_of_service="21"), dates=ClaimDates(admission=DAY)),
    ),
    ("claim.payer_missing", cl(coverages=()), covered()),
    ("claim.payer_id", covered(payer_id=None), covered("self_pay", payer_id=None)),
    ("claim.member_id", covered(member_id=None), covered()),
    ("claim.one_primary", covered(order=2), covered(order=1)),
    ("claim.filing_code", covered(filing_code="QQ"), covered(filing_code="BL")),
    ("claim.filing_code", covered(filing_code="09"), covered("self_pay", filing_code="09")),
    (
        "claim.insurance_type",
        covered(insurance_type="12"),
        cl(coverages=(coverage(), coverage("medicare", order=2, payer_id="9", insurance_type="12"))),
    ),
    ("claim.timely_filing", cl(created=date(2027, 8, 14)), cl(created=date(2026, 12, 14))),
    ("claim.clia_format", cl(clia="36D123"), cl(clia="36D1234567")),
    (
        "claim.duplicate",
        cl(known={"history": (history("claim", "Claim/1", code="99213", effective=DAY),)}),
        cl(known={"history": (history("claim", "Claim/1", code="99214", effective=DAY),)}),
    ),
    (
        "claim.incident_to",
        {"documents": (document(author="Practitioner/other"),)},
        {"documents": (document(author="Practitioner/rendering"),)},
    ),
    ("claim.not_writable", rendering(npi=None), rendering()),
    ("claim.not_writable", covered(payer_id=None), covered("self_pay", payer_id=None)),
]

CASES: list[Case] = [*PEOPLE, *MONEY, *DATES]
