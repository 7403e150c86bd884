"""A claim of more than 50 lines becomes several (837P loop 2400 repeats 50 times)."""

from decimal import Decimal

from tools.claim.errors import ClaimError
from tools.claim.model import Claim, ClaimLine, ClaimPayment

LINES_PER_CLAIM = 50
_CLAIM_ID = 20


def split_claim(claim: Claim) -> list[Claim]:
    """The claim itself, or parts of at most 50 lines that keep all diagnoses.

    The first part keeps the claim id and what the patient paid; the next get ``S2``, ``S3`` ... at its end.

    Raises:
        ClaimError: an earlier payer adjusted the claim as a whole, which can not be divided.
    """
    if len(claim.lines) <= LINES_PER_CLAIM:
        return [claim]
    count = -(-len(claim.lines) // LINES_PER_CLAIM)
    if any(payment.adjustments for payment in claim.payments):
        raise ClaimError("claim-level adjustments of an earlier payer can not be divided over a split claim")
    return [_part(claim, index) for index in range(count)]


def _part(claim: Claim, index: int) -> Claim:
    chosen = claim.lines[index * LINES_PER_CLAIM : (index + 1) * LINES_PER_CLAIM]
    lines = tuple(line.model_copy(update={"number": n}) for n, line in enumerate(chosen, 1))
    changes: dict[str, object] = {
        "lines": lines,
        "total_charge": sum((line.charge for line in lines), Decimal(0)),
        "payments": tuple(_payment(payment, lines) for payment in claim.payments),
    }
    if index:
        suffix = f"S{index + 1}"
        changes |= {"claim_id": claim.claim_id[: _CLAIM_ID - len(suffix)] + suffix, "patient_paid": None}
    return claim.model_copy(update=changes)


def _payment(payment: ClaimPayment, lines: tuple[ClaimLine, ...]) -> ClaimPayment:
    paid = sum(
        (p.paid for line in lines for p in line.payments if p.payer_id == payment.payer_id), Decimal(0)
    )
    return payment.model_copy(update={"paid": paid, "non_covered": None, "remaining": None})
