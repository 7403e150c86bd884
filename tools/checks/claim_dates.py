"""Claim rules: dates, accidents and other payers' cases, filing limit."""

from collections.abc import Iterator
from datetime import timedelta

from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule

_INPATIENT = {"21", "51", "61"}


@rule(
    "claim.future",
    "error",
    "A service or the claim is dated in the future.",
    "MAC front-end edits; CMS-1500 item 24A",
)
def future(request: CheckRequest) -> Iterator[Doubt]:
    """Nothing is billed before it is done."""
    today = request.policy.today
    if today is not None and request.claim.created > today:
        yield Doubt(message="The claim is dated in the future.")
    for line in request.claim.lines:
        if line.date_to > request.today:
            yield Doubt(
                message=f"The service is dated {line.date_to}, after the claim.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "claim.dates_order",
    "error",
    "A pair of dates is the wrong way round.",
    "837P DTP 431, 435, 096, 314, 361, 297, 296",
)
def dates_order(request: CheckRequest) -> Iterator[Doubt]:
    """Onset, accident and first treatment precede the visit; every period starts before it ends."""
    d = request.claim.dates
    for what, moment in (
        ("onset", d.onset),
        ("accident", d.accident),
        ("initial treatment", d.initial_treatment),
        ("last menstrual period", d.lmp),
        ("last seen", d.last_seen),
    ):
        if moment is not None and moment > request.on:
            yield Doubt(message=f"The {what} date lies after the date of service.")
    for what, first, last in (
        ("admission", d.admission, d.discharge),
        ("disability", d.disability_from, d.disability_to),
        ("time off work", d.last_worked, d.return_to_work),
    ):
        if first is not None and last is not None and first > last:
            yield Doubt(message=f"The {what} period ends before it starts.")


@rule("claim.accident_state", "error", "A car accident without its state.", "837P CLM11-4")
def accident_state(request: CheckRequest) -> Iterator[Doubt]:
    """An auto accident names the state in which it happened."""
    if request.claim.accident.auto and not request.claim.accident.state:
        yield Doubt(message="The claim says auto accident but not in which state.", hint="Add the state.")


@rule("claim.accident_date", "error", "An accident without its date.", "837P DTP*439; CMS-1500 box 14/15")
def accident_date(request: CheckRequest) -> Iterator[Doubt]:
    """A related accident has a date."""
    cause = request.claim.accident
    if (cause.auto or cause.employment or cause.other) and request.claim.dates.accident is None:
        yield Doubt(
            message="The claim names a related accident but not its date.", hint="Add the accident date."
        )


@rule(
    "claim.accident_payer",
    "error",
    "The payer's kind and the related cause disagree.",
    "837P CLM11; CMS-1500 box 10",
)
def accident_payer(request: CheckRequest) -> Iterator[Doubt]:
    """Workers' compensation means employment; an auto carrier means an auto accident."""
    primary, cause = request.claim.primary, request.claim.accident
    if primary is None:
        return
    if primary.payer_kind == "workers_comp" and not cause.employment:
        yield Doubt(
            message="The payer is workers' compensation, but the condition is not marked work related."
        )
    if primary.payer_kind == "auto" and not cause.auto:
        yield Doubt(message="The payer is an auto carrier, but no auto accident is marked.")


@rule(
    "claim.work_related",
    "error",
    "A work-related condition billed to health insurance.",
    "Medicare Secondary Payer Manual ch. 1",
)
def work_related(request: CheckRequest) -> Iterator[Doubt]:
    """Medicare pays after workers' compensation and auto insurance, never first."""
    primary, cause = request.claim.primary, request.claim.accident
    if (
        primary is not None
        and primary.payer_kind in {"medicare", "medicare_advantage"}
        and (cause.employment or cause.auto)
    ):
        yield Doubt(
            message="Employment or an auto accident is marked, yet Medicare is billed first.",
            hint="Bill the liable payer first.",
        )


@rule(
    "claim.admission_date",
    "error",
    "An inpatient place without the admission date.",
    "837P DTP*435 for POS 21, 51, 61",
)
def admission_date(request: CheckRequest) -> Iterator[Doubt]:
    """Visits to inpatients carry the admission date."""
    places = {request.claim.place_of_service, *(x.place_of_service for x in request.claim.lines)}
    if places & _INPATIENT and request.claim.dates.admission is None:
        yield Doubt(message="The place of service is inpatient; the admission date is missing.")


@rule(
    "claim.timely_filing",
    "error",
    "The payer's filing limit has passed.",
    "42 CFR 424.44; payer packs",
    overridable=True,
)
def timely_filing(request: CheckRequest) -> Iterator[Doubt]:
    """A first claim reaches the payer within its filing limit."""
    days = request.pack.timely_filing_days or request.policy.timely_filing_days
    if request.claim.frequency == "1" and request.claim.created > request.on + timedelta(days=days):
        yield Doubt(
            message=f"{request.pack.name} takes claims for {days} days after the service; they have passed.",
            source=request.pack_source,
            hint="File with the reason for the delay, or write it off.",
        )
