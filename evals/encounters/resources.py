"""People, practices and coverage of the shipped encounters as FHIR R4 resources, one small builder each."""

from collections.abc import Sequence

from evals.encounters.records import (
    Clinician,
    CoverageSource,
    Group,
    Payer,
    PersonSource,
)

Json = dict[str, object]

_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
HL7 = "http://terminology.hl7.org/CodeSystem/"
_NPI = "http://hl7.org/fhir/sid/us-npi"
_NUCC = "http://nucc.org/provider-taxonomy"
_EIN = "urn:oid:2.16.840.1.113883.4.4"
_CLIA = "urn:oid:2.16.840.1.113883.4.7"
_PAYER_ID = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType"


def concept(system: str, code: str, display: str | None = None) -> Json:
    """A CodeableConcept of one coding."""
    coding: Json = {"system": system, "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def _address(words: Sequence[str]) -> Json:
    line, city, state, postal = words
    zip_code = f"{postal[:5]}-{postal[5:]}" if len(postal) == 9 else postal
    return {"line": [line], "city": city, "state": state, "postalCode": zip_code, "country": "US"}


def _phone(number: str) -> list[Json]:
    return [{"system": "phone", "value": f"({number[:3]}) {number[3:6]}-{number[6:]}", "use": "work"}]


def profile(name: str) -> Json:
    """The US Core profile that a resource follows."""
    return {"profile": [_CORE + name]}


def organization(group: Group) -> Json:
    """A practice or hospital with NPI, employer id and, where it has one, CLIA number."""
    identifiers: list[Json] = [{"system": _NPI, "value": group.npi}]
    identifiers.append({"system": _EIN, "value": f"{group.tax_id[:2]}-{group.tax_id[2:]}"})
    if group.clia:
        identifiers.append({"system": _CLIA, "value": group.clia})
    return {
        "meta": profile("organization"),
        "identifier": identifiers,
        "active": True,
        "type": [concept(HL7 + "organization-type", "prov"), concept(_NUCC, group.taxonomy)],
        "name": group.name,
        "telecom": _phone(group.phone),
        "address": [_address(group.address)],
    }


def payer(one: Payer) -> Json:
    """A payer with its electronic id."""
    kind = concept(_PAYER_ID, "payerid")
    return {
        "meta": profile("organization"),
        "identifier": [{"type": kind, "value": one.payer_id}],
        "active": True,
        "type": [concept(HL7 + "organization-type", "pay")],
        "name": one.name,
        "address": [_address(one.address)],
    }


def practitioner(one: Clinician) -> Json:
    """A clinician with NPI."""
    family, given, degree = one.name
    return {
        "meta": profile("practitioner"),
        "identifier": [{"system": _NPI, "value": one.npi}],
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given], "suffix": [degree]}],
    }


def practitioner_role(one: Clinician, clinician: Json, group: Json) -> Json:
    """A clinician's place in a group, with the NUCC taxonomy."""
    specialty = concept(_NUCC, one.taxonomy, one.specialty)
    return {
        "meta": profile("practitionerrole"),
        "active": True,
        "practitioner": clinician,
        "organization": group,
        "code": [concept(_NUCC, one.taxonomy, one.specialty)],
        "specialty": [specialty],
    }


def location(group: Group, managing: Json) -> Json:
    """The office of a group, or the building of a hospital."""
    hospital = group.taxonomy.startswith("282N")
    kind = ("HOSP", "Hospital") if hospital else ("PROFF", "Provider's Office")
    return {
        "meta": profile("location"),
        "status": "active",
        "name": group.name,
        "type": [concept(HL7 + "v3-RoleCode", *kind)],
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
        "type": [concept(HL7 + "v3-RoleCode", "PTRES", "Patient's Residence")],
        "address": _address(words),
        "physicalType": concept(HL7 + "location-physical-type", "ho", "House"),
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
    kind = concept(HL7 + "v2-0203", "MR")
    number = {"type": kind, "system": "https://superbill.example/mrn", "value": one.mrn}
    return {"meta": profile("patient"), "identifier": [number], **_person(one)}


def subscriber(one: PersonSource, patient_reference: Json, relationship: str) -> Json:
    """Who holds the policy, as a related person of the patient."""
    role = {"child": ("PRN", "parent"), "spouse": ("SPS", "spouse")}[relationship]
    return {
        "meta": profile("relatedperson"),
        "patient": patient_reference,
        "relationship": [concept(HL7 + "v3-RoleCode", *role)],
        **_person(one),
    }


def coverage(
    one: CoverageSource, payer_source: Payer, patient_reference: Json, payer_reference: Json, holder: Json
) -> Json:
    """The coverage in force since the beginning of the year."""
    system, code, display = payer_source.type
    classes: list[Json] = [
        {
            "type": concept(HL7 + "coverage-class", "plan"),
            "value": payer_source.plan,
            "name": payer_source.plan,
        }
    ]
    if one.group_number:
        group = {"value": one.group_number, "name": one.group_name}
        classes.append({"type": concept(HL7 + "coverage-class", "group"), **group})
    member = {"type": concept(HL7 + "v2-0203", "MB"), "value": one.member}
    return {
        "meta": profile("coverage"),
        "identifier": [member],
        "status": "active",
        "type": concept(system, code, display),
        "subscriber": holder,
        "subscriberId": one.member,
        "beneficiary": patient_reference,
        "relationship": concept(HL7 + "subscriber-relationship", one.relationship),
        "period": {"start": "2026-01-01"},
        "payor": [payer_reference],
        "class": classes,
        "order": 1,
    }
