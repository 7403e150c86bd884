"""The readable sources of the shipped encounters (``sources/*.toml``), strictly parsed."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from knowledge.records import Record

HERE = Path(__file__).parent
Words = tuple[str, ...]


class Group(Record):
    """A practice or hospital; ``address`` is line, city, state, ZIP+4."""

    name: str
    npi: str
    tax_id: str
    taxonomy: str
    phone: str
    address: Words
    clia: str | None = None


class Clinician(Record):
    """A clinician; ``name`` is family, given, degree."""

    name: Words
    npi: str
    group: str
    taxonomy: str
    specialty: str


class Payer(Record):
    """A payer; ``type`` is system, code and display of Coverage.type."""

    name: str
    payer_id: str
    address: Words
    type: Words
    plan: str


class People(Record):
    """Everyone the encounters meet."""

    group: dict[str, Group]
    practitioner: dict[str, Clinician]
    payer: dict[str, Payer]


class PersonSource(Record):
    """A patient or subscriber; ``name`` is family, given."""

    name: Words
    birth_date: str
    sex: Literal["female", "male"]
    address: Words
    phone: str
    mrn: str | None = None


class CoverageSource(Record):
    """A coverage; without ``subscriber`` the patient holds the policy."""

    payer: str
    member: str
    group_number: str | None = None
    group_name: str | None = None
    relationship: Literal["self", "child", "spouse"] = "self"
    subscriber: PersonSource | None = None


class Past(Record):
    """An earlier fact: ``code`` is [system,] code, display; ``icd10`` a second coding."""

    code: Words
    on: str | None = None
    icd10: Words | None = None
    onset: str | None = None
    recorded: str | None = None
    status: str = "active"
    value: Words | None = None
    practitioner: str | None = None


class PastEncounter(Record):
    """An earlier visit or stay."""

    on: str
    until: str | None = None
    type: str
    kind: str = Field(default="AMB", alias="class")
    practitioner: str
    reason: str | None = None
    discharged_to: str | None = None


class EncounterSource(Record):
    """One shipped encounter."""

    title: str
    rendering: str
    referring: str | None = None
    type: str
    kind: str = Field(default="AMB", alias="class")
    reason: str
    start: datetime
    end: datetime
    at_home: Words | None = None
    patient: PersonSource
    coverage: tuple[CoverageSource, ...]
    encounter: tuple[PastEncounter, ...] = ()
    condition: tuple[Past, ...] = ()
    procedure: tuple[Past, ...] = ()
    medication: tuple[Past, ...] = ()
    observation: tuple[Past, ...] = ()
    immunization: tuple[Past, ...] = ()
    order: tuple[Past, ...] = ()


def load_people(folder: Path = HERE / "sources") -> People:
    """Practices, clinicians and payers.

    Raises:
        pydantic.ValidationError: an unknown key or a wrong value.
    """
    return People.model_validate(tomllib.loads((folder / "people.toml").read_text(encoding="utf-8")))


def load_encounters(folder: Path = HERE / "sources") -> dict[str, EncounterSource]:
    """The encounters by name, in the order of their names.

    Raises:
        pydantic.ValidationError: an unknown key or a wrong value.
    """
    return {
        path.stem: EncounterSource.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("[0-9]*.toml"))
    }


def note_text(name: str, folder: Path = HERE / "notes") -> str:
    """The note of an encounter, exactly as it goes into the Bundle."""
    return (folder / f"{name}.txt").read_bytes().decode("utf-8")
