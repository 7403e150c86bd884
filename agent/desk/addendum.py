"""A provider's answer as a signed, dated addendum of the encounter; the note itself stays as it is (law 7)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tools.encounter import ClinicalDocument, EncounterFacts
from tools.fhir.bundle import Bundle, from_object
from tools.fhir.source import RawEncounter

TITLE = "Addendum: answer to a coding query"
_ADDENDUM = {
    "coding": [{"system": "http://loinc.org", "code": "55107-7", "display": "Addendum Document"}],
    "text": TITLE,
}
_DOCTOR = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/practitioner-role", "code": "doctor"}]
}


def addendum_id(query: str) -> str:
    """The id of the document that answers a query."""
    return f"DocumentReference/answer-{query}"


def with_addendum(
    raw: RawEncounter, facts: EncounterFacts, query: str, text: str, by: str, at: datetime
) -> RawEncounter:
    """The encounter with one document more; its hash covers the old one and the addendum.

    Doing it twice (the first time was killed before its effect was kept) leaves one addendum.

    Args:
        raw: the encounter as it came in.
        facts: what was gathered of it.
        query: id of the query that is answered.
        text: the answer, in the provider's words.
        by: the physician who answers and signs.
        at: when.
    """
    said = f"ADDENDUM\n{text}\n\nElectronically signed by: {by}   {at:%m/%d/%Y %H:%M}\n"
    digest = hashlib.sha256(said.encode()).hexdigest()
    joined = hashlib.sha256(f"{raw.sha256}{digest}".encode()).hexdigest()
    if raw.encounter is None or raw.notes:
        note = ClinicalDocument(
            id=addendum_id(query),
            title=TITLE,
            text=said,
            sha256=digest,
            date=at,
            author=by,
            author_role="provider",
            status="final",
            kind="addendum",
        )
        kept = tuple(n for n in raw.notes if n.id != note.id)
        return replace(raw, sha256=joined, notes=(*kept, note))
    role = _role(query, by)
    document = _document(raw.encounter.body, facts, query, said, at, str(role["id"]))
    more = (from_object(role), from_object(document))
    new = {r.reference for r in more}
    others = (r for r in raw.bundle.resources if r.reference not in new)
    return replace(raw, sha256=joined, bundle=Bundle((*others, *more)))


def _role(query: str, by: str) -> dict[str, object]:
    return {
        "resourceType": "PractitionerRole",
        "id": f"author-{query}",
        "active": True,
        "practitioner": {"display": by},
        "code": [_DOCTOR],
    }


def _document(
    encounter: Mapping[str, object], facts: EncounterFacts, query: str, said: str, at: datetime, role: str
) -> dict[str, object]:
    note = next((d for d in facts.documents if d.kind != "addendum"), facts.documents[0])
    author = {"reference": f"PractitionerRole/{role}"}
    return {
        "resourceType": "DocumentReference",
        "id": addendum_id(query).partition("/")[2],
        "status": "current",
        "docStatus": "final",
        "type": _ADDENDUM,
        "subject": encounter.get("subject"),
        "date": at.isoformat(timespec="seconds"),
        "author": [author],
        "authenticator": author,
        "relatesTo": [{"code": "appends", "target": {"reference": note.id}}],
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "data": base64.b64encode(said.encode()).decode(),
                    "title": TITLE,
                }
            }
        ],
        "context": {"encounter": [{"reference": facts.encounter_reference}]},
    }
