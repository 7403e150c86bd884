"""History as it was known on the coding date, and what follows from it."""

from datetime import date
from typing import Any

import pytest

from tests.tools.fhir.record import DOCTOR, PATIENT, bent, facts, past, resources, visit
from tools.encounter import EncounterFacts, HistoryItem

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
CPT = "http://www.ama-assn.org/go/cpt"


def condition(own_id: str = "c1", **changes: Any) -> dict[str, Any]:
    coding = [{"system": "http://snomed.info/sct", "code": "59621000"}, {"system": ICD, "code": "I10"}]
    return past("Condition", own_id, code={"coding": coding, "text": "Hypertension"}, **changes)


def only(found: EncounterFacts) -> HistoryItem:
    (item,) = found.history
    return item


def known(item: dict[str, Any], as_of: date = date(2026, 9, 1)) -> bool:
    return bool(facts(*resources().values(), item, as_of=as_of).history)


def test_the_claims_code_system_is_preferred_and_the_pointer_names_it() -> None:
    item = only(bent(condition(onsetDateTime="2019", recordedDate="2020-01-02")))
    assert (item.kind, item.code, item.pointer) == ("condition", "I10", "/code/coding/1")
    assert (item.effective, item.recorded) == (date(2019, 1, 1), date(2020, 1, 2))
    assert item.reference == "Condition/c1"
    assert len(item.sha256) == 64


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ({"recordedDate": "2026-09-01"}, True),
        ({"recordedDate": "2026-09-02"}, False),
        ({"recordedDate": "2026-09-02", "onsetDateTime": "2010-01-01"}, False),
        ({"recordedDate": "2026-08-01", "meta": {"lastUpdated": "2026-10-01T00:00:00Z"}}, True),
        ({"onsetDateTime": "2010-01-01", "meta": {"lastUpdated": "2026-10-01T00:00:00Z"}}, False),
        ({"onsetDateTime": "2010-01-01"}, True),
        ({}, True),
        ({"verificationStatus": {"coding": [{"code": "refuted"}]}}, False),
        ({"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}, False),
    ],
)
def test_only_what_was_known_on_the_coding_date_is_seen(members: dict[str, Any], seen: bool) -> None:
    assert known(condition(**members)) is seen


def test_a_result_issued_later_is_not_known_though_the_sample_was_taken_before() -> None:
    result = past(
        "Observation",
        "o",
        code={"text": "TSH"},
        effectiveDateTime="2026-08-15",
        issued="2026-09-03T08:00:00-05:00",
    )
    assert not known(result)
    assert known(result, date(2026, 9, 3))


def test_another_patients_resource_never_enters_the_history() -> None:
    stranger = {**condition("foreign"), "subject": {"reference": "Patient/other"}}
    assert bent(stranger).history == ()
    assert bent(stranger, {**PATIENT, "id": "other"}).history == ()


def test_an_unconfirmed_condition_says_so() -> None:
    doubtful = condition(
        verificationStatus={"coding": [{"code": "provisional"}]},
        clinicalStatus={"coding": [{"code": "active"}]},
    )
    assert only(bent(doubtful)).status == "provisional"


@pytest.mark.parametrize(
    ("resource", "kind", "shown"),
    [
        (
            past("MedicationRequest", "m", status="active", medicationCodeableConcept={"text": "metformin"}),
            "medication",
            ("metformin", "/medicationCodeableConcept/text"),
        ),
        (
            past(
                "MedicationRequest",
                "m",
                contained=[{"resourceType": "Medication", "id": "x", "code": {"coding": [{"code": "6809"}]}}],
                medicationReference={"reference": "#x"},
            ),
            "medication",
            ("6809", "/contained/0/code/coding/0"),
        ),
        (
            past("MedicationRequest", "m", medicationReference={"display": "insulin"}),
            "medication",
            ("insulin", "/medicationReference/display"),
        ),
        (
            past("Procedure", "p", code={"coding": [{"system": CPT, "code": "45378", "display": "Scope"}]}),
            "procedure",
            ("Scope", "/code/coding/0"),
        ),
        (
            {
                "resourceType": "Immunization",
                "id": "i",
                "patient": {"reference": "Patient/pat"},
                "vaccineCode": {"text": "Tdap"},
                "occurrenceDateTime": "2020-01-01",
            },
            "immunization",
            ("Tdap", "/vaccineCode/text"),
        ),
        (
            {
                "resourceType": "AllergyIntolerance",
                "id": "a",
                "patient": {"reference": "Patient/pat"},
                "code": {"text": "penicillin"},
            },
            "allergy",
            ("penicillin", "/code/text"),
        ),
        (
            past("ServiceRequest", "s", code={"text": "MRI"}, authoredOn="2026-08-01"),
            "order",
            ("MRI", "/code/text"),
        ),
    ],
)
def test_each_kind_of_fact(resource: dict[str, Any], kind: str, shown: tuple[str, str]) -> None:
    item = only(bent(resource))
    assert (item.kind, item.display, item.pointer) == (kind, *shown)


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ({"valueQuantity": {"value": 7.10, "unit": "%"}}, "7.1 %"),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "ng/L"}}, "< 5 ng/L"),
        ({"valueString": "normal"}, "normal"),
        ({"valueInteger": 0}, "0"),
        ({"valueCodeableConcept": {"text": "Never smoked"}}, "Never smoked"),
        (
            {"component": [{"code": {"text": "systolic"}, "valueQuantity": {"value": 128, "unit": "mmHg"}}]},
            "systolic 128 mmHg",
        ),
        ({}, None),
    ],
)
def test_values_of_observations(members: dict[str, Any], value: str | None) -> None:
    assert only(bent(past("Observation", "o", code={"text": "x"}, **members))).value == value


