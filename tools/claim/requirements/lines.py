"""What an 837P needs of each service line."""

import re
from collections.abc import Iterator

from tools.claim.model import Claim, ClaimLine
from tools.claim.requirements.people import facility_problems, provider_problems
from tools.claim.requirements.text import text_problems
from tools.claim.x12.what_to_send import line_control_number, line_rendering_to_send

_CODE = re.compile(r"[A-Z0-9]{5}\Z")
_MODIFIER = re.compile(r"[A-Z0-9]{2}\Z")
_NDC = re.compile(r"\d{11}\Z", re.ASCII)
_CLIA = re.compile(r"\d{2}D\d{7}\Z", re.ASCII)
_MOST_UNITS = 10**8
_PLACE = re.compile(r"\d{2}\Z", re.ASCII)


def is_clia(text: str) -> bool:
    """True for two digits, D, seven digits."""
    return bool(_CLIA.match(text))


def line_problems(claim: Claim) -> Iterator[str]:
    """Problems of all lines, each named by its number."""
    if not claim.lines:
        yield "at least one service line is needed (loop 2400, box 24)"
    if not _PLACE.match(claim.place_of_service):
        yield f"place of service {claim.place_of_service!r} is not a two-digit code (CLM05-1, box 24B)"
    numbers = [line_control_number(claim, line, n) for n, line in enumerate(claim.lines, 1)]
    for repeated in sorted({n for n in numbers if numbers.count(n) > 1}):
        yield f"line control number {repeated} is used more than once (REF*6R)"
    for number, line in enumerate(claim.lines, 1):
        for problem in _line(claim, line):
            yield f"line {number} ({line.code}): {problem}"


def _line(claim: Claim, line: ClaimLine) -> Iterator[str]:
    if not _CODE.match(line.code):
        yield f"procedure code {line.code!r} must be 5 letters and digits (SV101-2, box 24D)"
    if len(line.modifiers) > 4:
        yield f"{len(line.modifiers)} modifiers, at most 4 fit (SV101, box 24D)"
    for modifier in line.modifiers:
        if not _MODIFIER.match(modifier):
            yield f"modifier {modifier!r} must be 2 letters or digits (SV101, box 24D)"
    if len(set(line.modifiers)) < len(line.modifiers):
        yield "a modifier is given twice (SV101, box 24D)"
    yield from _pointers(claim, line)
    if line.date_from > line.date_to:
        yield f"dates of service run backwards: {line.date_from} is after {line.date_to} (DTP*472, box 24A)"
    if not _PLACE.match(line.place_of_service):
        yield f"place of service {line.place_of_service!r} is not a two-digit code (SV105, box 24B)"
    if not 0 < line.units < _MOST_UNITS or line.units != round(line.units, 3):
        yield "units must be above 0 with at most 3 decimals (SV104, box 24G)"
    yield from _details(claim, line)
    yield from _people(claim, line)


def _pointers(claim: Claim, line: ClaimLine) -> Iterator[str]:
    count = len(line.pointers)
    if not 1 <= count <= 4:
        yield f"{count} diagnosis pointers, 1 to 4 are needed (SV107, box 24E)"
    if len(set(line.pointers)) < count:
        yield "a diagnosis pointer is given twice (SV107, box 24E)"
    wrong = [p for p in line.pointers if not 1 <= p <= len(claim.diagnoses)]
    if wrong:
        yield f"points to diagnosis {wrong[0]}, the claim has {len(claim.diagnoses)} (SV107, box 24E)"


def _details(claim: Claim, line: ClaimLine) -> Iterator[str]:
    yield from text_problems("note (NTE)", line.note, 80)
    yield from text_problems("line control number (REF*6R)", line.control_number, 30)
    yield from text_problems("prior authorization (REF*G1)", line.prior_authorization, 50)
    yield from text_problems("referral number (REF*9F)", line.referral_number, 50)
    if line.clia and not is_clia(line.clia):
        yield f"CLIA number {line.clia!r} must look like 12D3456789 (REF*X4)"
    if len(line.attachments) > 10:
        yield "at most 10 attachments can be named (PWK)"
    if line.drug is None:
        return
    if not _NDC.match(line.drug.ndc):
        yield f"NDC {line.drug.ndc!r} must be 11 digits without dashes (LIN03, box 24 shaded)"
    if line.drug.quantity <= 0:
        yield "drug quantity must be above 0 (CTP04, box 24 shaded)"
    yield from text_problems("prescription number (REF*XZ)", line.drug.prescription_number, 50)


def _people(claim: Claim, line: ClaimLine) -> Iterator[str]:
    for role, provider, loop, person in (
        ("rendering provider", line_rendering_to_send(claim, line), "2420A NM1*82, box 24J", False),
        ("ordering provider", line.ordering, "2420E NM1*DK, box 17", True),
        ("referring provider", line.referring, "2420F NM1*DN", True),
        ("supervising provider", line.supervising, "2420D NM1*DQ", True),
    ):
        if provider:
            yield from provider_problems(role, provider, loop, person=person)
    if line.facility:
        yield from facility_problems("service facility", line.facility, "2420C NM1*77")
    if line.purchased and not line.purchased.provider.npi:
        yield "supplier of the purchased service has no NPI (2420B NM1*QB, box 20)"
