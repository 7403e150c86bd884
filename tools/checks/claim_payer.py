"""Claim rules: frequency, payer and member, filing, earlier claims, who did the work."""

import re
from collections.abc import Iterator

from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.claim.x12.codes import FILING_CODES

_CLIA = re.compile(r"\d{2}D\d{7}\Z")


@rule(
    "claim.frequency_reference",
    "error",
    "A replacement or void without the payer's claim number.",
    "837P CLM05-3 7/8 with REF*F8",
)
def frequency_reference(request: CheckRequest) -> Iterator[Doubt]:
    """Frequency 7 and 8 name the claim they replace or void."""
    claim = request.claim
    if claim.frequency in {"7", "8"} and not claim.original_reference:
        yield Doubt(
            message=f"Frequency {claim.frequency} needs the payer's claim control number of the first claim."
        )


@rule("claim.original_reference", "error", "An original claim refers to an earlier one.", "837P REF*F8")
def original_reference(request: CheckRequest) -> Iterator[Doubt]:
    """An original claim has no earlier claim number."""
    if request.claim.frequency == "1" and request.claim.original_reference:
        yield Doubt(
            message="An original claim must not carry an earlier claim's number.",
            hint="Use frequency 7 or 8.",
        )


@rule(
    "claim.frequency_payer",
    "error",
    "The payer does not take this claim frequency.",
    "Medicare Part B: original claims only; payer packs",
)
def frequency_payer(request: CheckRequest) -> Iterator[Doubt]:
    """Medicare Part B corrects by reopening or appeal, not by replacement claims."""
    if request.claim.frequency not in request.pack.accepted_frequencies:
        yield Doubt(
            message=f"{request.pack.name} does not accept claim frequency {request.claim.frequency}.",
            source=request.pack_source,
            hint="Ask the payer for a reopening.",
        )


@rule("claim.payer_missing", "warning", "No coverage is known.", "837P loop 2010BB", hold="data")
def payer_missing(request: CheckRequest) -> Iterator[Doubt]:
    """Without a coverage nobody can be billed."""
    if not request.claim.coverages:
        yield Doubt(
            message="No coverage is known for the encounter.", hint="Add the coverage, or mark it self pay."
        )


@rule("claim.payer_id", "warning", "The payer's id is missing.", "837P loop 2010BB NM109", hold="data")
def payer_id(request: CheckRequest) -> Iterator[Doubt]:
    """Every payer on the claim is named by its id."""
    for cover in request.claim.coverages:
        if cover.payer_kind != "self_pay" and not cover.payer_id:
            yield Doubt(message=f"The payer id of {cover.payer_name} is missing.")


@rule("claim.member_id", "warning", "The member id is missing.", "837P loop 2010BA NM109", hold="data")
def member_id(request: CheckRequest) -> Iterator[Doubt]:
    """The insured is named by the member id."""
    for cover in request.claim.coverages:
        if cover.payer_kind != "self_pay" and not cover.member_id:
            yield Doubt(message=f"The member id at {cover.payer_name} is missing.")


@rule("claim.one_primary", "error", "Not exactly one coverage is first.", "837P SBR01=P exactly once")
def one_primary(request: CheckRequest) -> Iterator[Doubt]:
    """The order of benefits is 1, 2, 3 without gaps or ties."""
    orders = sorted(c.order for c in request.claim.coverages)
    if orders and orders != list(range(1, len(orders) + 1)):
        yield Doubt(message=f"The order of benefits is {orders}; it must count from 1 without gaps or ties.")


@rule("claim.filing_code", "error", "The filing indicator is not in the list.", "837P SBR09")
def filing_code(request: CheckRequest) -> Iterator[Doubt]:
    """The claim filing indicator is one of the 837P's; a patient who pays is filed with nobody."""
    for cover in request.claim.coverages:
        if cover.payer_kind == "self_pay":
            continue
        if cover.filing_code and cover.filing_code not in FILING_CODES:
            yield Doubt(message=f"{cover.filing_code!r} is no claim filing indicator.")
        elif cover.payer_kind == "medicare" and cover.filing_code not in {None, "MB", "16", "MA"}:
            yield Doubt(message=f"Medicare Part B is filed as MB, not {cover.filing_code}.")


@rule(
    "claim.insurance_type",
    "error",
    "The Medicare secondary type is wrong.",
    "837P SBR05 only when Medicare is not first",
)
def insurance_type(request: CheckRequest) -> Iterator[Doubt]:
    """Why Medicare is secondary is said exactly when it is."""
    for cover in request.claim.coverages:
        secondary = cover.payer_kind == "medicare" and cover.order > 1
        if secondary != bool(cover.insurance_type):
            what = "is missing" if secondary else "belongs to Medicare when it is not the first payer"
            yield Doubt(message=f"{cover.payer_name}: the insurance type {what}.")


@rule("claim.clia_format", "error", "A CLIA number is not in CLIA form.", "42 CFR 493; 837P REF*X4")
def clia_format(request: CheckRequest) -> Iterator[Doubt]:
    """A CLIA number is two digits, D, seven digits."""
    for number, line in [(request.claim.clia, None), *((x.clia, x.number) for x in request.claim.lines)]:
        if number and not _CLIA.match(number):
            yield Doubt(
                message=f"The CLIA number {number!r} is not two digits, D and seven digits.", line=line
            )


@rule(
    "claim.duplicate",
    "warning",
    "The history holds a claim for the same service.",
    "Medicare Claims Processing Manual ch. 1 s. 120",
    hold="policy",
)
def duplicate(request: CheckRequest) -> Iterator[Doubt]:
    """The same procedure, patient and date were billed before."""
    if request.facts is None or request.claim.frequency != "1":
        return
    billed = {(x.code, x.effective) for x in request.facts.history if x.kind == "claim" and x.code}
    for line in request.claim.lines:
        if (line.code, line.date_from) in billed:
            yield Doubt(
                message=f"{line.code} on {line.date_from} was billed before.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "claim.incident_to",
    "warning",
    "The note's author is not the rendering provider.",
    "42 CFR 410.26; Benefit Policy Manual ch. 15 s. 60",
    hold="policy",
)
def incident_to(request: CheckRequest) -> Iterator[Doubt]:
    """Billing another's work needs the incident-to conditions: established problem, supervision that day."""
    who = request.claim.rendering_provider
    authors = {
        d.author
        for d in request.documents
        if d.author and "/" in d.author and d.kind == "note" and d.author_role == "provider"
    }
    if who is None or not authors or who.reference in authors or who.name.display in authors:
        return
    yield Doubt(
        message="The note was written by another provider than the one billed as rendering.",
        hint="Bill the author, or document the supervision that incident-to billing needs.",
    )
