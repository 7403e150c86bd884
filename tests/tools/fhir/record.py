"""A small, whole FHIR record that tests bend."""

import base64
import copy
import json
from datetime import date
from typing import Any

from tools.encounter import EncounterFacts
from tools.fhir import ContextFile, context_of, gather
from tools.intake import read_bytes

AS_OF = date(2026, 11, 24)
NOTE = "CC: cough for three days.\nA: Acute bronchitis.\n"

GROUP = {
    "resourceType": "Organization",
    "id": "group",
    "name": "Test Group",
    "identifier": [
        {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"},
        {"system": "urn:oid:2.16.840.1.113883.4.4", "value": "12-3456789"},
        {"system": "urn:oid:2.16.840.1.113883.4.7", "value": "14D2087650"},
    ],
    "address": [{"line": ["1 Main St"], "city": "Elgin", "state": "IL", "postalCode": "60120-1234"}],
}
DOCTOR = {
    "resourceType": "Practitioner",
    "id": "doctor",
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1003000126"}],
    "name": [{"family": "Stone", "given": ["Ada"]}],
}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "role",
    "practitioner": {"reference": "Practitioner/doctor"},
    "organization": {"reference": "Organization/group"},
    "specialty": [{"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207Q00000X"}]}],
}
PATIENT = {
    "resourceType": "Patient",
    "id": "pat",
    "name": [{"family": "Doe", "given": ["Jo", "Q"]}],
    "gender": "female",
    "birthDate": "1980-08-16",
    "address": [{"line": ["2 Elm St", "Apt 3"], "city": "Elgin", "state": "Illinois", "postalCode": "60120"}],
}
PAYER = {
    "resourceType": "Organization",
    "id": "payer",
    "name": "Test Health Plan",
    "identifier": [{"type": {"coding": [{"code": "payerid"}]}, "value": "TST01"}],
}
COVERAGE = {
    "resourceType": "Coverage",
    "id": "cov",
    "status": "active",
    "type": {"coding": [{"system": "https://nahdo.org/sopt", "code": "512"}]},
    "subscriberId": "M-123",
    "beneficiary": {"reference": "Patient/pat"},
    "relationship": {"coding": [{"code": "self"}]},
    "payor": [{"reference": "Organization/payer"}],
}
PLACE = {
    "resourceType": "Location",
    "id": "place",
    "name": "Test Group",
    "type": [{"coding": [{"code": "PROFF"}]}],
    "managingOrganization": {"reference": "Organization/group"},
}
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "enc",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/pat"},
    "participant": [
        {"type": [{"coding": [{"code": "PPRF"}]}], "individual": {"reference": "Practitioner/doctor"}}
    ],
    "period": {"start": "2026-08-15T19:30:00-05:00", "end": "2026-08-15T20:00:00-05:00"},
    "location": [{"location": {"reference": "Location/place"}}],
    "serviceProvider": {"reference": "Organization/group"},
}


def encoded(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return base64.b64encode(data).decode()


def note(own_id: str = "note", text: str | bytes = NOTE, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": own_id,
        "status": "current",
        "docStatus": "final",
        "subject": {"reference": "Patient/pat"},
        "date": "2026-08-15T20:00:00-05:00",
        "author": [{"reference": "Practitioner/doctor"}],
        "content": [{"attachment": {"contentType": "text/plain", "data": encoded(text)}}],
        "context": {"encounter": [{"reference": "Encounter/enc"}]},
        **changes,
    }


def resources() -> dict[str, dict[str, Any]]:
    """Fresh copies by id, to be changed at will."""
    listed = (PATIENT, COVERAGE, PAYER, GROUP, DOCTOR, ROLE, PLACE, ENCOUNTER, note())
    return {str(one["id"]): copy.deepcopy(dict(one)) for one in listed}


def past(kind: str, own_id: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": own_id, "subject": {"reference": "Patient/pat"}, **members}


def visit(own_id: str, on: str, **changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(ENCOUNTER), "id": own_id, "period": {"start": on, "end": on}, **changes}


def bundle(*parts: dict[str, Any]) -> bytes:
    entries = [{"resource": part} for part in parts]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def facts(
    *parts: dict[str, Any], context: dict[str, Any] | ContextFile | None = None, **options: Any
) -> EncounterFacts:
    """Gathered facts of these resources, or of the whole record when none is given."""
    known = context_of(context) if isinstance(context, dict) else context
    raw = read_bytes(bundle(*(parts or tuple(resources().values()))), "test.json", known)
    return gather(raw, **{"as_of": AS_OF, **options})


def bent(*more: dict[str, Any], without: tuple[str, ...] = (), **changes: dict[str, Any]) -> EncounterFacts:
    """Facts of the whole record: members of some resources changed, some left out, some added."""
    record = resources()
    for own_id, members in changes.items():
        record[own_id] |= members
    return facts(*(one for own_id, one in record.items() if own_id not in without), *more)


def missing(found: EncounterFacts) -> list[str]:
    return [one.what for one in found.missing]
