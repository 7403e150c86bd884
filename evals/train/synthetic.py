"""Invented patients for trying the export: notes as NDJSON of Bundles, their 837P, the 835 that answers, corrections by people.

The people, payers and providers of a shipped encounter are the mould; notes are drawn from our own sentences (``synthetic.toml``), so
that they share no wording with the eval sets. Some claims are denied, some of those mended, some answers do not balance, some
claims belong to no note: what an export has to cope with.
"""

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from agent.desk.records import Difference, Lesson
from agent.outputs import envelope
from evals.train.synthetic_claims import answer, made_claim, remittance
from evals.train.synthetic_people import MOULD, InventedPerson
from knowledge.records import CodeSystem, NoteEvidence
from tools.claim.model import Claim
from tools.claim.x12.writer import write_837
from tools.encounter import EncounterFacts
from tools.fhir import gather
from tools.intake import read_bytes
from tools.proposal import Proposal, ProposedDiagnosis, ProposedLine

Json = dict[str, Any]
KINDS: Final = frozenset({"Patient", "Coverage", "Organization", "Practitioner", "Location"})
FIRST: Final = date(2026, 1, 12)
DAYS: Final = 150
DENIED_EVERY, MENDED_EVERY, UNBALANCED_EVERY, LATE_EVERY, STRAY_EVERY, AMENDED_EVERY = 9, 2, 41, 29, 25, 13


@dataclass(frozen=True, kw_only=True)
class Invented:
    """One invented visit: its Bundle, its claims, the answers to them, and a correction where there is one."""

    bundle: Json
    claims: tuple[Claim, ...]
    answers: tuple[str, ...]
    lesson: Lesson | None


