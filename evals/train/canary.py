"""The planted identifiers: an invented record with every kind that safe harbour lists, put through before every export.

One that survives stops the export: it means that de-identification is broken, whatever the data.
"""

import base64
from datetime import date, timedelta
from typing import Final

import orjson

from evals.train.anonymise import Anonymiser
from evals.train.identifiers import identifiers
from evals.train.records import TrainError, Visit
from tools.fhir import gather
from tools.intake import read_bytes

PLANTED: Final[tuple[tuple[str, str], ...]] = (
    ("name", "Quillon"),
    ("name", "Averbeck"),
    ("name of a relative", "Odalys"),
    ("name of a clinician", "Thorvaldsen"),
    ("street", "418 Wrenfield Lane"),
    ("city", "Mossbury"),
    ("postal code", "60085"),
    ("visit date", "March 3, 2026"),
    ("visit date", "03/03/2026"),
    ("birth date", "June 9, 1931"),
    ("age over 89", "94-year-old"),
    ("telephone", "847-555-0111"),
    ("fax", "(847) 555-0112"),
    ("e-mail", "q.averbeck@mail.example"),
    ("social security number", "219-09-9999"),
    ("medical record number", "KX-447190"),
    ("health plan number", "7QQ4TE5MK73"),
    ("account number", "ACC-88123"),
    ("licence number", "A441-2291-07"),
    ("vehicle", "1HGCM82633A004352"),
    ("vehicle", "RVK-2291"),
    ("device serial number", "SN-5577-QX"),
    ("web address", "https://averbeck.example/me"),
    ("IP address", "203.0.113.77"),
    ("biometric identifier", "FP-99213-B"),
    ("photograph", "iVBORw0KGgoAAAA"),
    ("other unique number", "550e8400-e29b-41d4-a716-446655440000"),
)
NOTE: Final = """Patient: Quillon Averbeck, DOB June 9, 1931, MRN KX-447190. AVERBECK lives at 418 Wrenfield Lane, Mossbury, IL 60085.
Seen March 3, 2026 (03/03/2026) with daughter Odalys. A 94-year-old with type 2 diabetes. Phone 847-555-0111, fax (847) 555-0112,
q.averbeck@mail.example, https://averbeck.example/me, from 203.0.113.77. SSN 219-09-9999. Medicare id 7QQ4TE5MK73, account ACC-88123,
license A441-2291-07, vehicle 1HGCM82633A004352, license plate RVK-2291, pump serial number SN-5577-QX, fingerprint id FP-99213-B.
Reference 550e8400-e29b-41d4-a716-446655440000. BP 132/74. Continue metformin 500 mg.
Signed by Inge Thorvaldsen, MD, March 3, 2026
"""
KEPT: Final = ("type 2 diabetes", "BP 132/74", "metformin 500 mg")
"""What must be there afterwards: a text that was emptied proves nothing."""


def record() -> Visit:
    """The invented record."""
    patient = {
        "resourceType": "Patient",
        "id": "canary",
        "identifier": [{"value": "KX-447190"}],
        "name": [{"family": "Averbeck", "given": ["Quillon"]}],
        "birthDate": "1931-06-09",
        "photo": [{"contentType": "image/png", "data": "iVBORw0KGgoAAAA"}],
        "address": [
            {"line": ["418 Wrenfield Lane"], "city": "Mossbury", "state": "IL", "postalCode": "60085"}
        ],
    }
    encounter = {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/canary"},
        "period": {"start": "2026-03-03"},
    }
    document = {
        "resourceType": "DocumentReference",
        "id": "note",
        "status": "current",
        "subject": {"reference": "Patient/canary"},
        "context": {"encounter": [{"reference": "Encounter/visit"}]},
        "content": [{"attachment": {"contentType": "text/plain", "data": _base64(NOTE)}}],
    }
    entries = [{"resource": r} for r in (patient, encounter, document)]
    raw = read_bytes(
        orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), "canary.json"
    )
    return Visit(raw=raw, facts=gather(raw, as_of=date(2026, 3, 4)))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def prove() -> int:
    """Put the planted identifiers through; how many kinds were proven.

    Raises:
        TrainError: one survives, or the clinical content does not.
    """
    visit = record()
    anonymiser = Anonymiser(identifiers(visit), timedelta(days=40), visit.facts.date_of_service)
    text = "\n".join(anonymiser.text(d.text) for d in visit.facts.documents)
    survived = sorted({kind for kind, said in PLANTED if said.lower() in text.lower()})
    if survived:
        raise TrainError(
            f"de-identification is broken: a planted {', '.join(survived)} survives; nothing was exported"
        )
    gone = [said for said in KEPT if said not in text]
    if gone:
        raise TrainError("de-identification takes clinical content away; nothing was exported")
    return len(PLANTED)