def test_the_lines_of_an_earlier_claim_become_history() -> None:
    claim = {
        "resourceType": "ExplanationOfBenefit",
        "id": "eob",
        "status": "active",
        "patient": {"reference": "Patient/pat"},
        "created": "2025-09-01",
        "provider": {"reference": "Organization/group"},
        "careTeam": [{"provider": {"reference": "Practitioner/doctor"}}],
        "item": [
            {
                "productOrService": {"coding": [{"system": CPT, "code": "G0439"}]},
                "servicedDate": "2025-08-20",
            },
            {"productOrService": {"text": "uncoded"}},
        ],
    }
    item = only(bent(claim))
    assert (item.kind, item.code, item.effective) == ("claim", "G0439", date(2025, 8, 20))
    assert (item.performer, item.organization) == ("1003000126", "Organization/group")
    assert not known({**claim, "created": "2026-10-01"})


OTHER = {**DOCTOR, "id": "colleague", "identifier": []}


def colleague_role(taxonomy: str) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": "r2",
        "practitioner": {"reference": "Practitioner/colleague"},
        "organization": {"reference": "Organization/group"},
        "specialty": [{"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": taxonomy}]}],
    }


BY_COLLEAGUE = [{"individual": {"reference": "Practitioner/colleague"}}]
ELSEWHERE = {"serviceProvider": {"reference": "Organization/elsewhere"}, "participant": []}


@pytest.mark.parametrize(
    ("earlier", "new"),
    [
        ([visit("v", "2023-08-15")], False),
        ([visit("v", "2023-08-14")], None),
        ([visit("v", "2026-08-15")], None),
        ([visit("v", "2025-01-01", status="cancelled")], None),
        ([visit("v", "2025-01-01", **{"class": {"code": "PRENC"}})], None),
        ([visit("v", "2025-01-01", **ELSEWHERE)], True),
        ([visit("v", "2025-01-01", participant=BY_COLLEAGUE), OTHER, colleague_role("207Q00000X")], False),
        ([visit("v", "2025-01-01", participant=BY_COLLEAGUE), OTHER, colleague_role("208600000X")], True),
        ([visit("v", "2025-01-01", participant=BY_COLLEAGUE), OTHER], False),
        ([], None),
    ],
)
def test_new_or_established_by_group_and_specialty_within_three_years(
    earlier: list[dict[str, Any]], new: bool | None
) -> None:
    found = bent(*earlier)
    assert found.new_patient is new
    assert found.new_patient_why


def test_the_type_of_the_encounter_settles_what_history_does_not() -> None:
    assert bent(enc={"type": [{"text": "New patient visit"}]}).new_patient is True
    assert bent(enc={"type": [{"coding": [{"system": CPT, "code": "99213"}]}]}).new_patient is False
    assert bent(visit("v", "2025-01-01"), enc={"type": [{"text": "New patient visit"}]}).new_patient is False


def test_a_statement_stands_before_weak_evidence_and_behind_strong() -> None:
    record = resources().values()
    weak = [visit("v", "2025-01-01", participant=BY_COLLEAGUE), OTHER]
    assert facts(*record, *weak, context={"new_patient": True}).new_patient is True
    assert facts(*record, visit("v", "2025-01-01"), context={"new_patient": True}).new_patient is False
    assert facts(*record, context={"new_patient": True}).new_patient is True


def test_the_29th_of_february_has_an_anniversary() -> None:
    record = resources()
    record["enc"]["period"] = {"start": "2024-02-29"}
    assert facts(*record.values(), visit("v", "2021-02-28")).new_patient is False


def test_history_is_not_the_encounter_itself_nor_its_documents() -> None:
    assert facts().history == ()
