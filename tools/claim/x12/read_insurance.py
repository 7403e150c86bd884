"""SBR and loops 2320 to 2330 -> coverages and what their payers did."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tools.claim.model import Adjustment, ClaimPayment
from tools.claim.x12.codes import ORDER, PAYER_KIND, RELATIONSHIP_NAME
from tools.claim.x12.read_values import amount, period, read_address, read_person
from tools.claim.x12.segments import Segment
from tools.claim.x12.tree import Loop
from tools.encounter import Address, CoverageFacts, Person

_TRIPLETS = range(2, 20, 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherPayer:
    """One 2320 loop: the coverage, its payment, and its two signatures (OI03, OI06)."""

    coverage: CoverageFacts
    payment: ClaimPayment | None
    benefits_assigned: str
    release: str


def read_coverage(
    subscriber: Segment, relationship: str, member_id: str | None, payer: Loop | None, person: Person | None
) -> CoverageFacts:
    """The coverage of one SBR with its payer; ``person`` is None when the patient is the subscriber.

    Raises:
        X12Error: SBR01 is no place in the order of benefits.
    """
    order = ORDER.get(subscriber.get(1))
    if order is None:
        raise subscriber.error(f"order of benefits {subscriber.get(1)!r} is unknown (SBR01)")
    name, payer_id, address = _payer(payer)
    filing = subscriber.get(9)
    return CoverageFacts(
        reference="",
        order=order,
        payer_kind=PAYER_KIND.get(filing, "commercial"),
        payer_name=name,
        payer_id=payer_id,
        payer_address=address,
        filing_code=filing or None,
        member_id=member_id,
        group_number=subscriber.get(3) or None,
        group_name=subscriber.get(4) or None,
        relationship=RELATIONSHIP_NAME.get(relationship, "other"),
        subscriber=person,
        insurance_type=subscriber.get(5) or None,
    )


def read_other_payer(loop: Loop, patient: Person) -> OtherPayer:
    """One 2320 loop with its 2330 loops."""
    subscriber = loop.take("SBR") or loop.segments[0]
    relationship = subscriber.get(2)
    if relationship not in RELATIONSHIP_NAME:
        loop.doubt(subscriber, f"relationship {relationship} is read as other")
    member = loop.child("2330A")
    person, member_id = read_person(member) if member else (None, None)
    payer = loop.child("2330B")
    own = relationship == "18"
    coverage = read_coverage(subscriber, relationship, member_id, payer, None if own else person)
    if member and own and person and person.address != patient.address and person.address:
        loop.doubt(subscriber, "the insured's address differs from the patient's; the patient's is kept")
    signatures = loop.take("OI")
    return OtherPayer(
        coverage=coverage,
        payment=_payment(loop, payer, coverage.payer_id or ""),
        benefits_assigned=signatures.get(3) if signatures else "",
        release=signatures.get(6) if signatures else "",
    )


def read_adjustments(loop: Loop) -> tuple[Adjustment, ...]:
    """Every reason of every CAS segment of the loop."""
    return tuple(a for segment in loop.take_all("CAS") for a in adjustments_of(segment))


def adjustments_of(segment: Segment) -> list[Adjustment]:
    """The up to six reasons of one CAS segment.

    Raises:
        X12Error: an amount or quantity is no number.
    """
    found = []
    for start in _TRIPLETS:
        if not segment.get(start):
            continue
        found.append(
            Adjustment(
                group=segment.get(1),
                carc=segment.get(start),
                amount=amount(segment, start + 1),
                quantity=amount(segment, start + 2) if segment.get(start + 2) else None,
            )
        )
    return found


def billed_order(coverages: Sequence[CoverageFacts], payments: Sequence[ClaimPayment]) -> int | None:
    """Order of the first coverage, which is the one billed, unless the claim's own rule finds it anyway."""
    billed = coverages[0]
    paid = {payment.payer_id for payment in payments}
    ordered = sorted(coverages, key=lambda c: c.order)
    by_rule = next((c for c in ordered if c.payer_id not in paid), ordered[-1])
    return None if by_rule.order == billed.order else billed.order


def _payer(loop: Loop | None) -> tuple[str, str | None, Address | None]:
    name = loop.take("NM1") if loop else None
    if loop is None or name is None:
        return "", None, None
    return name.get(3), name.get(9) or None, read_address(loop)


def _payment(loop: Loop, payer: Loop | None, payer_id: str) -> ClaimPayment | None:
    adjustments = read_adjustments(loop)
    paid, non_covered, remaining = (loop.take("AMT", qualifier) for qualifier in ("D", "A8", "EAF"))
    remarks = loop.take("MOA")
    checked = payer.take("DTP", "573") if payer else None
    number = payer.value("REF", "F8") if payer else None
    if not (paid or adjustments or non_covered or remaining or checked or number or remarks):
        return None
    return ClaimPayment(
        payer_id=payer_id,
        paid=amount(paid, 2) if paid else Decimal(0),
        paid_on=period(checked)[0] if checked else None,
        adjustments=adjustments,
        non_covered=amount(non_covered, 2) if non_covered else None,
        remaining=amount(remaining, 2) if remaining else None,
        control_number=number,
        remark_codes=tuple(code for code in remarks.elements[3:8] if code) if remarks else (),
    )
