"""FHIR R4 resources (US Core style) of the shipped encounters, one small builder each."""

import base64
from collections.abc import Mapping, Sequence

from evals.encounters.records import (
    Clinician,
    CoverageSource,
    EncounterSource,
    Group,
    Past,
    PastEncounter,
    Payer,
    PersonSource,
)

Json = dict[str, object]
Refer = Mapping[str, Json]
"""Names of resources (``Patient/x``) -> the Reference to them."""

_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_NPI = "http://hl7.org/fhir/sid/us-npi"
_NUCC = "http://nucc.org/provider-taxonomy"
_EIN = "urn:oid:2.16.840.1.113883.4.4"
_CLIA = "urn:oid:2.16.840.1.113883.4.7"
_PAYER_ID = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType"
_ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_CVX = "http://hl7.org/fhir/sid/cvx"


def _concept(system: str, code: str, display: str | None = None) -> Json:
    coding: Json = {"system": system, "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def _address(words: Sequence[str]) -> Json:
    line, city, state, postal = words
    zip_code = f"{postal[:5]}-{postal[5:]}" if len(postal) == 9 else postal
    return {"line": [line], "city": city, "state": state, "postalCode": zip_code, "country": "US"}


def _phone(number: str) -> list[Json]:
    return [{"system": "phone", "value": f"({number[:3]}) {number[3:6]}-{number[6:]}", "use": "work"}]


def _profile(name: str) -> Json:
    return {"profile": [_CORE + name]}


def _codings(past: Past, default: str) -> Json:
    system, code, display = past.code if len(past.code) == 3 else (default, *past.code)
    coding: list[Json] = [{"system": system, "code": code, "display": display}]
    if past.icd10:
        coding.append({"system": _ICD10CM, "code": past.icd10[0], "display": past.icd10[1]})
    return {"coding": coding, "text": display}


def organization(group: Group) -> Json:
    """A practice or hospital with NPI, employer id and, where it has one, CLIA number."""
    identifiers: list[Json] = [{"system": _NPI, "value": group.npi}]
    identifiers.append({"system": _EIN, "value": f"{group.tax_id[:2]}-{group.tax_id[2:]}"})
    if group.clia:
        identifiers.append({"system": _CLIA, "value": group.clia})
    return {
        "meta": _profile("organization"),
        "identifier": identifiers,
        "active": True,
        "type": [_concept(_HL7 + "organization-type", "prov"), _concept(_NUCC, group.taxonomy)],
        "name": group.name,
        "telecom": _phone(group.phone),
        "address": [_address(group.address)],
    }


def payer(one: Payer) -> Json:
    """A payer with its electronic id."""
    kind = _concept(_PAYER_ID, "payerid")
    return {
        "meta": _profile("organization"),
        "identifier": [{"type": kind, "value": one.payer_id}],
        "active": True,
        "type": [_concept(_HL7 + "organization-type", "pay")],
        "name": one.name,
        "address": [_address(one.address)],
    }


def practitioner(one: Clinician) -> Json:
    """A clinician with NPI."""
    family, given, degree = one.name
    return {
        "meta": _profile("practitioner"),
        "identifier": [{"system": _NPI, "value": one.npi}],
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given], "suffix": [degree]}],
    }


def practitioner_role(one: Clinician, clinician: Json, group: Json) -> Json:
    """A clinician's place in a group, with the NUCC taxonomy."""
    specialty = _concept(_NUCC, one.taxonomy, one.specialty)
    return {
        "meta": _profile("practitionerrole"),
        "active": True,
        "practitioner": clinician,
        "organization": group,
        "code": [_concept(_NUCC, one.taxonomy, one.specialty)],
        "specialty": [specialty],
    }


def location(group: Group, managing: Json) -> Json:
    """The office of a group, or the building of a hospital."""
    hospital = group.taxonomy.startswith("282N")
    kind = ("HOSP", "Hospital") if hospital else ("PROFF", "Provider's Office")
    return {
        "meta": _profile("location"),
        "status": "active",
        "name": group.name,
        "type": [_concept(_HL7 + "v3-RoleCode", *kind)],
        "telecom": _phone(group.phone),
        "address": _address(group.address),
        "managingOrganization": managing,
    }


def home(words: Sequence[str]) -> Json:
    """The patient's home, where a remote visit found the patient."""
    return {
        "status": "active",
        "name": "Patient's home",
        "mode": "instance",
        "type": [_concept(_HL7 + "v3-RoleCode", "PTRES", "Patient's Residence")],
        "address": _address(words),
        "physicalType": _concept(_HL7 + "location-physical-type", "ho", "House"),
    }


