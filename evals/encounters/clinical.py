"""Visits, earlier record and notes of the shipped encounters as FHIR R4 resources (US Core style)."""

import base64
from collections.abc import Mapping, Sequence

from evals.encounters.records import EncounterSource, Past, PastEncounter
from evals.encounters.resources import HL7, Json, concept, profile

Refer = Mapping[str, Json]
"""Roles (``patient``, ``rendering`` ...) -> the Reference to who has it."""

_ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_CVX = "http://hl7.org/fhir/sid/cvx"


def _codings(past: Past, default: str) -> Json:
    system, code, display = past.code if len(past.code) == 3 else (default, *past.code)
    coding: list[Json] = [{"system": system, "code": code, "display": display}]
    if past.icd10:
        coding.append({"system": _ICD10CM, "code": past.icd10[0], "display": past.icd10[1]})
    return {"coding": coding, "text": display}


def _participant(code: str, display: str, individual: Json) -> Json:
    return {"type": [concept(HL7 + "v3-ParticipationType", code, display)], "individual": individual}


def _class(code: str) -> Json:
    names = {"AMB": "ambulatory", "VR": "virtual", "IMP": "inpatient encounter", "EMER": "emergency"}
    return {"system": HL7 + "v3-ActCode", "code": code, "display": names[code]}


def encounter(source: EncounterSource, refer: Refer, places: Sequence[Json]) -> Json:
    """The visit that is coded."""
    team = [_participant("PPRF", "primary performer", refer["rendering"])]
    if source.referring:
        team.append(_participant("REF", "referrer", refer["referring"]))
    return {
        "meta": profile("encounter"),
        "status": "finished",
        "class": _class(source.kind),
        "type": [{"text": source.type}],
        "subject": refer["patient"],
        "participant": team,
        "period": {"start": source.start.isoformat(), "end": source.end.isoformat()},
        "reasonCode": [{"text": source.reason}],
        "location": [{"location": place} for place in places],
        "serviceProvider": refer["group"],
    }


def past_encounter(one: PastEncounter, patient_reference: Json, clinician: Json, group: Json) -> Json:
    """An earlier visit or stay."""
    body: Json = {
        "meta": profile("encounter"),
        "status": "finished",
        "class": _class(one.kind),
        "type": [{"text": one.type}],
        "subject": patient_reference,
        "participant": [_participant("PPRF", "primary performer", clinician)],
        "period": {"start": one.on, "end": one.until or one.on},
        "serviceProvider": group,
    }
    if one.reason:
        body["reasonCode"] = [{"text": one.reason}]
    if one.discharged_to:
        disposition = concept(HL7 + "discharge-disposition", one.discharged_to)
        body["hospitalization"] = {"dischargeDisposition": disposition}
    return body


def condition(one: Past, patient_reference: Json) -> Json:
    """An entry of the problem list."""
    return {
        "meta": profile("condition-problems-health-concerns"),
        "clinicalStatus": concept(HL7 + "condition-clinical", one.status),
        "verificationStatus": concept(HL7 + "condition-ver-status", "confirmed"),
        "category": [concept(HL7 + "condition-category", "problem-list-item")],
        "code": _codings(one, "http://snomed.info/sct"),
        "subject": patient_reference,
        "onsetDateTime": one.onset,
        "recordedDate": one.recorded,
    }


def procedure(one: Past, patient_reference: Json, clinician: Json | None) -> Json:
    """An earlier procedure."""
    body: Json = {
        "meta": profile("procedure"),
        "status": "completed",
        "code": _codings(one, "http://www.ama-assn.org/go/cpt"),
        "subject": patient_reference,
        "performedDateTime": one.on,
    }
    return {**body, "performer": [{"actor": clinician}]} if clinician else body


def medication(one: Past, patient_reference: Json, clinician: Json) -> Json:
    """An active prescription."""
    return {
        "meta": profile("medicationrequest"),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _codings(one, _RXNORM),
        "subject": patient_reference,
        "authoredOn": one.on,
        "requester": clinician,
    }


def observation(one: Past, patient_reference: Json) -> Json:
    """An earlier measurement or finding."""
    body: Json = {
        "status": "final",
        "category": [concept(HL7 + "observation-category", "exam")],
        "code": _codings(one, _LOINC),
        "subject": patient_reference,
        "effectiveDateTime": one.on,
        "issued": f"{one.on}T12:00:00-05:00",
    }
    values = one.value or ("",)
    if len(values) == 1:
        return {**body, "valueCodeableConcept": {"text": values[0]}}
    number, unit = values
    amount = float(number) if "." in number else int(number)
    return {**body, "valueQuantity": {"value": amount, "unit": unit, "system": _UCUM, "code": unit}}


def immunization(one: Past, patient_reference: Json) -> Json:
    """An earlier vaccine dose."""
    return {
        "meta": profile("immunization"),
        "status": "completed",
        "vaccineCode": _codings(one, _CVX),
        "patient": patient_reference,
        "occurrenceDateTime": one.on,
        "recorded": one.on,
        "primarySource": True,
    }


def order(one: Past, patient_reference: Json, clinician: Json) -> Json:
    """An order placed earlier."""
    return {
        "meta": profile("servicerequest"),
        "status": "active",
        "intent": "order",
        "code": _codings(one, "http://www.ama-assn.org/go/cpt"),
        "subject": patient_reference,
        "authoredOn": one.on,
        "requester": clinician,
    }


def document(note: str, refer: Refer, signed_at: str) -> Json:
    """The signed note of the visit."""
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "data": base64.b64encode(note.encode()).decode(),
    }
    return {
        "meta": profile("documentreference"),
        "status": "current",
        "docStatus": "final",
        "type": concept(_LOINC, "11506-3", "Progress note"),
        "category": [
            concept(
                "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note"
            )
        ],
        "subject": refer["patient"],
        "date": signed_at,
        "author": [refer["rendering"]],
        "authenticator": refer["rendering"],
        "content": [{"attachment": attachment}],
        "context": {"encounter": [refer["encounter"]]},
    }
