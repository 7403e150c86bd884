"""Loops 2400 to 2430 -> ClaimLine."""

import re
from typing import Literal, cast

from knowledge.records import CodeSystem
from tools.claim.model import Attachment, ClaimLine, Drug, LinePayment, PurchasedService
from tools.claim.x12.read_insurance import read_adjustments
from tools.claim.x12.read_values import amount, period, read_provider
from tools.claim.x12.segments import Segment
from tools.claim.x12.tree import Loop
from tools.encounter import Provider

_CPT = re.compile(r"\d{4}[0-9A-Z]\Z", re.ASCII)


def code_system(code: str) -> CodeSystem:
    """CPT for five digits or four digits and a letter, HCPCS Level II for the rest."""
    return CodeSystem.CPT if _CPT.match(code) else CodeSystem.HCPCS


def read_line(loop: Loop, place: str, clia: str | None) -> ClaimLine:
    """The service line of one 2400 loop; ``place`` and ``clia`` are the claim's.

    Raises:
        X12Error: the line has no service or date, or one that can not be read.
    """
    counter = loop.take("LX")
    service = loop.take("SV1")
    when = loop.take("DTP", "472")
    if counter is None or service is None or when is None:
        raise (counter or loop.segments[0]).error(
            "the line has no professional service (SV1) or date (DTP*472)"
        )
    code, modifiers = procedure(loop, service, 1)
    start, end = period(when)
    note = loop.take("NTE", "ADD")
    basis = service.get(3)
    if basis not in {"UN", "MJ"}:
        raise service.error(f"unit {basis!r} is not UN or MJ (SV103)")
    return ClaimLine(
        number=int(counter.get(1)) if counter.get(1).isdigit() else 0,
        code=code,
        system=code_system(code),
        display="",
        modifiers=modifiers,
        units=amount(service, 4),
        unit_basis=cast("Literal['UN', 'MJ']", basis),
        place_of_service=service.get(5) or place,
        date_from=start,
        date_to=end,
        charge=amount(service, 2),
        pointers=_pointers(service),
        drug=_drug(loop),
        emergency=service.get(9) == "Y",
        epsdt=service.get(11) == "Y",
        family_planning=service.get(12) == "Y",
        rendering=read_provider(loop.child("2420A")),
        purchased=_purchased(loop),
        facility=read_provider(loop.child("2420C")),
        supervising=read_provider(loop.child("2420D")),
        ordering=read_provider(loop.child("2420E")),
        referring=_referring(loop),
        prior_authorization=loop.value("REF", "G1"),
        referral_number=loop.value("REF", "9F"),
        control_number=loop.value("REF", "6R"),
        clia=loop.value("REF", "X4") or clia,
        note=note.get(2) if note else None,
        attachments=read_attachments(loop),
        payments=tuple(_payment(child) for child in loop.each("2430")),
    )


def procedure(loop: Loop, segment: Segment, index: int) -> tuple[str, tuple[str, ...]]:
    """Code and modifiers of a medical procedure composite (SV101, SVD03).

    Raises:
        X12Error: it has no code.
    """
    parts = segment.parts(index)
    if len(parts) < 2 or not parts[1]:
        raise segment.error(f"element {index} has no procedure code")
    if parts[0] != "HC":
        loop.doubt(segment, f"procedure qualifier {parts[0]} is read as HC")
    if len(parts) > 6:
        loop.doubt(segment, "the description of the procedure has no place in the claim object")
    return parts[1], tuple(modifier for modifier in parts[2:6] if modifier)


def read_attachments(loop: Loop) -> tuple[Attachment, ...]:
    """PWK segments of the loop; one whose way of travel is unknown is kept instead."""
    found = []
    for segment in loop.take_all("PWK"):
        if segment.get(2) not in {"AA", "BM", "EL", "EM", "FT", "FX"} or segment.get(1) == "CT":
            loop.doubt(segment, "has no place in the claim object")
            continue
        found.append(
            Attachment.model_validate(
                {
                    "report_type": segment.get(1),
                    "transmission": segment.get(2),
                    "control_number": segment.get(6) or None,
                }
            )
        )
    return tuple(found)


def _pointers(service: Segment) -> tuple[int, ...]:
    texts = [part for part in service.parts(7) if part]
    if not all(text.isdigit() for text in texts):
        raise service.error(f"diagnosis pointers {service.get(7)!r} are not numbers (SV107)")
    return tuple(int(text) for text in texts)


def _drug(loop: Loop) -> Drug | None:
    below = next((child for child in loop.each("2410") if child.segments[0].get(2) == "N4"), None)
    if below is None:
        return None
    item, quantity = below.take("LIN"), below.take("CTP")
    if item is None or quantity is None:
        raise below.segments[0].error("the drug has no quantity (CTP)")
    unit = quantity.parts(5)[0]
    if unit not in {"F2", "GR", "ME", "ML", "UN"}:
        raise quantity.error(f"drug unit {unit!r} is unknown (CTP05)")
    return Drug.model_validate(
        {
            "ndc": item.get(3),
            "quantity": amount(quantity, 4),
            "unit": unit,
            "prescription_number": below.value("REF", "XZ"),
        }
    )


def _purchased(loop: Loop) -> PurchasedService | None:
    below = loop.child("2420B")
    price = loop.take("PS1")
    if below is None or price is None:
        if price is not None:
            loop.doubt(price, "purchased service without its supplier (2420B)")
        return None
    provider = read_provider(below)
    return PurchasedService(provider=provider, charge=amount(price, 2)) if provider else None


def _referring(loop: Loop) -> Provider | None:
    below = next((child for child in loop.each("2420F") if child.segments[0].get(1) == "DN"), None)
    return read_provider(below)


def _payment(loop: Loop) -> LinePayment:
    paid, when = loop.take("SVD"), loop.take("DTP", "573")
    if paid is None or when is None:
        raise loop.segments[0].error("an earlier payment of a line needs SVD and DTP*573")
    code, modifiers = procedure(loop, paid, 3)
    remaining = loop.take("AMT", "EAF")
    return LinePayment(
        payer_id=paid.get(1),
        paid=amount(paid, 2),
        units=amount(paid, 5),
        paid_on=period(when)[0],
        code=code,
        modifiers=modifiers,
        adjustments=read_adjustments(loop),
        remaining=amount(remaining, 2) if remaining else None,
    )
