"""What the export hands from step to step: visits with what became of them, and examples to learn from."""

from dataclasses import dataclass, field
from typing import Any, Literal

from agent.desk.records import Lesson
from evals.solvers.model_alone import Said
from knowledge.records import Record
from tools.claim.model import Claim
from tools.claim.x12.remit import RemitClaim
from tools.encounter import EncounterFacts
from tools.fhir.source import RawEncounter

Label = Literal["positive", "corrected", "negative"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class TrainError(Exception):
    """The training data or a model can not be used as asked: what, where, what to do; no value of a record."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A documented encounter: the record it came in, and its facts."""

    raw: RawEncounter
    facts: EncounterFacts


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What a payer answered to one claim; ``balanced`` False where charge, payment and adjustments do not add up."""

    remit: RemitClaim
    balanced: bool


@dataclass(kw_only=True)
class Joined:
    """A visit with the claims, payments and human changes that belong to it."""

    visit: Visit
    claims: list[Claim] = field(default_factory=list)
    paid: dict[str, list[Paid]] = field(default_factory=dict)
    lessons: list[Lesson] = field(default_factory=list)
    how: set[str] = field(default_factory=set)


class Example(Record):
    """One example: a note with its context, the coding to learn (None where only what is wrong is known), what was wrong.

    ``id`` and ``patient`` are keyed hashes; ``why`` are rows of the rule table, never text of a record.
    """

    id: str
    patient: str
    note: str
    context: dict[str, Any]
    label: Label
    chosen: Said | None
    rejected: tuple[Said, ...] = ()
    why: tuple[str, ...] = ()
    specialty: str = ""
    split: Split = "train"


class Dropped(Record):
    """Something of the input that became no example, and why; ``what`` names a file, a claim id's hash or an example."""

    what: str
    why: str
