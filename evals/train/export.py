"""The export: join, de-identify, check, split, write. What fails a check stops it, and nothing is written."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from evals.train import canary, checks
from evals.train.build import NoExample, example, keyed, same
from evals.train.formats import Format
from evals.train.joining import Join
from evals.train.leaks import EvalSet, Index, eval_sets, words
from evals.train.patients import Patient, patients
from evals.train.records import Dropped, Example, Split, TrainError
from evals.train.sources import count_visits, read_claims, read_lessons, read_remits, read_visits
from evals.train.traces import traces_of
from evals.train.write import write

Json = dict[str, Any]
Step = Callable[[str, int, int], None]
_VALIDATION_FROM, _TEST_FROM = 80, 90
"""Of a hundred patients: 80 to train on, 10 to validate, 10 to test."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is exported from where to where.

    Attributes:
        today: nothing recorded later is seen.
        key: secret of the export (names and dates depend on it); a random one, forgotten, when None.
        seed: decides the split, and nothing else.
        against: eval sets beside the shipped ones.
        planted: file of strings that must not survive.
        drop_leaks: leave out what leaks, instead of stopping.
        unproven: take what was billed for right where no payer has answered.
        traces: folder of output folders of coded encounters, for ``tool-traces``.
    """

    encounters: Path
    out: Path
    today: date
    claims: tuple[Path, ...] = ()
    remits: tuple[Path, ...] = ()
    feedback: tuple[Path, ...] = ()
    formats: tuple[Format, ...] = ("bedrock-conversation-2024",)
    seed: str = "1"
    key: bytes | None = None
    against: tuple[Path, ...] = ()
    planted: Path | None = None
    drop_leaks: bool = False
    unproven: bool = False
    traces: Path | None = None


@dataclass(kw_only=True)
class Made:
    """What an export has come to before it is written."""

    plan: Plan
    key: bytes
    join: Join
    dropped: list[Dropped]
    sets: tuple[EvalSet, ...]
    planted_kinds: int
    people: tuple[Patient, ...] = ()
    examples: tuple[Example, ...] = ()
    traces: tuple[tuple[Split, Json], ...] = ()


def export(plan: Plan, step: Step = lambda what, done, total: None) -> Json:
    """Make the training data; returns the manifest that was written.

    Raises:
        TrainError: an input can not be read, or a check fails; nothing is written then.
    """
    if plan.out.exists() and (not plan.out.is_dir() or any(plan.out.iterdir())):
        raise TrainError(f"{plan.out}: is not empty; give a new folder")
    planted = checks.planted_of(plan.planted)
    kinds = canary.prove()
    dropped: list[Dropped] = []
    join = _joined(plan, dropped, step)
    made = Made(
        plan=plan,
        key=plan.key or secrets.token_bytes(32),
        join=join,
        dropped=dropped,
        sets=eval_sets(plan.against),
        planted_kinds=kinds,
    )
    made.people = patients(join.rows, made.key)
    found = _single(list(_examples(made, step)), dropped)
    made.examples = _not_leaking(made, found)
    guards = {keyed(made.key, f"patient {p.name}"): p.anonymisers[0] for p in made.people if p.anonymisers}
    checks.no_identifiers(made.examples, guards, [p.known for p in made.people], planted)
    if not made.examples:
        raise TrainError(
            f"no example came of the input ({_reasons(dropped)}); claims join by id, or by patient and day"
        )
    if "tool-traces" in plan.formats:
        made.traces = tuple(traces_of(made.people, plan, made.key, dropped, planted))
    return write(made)


def _joined(plan: Plan, dropped: list[Dropped], step: Step) -> Join:
    done, total = 0, max(count_visits(plan.encounters), 1)

    def read(_: str) -> None:
        nonlocal done
        done += 1
        step("reading notes", done, max(total, done))

    join = Join(read_visits(plan.encounters, plan.today, dropped, read))
    join.claims(read_claims(plan.claims, dropped))
    remits = read_remits(plan.remits)
    dropped.extend(Dropped(what="835", why=fault) for fault in remits.faults)
    join.remits(remits)
    join.lessons(read_lessons(plan.feedback))
    return join


def _examples(made: Made, step: Step) -> Iterator[Example]:
    """Every visit as an example, with its split; what teaches nothing is dropped and told."""
    plan = made.plan
    for number, patient in enumerate(made.people, 1):
        step("de-identifying", number, len(made.people))
        if patient.anonymisers is None:
            why = "the patient's dates can not be moved within their code years"
            made.dropped += [
                Dropped(what=_what(made.key, r.visit.facts.encounter_id), why=why) for r in patient.rows
            ]
            continue
        split = split_of(plan.seed, patient.name)
        for row, anonymiser in zip(patient.rows, patient.anonymisers, strict=True):
            try:
                one = example(row, anonymiser, key=made.key, patient=patient.name, unproven=plan.unproven)
            except NoExample as reason:
                what = _what(made.key, row.visit.facts.encounter_id)
                made.dropped.append(Dropped(what=what, why=str(reason)))
                continue
            yield one.model_copy(update={"split": split})


def _what(key: bytes, encounter: str) -> str:
    return f"encounter {keyed(key, encounter)}"


def split_of(seed: str, patient: str) -> Split:
    """Which split all of a patient's visits go to: the same for the same seed, whatever else is exported."""
    place = int.from_bytes(hashlib.sha256(f"{seed}\0{patient}".encode()).digest()[:4]) % 100
    return "train" if place < _VALIDATION_FROM else "validation" if place < _TEST_FROM else "test"


def _single(found: Sequence[Example], dropped: list[Dropped]) -> list[Example]:
    """Each wording once; a wording that is coded in two ways is dropped altogether: neither is certain."""
    first: dict[str, Example] = {}
    conflicting: set[str] = set()
    for one in found:
        said = hashlib.sha256(" ".join(words(one.note)).encode()).hexdigest()
        before = first.setdefault(said, one)
        if before is one:
            continue
        agree = before.chosen is not None and one.chosen is not None and same(before.chosen, one.chosen)
        dropped.append(
            Dropped(
                what=one.id, why="the same wording again" if agree else "the same wording, coded otherwise"
            )
        )
        if not agree:
            conflicting.add(said)
    dropped += [
        Dropped(what=first[s].id, why="the same wording, coded otherwise") for s in sorted(conflicting)
    ]
    return [one for said, one in first.items() if said not in conflicting]


def _not_leaking(made: Made, found: Sequence[Example]) -> tuple[Example, ...]:
    leaking = checks.leaks(found, Index(made.sets))
    if not made.plan.drop_leaks:
        checks.no_leaks(leaking)
    made.dropped += [Dropped(what=x.example, why=f"leak: eval case {x.case}") for x in leaking]
    gone = {x.example for x in leaking}
    return tuple(one for one in found if one.id not in gone)


def _reasons(dropped: Sequence[Dropped]) -> str:
    reasons = sorted({d.why for d in dropped})
    return "; ".join(reasons[:3]) or "nothing was read"
