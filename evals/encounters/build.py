"""Build the FHIR Bundles of the shipped encounters from their sources: ``python -m evals.encounters.build``.

The result depends on nothing but the sources, so that a test can hold the committed Bundles against it.
"""

from pathlib import Path
from uuid import UUID, uuid5

import orjson

from evals.encounters import clinical
from evals.encounters import resources as make
from evals.encounters.records import (
    HERE,
    EncounterSource,
    Past,
    People,
    load_encounters,
    load_people,
    note_text,
)
from evals.encounters.resources import Json

_NAMESPACE = UUID("6f0b8a52-3f0e-5d0c-9b1e-7a4f2c1d9e10")


class _Builder:
    """Collects the entries of one transaction Bundle."""

    def __init__(self, name: str, source: EncounterSource, people: People) -> None:
        self.name = name
        self.source = source
        self.people = people
        self.entries: dict[str, Json] = {}

    def _url(self, key: str) -> str:
        return f"urn:uuid:{uuid5(_NAMESPACE, f'{self.name}/{key}')}"

    def add(self, kind: str, own_id: str, body: Json) -> Json:
        """Add a resource once; return the reference to it."""
        key = f"{kind}/{own_id}"
        resource = {"resourceType": kind, "id": own_id, **body}
        self.entries.setdefault(
            key, {"fullUrl": self._url(key), "resource": resource, "request": {"method": "PUT", "url": key}}
        )
        return {"reference": self._url(key)}

    def group(self, name: str) -> Json:
        """A practice or hospital."""
        return self.add("Organization", name, make.organization(self.people.group[name]))

    def clinician(self, name: str) -> Json:
        """A clinician with the role at the group."""
        one = self.people.practitioner[name]
        reference = self.add("Practitioner", name, make.practitioner(one))
        role = make.practitioner_role(one, reference, self.group(one.group))
        self.add("PractitionerRole", f"{name}-{one.group}", role)
        return reference

    def coverages(self, patient: Json) -> None:
        """The coverages with payer and subscriber."""
        for number, one in enumerate(self.source.coverage, start=1):
            payer = self.people.payer[one.payer]
            reference = self.add("Organization", one.payer, make.payer(payer))
            holder = patient
            if one.subscriber:
                person = make.subscriber(one.subscriber, patient, one.relationship)
                holder = self.add("RelatedPerson", f"{self.name}-subscriber", person)
            body = make.coverage(one, payer, patient, reference, holder)
            self.add("Coverage", f"{self.name}-{number}", body)

    def past(self, patient: Json) -> None:
        """The earlier record."""
        source = self.source
        for number, visit in enumerate(source.encounter, start=1):
            group = self.group(self.people.practitioner[visit.practitioner].group)
            body = clinical.past_encounter(visit, patient, self.clinician(visit.practitioner), group)
            self.add("Encounter", f"{self.name}-before-{number}", body)
        for kind, items in (
            ("Condition", source.condition),
            ("Procedure", source.procedure),
            ("MedicationRequest", source.medication),
            ("Observation", source.observation),
            ("Immunization", source.immunization),
            ("ServiceRequest", source.order),
        ):
            for number, one in enumerate(items, start=1):
                self.add(kind, f"{self.name}-{kind.lower()}-{number}", self._past_body(kind, one, patient))

    def _past_body(self, kind: str, one: Past, patient: Json) -> Json:
        by = self.clinician(one.practitioner or self.source.rendering)
        if kind == "Condition":
            return clinical.condition(one, patient)
        if kind == "Procedure":
            return clinical.procedure(one, patient, by if one.practitioner else None)
        if kind == "MedicationRequest":
            return clinical.medication(one, patient, by)
        if kind == "Observation":
            return clinical.observation(one, patient)
        if kind == "Immunization":
            return clinical.immunization(one, patient)
        return clinical.order(one, patient, by)

    def bundle(self) -> Json:
        """The whole transaction Bundle."""
        source = self.source
        patient = self.add("Patient", f"{self.name}-patient", make.patient(source.patient))
        self.coverages(patient)
        group_name = self.people.practitioner[source.rendering].group
        refer = {
            "patient": patient,
            "group": self.group(group_name),
            "rendering": self.clinician(source.rendering),
        }
        if source.referring:
            refer["referring"] = self.clinician(source.referring)
        places = [
            self.add("Location", group_name, make.location(self.people.group[group_name], refer["group"]))
        ]
        if source.at_home:
            places.append(self.add("Location", f"{self.name}-home", make.home(source.at_home)))
        refer["encounter"] = self.add("Encounter", self.name, clinical.encounter(source, refer, places))
        self.past(patient)
        signed = source.end.isoformat()
        self.add(
            "DocumentReference", f"{self.name}-note", clinical.document(note_text(self.name), refer, signed)
        )
        return {"resourceType": "Bundle", "type": "transaction", "entry": list(self.entries.values())}


def build() -> dict[str, bytes]:
    """Every Bundle by its file name, as the bytes that are committed."""
    people = load_people()
    return {
        f"{name}.json": orjson.dumps(
            _Builder(name, source, people).bundle(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        for name, source in load_encounters().items()
    }


def write(folder: Path = HERE) -> tuple[Path, ...]:
    """Write the Bundles; return their paths."""
    paths = []
    for name, data in build().items():
        path = folder / name
        path.write_bytes(data)
        paths.append(path)
    return tuple(paths)


if __name__ == "__main__":
    write()
