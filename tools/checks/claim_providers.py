"""Claim rules: providers and addresses."""

import re
from collections.abc import Iterator
from itertools import chain

from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.npi import is_npi
from tools.encounter import Address, Provider

_TAXONOMY = re.compile(r"[0-9A-Z]{9}X\Z")
_PO_BOX = re.compile(r"\b(?:p\.?\s*o\.?\s*box|post\s+office\s+box|lock\s*box)\b", re.IGNORECASE)
_STATES = frozenset(
    [
        "AL",
        "AK",
        "AZ",
        "AR",
        "CA",
        "CO",
        "CT",
        "DE",
        "DC",
        "FL",
        "GA",
        "HI",
        "ID",
        "IL",
        "IN",
        "IA",
        "KS",
        "KY",
        "LA",
        "ME",
        "MD",
        "MA",
        "MI",
        "MN",
        "MS",
        "MO",
        "MT",
        "NE",
        "NV",
        "NH",
        "NJ",
        "NM",
        "NY",
        "NC",
        "ND",
        "OH",
        "OK",
        "OR",
        "PA",
        "RI",
        "SC",
        "SD",
        "TN",
        "TX",
        "UT",
        "VT",
        "VA",
        "WA",
        "WV",
        "WI",
        "WY",
        "AS",
        "GU",
        "MP",
        "PR",
        "VI",
        "FM",
        "MH",
        "PW",
        "AA",
        "AE",
        "AP",
    ]
)


def providers(request: CheckRequest) -> Iterator[tuple[str, Provider, int | None]]:
    """Yield every provider of the claim with its role and, for a line's own, the line number."""
    claim = request.claim
    roles = (
        ("billing", claim.billing_provider),
        ("rendering", claim.rendering_provider),
        ("referring", claim.referring_provider),
        ("supervising", claim.supervising_provider),
        ("facility", claim.facility),
    )
    yield from ((role, who, None) for role, who in roles if who is not None)
    for line in claim.lines:
        for role, who in (("rendering", line.rendering), ("ordering", line.ordering)):
            if who is not None:
                yield role, who, line.number


@rule(
    "claim.npi_missing",
    "warning",
    "The billing or rendering provider has no NPI.",
    "45 CFR 162.410; 837P loops 2010AA and 2310B NM109",
    hold="data",
)
def npi_missing(request: CheckRequest) -> Iterator[Doubt]:
    """The claim can not be sent without the NPIs of who bills and who renders."""
    claim = request.claim
    for role, who in (("billing", claim.billing_provider), ("rendering", claim.rendering_provider)):
        if who is None or who.npi is None:
            yield Doubt(
                message=f"The {role} provider's NPI is missing.", hint=f"Add the {role} provider's NPI."
            )


@rule(
    "claim.npi_check_digit",
    "error",
    "An NPI is not 10 digits with a right check digit.",
    "45 CFR 162.406; NPI check digit (Luhn over 80840 + NPI)",
)
def npi_check_digit(request: CheckRequest) -> Iterator[Doubt]:
    """A mistyped NPI identifies nobody, or somebody else."""
    for role, who, line in providers(request):
        if who.npi is not None and not is_npi(who.npi):
            message = f"The {role} provider's NPI fails its check digit."
            yield Doubt(message=message, line=line, hint="Compare the NPI with the NPPES registry.")


@rule("claim.taxonomy", "error", "A taxonomy code is not in NUCC form.", "NUCC provider taxonomy; 837P PRV03")
def taxonomy(request: CheckRequest) -> Iterator[Doubt]:
    """NUCC taxonomy codes have 10 characters and end with X."""
    for role, who, line in providers(request):
        if who.taxonomy and not _TAXONOMY.match(who.taxonomy):
            message = f"The {role} provider's taxonomy {who.taxonomy!r} is not 10 characters ending in X."
            yield Doubt(message=message, line=line)


@rule(
    "claim.tax_id_missing",
    "warning",
    "The billing provider has no tax id.",
    "837P loop 2010AA REF*EI or REF*SY",
    hold="data",
)
def tax_id_missing(request: CheckRequest) -> Iterator[Doubt]:
    """Payers identify who is paid by the tax id."""
    who = request.claim.billing_provider
    if who is not None and not who.tax_id:
        yield Doubt(message="The billing provider's tax id is missing.", hint="Add the EIN or SSN.")


