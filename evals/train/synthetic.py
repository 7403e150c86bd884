"""Invented patients for trying the export: notes as NDJSON of Bundles, their 837P, the 835 that answers, corrections by people.

The people, payers and providers of a shipped encounter are the mould; notes are drawn from our own sentences (``synthetic.toml``), so
that they share no wording with the eval sets. Some claims are denied, some of those mended, some answers do not balance, some
claims belong to no note: what an export has to cope with.
"""

import base64
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
from knowledge.records import CodeSystem, NoteEvidence
from tools.claim.assemble import claim_id
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.claim.x12.writer import write_837
from tools.encounter import EncounterFacts
from tools.fhir import gather
from tools.intake import read_bytes
from tools.proposal import Proposal, ProposedDiagnosis, ProposedLine

Json = dict[str, Any]
MOULD: Final = Path(__file__).parents[1] / "encounters" / "02-diabetes-heart-depression.json"
KINDS: Final = frozenset({"Patient", "Coverage", "Organization", "Practitioner", "Location"})
FIRST: Final = date(2026, 1, 12)
DAYS: Final = 150
DENIED_EVERY, MENDED_EVERY, UNBALANCED_EVERY, LATE_EVERY, STRAY_EVERY, AMENDED_EVERY = 9, 2, 41, 29, 25, 13
FOREIGN_EVERY: Final = 4
CHARGES: Final = {"99213": Decimal(140), "99214": Decimal(198), "36415": Decimal(12)}


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
    (folder / "remits.835").write_text(_remittance([a for m in made for a in m.answers]), encoding="ascii")
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
        person = _Person(number=number, given=given, family=family, born=born, day=day)
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
        right = _claim(facts, codes, (visit,))
        if number % STRAY_EVERY == 0:
            stray = right.model_copy(update={"claim_id": f"STRAY{number:06d}"})
            late = tuple(x.model_copy(update={"date_from": _LATER, "date_to": _LATER}) for x in stray.lines)
            return (stray.model_copy(update={"lines": late, "created": _LATER}),), (
                _answer(stray, paid=True),
            )
        if number % UNBALANCED_EVERY == 0:
            return (right,), (_answer(right, paid=True, off=Decimal(7)),)
        if number % LATE_EVERY == 0:
            return (right,), (_answer(right, paid=False, carc="29"),)
        if number % DENIED_EVERY:
            return (right,), (_answer(right, paid=True),)
        wrong = _claim(facts, codes[:1], (visit, "36415"))
        if (number // DENIED_EVERY) % MENDED_EVERY:
            return (wrong,), (_answer(wrong, paid=False, carc="11"),)
        mended = right.model_copy(update={"frequency": "7", "original_reference": f"PCN{number:06d}"})
        return (wrong, mended), (_answer(wrong, paid=False, carc="97"), _answer(mended, paid=True))


_LATER: Final = date(2026, 6, 30)


@dataclass(frozen=True, kw_only=True)
class _Person:
    number: int
    given: str
    family: str
    born: date
    day: date

    @property
    def visit(self) -> str:
        return f"synthetic-{self.number:06d}"

    @property
    def member(self) -> str:
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


def _number(facts: EncounterFacts) -> str:
    """Our own claim id; of some visits one of another system, which only patient and day join."""
    number = int(facts.encounter_id[-6:])
    return claim_id(facts) if number % FOREIGN_EVERY else f"PM{number:06d}"


def _claim(facts: EncounterFacts, codes: list[str], lines: tuple[str, ...]) -> Claim:
    made = tuple(
        ClaimLine(
            number=n,
            code=code,
            system=CodeSystem.CPT,
            display="",
            units=Decimal(1),
            place_of_service="11",
            date_from=facts.date_of_service,
            date_to=facts.date_of_service,
            charge=CHARGES[code],
            pointers=tuple(range(1, min(len(codes), 4) + 1)),
        )
        for n, code in enumerate(lines, 1)
    )
    return Claim(
        claim_id=_number(facts),
        encounter_id=facts.encounter_id,
        patient=facts.patient,
        coverages=facts.coverages,
        billing_provider=facts.billing_provider,
        rendering_provider=facts.rendering_provider,
        place_of_service="11",
        diagnoses=tuple(ClaimDiagnosis(sequence=n, code=c, display="") for n, c in enumerate(codes, 1)),
        lines=made,
        total_charge=sum((x.charge for x in made), Decimal(0)),
        created=facts.date_of_service,
    )


def _answer(claim: Claim, *, paid: bool, carc: str = "45", off: Decimal = Decimal(0)) -> str:
    """The segments of one claim's answer; ``off`` dollars are missing in its adjustments."""
    status, half = ("1", Decimal("0.5")) if paid else ("4", Decimal(0))
    total = sum((x.charge * half for x in claim.lines), Decimal(0))
    rows = [
        f"CLP*{claim.claim_id}*{status}*{claim.total_charge}*{total:f}*0*MB*PCN{claim.encounter_id[-6:]}*11*{claim.frequency}"
    ]
    for line in claim.lines:
        got = line.charge * half
        rows += [f"SVC*HC:{line.code}*{line.charge}*{got:f}**1", f"CAS*CO*{carc}*{line.charge - got - off:f}"]
    return "~\n".join(rows)


def _remittance(answers: list[str]) -> str:
    total = sum((Decimal(a.split("*")[4]) for a in answers), Decimal(0))
    body = [
        "ST*835*0001",
        f"BPR*I*{total:f}*C*ACH*CCP*01*071000013*DA*55001*1999888777**01*071000288*DA*66002*20260701",
        "TRN*1*EFT1*1999888777",
        "N1*PR*MEDICARE*XV*MEDB1",
        "N1*PE*LAKESIDE*XX*1467300186",
        "LX*1",
        *answers,
    ]
    segments = "~\n".join(body).count("~") + 2
    head = "ISA*00*          *00*          *ZZ*MEDICARE       *ZZ*LAKESIDE       *260701*0900*^*00501*000000001*0*T*:"
    rows = [head, "GS*HP*MEDICARE*LAKESIDE*20260701*0900*1*X*005010X221A1", *body]
    return "~\n".join([*rows, f"SE*{segments}*0001", "GE*1*1", "IEA*1*000000001"]) + "~\n"


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
