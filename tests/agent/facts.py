"""EncounterFacts for tests that do not start from a Bundle."""

import hashlib
from typing import Any

from tests.agent.builders import DAY, coverage, provider
from tools.encounter import ClinicalDocument, EncounterFacts, Name, Person

NOTE = """CHIEF COMPLAINT
Follow-up of high blood pressure.

ASSESSMENT AND PLAN
1. Hypertension. Blood pressure is at goal. Continue lisinopril 10 mg daily.
"""


def document(text: str = NOTE, **changes: Any) -> ClinicalDocument:
    fields = {
        "id": "note-1",
        "title": "Progress note",
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "status": "final",
        "author_role": "provider",
    }
    return ClinicalDocument(**{**fields, **changes})


def facts(**changes: Any) -> EncounterFacts:
    from datetime import date

    fields = {
        "encounter_id": "enc-1",
        "encounter_reference": "Encounter/enc-1",
        "date_of_service": DAY,
        "place_of_service": "11",
        "patient": Person(
            id="p1", name=Name(last="Doe", first="Ann"), birth_date=date(1960, 1, 2), sex="female"
        ),
        "age_years": 66,
        "new_patient": False,
        "documents": (document(),),
        "coverages": (coverage(),),
        "billing_provider": provider(),
        "rendering_provider": provider(
            reference="Practitioner/1", is_person=True, name=Name(last="Roe", first="Max")
        ),
    }
    return EncounterFacts(**{**fields, **changes})