@rule("claim.tax_id", "error", "A tax id is not 9 digits.", "837P loop 2010AA REF02")
def tax_id(request: CheckRequest) -> Iterator[Doubt]:
    """EIN and SSN travel as 9 digits without a dash."""
    for role, who, line in providers(request):
        if who.tax_id and not re.fullmatch(r"\d{9}", who.tax_id):
            yield Doubt(message=f"The {role} provider's tax id is not 9 digits without dashes.", line=line)


@rule(
    "claim.billing_address",
    "warning",
    "The billing provider has no address.",
    "837P loop 2010AA N3 and N4",
    hold="data",
)
def billing_address(request: CheckRequest) -> Iterator[Doubt]:
    """A professional claim needs the billing provider's street address."""
    who = request.claim.billing_provider
    if who is not None and who.address is None:
        yield Doubt(message="The billing provider's street address is missing.")


@rule("claim.billing_zip", "error", "The billing ZIP does not have 9 digits.", "837P loop 2010AA N403")
def billing_zip(request: CheckRequest) -> Iterator[Doubt]:
    """The billing provider's ZIP must be ZIP+4."""
    who = request.claim.billing_provider
    if who is not None and who.address is not None and not re.fullmatch(r"\d{9}", who.address.postal_code):
        yield Doubt(
            message="The billing provider's ZIP code must have 9 digits (ZIP+4).",
            hint="Look the +4 up with the postal service.",
        )


@rule("claim.billing_po_box", "error", "The billing address is a post-office box.", "837P loop 2010AA N301")
def billing_po_box(request: CheckRequest) -> Iterator[Doubt]:
    """The billing address is where the practice is; a PO box belongs in the pay-to address."""
    who = request.claim.billing_provider
    if who is not None and who.address is not None and _PO_BOX.search(_street(who.address)):
        yield Doubt(
            message="The billing provider's address is a post-office box.",
            hint="Give the street address here and the box as the pay-to address.",
        )


@rule("claim.state", "error", "A state is not a two-letter US postal code.", "USPS state codes; 837P N402")
def state(request: CheckRequest) -> Iterator[Doubt]:
    """Every address on the claim names a state of the postal service's list."""
    people = ((c.subscriber.address if c.subscriber else None) for c in request.claim.coverages)
    places = chain(
        (request.claim.patient.address, request.claim.pay_to),
        people,
        (who.address for _, who, _ in providers(request)),
    )
    for wrong in sorted({a.state for a in places if a is not None and a.state not in _STATES}):
        yield Doubt(message=f"{wrong!r} is not a US state or territory code.")


@rule("claim.zip", "error", "A ZIP code has neither 5 nor 9 digits.", "USPS; 837P N403")
def zip_code(request: CheckRequest) -> Iterator[Doubt]:
    """ZIP codes travel as 5 or 9 digits without a dash."""
    for who, address in _addresses(request):
        if not re.fullmatch(r"\d{5}(?:\d{4})?", address.postal_code):
            yield Doubt(message=f"The {who}'s ZIP code must be 5 or 9 digits.")


@rule(
    "claim.rendering_person",
    "error",
    "The rendering provider is an organisation.",
    "837P loop 2310B NM102; Medicare Claims Processing Manual ch. 26 item 24J",
)
def rendering_person(request: CheckRequest) -> Iterator[Doubt]:
    """Office services are rendered by a person."""
    who = request.claim.rendering_provider
    if who is not None and not who.is_person:
        yield Doubt(message="The rendering provider must be a person, not an organisation.")


def _street(address: Address) -> str:
    return f"{address.line1} {address.line2 or ''}"


def _addresses(request: CheckRequest) -> Iterator[tuple[str, Address]]:
    patient = request.claim.patient.address
    if patient is not None:
        yield "patient", patient
    for role, who, _ in providers(request):
        if who.address is not None and role != "billing":
            yield f"{role} provider", who.address
