"""Amounts: form, sums, and the balance of what earlier payers did (X12 RFI 1294)."""

from collections.abc import Iterator
from decimal import Decimal

from tools.claim.model import Adjustment, Claim, ClaimLine, ClaimPayment, LinePayment
from tools.claim.money import fits_claim

_GROUPS = frozenset({"CO", "CR", "OA", "PI", "PR"})
_ZERO = Decimal(0)
_CAS_PER_LEVEL = 5
_REASONS_PER_CAS = 6


def money_problems(claim: Claim) -> Iterator[str]:
    """Charges, what was paid, adjustments."""
    for what, amount in _amounts(claim):
        if amount < 0:
            yield f"{what} is negative"
        if not fits_claim(amount):
            yield f"{what} must have at most 2 decimals and 10 digits"
    total = sum((line.charge for line in claim.lines), _ZERO)
    if total != claim.total_charge:
        yield f"total charge {claim.total_charge} is not the sum of the lines {total} (CLM02, box 28)"
    if claim.total_charge == 0:
        yield "total charge is zero (CLM02, box 28)"
    yield from _payments(claim)


def _payments(claim: Claim) -> Iterator[str]:
    known = {c.payer_id for c in claim.others}
    for payment in claim.payments:
        if payment.payer_id not in known:
            yield f"a payment names payer {payment.payer_id}, who is no other payer of this claim (loop 2320)"
        yield from _claim_balance(claim, payment)
    for number, line in enumerate(claim.lines, 1):
        for paid in line.payments:
            where = f"line {number} ({line.code})"
            yield from (f"{where}: {problem}" for problem in _line_payment(claim, line, paid))


def _amounts(claim: Claim) -> Iterator[tuple[str, Decimal]]:
    yield "total charge (CLM02, box 28)", claim.total_charge
    if claim.patient_paid is not None:
        yield "amount the patient paid (AMT*F5, box 29)", claim.patient_paid
    for number, line in enumerate(claim.lines, 1):
        yield f"line {number} charge (SV102, box 24F)", line.charge
        if line.purchased:
            yield f"line {number} purchase charge (PS102, box 20)", line.purchased.charge
        for paid in line.payments:
            yield f"line {number} payment (SVD02)", paid.paid
    for payment in claim.payments:
        yield f"payment of {payment.payer_id} (AMT*D)", payment.paid


def _claim_balance(claim: Claim, payment: ClaimPayment) -> Iterator[str]:
    yield from _adjustments(payment.adjustments)
    by_line = [p for line in claim.lines for p in line.payments if p.payer_id == payment.payer_id]
    adjusted = _sum(payment.adjustments) + sum((_sum(p.adjustments) for p in by_line), _ZERO)
    if payment.paid + adjusted != claim.total_charge:
        yield (
            f"payer {payment.payer_id}: paid {payment.paid} and adjustments {adjusted} do not add up to "
            f"the total charge {claim.total_charge} (2320 AMT*D, CAS)"
        )
    paid = sum((p.paid for p in by_line), _ZERO)
    if by_line and payment.paid != paid - _sum(payment.adjustments):
        yield f"payer {payment.payer_id}: {payment.paid} does not match the lines' {paid} (2320 AMT*D, SVD02)"


def _line_payment(claim: Claim, line: ClaimLine, paid: LinePayment) -> Iterator[str]:
    yield from _adjustments(paid.adjustments)
    if paid.payer_id not in {p.payer_id for p in claim.payments}:
        yield f"a payment names payer {paid.payer_id}, who has no payment on the claim (SVD01)"
    if paid.paid + _sum(paid.adjustments) != line.charge:
        yield (
            f"payer {paid.payer_id}: paid {paid.paid} and adjustments {_sum(paid.adjustments)} do not add up "
            f"to the charge {line.charge} (SVD02, CAS)"
        )


def _adjustments(adjustments: tuple[Adjustment, ...]) -> Iterator[str]:
    sizes: dict[str, int] = {}
    for adjustment in adjustments:
        sizes[adjustment.group] = sizes.get(adjustment.group, 0) + 1
        if not 1 <= len(adjustment.carc) <= 5 or not adjustment.carc.isalnum():
            yield f"adjustment reason {adjustment.carc!r} is not a CARC (CAS)"
    for group in sizes.keys() - _GROUPS:
        yield f"adjustment group {group!r} is not one of CO, CR, OA, PI, PR (CAS01)"
    if sum(-(-size // _REASONS_PER_CAS) for size in sizes.values()) > _CAS_PER_LEVEL:
        yield "more adjustments than five CAS segments hold"


def _sum(adjustments: tuple[Adjustment, ...]) -> Decimal:
    return sum((a.amount for a in adjustments), _ZERO)
