"""Which parts of a claim an 837P repeats and which it leaves out because a higher level already says them."""

from tools.claim.model import Claim, ClaimDates, ClaimLine
from tools.claim.x12.codes import HOME
from tools.encounter import Provider


def rendering_to_send(claim: Claim) -> Provider | None:
    """Loop 2310B: only when it is not the billing provider."""
    return _other_than(claim.rendering_provider, claim.billing_provider)


def line_rendering_to_send(claim: Claim, line: ClaimLine) -> Provider | None:
    """Loop 2420A: only when it is not the claim's rendering provider."""
    return _other_than(line.rendering, claim.rendering_provider or claim.billing_provider)


def facility_to_send(claim: Claim) -> Provider | None:
    """Loop 2310C: only when the place is not the billing address and not the patient's home."""
    facility, billing = claim.facility, claim.billing_provider
    if facility is None or claim.place_of_service == HOME:
        return None
    return None if billing and facility.address == billing.address else facility


def line_clia_to_send(claim: Claim, line: ClaimLine) -> str | None:
    """Line REF*X4: only when it is not the claim's."""
    return line.clia if line.clia != claim.clia else None


def line_control_number(claim: Claim, line: ClaimLine, number: int) -> str:
    """REF*6R: the line's own number, or claim id and line number; an 835 is matched to the line by it."""
    return line.control_number or f"{claim.claim_id}L{number}"


def sent_dates(claim: Claim) -> ClaimDates:
    """The dates without an onset on the first date of service (DTP*431 is sent only when it differs)."""
    first = min((line.date_from for line in claim.lines), default=None)
    return claim.dates.model_copy(update={"onset": None}) if claim.dates.onset == first else claim.dates


def _other_than(provider: Provider | None, base: Provider | None) -> Provider | None:
    if provider is None or (base is not None and provider.npi == base.npi):
        return None
    return provider
