"""Single faults: each takes a clean claim and breaks one thing; None where it does not apply."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.tools.checks.builders import L, diagnosis, person
from tools.claim.model import Accident, Claim, ClaimDates, Drug
from tools.encounter import Name, Provider

Fault = Callable[[Claim], Claim | None]


def with_(**changes: Any) -> Fault:
    return lambda c: c.model_copy(update=changes)


def provider(role: str, **changes: Any) -> Fault:
    def broken(c: Claim) -> Claim:
        who: Provider = getattr(c, f"{role}_provider")
        return c.model_copy(update={f"{role}_provider": who.model_copy(update=changes)})

    return broken


def address(**changes: Any) -> Fault:
    def broken(c: Claim) -> Claim:
        who = c.billing_provider
        assert who is not None
        assert who.address is not None
        moved = who.model_copy(update={"address": who.address.model_copy(update=changes)})
        return c.model_copy(update={"billing_provider": moved})

    return broken


def patient(**changes: Any) -> Fault:
    return lambda c: c.model_copy(update={"patient": c.patient.model_copy(update=changes)})


def cover(**changes: Any) -> Fault:
    def broken(c: Claim) -> Claim:
        first = c.coverages[0].model_copy(update=changes)
        return c.model_copy(update={"coverages": (first, *c.coverages[1:])})

    return broken


def first_line(**changes: Any) -> Fault:
    def broken(c: Claim) -> Claim:
        line = c.lines[0].model_copy(update=changes)
        return c.model_copy(update={"lines": (line, *c.lines[1:])})

    return broken


def more_line(code: str, *modifiers: str, **changes: Any) -> Fault:
    def broken(c: Claim) -> Claim:
        template = c.lines[0]
        extra = L(code, *modifiers, **changes).model_copy(
            update={
                "number": len(c.lines) + 1,
                "date_from": template.date_from,
                "date_to": template.date_to,
                "place_of_service": template.place_of_service,
            }
        )
        return c.model_copy(
            update={"lines": (*c.lines, extra), "total_charge": c.total_charge + extra.charge}
        )

    return broken


def more_diagnosis(code: str) -> Fault:
    def broken(c: Claim) -> Claim | None:
        if code in [d.code for d in c.diagnoses]:
            return None
        return c.model_copy(update={"diagnoses": (*c.diagnoses, diagnosis(len(c.diagnoses) + 1, code))})

    return broken


def repeat_diagnosis(c: Claim) -> Claim:
    again = c.diagnoses[0].model_copy(update={"sequence": len(c.diagnoses) + 1})
    return c.model_copy(update={"diagnoses": (*c.diagnoses, again)})


def first_diagnosis(code: str) -> Fault:
    def broken(c: Claim) -> Claim:
        changed = c.diagnoses[0].model_copy(update={"code": code})
        return c.model_copy(update={"diagnoses": (changed, *c.diagnoses[1:])})

    return broken


def repeat_line(c: Claim) -> Claim:
    again = c.lines[0].model_copy(update={"number": len(c.lines) + 1})
    return c.model_copy(update={"lines": (*c.lines, again), "total_charge": c.total_charge + again.charge})


def later(c: Claim) -> Claim:
    return c.model_copy(update={"dates": ClaimDates(onset=c.lines[0].date_from + timedelta(days=3))})


def backwards(c: Claim) -> Claim | None:
    return first_line(date_to=c.lines[0].date_from - timedelta(days=1))(c)


def shifted(c: Claim) -> Claim | None:
    day = c.lines[0].date_from - timedelta(days=2)
    return first_line(date_from=day, date_to=day)(c)


def same_control_numbers(c: Claim) -> Claim | None:
    if len(c.lines) < 2:
        return None
    return c.model_copy(
        update={"lines": tuple(x.model_copy(update={"control_number": "A1"}) for x in c.lines)}
    )


def many(what: str, count: int) -> Fault:
    def broken(c: Claim) -> Claim:
        pool = getattr(c, what)
        return c.model_copy(update={what: tuple(pool[n % len(pool)] for n in range(count))})

    return broken


def another_encounter(c: Claim) -> Claim:
    return c.model_copy(update={"encounter_id": "another"})


def vaccine_alone(c: Claim) -> Claim | None:
    given = any(x.code.startswith("9047") or x.code == "G0008" for x in c.lines)
    return None if given else more_line("90715")(c)


STRUCTURE: tuple[tuple[str, str, Fault], ...] = (
    ("rendering NPI fails its check digit", "claim.npi_check_digit", provider("rendering", npi="1234567890")),
    ("billing NPI fails its check digit", "claim.npi_check_digit", provider("billing", npi="1234567899")),
    ("total is not the sum", "claim.total", lambda c: with_(total_charge=c.total_charge + 1)(c)),
    ("pointer beyond the diagnoses", "link.unresolved", first_line(pointers=(12,))),
    ("pointer 13", "link.unresolved", first_line(pointers=(13,))),
    ("five pointers", "link.too_many", first_line(pointers=(1, 2, 3, 4, 5))),
    ("no pointer", "link.none", first_line(pointers=())),
    ("a pointer twice", "link.duplicate", first_line(pointers=(1, 1))),
    ("duplicate diagnosis", "dx.duplicate", repeat_diagnosis),
    ("thirteen diagnoses", "claim.too_many_diagnoses", many("diagnoses", 13)),
    ("diagnosis without its dot", "dx.format", first_diagnosis("I1077")),
    ("diagnosis that does not exist", "dx.unknown", first_diagnosis("I10.77")),
    ("diagnosis header", "dx.not_billable", more_diagnosis("E78")),
    ("no 7th character", "dx.seventh_character", more_diagnosis("S93.401")),
    ("external cause first", "dx.external_cause_first", first_diagnosis("W19.XXXA")),
    ("manifestation first", "dx.manifestation_first", first_diagnosis("F02.80")),
    ("no diagnosis", "dx.none", with_(diagnoses=())),
    ("no line", "line.none", with_(lines=(), total_charge=Decimal(0))),
    ("procedure that is no code", "line.format", first_line(code="992X3")),
    ("ended procedure", "line.inactive", more_line("99201")),
    ("no units", "line.units", first_line(units=Decimal(0))),
    ("half a unit", "line.units", first_line(units=Decimal("0.5"))),
    ("nine units of a visit", "line.mue", first_line(units=Decimal(9))),
    ("five modifiers", "modifier.too_many", first_line(modifiers=("25", "24", "57", "CR", "GC"))),
    ("a modifier twice", "modifier.duplicate", first_line(modifiers=("25", "25"))),
    ("26 and TC", "modifier.conflict", more_line("71046", "26", "TC")),
    ("59 on a visit", "modifier.not_allowed", first_line(modifiers=("59",))),
    ("replacement without the first claim", "claim.frequency_reference", with_(frequency="7")),
    ("original with an earlier claim", "claim.original_reference", with_(original_reference="ABC")),
    ("no birth date", "claim.patient_demographics", patient(birth_date=None)),
    ("no patient address", "claim.patient_demographics", patient(address=None)),
    ("billing ZIP of five digits", "claim.billing_zip", address(postal_code="43215")),
    ("billing PO box", "claim.billing_po_box", address(line1="PO BOX 77")),
    ("unknown state", "claim.state", address(state="ZZ")),
    ("car accident without its state", "claim.accident_state", with_(accident=Accident(auto=True))),
    ("accident without its date", "claim.accident_date", with_(accident=Accident(other=True))),
    ("place 98", "line.place_unknown", first_line(place_of_service="98")),
    ("letters X12 can not carry", "claim.charset", patient(name=Name(last="Σιδέρη", first="Ana"))),
    ("a name of 61 letters", "claim.lengths", patient(name=Name(last="A" * 61, first="Ana"))),
    ("onset after the visit", "claim.dates_order", later),
    ("line ends before it starts", "line.dates", backwards),
    ("line of another day", "line.date_mismatch", shifted),
    ("line number out of order", "line.number", first_line(number=3)),
    ("51 lines", "claim.too_many_lines", many("lines", 51)),
    (
        "self with another subscriber",
        "claim.subscriber_self",
        cover(relationship="self", subscriber=person(id="x")),
    ),
    (
        "dependent without subscriber",
        "claim.subscriber_missing",
        cover(relationship="child", subscriber=None),
    ),
    ("no tax id", "claim.tax_id_missing", provider("billing", tax_id=None)),
    ("tax id with a dash", "claim.tax_id", provider("billing", tax_id="12-3456789")),
    ("no coverage", "claim.payer_missing", with_(coverages=())),
    ("no payer id", "claim.payer_id", cover(payer_id=None)),
    ("no member id", "claim.member_id", cover(member_id=None)),
    ("no primary", "claim.one_primary", cover(order=2)),
    ("filing code QQ", "claim.filing_code", cover(filing_code="QQ")),
    ("three decimals", "claim.money_format", first_line(charge=Decimal("10.123"))),
    ("negative charge", "claim.money_format", first_line(charge=Decimal(-5))),
    ("taxonomy of nine characters", "claim.taxonomy", provider("rendering", taxonomy="207Q0000X")),
    (
        "NDC of ten digits",
        "line.ndc_format",
        first_line(drug=Drug(ndc="0409379401", quantity=Decimal(1), unit="ML")),
    ),
    ("claim id of 21 characters", "claim.id", with_(claim_id="A" * 21)),
    ("control number twice", "claim.control_number", same_control_numbers),
    ("CLIA number of six characters", "claim.clia_format", with_(clia="36D123")),
    ("no rendering NPI", "claim.npi_missing", provider("rendering", npi=None)),
    ("rendering organisation", "claim.rendering_person", provider("rendering", is_person=False)),
    ("line billed twice", "line.duplicate", repeat_line),
    (
        "dead before the visit",
        "claim.deceased",
        lambda c: patient(death_date=c.lines[0].date_from - timedelta(1))(c),
    ),
    (
        "born after the visit",
        "claim.birth_date",
        lambda c: patient(birth_date=c.lines[0].date_from + timedelta(1))(c),
    ),
    ("another patient", "claim.patient_mismatch", patient(id="pat-99")),
    ("another encounter", "claim.encounter_mismatch", another_encounter),
    ("E/M with a minor procedure, no 25", "line.em_with_procedure", more_line("20610", "RT")),
    ("add-on alone", "line.add_on_without_primary", more_line("11045")),
    ("vaccine without administration", "line.vaccine_without_administration", vaccine_alone),
    ("service not documented", "line.not_documented", more_line("96125")),
    ("screening mammogram for nothing", "link.not_supported", more_line("77067")),
)
