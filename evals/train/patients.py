"""Whose visits are whose: rows that share a name with birth date, a member id or a record number are one patient's."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evals.train.anonymise import Anonymiser
from evals.train.identifiers import Identifiers, identifiers
from evals.train.joining import person_keys
from evals.train.moving import shift_of
from evals.train.records import Joined, TrainError


@dataclass(frozen=True, kw_only=True)
class Patient:
    """A patient of the input.

    Attributes:
        name: what identifies the patient, stable between exports of the same records; it is written nowhere.
        known: every identifier of all the patient's records.
        anonymisers: by row; None where the patient's dates can not be moved.
    """

    name: str
    known: Identifiers
    rows: tuple[Joined, ...]
    anonymisers: tuple[Anonymiser, ...] | None


def patients(rows: Sequence[Joined], key: bytes) -> tuple[Patient, ...]:
    """The patients of the rows, in the order of their first visits."""
    return tuple(_patient(name, own, key) for name, own in _grouped(rows))


def _patient(name: str, rows: Sequence[Joined], key: bytes) -> Patient:
    known = Identifiers()
    for row in rows:
        known.update(identifiers(row.visit))
    days = [row.visit.facts.date_of_service for row in rows]
    try:
        by = shift_of(key, name, days)
    except TrainError:
        return Patient(name=name, known=known, rows=tuple(rows), anonymisers=None)
    made = tuple(Anonymiser(known, by, day) for day in days)
    return Patient(name=name, known=known, rows=tuple(rows), anonymisers=made)


def _grouped(rows: Sequence[Joined]) -> list[tuple[str, list[Joined]]]:
    """Rows joined over any key they share (union-find); the name is the least of a group's keys."""
    parent = list(range(len(rows)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    seen: dict[tuple[str, ...], int] = {}
    keys = [_keys(row) for row in rows]
    for number, own in enumerate(keys):
        for one in own:
            parent[root(number)] = root(seen.setdefault(one, number))
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(rows)):
        groups[root(number)].append(number)
    return [
        ("|".join(min(k for n in members for k in keys[n])), [rows[n] for n in members])
        for members in groups.values()
    ]


def _keys(row: Joined) -> set[tuple[str, ...]]:
    facts = row.visit.facts
    found = person_keys(facts.patient, facts.coverages)
    if facts.patient.mrn:
        issuer = facts.billing_provider.npi if facts.billing_provider else ""
        found.add(("mrn", facts.patient.mrn, issuer or ""))
    return found or {("visit", facts.encounter_id)}