def write_synthetic(
    folder: Path, count: int, seed: int = 1, step: Callable[[str], None] = lambda _: None
) -> None:
    """Write ``count`` patients into ``folder``: notes.ndjson, claims.837, remits.835, lessons.jsonl; the same seed, the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    mill = _Mill(seed)
    made = []
    for number in range(1, count + 1):
        made.append(mill.visit(number))
        step(f"patient {number}")
    originals = [c for m in made for c in m.claims if c.frequency == "1"]
    replaced = [c for m in made for c in m.claims if c.frequency != "1"]
    (folder / "notes.ndjson").write_bytes(b"".join(orjson.dumps(m.bundle) + b"\n" for m in made))
    for name, claims in (("claims.837", originals), ("replacements.837", replaced)):
        if claims:
            text = write_837(claims, envelope(claims[0], 1 + len(name)).model_copy(update={"created": _AT}))
            (folder / name).write_text(text, encoding="ascii")
    (folder / "remits.835").write_text(remittance([a for m in made for a in m.answers]), encoding="ascii")
    lessons = [m.lesson for m in made if m.lesson is not None]
    (folder / "lessons.jsonl").write_bytes(b"".join(x.model_dump_json().encode() + b"\n" for x in lessons))


_AT: Final = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


class _Mill:
    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - no secret
        said = tomllib.loads(Path(__file__).with_name("synthetic.toml").read_text(encoding="utf-8"))
        self.conditions: list[Json] = said["condition"]
        self.figures: dict[str, list[int]] = said["figures"]
        self.text: dict[str, list[str]] = said["text"]
        bundle = orjson.loads(MOULD.read_bytes())
        self.entries = [e for e in bundle["entry"] if e["resource"]["resourceType"] in KINDS]
        visit = next(e for e in bundle["entry"] if e["resource"].get("id") == MOULD.stem)
        document = next(e for e in bundle["entry"] if e["resource"]["resourceType"] == "DocumentReference")
        self.entries += [visit, document]
        self.facts = gather(read_bytes(MOULD.read_bytes(), MOULD.name), as_of=date(2026, 11, 24))

    def visit(self, number: int) -> Invented:
        """The number-th patient's visit."""
        day = FIRST + timedelta(days=self.draw.randrange(DAYS))
        given, family = self.draw.choice(self.text["given"]), self.draw.choice(self.text["family"])
        born = date(1930 + self.draw.randrange(70), 1 + self.draw.randrange(12), 1 + self.draw.randrange(28))
        told = self.draw.sample(self.conditions, 2 + self.draw.randrange(2))
        note = self._note(told, f"{given} {family}", born, day, number)
        person = InventedPerson(number=number, given=given, family=family, born=born, day=day)
        bundle = person.bundle(self.entries, note, self.draw.choice(self.text["street"]))
        facts = person.facts(self.facts)
        claims, answers = self._billed(number, facts, [c["code"] for c in told])
        lesson = _lesson(number, facts, claims[0], note) if number % AMENDED_EVERY == 0 else None
        return Invented(bundle=bundle, claims=claims, answers=answers, lesson=lesson)

    def _note(self, told: list[Json], name: str, born: date, day: date, number: int) -> str:
        pick = self.draw.choice
        story = [pick(c["story"]) for c in told] + [pick(told[0]["story"])]
        plan = [f"{n}. {c['name']}. {pick(c['plan'])}" for n, c in enumerate(told, 1)]
        lines = [
            f"{pick(self.text['opening'])} {day:%B} {day.day}, {day.year}",
            f"Patient: {name}   DOB: {born:%m/%d/%Y}   MRN: SYN-{number:06d}",
            " ".join(dict.fromkeys(story)),
            f"BP {self._figure('a')}/78, pulse {60 + self.draw.randrange(30)}. {pick(self.text['general'])} "
            + " ".join(pick(c["exam"]) for c in told),
            *plan,
            pick(self.text["closing"]),
            f"Electronically signed by Daniel Reyes, MD, {day:%m/%d/%Y}",
        ]
        return "\n".join(self._filled(line) for line in lines) + "\n"

    def _filled(self, line: str) -> str:
        for name in self.figures:
            line = line.replace("{" + name + "}", str(self._figure(name)))
        return line

    def _figure(self, name: str) -> int:
        low, high = self.figures[name]
        return self.draw.randint(low, high)

    def _billed(
        self, number: int, facts: EncounterFacts, codes: list[str]
    ) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
        """The claims of a visit and their answers, by what its number decides."""
        visit = "99214" if len(codes) > 2 else "99213"
        right = made_claim(facts, codes, (visit,))
        if number % STRAY_EVERY == 0:
            stray = right.model_copy(update={"claim_id": f"STRAY{number:06d}"})
            late = tuple(x.model_copy(update={"date_from": _LATER, "date_to": _LATER}) for x in stray.lines)
            return (stray.model_copy(update={"lines": late, "created": _LATER}),), (answer(stray, paid=True),)
        if number % UNBALANCED_EVERY == 0:
            return (right,), (answer(right, paid=True, off=Decimal(7)),)
        if number % LATE_EVERY == 0:
            return (right,), (answer(right, paid=False, carc="29"),)
        if number % DENIED_EVERY:
            return (right,), (answer(right, paid=True),)
        wrong = made_claim(facts, codes[:1], (visit, "36415"))
        if (number // DENIED_EVERY) % MENDED_EVERY:
            return (wrong,), (answer(wrong, paid=False, carc="11"),)
        mended = right.model_copy(update={"frequency": "7", "original_reference": f"PCN{number:06d}"})
        return (wrong, mended), (answer(wrong, paid=False, carc="97"), answer(mended, paid=True))


_LATER: Final = date(2026, 6, 30)


def _lesson(number: int, facts: EncounterFacts, claim: Claim, note: str) -> Lesson:
    """A coder took a diagnosis off that the machine had generated."""
    signed = _proposal([d.code for d in claim.diagnoses], claim, note)
    generated = _proposal([*(d.code for d in claim.diagnoses), "R53.83"], claim, note)
    return Lesson(
        id=number,
        tenant="default",
        encounter=facts.encounter_id,
        at=_AT,
        by="Ada Coder",
        role="coder",
        action="amend",
        reason="fatigue belongs to the disease",
        model="rules",
        generated=generated,
        signed=signed,
        approved=signed,
        difference=Difference(
            status_before="held", status_after="emitted", claim_before=None, claim_after=None
        ),
    )


def _proposal(codes: list[str], claim: Claim, note: str) -> Proposal:
    start = note.index("1. ")
    said = note[start : note.index(".", start + 2) + 1]
    cited = (NoteEvidence(document="note", text=said, start=start, end=start + len(said)),)
    return Proposal(
        diagnoses=tuple(
            ProposedDiagnosis(code=c, evidence=cited, rationale="named in the plan") for c in codes
        ),
        service_lines=tuple(
            ProposedLine(
                code=x.code,
                system=CodeSystem.CPT,
                pointers=x.pointers,
                evidence=cited,
                rationale="documented",
            )
            for x in claim.lines
        ),
    )
