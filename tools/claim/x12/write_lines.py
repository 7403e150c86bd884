"""Loops 2400 to 2430: service lines, drugs, providers of a line, earlier payments."""

from tools.claim.model import Claim, ClaimLine, LinePayment
from tools.claim.money import x12_number
from tools.claim.x12.charset import clean
from tools.claim.x12.out import SegmentWriter, composite
from tools.claim.x12.what_to_send import line_clia_to_send, line_control_number, line_rendering_to_send
from tools.claim.x12.write_parties import write_address, write_name, write_provider
from tools.claim.x12.write_shared import write_adjustments, write_attachments
from tools.encounter import Name


def write_line(out: SegmentWriter, claim: Claim, line: ClaimLine, number: int) -> None:
    """LX and everything below it."""
    out.add("LX", str(number))
    _service(out, claim, line)
    write_attachments(out, line.attachments)
    if line.date_from == line.date_to:
        out.add("DTP", "472", "D8", f"{line.date_from:%Y%m%d}")
    else:
        out.add("DTP", "472", "RD8", f"{line.date_from:%Y%m%d}-{line.date_to:%Y%m%d}")
    _references(out, claim, line, number)
    if line.note:
        out.add("NTE", "ADD", clean(line.note))
    if line.purchased:
        out.add("PS1", line.purchased.provider.npi or "", x12_number(line.purchased.charge))
    _drug(out, line)
    _providers(out, claim, line)
    for payment in line.payments:
        _payment(out, line, payment)


def _service(out: SegmentWriter, claim: Claim, line: ClaimLine) -> None:
    place = line.place_of_service if line.place_of_service != claim.place_of_service else ""
    out.add(
        "SV1",
        composite("HC", line.code, *line.modifiers),
        x12_number(line.charge),
        line.unit_basis,
        x12_number(line.units),
        place,
        "",
        composite(*(str(pointer) for pointer in line.pointers)),
        "",
        "Y" if line.emergency else "",
        "",
        "Y" if line.epsdt else "",
        "Y" if line.family_planning else "",
    )


def _references(out: SegmentWriter, claim: Claim, line: ClaimLine, number: int) -> None:
    for qualifier, value in (
        ("G1", line.prior_authorization),
        ("6R", line_control_number(claim, line, number)),
        ("X4", line_clia_to_send(claim, line)),
        ("9F", line.referral_number),
    ):
        if value:
            out.add("REF", qualifier, clean(value))


def _drug(out: SegmentWriter, line: ClaimLine) -> None:
    if line.drug is None:
        return
    out.add("LIN", "", "N4", line.drug.ndc)
    out.add("CTP", "", "", "", x12_number(line.drug.quantity), line.drug.unit)
    if line.drug.prescription_number:
        out.add("REF", "XZ", clean(line.drug.prescription_number))


def _providers(out: SegmentWriter, claim: Claim, line: ClaimLine) -> None:
    rendering = line_rendering_to_send(claim, line)
    if rendering:
        write_provider(out, "82", rendering, specialty=True)
    if line.purchased:
        person = "1" if line.purchased.provider.is_person else "2"
        out.add("NM1", "QB", person, "", "", "", "", "", "XX", line.purchased.provider.npi or "")
    if line.facility:
        name = Name(last=line.facility.name.display)
        write_name(out, "77", name, person=False, qualifier="XX", number=line.facility.npi)
        write_address(out, line.facility.address)
    if line.supervising:
        write_provider(out, "DQ", line.supervising)
    if line.ordering:
        write_provider(out, "DK", line.ordering)
        write_address(out, line.ordering.address)
    if line.referring:
        write_provider(out, "DN", line.referring)


def _payment(out: SegmentWriter, line: ClaimLine, payment: LinePayment) -> None:
    procedure = composite(
        "HC", payment.code or line.code, *(payment.modifiers if payment.code else line.modifiers)
    )
    out.add(
        "SVD", clean(payment.payer_id), x12_number(payment.paid), procedure, "", x12_number(payment.units)
    )
    write_adjustments(out, payment.adjustments)
    out.add("DTP", "573", "D8", f"{payment.paid_on:%Y%m%d}")
    if payment.remaining is not None:
        out.add("AMT", "EAF", x12_number(payment.remaining))
