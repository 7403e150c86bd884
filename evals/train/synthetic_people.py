"""People of invented visits: a mould's record and facts with another's data."""

import base64
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from tools.encounter import EncounterFacts

Json = dict[str, Any]
MOULD: Final = Path(__file__).parents[1] / "encounters" / "02-diabetes-heart-depression.json"


@dataclass(frozen=True, kw_only=True)
class InventedPerson:
    """One invented patient."""

    number: int
    given: str
    family: str
    born: date
    day: date

    @property
    def visit(self) -> str:
        """Id of the visit."""
        return f"synthetic-{self.number:06d}"

    @property
    def member(self) -> str:
        """Number of the card."""
        return f"{1 + self.number % 9}EG4TE5MK{self.number:05d}"

    def bundle(self, entries: list[Json], note: str, street: str) -> Json:
        """The mould's resources with this person's data."""
        made: list[Json] = orjson.loads(
            orjson.dumps(entries).replace(MOULD.stem.encode(), self.visit.encode())
        )
        for entry in made:
            resource = entry["resource"]
            match resource["resourceType"]:
                case "Patient":
                    resource["name"] = [{"family": self.family, "given": [self.given]}]
                    resource["birthDate"] = self.born.isoformat()
                    resource["identifier"][0]["value"] = f"SYN-{self.number:06d}"
                    resource["telecom"] = [
                        {"system": "phone", "value": f"(312) 555-{self.number % 10_000:04d}"}
                    ]
                    resource["address"][0]["line"] = [f"{10 + self.number} {street} Street"]
                case "Coverage":
                    resource["subscriberId"] = self.member
                    resource["identifier"][0]["value"] = self.member
                case "Encounter":
                    resource["period"] = {"start": self.day.isoformat(), "end": self.day.isoformat()}
                case "DocumentReference":
                    resource["date"] = f"{self.day.isoformat()}T12:00:00-05:00"
                    resource["content"][0]["attachment"]["data"] = base64.b64encode(note.encode()).decode()
                case _:
                    pass
        return {"resourceType": "Bundle", "type": "collection", "entry": made}

    def facts(self, mould: EncounterFacts) -> EncounterFacts:
        """The mould's facts as this person's, for the claim."""
        name = mould.patient.name.model_copy(update={"last": self.family, "first": self.given})
        patient = mould.patient.model_copy(
            update={"name": name, "birth_date": self.born, "mrn": f"SYN-{self.number:06d}"}
        )
        own = {"member_id": self.member, "subscriber": None}
        covers = tuple(c.model_copy(update=own) for c in mould.coverages[:1])
        return mould.model_copy(
            update={
                "encounter_id": self.visit,
                "patient": patient,
                "coverages": covers,
                "date_of_service": self.day,
            }
        )
