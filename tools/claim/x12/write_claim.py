"""Loops 2300 to 2330: the claim, its people and places, and the other payers."""

from datetime import date

from tools.claim.model import Claim, ClaimPayment
from tools.claim.money import x12_number
from tools.claim.x12.charset import clean
from tools.claim.x12.codes import CLAIM_DATES, DISABILITY, RELATIONSHIP
from tools.claim.x12.out import SegmentWriter, composite
from tools.claim.x12.what_to_send import facility_to_send, rendering_to_send, sent_dates
from tools.claim.x12.write_lines import write_line
from tools.claim.x12.write_parties import (
    write_address,
    write_coverage,
    write_member,
    write_name,
    write_payer,
    write_provider,
)
from tools.claim.x12.write_shared import write_adjustments, write_attachments
from tools.encounter import CoverageFacts, Name


def write_claim(out: SegmentWriter, claim: Claim) -> None:
    """One claim with all its lines."""
    _claim_segment(out, claim)
    _dates(out, claim)
    write_attachments(out, claim.attachments)
    if claim.patient_paid is not None:
        out.add("AMT", "F5", x12_number(claim.patient_paid))
    _references(out, claim)
    if claim.note:
        out.add("NTE", "ADD", clean(claim.note))
    _codes(out, claim)
    _providers(out, claim)
    for coverage in claim.others:
        _other_payer(out, claim, coverage)
    for number, line in enumerate(claim.lines, 1):
        write_line(out, claim, line, number)


def _claim_segment(out: SegmentWriter, claim: Claim) -> None:
    out.add(
        "CLM",
        claim.claim_id,
        x12_number(claim.total_charge),
        "",
        "",
        composite(claim.place_of_service, "B", claim.frequency),
        "Y" if claim.signature_on_file else "N",
        claim.assignment,
        claim.benefits_assigned,
        claim.release_of_information,
        "",
        _related_causes(claim),
        claim.special_program or "",
        *[""] * 7,
        claim.delay_reason or "",
    )


def _related_causes(claim: Claim) -> str:
    accident = claim.accident
    flags = (("AA", accident.auto), ("EM", accident.employment), ("OA", accident.other))
    causes = [code for code, present in flags if present]
    if not causes:
        return ""
    state = accident.state if accident.auto and accident.state else ""
    return composite(*(causes[:2] + [""] * (2 - len(causes))), "", state)


def _dates(out: SegmentWriter, claim: Claim) -> None:
    dates = sent_dates(claim)
    for field, qualifier in CLAIM_DATES.items():
        if field == "last_worked":
            _disability(out, dates.disability_from, dates.disability_to)
        moment: date | None = getattr(dates, field)
        if moment:
            out.add("DTP", qualifier, "D8", f"{moment:%Y%m%d}")


def _disability(out: SegmentWriter, start: date | None, end: date | None) -> None:
    if start and end:
        out.add("DTP", DISABILITY["both"], "RD8", f"{start:%Y%m%d}-{end:%Y%m%d}")
    elif start:
        out.add("DTP", DISABILITY["from"], "D8", f"{start:%Y%m%d}")
    elif end:
        out.add("DTP", DISABILITY["to"], "D8", f"{end:%Y%m%d}")


def _references(out: SegmentWriter, claim: Claim) -> None:
    for qualifier, value in (
        ("EW", claim.mammography_certification),
        ("9F", claim.referral_number),
        ("G1", claim.prior_authorization),
        ("F8", claim.original_reference if claim.frequency != "1" else None),
        ("X4", claim.clia),
        ("EA", claim.patient.mrn),
    ):
        if value:
            out.add("REF", qualifier, clean(value))


def _codes(out: SegmentWriter, claim: Claim) -> None:
    diagnoses = [
        composite("ABF" if place else "ABK", diagnosis.code.replace(".", ""))
        for place, diagnosis in enumerate(claim.diagnoses)
    ]
    out.add("HI", *diagnoses)
    if claim.anesthesia_procedures:
        out.add(
            "HI", *(composite(q, c) for q, c in zip(("BP", "BO"), claim.anesthesia_procedures, strict=False))
        )
    for start in range(0, len(claim.condition_codes), 12):
        out.add("HI", *(composite("BG", code) for code in claim.condition_codes[start : start + 12]))


def _providers(out: SegmentWriter, claim: Claim) -> None:
    if claim.referring_provider:
        write_provider(out, "DN", claim.referring_provider)
    rendering = rendering_to_send(claim)
    if rendering:
        write_provider(out, "82", rendering, specialty=True)
    facility = facility_to_send(claim)
    if facility:
        name = Name(last=facility.name.display)
        write_name(out, "77", name, person=False, qualifier="XX", number=facility.npi)
        write_address(out, facility.address)
    if claim.supervising_provider:
        write_provider(out, "DQ", claim.supervising_provider)


def _other_payer(out: SegmentWriter, claim: Claim, coverage: CoverageFacts) -> None:
    payment = next((p for p in claim.payments if p.payer_id == coverage.payer_id), None)
    write_coverage(out, coverage, RELATIONSHIP[coverage.relationship])
    if payment:
        _adjudication(out, payment)
    out.add("OI", "", "", claim.benefits_assigned, "", "", claim.release_of_information)
    if payment and payment.remark_codes:
        out.add("MOA", "", "", *payment.remark_codes)
    person = claim.patient if coverage.relationship == "self" else coverage.subscriber or claim.patient
    write_member(out, person, coverage.member_id)
    write_address(out, person.address)
    write_payer(out, coverage)
    if payment:
        paid_by_line = any(p.payer_id == payment.payer_id for line in claim.lines for p in line.payments)
        if payment.paid_on and not paid_by_line:
            out.add("DTP", "573", "D8", f"{payment.paid_on:%Y%m%d}")
        if payment.control_number:
            out.add("REF", "F8", clean(payment.control_number))


def _adjudication(out: SegmentWriter, payment: ClaimPayment) -> None:
    write_adjustments(out, payment.adjustments)
    for qualifier, amount in (("D", payment.paid), ("A8", payment.non_covered), ("EAF", payment.remaining)):
        if amount is not None:
            out.add("AMT", qualifier, x12_number(amount))
