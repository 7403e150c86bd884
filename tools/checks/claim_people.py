"""Claim rules: the patient and the subscriber."""

from collections.abc import Iterator

from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.encounter import CoverageFacts


@rule(
    "claim.patient_demographics",
    "warning",
    "Birth date, sex or address of the patient is missing.",
    "837P loops 2010BA and 2010CA N3, N4, DMG",
    hold="data",
)
def patient_demographics(request: CheckRequest) -> Iterator[Doubt]:
    """The patient's birth date, sex and address travel with every claim."""
    patient = request.claim.patient
    facts = (
        ("birth date", patient.birth_date),
        ("address", patient.address),
        ("last name", patient.name.last),
    )
    missing = [what for what, value in facts if not value]
    if patient.sex == "unknown":
        missing.append("sex")
    if missing:
        yield Doubt(message=f"The patient's {', '.join(missing)} must be known to bill.")


@rule(
    "claim.subscriber_missing",
    "warning",
    "The patient depends on a subscriber who is not named.",
    "837P loops 2000B, 2010BA and 2000C",
    hold="data",
)
def subscriber_missing(request: CheckRequest) -> Iterator[Doubt]:
    """A dependent's claim names the subscriber and the subscriber's birth date and sex."""
    for cover in request.claim.coverages:
        if cover.relationship != "self" and cover.subscriber is None:
            yield Doubt(
                message=f"{cover.payer_name}: the patient is the subscriber's {cover.relationship}, but the "
                "subscriber is not named."
            )


@rule(
    "claim.subscriber_self",
    "error",
    "The patient is the subscriber, yet another subscriber is named.",
    "837P loop 2000B SBR02=18 without loop 2000C",
)
def subscriber_self(request: CheckRequest) -> Iterator[Doubt]:
    """With relationship self there is no other subscriber."""
    for cover in request.claim.coverages:
        if cover.relationship == "self" and _other_person(request, cover):
            yield Doubt(
                message=f"{cover.payer_name}: relationship is self, but the subscriber is another person.",
                hint="Correct the relationship or the subscriber.",
            )


@rule("claim.birth_date", "error", "The birth date lies after the visit.", "837P DMG02")
def birth_date(request: CheckRequest) -> Iterator[Doubt]:
    """Nobody is treated before birth, nor at more than 125 years."""
    born = request.claim.patient.birth_date
    if born is not None and (born > request.on or request.on.year - born.year > 125):
        yield Doubt(message="The patient's birth date does not fit the date of service.")


@rule(
    "claim.deceased",
    "error",
    "The service is dated after the patient's death.",
    "837P PAT06; Medicare A/B edits",
)
def deceased(request: CheckRequest) -> Iterator[Doubt]:
    """No service can follow the patient's death."""
    died = request.claim.patient.death_date
    if died is not None:
        for line in request.claim.lines:
            if line.date_to > died:
                yield Doubt(
                    message="The service is dated after the patient's death.",
                    codes=(line.code,),
                    line=line.number,
                )


@rule("claim.patient_mismatch", "error", "Claim and record are of different patients.", "architecture law 2")
def patient_mismatch(request: CheckRequest) -> Iterator[Doubt]:
    """The claim's patient is the encounter's patient."""
    facts, patient = request.facts, request.claim.patient
    if facts is None:
        return
    known = facts.patient
    if (known.id, known.birth_date, known.sex) != (patient.id, patient.birth_date, patient.sex):
        yield Doubt(
            message="The patient on the claim is not the patient of the encounter (id, birth date or sex)."
        )


@rule("claim.encounter_mismatch", "error", "The claim is of another encounter.", "architecture law 2")
def encounter_mismatch(request: CheckRequest) -> Iterator[Doubt]:
    """The claim belongs to the encounter it is judged with."""
    if request.facts is not None and request.facts.encounter_id != request.claim.encounter_id:
        yield Doubt(message="The claim names another encounter than the record it is checked with.")


def _other_person(request: CheckRequest, cover: CoverageFacts) -> bool:
    patient, subscriber = request.claim.patient, cover.subscriber
    if subscriber is None:
        return False
    return (subscriber.name, subscriber.birth_date) != (patient.name, patient.birth_date)
