"""What a claim says that the paper form has no room for; a biller must see it rather than lose it."""

from collections.abc import Iterator

from tools.claim.cms1500.boxes import OTHER_DATES
from tools.claim.model import Claim


def unprinted(claim: Claim) -> tuple[str, ...]:
    """One sentence for each thing the form leaves out."""
    return tuple(_unprinted(claim))


def _unprinted(claim: Claim) -> Iterator[str]:
    numbers = [n for n in (claim.prior_authorization, claim.referral_number, claim.clia) if n]
    if len(numbers) > 1:
        left = len(numbers) - 1
        yield f"box 23 holds one number; {left} of prior authorization, referral and CLIA is left out"
    if sum(bool(getattr(claim.dates, field)) for _, field in OTHER_DATES) > 1:
        yield "box 15 holds one date; the others are left out"
    if len(claim.others) > 1:
        yield "box 9 holds one other insurance; the others are left out"
    if claim.attachments:
        yield "attachments have no box of their own"
    sources = [claim.referring_provider, claim.supervising_provider, *(line.ordering for line in claim.lines)]
    if len({source.npi for source in sources if source}) > 1:
        yield "box 17 holds one provider; the others are left out"
    if any(payment.adjustments for line in claim.lines for payment in line.payments):
        yield "adjustments of earlier payers are not printed; send their explanation of benefits along"
