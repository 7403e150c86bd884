"""For every diagnosis, evidence and document rule: what fires it, and a near miss."""

from datetime import UTC, date, datetime
from typing import Any

from knowledge.records import TranscriptEvidence
from tests.tools.checks.builders import (
    NOTE,
    L,
    cl,
    claim,
    diagnosis,
    document,
    dx,
    fhir,
    history,
    line,
    ln,
    person,
    span,
)

Case = tuple[str, dict[str, Any], dict[str, Any]]


def note(words: str) -> str:
    return f"HISTORY OF PRESENT ILLNESS\n{words}\n\nASSESSMENT AND PLAN\nContinue.\n"


ANKLE = note("She twisted her right ankle. Sprain of the right ankle today.")


def cites(code: str, words: str, text: str, **doc: Any) -> dict[str, Any]:
    """One diagnosis that cites words of a note."""
    evidence = span(words, text)
    made = claim(diagnoses=(diagnosis(1, code, evidence),), lines=(line(1, "99213", evidence),))
    return {"claim_": made, "documents": (document(text, **doc),)}


def with_record(piece: Any, *items: Any) -> dict[str, Any]:
    return {
        **cl(diagnoses=(diagnosis(1, "I10", piece), diagnosis(2, "E78.5", span("Hyperlipidemia, stable")))),
        "known": {"history": items},
    }


def said(words: str) -> TranscriptEvidence:
    return TranscriptEvidence(document="doc-1", segment="4", text=words)


