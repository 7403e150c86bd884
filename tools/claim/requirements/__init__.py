"""What a claim must have before an 837P may be written from it; every lack is listed, nothing is invented.

Sources: element table of 005010X222A1; balancing per X12 RFI 1294; HIPAA amount and id lengths.
"""

from collections.abc import Iterator
from itertools import chain

from tools.claim.model import Claim
from tools.claim.requirements.lines import is_clia, line_problems
from tools.claim.requirements.money import money_problems
from tools.claim.requirements.people import people_problems
from tools.claim.requirements.text import text_problems
from tools.claim.x12.codes import AMBULANCE_PLACES, INPATIENT_PLACES

DIAGNOSES = 12
_REASONS_OF_DELAY = frozenset(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "15"])


def problems_of(claim: Claim) -> list[str]:
    """Everything that keeps this claim from being written as an 837P, each with its loop and box."""
    checks = (
        _identity(claim),
        people_problems(claim),
        _diagnoses(claim),
        line_problems(claim),
        money_problems(claim),
        _circumstances(claim),
    )
    return list(chain.from_iterable(checks))


def _identity(claim: Claim) -> Iterator[str]:
    if not (1 <= len(claim.claim_id) <= 20 and claim.claim_id.isascii() and claim.claim_id.isalnum()):
        yield "claim id must be 1 to 20 letters and digits (CLM01, box 26)"
    elif claim.claim_id != claim.claim_id.upper():
        yield "claim id must be upper case (CLM01, box 26)"
    if claim.frequency != "1" and not claim.original_reference:
        yield "a replacement or void needs the payer's claim number (REF*F8, box 22)"
    ambulance = claim.place_of_service in AMBULANCE_PLACES or any(_is_ambulance(x.code) for x in claim.lines)
    if ambulance:
        yield "ambulance transport can not be billed with this program (loops 2310E/F, CR1 are not written)"


def _is_ambulance(code: str) -> bool:
    return len(code) == 5 and code.startswith("A0") and code[1:].isdigit() and "A0021" <= code <= "A0999"


def _diagnoses(claim: Claim) -> Iterator[str]:
    codes = [d.code for d in claim.diagnoses]
    if not codes:
        yield "at least one diagnosis is needed (HI*ABK, box 21)"
        return
    if len(codes) > DIAGNOSES:
        yield f"{len(codes)} diagnoses; a claim has at most {DIAGNOSES}, a person must choose (HI, box 21)"
    if [d.sequence for d in claim.diagnoses] != list(range(1, len(codes) + 1)):
        yield "diagnoses must be numbered 1, 2, 3 ... in order (HI, box 21)"
    repeated = sorted({code for code in codes if codes.count(code) > 1})
    if repeated:
        yield f"diagnosis {', '.join(repeated)} is listed more than once (HI, box 21)"
    if codes[0][:1] in "VWXY":
        yield f"external-cause code {codes[0]} can not come first (HI*ABK, box 21A)"
    for code in codes:
        bare = code.replace(".", "")
        if not (3 <= len(bare) <= 7 and bare.isascii() and bare.isalnum() and bare.upper() == bare):
            yield f"{code!r} is not written like an ICD-10-CM code (HI, box 21)"


def _circumstances(claim: Claim) -> Iterator[str]:
    accident = claim.accident
    if accident.auto and not accident.state:
        yield "an auto accident needs its state (CLM11-4, box 10b)"
    if (accident.auto or accident.employment or accident.other) and not claim.dates.accident:
        yield "an accident needs its date (DTP*439, box 15)"
    if accident.auto and accident.employment and accident.other:
        yield "at most two related causes can be given (CLM11)"
    if claim.place_of_service in INPATIENT_PLACES and not claim.dates.admission:
        yield f"place of service {claim.place_of_service} needs the admission date (DTP*435, box 18)"
    if claim.delay_reason and claim.delay_reason not in _REASONS_OF_DELAY:
        yield f"delay reason {claim.delay_reason!r} is unknown (CLM20)"
    yield from _texts(claim)
    yield from _order_of_dates(claim)


def _texts(claim: Claim) -> Iterator[str]:
    for what, text, limit in (
        ("note (NTE, box 19)", claim.note, 80),
        ("prior authorization (REF*G1, box 23)", claim.prior_authorization, 50),
        ("referral number (REF*9F, box 23)", claim.referral_number, 50),
        ("original reference (REF*F8, box 22)", claim.original_reference, 50),
        ("property and casualty number (REF*Y4, box 11b)", claim.property_casualty_number, 50),
        ("mammography certification (REF*EW)", claim.mammography_certification, 50),
    ):
        yield from text_problems(what, text, limit)
    if claim.clia and not is_clia(claim.clia):
        yield f"CLIA number {claim.clia!r} must look like 12D3456789 (REF*X4, box 23)"
    if len(claim.anesthesia_procedures) > 2:
        yield "at most two surgical procedures can be named for anaesthesia (HI*BP, BO)"
    if len(claim.condition_codes) > 24:
        yield "at most 24 condition codes can be given (HI*BG)"
    if len(claim.attachments) > 10:
        yield "at most 10 attachments can be named (PWK)"


def _order_of_dates(claim: Claim) -> Iterator[str]:
    dates = claim.dates
    last = max((line.date_to for line in claim.lines), default=None)
    pairs = (
        ("disability", dates.disability_from, dates.disability_to),
        ("hospital stay", dates.admission, dates.discharge),
        ("care", dates.assumed_care, dates.relinquished_care),
        ("onset and service", dates.onset, last),
        ("accident and service", dates.accident, last),
        ("service and claim", last, claim.created),
    )
    for what, start, end in pairs:
        if start and end and start > end:
            yield f"dates of {what} are the wrong way round: {start} is after {end} (DTP)"
