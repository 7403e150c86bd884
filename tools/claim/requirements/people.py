"""What an 837P needs to know of patient, subscriber, payers and providers."""

from collections.abc import Iterator

from tools.claim.model import Claim
from tools.claim.npi import is_npi
from tools.claim.requirements.text import address_problems, name_problems, text_problems
from tools.claim.x12.codes import FILING_CODES, SEQUENCE
from tools.claim.x12.what_to_send import facility_to_send, rendering_to_send
from tools.encounter import CoverageFacts, Person, Provider

_PO_BOX = ("PO BOX", "P O BOX", "P.O. BOX", "P.O.BOX", "POST OFFICE BOX")


def people_problems(claim: Claim) -> Iterator[str]:
    """Problems of everyone and every organisation on the claim."""
    yield from _coverages(claim)
    yield from _patient(claim)
    yield from _billing(claim)
    for role, provider, loop in (
        ("rendering provider", rendering_to_send(claim), "2310B NM1*82, box 24J"),
        ("referring provider", claim.referring_provider, "2310A NM1*DN, box 17"),
        ("supervising provider", claim.supervising_provider, "2310D NM1*DQ, box 17"),
    ):
        if provider:
            yield from provider_problems(role, provider, loop, person=not role.startswith("rendering"))
    facility = facility_to_send(claim)
    if facility:
        yield from facility_problems("service facility", facility, "2310C NM1*77, box 32")


def provider_problems(role: str, provider: Provider, loop: str, *, person: bool) -> Iterator[str]:
    """Name, NPI and taxonomy of one provider; ``person`` when the loop takes people only."""
    yield from name_problems(f"{role} ({loop})", provider.name, person=provider.is_person)
    if person and not provider.is_person:
        yield f"{role} must be a person ({loop})"
    yield from _npi(role, provider, loop)
    if provider.taxonomy and not is_taxonomy(provider.taxonomy):
        yield f"{role} taxonomy {provider.taxonomy!r} is not a 10-character NUCC code ({loop}, PRV)"


def facility_problems(role: str, facility: Provider, loop: str) -> Iterator[str]:
    """A place of service needs a name and a full address; its NPI is optional."""
    yield from name_problems(f"{role} ({loop})", facility.name, person=False)
    yield from address_problems(f"{role} ({loop})", facility.address)
    if facility.npi and not is_npi(facility.npi):
        yield f"{role} NPI {facility.npi} has a wrong check digit or form ({loop})"


def is_taxonomy(text: str) -> bool:
    """True for a code shaped as NUCC publishes them: ten upper-case letters and digits, X at the end."""
    return (
        len(text) == 10 and text.isascii() and text.isalnum() and text.upper() == text and text.endswith("X")
    )


def _npi(role: str, provider: Provider, loop: str) -> Iterator[str]:
    if not provider.npi:
        yield f"{role} NPI is missing ({loop})"
    elif not is_npi(provider.npi):
        yield f"{role} NPI {provider.npi} has a wrong check digit or form ({loop})"


def _coverages(claim: Claim) -> Iterator[str]:
    if claim.billed is None:
        yield "no coverage: nobody to bill (loop 2000B, boxes 1 and 11)"
        return
    orders = [c.order for c in claim.coverages]
    if len(set(orders)) < len(orders) or not set(orders) <= SEQUENCE.keys():
        yield "coverages must be numbered 1, 2, 3 in order of benefits (SBR01)"
    elif 1 not in orders:
        yield "exactly one coverage must be primary (SBR01=P)"
    if len(orders) > 11:
        yield "at most 10 other payers can be named (loop 2320)"
    for coverage in claim.coverages:
        yield from _coverage(coverage, "box 1a" if coverage is claim.billed else "box 9a")
    ids = [c.payer_id for c in claim.coverages]
    if claim.payments and len(set(ids)) < len(ids):
        yield "two coverages have the same payer id, so the payments can not be told apart (NM1*PR)"


def _coverage(coverage: CoverageFacts, box: str) -> Iterator[str]:
    who = f"coverage {coverage.order}"
    yield from text_problems(f"{who} payer name (NM1*PR)", coverage.payer_name, 60)
    yield from _required(f"{who} payer id (NM1*PR, NM109)", coverage.payer_id, 2, 80)
    yield from _required(f"{who} member id (NM1*IL, NM109, {box})", coverage.member_id, 2, 80)
    yield from text_problems(f"{who} group number (SBR03, box 11)", coverage.group_number, 50)
    yield from text_problems(f"{who} group name (SBR04)", coverage.group_name or coverage.plan_name, 60)
    if coverage.filing_code and coverage.filing_code not in FILING_CODES:
        yield f"{who} claim filing code {coverage.filing_code!r} is unknown (SBR09)"
    if coverage.payer_address:
        yield from address_problems(f"{who} payer (2010BB)", coverage.payer_address)
    if coverage.relationship == "self":
        return
    if coverage.subscriber is None:
        yield f"{who} subscriber is missing although the patient is a dependent (2010BA NM1*IL, box 4)"
    else:
        yield from name_problems(
            f"{who} subscriber (2010BA NM1*IL, box 4)", coverage.subscriber.name, person=True
        )
        if coverage.subscriber.address:
            yield from address_problems(f"{who} subscriber (2010BA)", coverage.subscriber.address)


def _patient(claim: Claim) -> Iterator[str]:
    patient: Person = claim.patient
    yield from name_problems("patient (NM1, box 2)", patient.name, person=True)
    if patient.birth_date is None:
        yield "patient birth date is missing (DMG02, box 3)"
    elif any(line.date_from < patient.birth_date for line in claim.lines):
        yield "patient was born after a service (DMG02, box 3)"
    yield from address_problems("patient (N3, N4, box 5)", patient.address)
    yield from text_problems("medical record number (REF*EA)", patient.mrn, 50)


def _billing(claim: Claim) -> Iterator[str]:
    billing, loop = claim.billing_provider, "2010AA, box 33"
    if billing is None:
        yield f"billing provider is missing ({loop})"
        return
    yield from provider_problems("billing provider", billing, loop, person=False)
    yield from address_problems(f"billing provider ({loop})", billing.address)
    if billing.address:
        if len(billing.address.postal_code) == 5:
            yield f"billing provider ZIP code must have 9 digits ({loop})"
        street = f"{billing.address.line1} {billing.address.line2 or ''}".upper()
        if any(words in street for words in _PO_BOX):
            yield f"billing provider address can not be a post office box, a pay-to address can ({loop})"
    if not billing.tax_id:
        yield "billing provider tax id is missing (REF*EI or SY, box 25)"
    elif not (len(billing.tax_id) == 9 and billing.tax_id.isascii() and billing.tax_id.isdigit()):
        yield "billing provider tax id must be 9 digits without a dash (REF*EI or SY, box 25)"
    if claim.pay_to:
        yield from address_problems("pay-to address (2010AB)", claim.pay_to)


def _required(what: str, text: str | None, least: int, most: int) -> Iterator[str]:
    if not text or not text.strip():
        yield f"{what} is missing"
        return
    yield from text_problems(what, text, most)
    if len(text.strip()) < least:
        yield f"{what} must have at least {least} characters"
