"""Loops 2300 to 2330 -> Claim."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from tools.claim.model import Accident, Claim, ClaimDates, ClaimDiagnosis
from tools.claim.x12.codes import CLAIM_DATES
from tools.claim.x12.read_insurance import OtherPayer, billed_order, read_other_payer
from tools.claim.x12.read_lines import read_attachments, read_line
from tools.claim.x12.read_values import amount, period, read_provider
from tools.claim.x12.segments import Segment
from tools.claim.x12.tree import Loop
from tools.encounter import Address, CoverageFacts, Person, Provider

_DATE_FIELDS = {qualifier: field for field, qualifier in CLAIM_DATES.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Above:
    """What the levels above a claim say about it."""

    billing: Provider | None
    pay_to: Address | None
    coverage: CoverageFacts
    patient: Person
    property_casualty_number: str | None
    created: date


def read_claim(loop: Loop, above: Above) -> Claim:
    """The claim of one 2300 loop.

    Raises:
        X12Error: an amount, date or composite in it can not be read.
    """
    segment = loop.take("CLM")
    if segment is None:
        raise loop.segments[0].error("a claim loop without CLM")
    place, frequency = _place_and_frequency(segment)
    others = [read_other_payer(child, above.patient) for child in loop.each("2320")]
    payments = tuple(other.payment for other in others if other.payment)
    coverages = (above.coverage, *(other.coverage for other in others))
    clia = loop.value("REF", "X4")
    lines = tuple(read_line(child, place, clia) for child in loop.each("2400"))
    accident = _accident(segment)
    paid = loop.take("AMT", "F5")
    note = loop.take("NTE", "ADD")
    _check_other_insurance(loop, segment, others)
    return Claim(
        claim_id=segment.get(1),
        encounter_id=segment.get(1),
        draft=False,
        frequency=frequency,
        original_reference=loop.value("REF", "F8"),
        patient=above.patient.model_copy(update={"mrn": loop.value("REF", "EA")}),
        coverages=tuple(sorted(coverages, key=lambda c: c.order)),
        billing_provider=above.billing,
        rendering_provider=read_provider(loop.child("2310B")),
        referring_provider=_referring(loop),
        supervising_provider=read_provider(loop.child("2310D")),
        facility=read_provider(loop.child("2310C")),
        pay_to=above.pay_to,
        place_of_service=place,
        diagnoses=_diagnoses(loop),
        lines=lines,
        total_charge=amount(segment, 2),
        patient_paid=amount(paid, 2) if paid else None,
        prior_authorization=loop.value("REF", "G1"),
        referral_number=loop.value("REF", "9F"),
        clia=clia,
        dates=_dates(loop),
        accident=accident,
        note=note.get(2) if note else None,
        payments=payments,
        attachments=read_attachments(loop),
        condition_codes=_code_list(loop, "BG"),
        anesthesia_procedures=_code_list(loop, "BP", "BO"),
        property_casualty_number=above.property_casualty_number,
        mammography_certification=loop.value("REF", "EW"),
        delay_reason=segment.get(20) or None,
        special_program=_special_program(segment),
        billed_order=billed_order(coverages, payments),
        signature_on_file=segment.get(6) == "Y",
        assignment=_one_of(segment, 7, "ABC"),
        benefits_assigned=_one_of(segment, 8, "NWY"),
        release_of_information=_one_of(segment, 9, "IY"),
        created=above.created,
    )


def dotted(code: str) -> str:
    """An ICD-10-CM code with its dot after the third character."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def _place_and_frequency(segment: Segment) -> tuple[str, Literal["1", "7", "8"]]:
    parts = [*segment.parts(5), "", "", ""]
    if parts[2] not in {"1", "7", "8"}:
        raise segment.error(f"claim frequency {parts[2]!r} is not 1, 7 or 8 (CLM05-3)")
    return parts[0], cast("Literal['1', '7', '8']", parts[2])


def _one_of(segment: Segment, index: int, allowed: str) -> str:
    value = segment.get(index)
    if value not in set(allowed):
        raise segment.error(f"element {index} is {value!r}, expected one of {', '.join(allowed)}")
    return value


def _special_program(segment: Segment) -> str | None:
    value = segment.get(12)
    if value and value not in {"02", "03", "05", "09"}:
        raise segment.error(f"special program {value!r} is not 02, 03, 05 or 09 (CLM12)")
    return value or None


def _accident(segment: Segment) -> Accident:
    parts = [*segment.parts(11), "", "", "", ""]
    causes = set(parts[:2])
    return Accident(
        employment="EM" in causes, auto="AA" in causes, other="OA" in causes, state=parts[3] or None
    )


def _diagnoses(loop: Loop) -> tuple[ClaimDiagnosis, ...]:
    found: list[ClaimDiagnosis] = []
    for segment in loop.take_all("HI"):
        kinds = {segment.parts(i)[0] for i in range(1, len(segment.elements))}
        if not kinds <= {"ABK", "ABF", "BK", "BF"}:
            loop.keep(segment)
            continue
        if kinds & {"BK", "BF"}:
            loop.doubt(segment, "ICD-9-CM qualifiers; the codes are read as they stand")
        for index in range(1, len(segment.elements)):
            parts = segment.parts(index)
            code = parts[1] if len(parts) > 1 else ""
            found.append(ClaimDiagnosis(sequence=len(found) + 1, code=dotted(code), display=""))
    return tuple(found)


def _code_list(loop: Loop, *qualifiers: str) -> tuple[str, ...]:
    found: list[str] = []
    for segment in [s for s in loop.segments if s.id == "HI" and s.parts(1)[0] in qualifiers]:
        loop.segments.remove(segment)
        found += [segment.parts(i)[-1] for i in range(1, len(segment.elements))]
    return tuple(found)


def _dates(loop: Loop) -> ClaimDates:
    found: dict[str, date] = {}
    for segment in loop.take_all("DTP"):
        qualifier = segment.get(1)
        if qualifier in {"314", "360", "361"}:
            start, end = period(segment)
            found |= {"disability_from": start} if qualifier != "361" else {}
            found |= {"disability_to": end} if qualifier != "360" else {}
        elif qualifier in _DATE_FIELDS:
            start, end = period(segment)
            found[_DATE_FIELDS[qualifier]] = start
            if start != end:
                loop.doubt(segment, "a range where a single date is expected; its first day is read")
        else:
            loop.doubt(segment, "has no place in the claim object")
    return ClaimDates.model_validate(found)


def _referring(loop: Loop) -> Provider | None:
    first = next((child for child in loop.each("2310A") if child.segments[0].get(1) == "DN"), None)
    return read_provider(first)


def _check_other_insurance(loop: Loop, segment: Segment, others: list[OtherPayer]) -> None:
    for other in others:
        if other.benefits_assigned not in {"", segment.get(8)} or other.release not in {"", segment.get(9)}:
            loop.doubt(segment, "OI of another payer differs from CLM08 or CLM09; the claim's own are kept")