CASES: list[Case] = [
    ("dx.none", ln(L("99213"), codes=()), dx("I10")),
    ("dx.format", dx("i10"), dx("I10")),
    ("dx.unknown", dx("I10.77"), dx("I10")),
    ("dx.not_billable", dx("E78"), dx("E78.5")),
    ("dx.seventh_character", dx("S93.401", text=ANKLE), dx("S93.401A", text=ANKLE)),
    ("dx.age", dx("Z38.00"), dx("I10")),
    ("dx.sex", dx("N40.0"), {**dx("N40.0", patient=person(sex="male"))}),
    (
        "dx.edition_mismatch",
        ln(L("99213", date_from=date(2014, 1, 5), date_to=date(2014, 1, 5))),
        ln(L("99213")),
    ),
    ("dx.duplicate", dx("I10", "I10"), dx("I10", "E78.5")),
    (
        "dx.sequence",
        cl(diagnoses=(diagnosis(1, "I10"), diagnosis(3, "E78.5"))),
        cl(diagnoses=(diagnosis(1, "I10"), diagnosis(2, "E78.5"))),
    ),
    ("dx.manifestation_first", dx("F02.80", "G30.9"), dx("G30.9", "F02.80")),
    ("dx.external_cause_first", dx("W19.XXXA", "S93.401A"), dx("S93.401A", "W19.XXXA")),
    ("dx.secondary_only_first", dx("Z68.31", "E66.9"), dx("E66.9", "Z68.31")),
    ("dx.status_first", dx("Z95.5", "I10"), dx("I10", "Z95.5")),
    ("dx.first_listed_only", dx("I10", "Z00.00"), dx("Z00.00", "I10")),
    ("dx.code_first_missing", dx("I10", "F02.80"), dx("G30.9", "F02.80")),
    ("dx.code_first_order", dx("N18.31", "E11.22"), dx("E11.22", "N18.31")),
    (
        "dx.use_additional_missing",
        dx("E11.9", text=note("Type 2 diabetes on insulin glargine.")),
        dx("E11.9", "Z79.4", text=note("Type 2 diabetes on insulin glargine.")),
    ),
    (
        "dx.gestation_missing",
        dx("O26.891", text=note("Pregnant at 12 weeks with pelvic pain.")),
        dx("O26.891", "Z3A.12", text=note("Pregnant at 12 weeks with pelvic pain.")),
    ),
    ("dx.bmi_without_diagnosis", dx("I10", "Z68.31"), dx("I10", "E66.9", "Z68.31")),
    ("dx.excludes1", dx("F32.A", "F33.1"), dx("F33.1", "I10")),
    ("dx.symptom_with_definitive", dx("J06.9", "R05.9"), dx("J06.9", "R19.7")),
    ("dx.contradiction", dx("E11.9", "E11.42"), dx("E11.42", "I10")),
    ("dx.combination_code", dx("I10", "I50.9"), dx("I11.0", "I50.9")),
    ("dx.laterality_contradiction", dx("M17.11", "M17.10"), dx("M17.11", "M25.562")),
    ("dx.episode_mixed", dx("S93.401A", "S93.401D"), dx("S93.401A", "S93.402A")),
    ("dx.redundant", dx("I50.9", "I50.22"), dx("I50.22", "I10")),
    ("dx.not_established", dx("G30.9"), dx("I10")),
    (
        "dx.uncertain_evidence",
        dx("J18.9", text=note("Possible pneumonia, awaiting the film.")),
        dx("J18.9", text=note("Possible pneumonia last week. Pneumonia is now confirmed.")),
    ),
    (
        "dx.hypothetical_evidence",
        dx("J18.9", text=note("Return if pneumonia develops.")),
        dx("J18.9", text=note("Pneumonia improving. Return if pneumonia worsens.")),
    ),
    (
        "dx.negated_evidence",
        dx("I26.99", text=note("No evidence of pulmonary embolism.")),
        dx("I26.99", text=note("Pulmonary embolism, no evidence of right heart strain.")),
    ),
    (
        "dx.family_evidence",
        dx("E11.9", text=note("Her mother has type 2 diabetes.")),
        dx("E11.9", text=note("Her mother has type 2 diabetes. Type 2 diabetes since 2015, at goal.")),
    ),
    (
        "dx.historical_evidence",
        dx("C50.911", text=note("She had a history of right breast cancer treated in 2010.")),
        dx("C50.911", text=note("Right breast cancer, under chemotherapy.")),
    ),
    (
        "dx.cited_in_denial",
        cites("I10", "hypertension", note("Denies hypertension.")),
        cites("I10", "hypertension", note("Has hypertension.")),
    ),
    (
        "dx.laterality",
        dx("M25.562", text=note("Right knee pain for a week.")),
        dx("M25.561", text=note("Right knee pain for a week.")),
    ),
    (
        "dx.laterality_unspecified",
        dx("M25.569", text=note("Right knee pain for a week.")),
        dx("M25.569", text=note("Knee pain for a week.")),
    ),
    (
        "dx.bmi_value",
        dx("E66.9", "Z68.41", text=note("Obesity, BMI 31.4.")),
        dx("E66.9", "Z68.31", text=note("Obesity, BMI 31.4.")),
    ),
    (
        "dx.bmi_value",
        dx("E66.9", "Z68.41", text=note("Obesity. BMI: 31.4.")),
        dx("E66.9", "Z68.36", text=note("Obesity.\n| BMI | BP |\n| 36.4 | 168/98 |\n")),
    ),
    (
        "dx.specificity",
        dx("I50.9", text=note("Chronic systolic heart failure, stable.")),
        dx("I50.9", text=note("Heart failure, stable.")),
    ),
    (
        "dx.encounter_phase",
        dx("S52.501A", text=note("Fracture of the right radius, healing well in the cast.")),
        dx("S52.501A", text=note("Fracture of the right radius today, splinted.")),
    ),
    (
        "evidence.missing",
        cl(diagnoses=(diagnosis(1, "I10", span("Hypertension, at goal")), diagnosis(2, "E78.5"))),
        cl(),
    ),
    (
        "evidence.not_verbatim",
        cl(diagnoses=(diagnosis(1, "I10", span("Hypertension, at goal").model_copy(update={"start": 3})),)),
        cl(),
    ),
    (
        "evidence.not_in_transcript",
        {"claim_": claim(diagnoses=(diagnosis(1, "I10", said("high pressure")),))},
        {"claim_": claim(diagnoses=(diagnosis(1, "I10", said("Hypertension")),))},
    ),
    (
        "evidence.foreign_document",
        cl(diagnoses=(diagnosis(1, "I10", span("Hypertension, at goal", doc="doc-9")),)),
        cl(),
    ),
    (
        "evidence.retracted_document",
        {"documents": (document(status="entered-in-error"),)},
        {"documents": (document(status="amended"),)},
    ),
    (
        "evidence.not_provider",
        cites("I10", "hypertension", "Nurse: patient has hypertension.", author_role="staff"),
        cites("I10", "hypertension", "Provider: patient has hypertension."),
    ),
    ("evidence.fhir_unknown", with_record(fhir("Condition/9")), with_record(fhir(), history())),
    ("evidence.fhir_changed", with_record(fhir(digest="bb"), history()), with_record(fhir(), history())),
    (
        "evidence.fhir_later",
        with_record(fhir(), history(effective=date(2026, 9, 1))),
        with_record(fhir(), history(effective=date(2026, 8, 1))),
    ),
    (
        "document.none",
        {"documents": (), **cl(diagnoses=(diagnosis(1, "I10"),), lines=(line(1, "99213"),))},
        {},
    ),
    (
        "document.unsigned",
        {"documents": (document(status="preliminary"),)},
        {"documents": (document(status="amended"),)},
    ),
    (
        "document.date",
        {"documents": (document(date=datetime(2026, 3, 1, tzinfo=UTC)),)},
        {"documents": (document(date=datetime(2026, 8, 20, tzinfo=UTC)),)},
    ),
    (
        "document.other_patient",
        dx("I10", text=NOTE.replace("52-year-old", "81-year-old")),
        dx("I10", text=NOTE.replace("52-year-old", "51-year-old")),
    ),
]
