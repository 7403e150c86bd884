"""Join claims, payments and corrections to documented encounters: by id, else by patient and day; what is not certain stays out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from agent.desk.records import Lesson
from evals.train.records import Dropped, Joined, Paid, Visit
from evals.train.sources import Remits
from tools.claim.assemble import claim_id
from tools.claim.model import Claim
from tools.encounter import CoverageFacts, Person

Keys = set[tuple[str, ...]]


class Join:
    """Visits by everything they can be recognised by."""

    def __init__(self, visits: Sequence[Visit]) -> None:
        """Index the visits; one whose id another visit has too is recognised by neither."""
        self.rows = [Joined(visit=v) for v in visits]
        self.unmatched: list[Dropped] = []
        self._by_id: dict[str, list[Joined]] = defaultdict(list)
        self._by_person: dict[tuple[str, ...], list[Joined]] = defaultdict(list)
        self._of_claim: dict[str, list[tuple[Joined, Claim]]] = defaultdict(list)
        for row in self.rows:
            facts = row.visit.facts
            for own in {facts.encounter_id, claim_id(facts)}:
                self._by_id[own].append(row)
            for key in person_keys(facts.patient, facts.coverages):
                self._by_person[(*key, facts.date_of_service.isoformat())].append(row)

    def claims(self, claims: Iterable[Claim]) -> None:
        """Put every claim to its visit; the same claim given twice counts once."""
        seen: set[str] = set()
        for claim in claims:
            body = claim.model_dump_json()
            if body in seen:
                continue
            seen.add(body)
            row, why = self._visit_of(claim)
            if row is None:
                self.unmatched.append(Dropped(what=f"claim {claim.claim_id}", why=why))
                continue
            row.claims.append(claim)
            row.how.add(why)
            self._of_claim[claim.claim_id].append((row, claim))

    def _visit_of(self, claim: Claim) -> tuple[Joined | None, str]:
        day = _day(claim)
        named = _one(self._by_id.get(claim.claim_id, []))
        if named is not None:
            same = named.visit.facts.date_of_service == day
            return (named, "id") if same else (None, "the encounter of that id was on another day")
        found = {
            id(row): row
            for key in person_keys(claim.patient, claim.coverages)
            for row in self._by_person.get((*key, day.isoformat()), ())
        }
        if len(found) == 1:
            return next(iter(found.values())), "patient and day"
        what = "no encounter" if not found else f"{len(found)} encounters"
        return None, f"{what} of that patient on that day"

    def remits(self, remits: Remits) -> None:
        """Put every payment to its claim, by claim id; of several claims of one id by their frequency."""
        for remit in remits.claims:
            found = self._of_claim.get(remit.claim_id, [])
            if len(found) > 1:
                found = [(r, c) for r, c in found if c.frequency == (remit.frequency or "1")]
            if len(found) != 1:
                why = "no claim of that id" if not found else f"{len(found)} claims of that id"
                self.unmatched.append(Dropped(what=f"835 of claim {remit.claim_id}", why=why))
                continue
            ((row, claim),) = found
            balanced = remit.claim_id not in remits.unbalanced
            row.paid.setdefault(_number(claim), []).append(Paid(remit=remit, balanced=balanced))

    def lessons(self, lessons: Iterable[Lesson]) -> None:
        """Put every human change to its encounter, by the encounter's id."""
        for lesson in lessons:
            row = _one(self._by_id.get(lesson.encounter, []))
            if row is None:
                what = f"correction {lesson.id}"
                self.unmatched.append(Dropped(what=what, why="its encounter is not among the notes"))
                continue
            row.lessons.append(lesson)


def answers_of(row: Joined, claim: Claim) -> list[Paid]:
    """What was paid for one claim of a visit, in the order of the files."""
    return row.paid.get(_number(claim), [])


def person_keys(person: Person, coverages: Sequence[CoverageFacts]) -> Keys:
    """By what a patient is recognised across files: name with birth date, and member id with the payer's."""
    keys: Keys = set()
    if person.birth_date and person.name.last:
        first = (person.name.first or "").strip().lower()
        keys.add(("name", person.name.last.strip().lower(), first, person.birth_date.isoformat()))
    for coverage in coverages:
        if coverage.member_id and coverage.relationship == "self":
            keys.add(("member", _plain(coverage.member_id), coverage.payer_id or ""))
    return keys


def _number(claim: Claim) -> str:
    return f"{claim.claim_id}/{claim.frequency}"


def _day(claim: Claim) -> date:
    return min((line.date_from for line in claim.lines), default=claim.created)


def _one(rows: Sequence[Joined]) -> Joined | None:
    return rows[0] if len(rows) == 1 else None


def _plain(number: str) -> str:
    return "".join(c for c in number.upper() if c.isalnum())