def _person(one: PersonSource) -> Json:
    family, given = one.name
    return {
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given]}],
        "telecom": [{**_phone(one.phone)[0], "use": "home"}],
        "gender": one.sex,
        "birthDate": one.birth_date,
        "address": [{"use": "home", **_address(one.address)}],
    }


def patient(one: PersonSource) -> Json:
    """The patient with a medical record number."""
    kind = _concept(_HL7 + "v2-0203", "MR")
    number = {"type": kind, "system": "https://superbill.example/mrn", "value": one.mrn}
    return {"meta": _profile("patient"), "identifier": [number], **_person(one)}


def subscriber(one: PersonSource, patient_reference: Json, relationship: str) -> Json:
    """Who holds the policy, as a related person of the patient."""
    role = {"child": ("PRN", "parent"), "spouse": ("SPS", "spouse")}[relationship]
    return {
        "meta": _profile("relatedperson"),
        "patient": patient_reference,
        "relationship": [_concept(_HL7 + "v3-RoleCode", *role)],
        **_person(one),
    }


def coverage(
    one: CoverageSource, payer_source: Payer, patient_reference: Json, payer_reference: Json, holder: Json
) -> Json:
    """The coverage in force since the beginning of the year."""
    system, code, display = payer_source.type
    classes: list[Json] = [
        {
            "type": _concept(_HL7 + "coverage-class", "plan"),
            "value": payer_source.plan,
            "name": payer_source.plan,
        }
    ]
    if one.group_number:
        group = {"value": one.group_number, "name": one.group_name}
        classes.append({"type": _concept(_HL7 + "coverage-class", "group"), **group})
    member = {"type": _concept(_HL7 + "v2-0203", "MB"), "value": one.member}
    return {
        "meta": _profile("coverage"),
        "identifier": [member],
        "status": "active",
        "type": _concept(system, code, display),
        "subscriber": holder,
        "subscriberId": one.member,
        "beneficiary": patient_reference,
        "relationship": _concept(_HL7 + "subscriber-relationship", one.relationship),
        "period": {"start": "2026-01-01"},
        "payor": [payer_reference],
        "class": classes,
        "order": 1,
    }


def _participant(code: str, display: str, individual: Json) -> Json:
    return {"type": [_concept(_HL7 + "v3-ParticipationType", code, display)], "individual": individual}


def _class(code: str) -> Json:
    names = {"AMB": "ambulatory", "VR": "virtual", "IMP": "inpatient encounter", "EMER": "emergency"}
    return {"system": _HL7 + "v3-ActCode", "code": code, "display": names[code]}


def encounter(source: EncounterSource, refer: Refer, places: Sequence[Json]) -> Json:
    """The visit that is coded."""
    team = [_participant("PPRF", "primary performer", refer["rendering"])]
    if source.referring:
        team.append(_participant("REF", "referrer", refer["referring"]))
    return {
        "meta": _profile("encounter"),
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
        "meta": _profile("encounter"),
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
        disposition = _concept(_HL7 + "discharge-disposition", one.discharged_to)
        body["hospitalization"] = {"dischargeDisposition": disposition}
    return body


def condition(one: Past, patient_reference: Json) -> Json:
    """An entry of the problem list."""
    return {
        "meta": _profile("condition-problems-health-concerns"),
        "clinicalStatus": _concept(_HL7 + "condition-clinical", one.status),
        "verificationStatus": _concept(_HL7 + "condition-ver-status", "confirmed"),
        "category": [_concept(_HL7 + "condition-category", "problem-list-item")],
        "code": _codings(one, "http://snomed.info/sct"),
        "subject": patient_reference,
        "onsetDateTime": one.onset,
        "recordedDate": one.recorded,
    }


def procedure(one: Past, patient_reference: Json, clinician: Json | None) -> Json:
    """An earlier procedure."""
    body: Json = {
        "meta": _profile("procedure"),
        "status": "completed",
        "code": _codings(one, "http://www.ama-assn.org/go/cpt"),
        "subject": patient_reference,
        "performedDateTime": one.on,
    }
    return {**body, "performer": [{"actor": clinician}]} if clinician else body


def medication(one: Past, patient_reference: Json, clinician: Json) -> Json:
    """An active prescription."""
    return {
        "meta": _profile("medicationrequest"),
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
        "category": [_concept(_HL7 + "observation-category", "exam")],
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
        "meta": _profile("immunization"),
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
        "meta": _profile("servicerequest"),
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
        "meta": _profile("documentreference"),
        "status": "current",
        "docStatus": "final",
        "type": _concept(_LOINC, "11506-3", "Progress note"),
        "category": [
            _concept(
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
