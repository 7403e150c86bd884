"""Where each FHIR resource type keeps what a history item holds, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.encounter import HistoryKind
from tools.fhir.views import CPT, CVX, HCPCS, ICD10CM, LOINC, RXNORM, SNOMED


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Where one resource type keeps what a HistoryItem holds; paths are member names joined by dots."""

    kind: HistoryKind
    concept: tuple[str, ...] = ("code",)
    systems: tuple[str, ...] = ()
    effective: tuple[str, ...] = ()
    effective_end: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    status: tuple[str, ...] = ("status",)
    performer: tuple[str, ...] = ()
    patient: tuple[str, ...] = ("subject", "patient")


SHAPES: Mapping[str, Shape] = {
    "Condition": Shape(
        kind="condition",
        systems=(ICD10CM, SNOMED),
        effective=("onsetDateTime", "onsetPeriod.start"),
        effective_end=("abatementDateTime", "abatementPeriod.end"),
        recorded=("recordedDate",),
        performer=("recorder", "asserter"),
    ),
    "Procedure": Shape(
        kind="procedure",
        systems=(CPT, HCPCS, SNOMED),
        effective=("performedDateTime", "performedPeriod.start"),
        effective_end=("performedPeriod.end",),
        performer=("performer.0.actor",),
    ),
    "MedicationRequest": Shape(
        kind="medication",
        concept=("medicationCodeableConcept",),
        systems=(RXNORM,),
        effective=("authoredOn",),
        recorded=("authoredOn",),
        performer=("requester",),
    ),
    "MedicationStatement": Shape(
        kind="medication",
        concept=("medicationCodeableConcept",),
        systems=(RXNORM,),
        effective=("effectiveDateTime", "effectivePeriod.start"),
        effective_end=("effectivePeriod.end",),
        recorded=("dateAsserted",),
    ),
    "Observation": Shape(
        kind="observation",
        systems=(LOINC, SNOMED),
        effective=("effectiveDateTime", "effectivePeriod.start", "effectiveInstant"),
        recorded=("issued",),
        performer=("performer.0",),
    ),
    "Immunization": Shape(
        kind="immunization",
        concept=("vaccineCode",),
        systems=(CVX, CPT),
        effective=("occurrenceDateTime",),
        recorded=("recorded",),
        performer=("performer.0.actor",),
    ),
    "Encounter": Shape(
        kind="encounter",
        concept=("type.0",),
        systems=(CPT, SNOMED),
        effective=("period.start",),
        effective_end=("period.end",),
        performer=("participant.0.individual",),
    ),
    "AllergyIntolerance": Shape(
        kind="allergy",
        systems=(RXNORM, SNOMED),
        effective=("onsetDateTime",),
        recorded=("recordedDate",),
        status=("clinicalStatus",),
    ),
    "ServiceRequest": Shape(
        kind="order",
        systems=(CPT, HCPCS, LOINC, SNOMED),
        effective=("occurrenceDateTime", "authoredOn"),
        recorded=("authoredOn",),
        performer=("requester",),
    ),
}
