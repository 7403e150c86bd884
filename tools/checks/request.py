"""What the self-check is given, and the views of it that many rules share."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.bookshelf import Bookshelf
from knowledge.icd10cm import IcdCode
from knowledge.procedures import Procedure
from knowledge.records import Linkage, NoteEvidence, Source
from tools.checks.establish import Establisher
from tools.checks.policy import CheckPolicy
from tools.checks.reading import Reading, read
from tools.checks.told import Done, done_state, note_is_enough
from tools.claim.model import Claim, ClaimDiagnosis, ClaimLine
from tools.claim.requirements import problems_of
from tools.encounter import ClinicalDocument, EncounterFacts
from tools.proposal import EmDecision

if TYPE_CHECKING:
    from knowledge.payers import PayerPack

_UNREADABLE = "entered-in-error"


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """A claim, what it was coded from and the tables to judge it by; never the coder's reasons.

    Attributes:
        claim: the claim under check, ours or another system's.
        documents: every document of the encounter; may be empty for a claim that came alone.
        facts: the gathered encounter with its history, or None for a claim that came alone.
        bookshelf: the tables.
        policy: levels, switches and dates of this practice.
        em: how the problem-oriented E/M was levelled, when the coder says so.
    """

    claim: Claim
    documents: tuple[ClinicalDocument, ...]
    facts: EncounterFacts | None
    bookshelf: Bookshelf
    policy: CheckPolicy
    em: EmDecision | None = None

    @cached_property
    def on(self) -> date:
        """The date of service that decides on editions: the first of the lines, else the encounter's."""
        dates = [line.date_from for line in self.claim.lines]
        if dates:
            return min(dates)
        return self.facts.date_of_service if self.facts else self.claim.created

    @cached_property
    def today(self) -> date:
        """The coding date."""
        return self.policy.today or self.claim.created

    @cached_property
    def reading(self) -> Reading:
        """The documents as the check itself reads them; those entered in error are left out."""
        return read({d.id: d.text for d in self.documents if d.status != _UNREADABLE})

    @cached_property
    def establisher(self) -> Establisher:
        """Answers what the documents establish, by the terms of the tables."""
        return Establisher.over(self.bookshelf, self.reading, self.on)

    @cached_property
    def told(self) -> dict[str, Done]:
        """How the documents tell of each procedure of the claim that needs telling, by code."""
        rows = (row for row in self.procedures.values() if row is not None and not note_is_enough(row))
        return {row.code: done_state(self.bookshelf, self.reading, row) for row in rows}

    @cached_property
    def unwritable(self) -> tuple[str, ...]:
        """What keeps the claim from being written as an 837P."""
        return tuple(problems_of(self.claim))

    @cached_property
    def icd(self) -> dict[str, IcdCode | None]:
        """Each diagnosis code of the claim with its row, None when the edition does not know it."""
        return {d.code: self.bookshelf.icd.find(d.code, self.on) for d in self.claim.diagnoses}

    @cached_property
    def procedures(self) -> dict[str, Procedure | None]:
        """Each procedure code of the claim with its row, None when the loaded table lacks it."""
        return {x.code: self.bookshelf.procedures.find(x.code, x.date_from) for x in self.claim.lines}

    @cached_property
    def linkages(self) -> dict[int, tuple[Linkage, ...]]:
        """The linkage verdict of each pointer of each line, in the order of the pointers, by line number."""
        return {line.number: tuple(self._linkage(line)) for line in self.claim.lines}

    def _linkage(self, line: ClaimLine) -> Iterator[Linkage]:
        sex = self.claim.patient.sex
        for diagnosis in self.pointed(line):
            if self.icd.get(diagnosis.code) is not None:
                yield self.bookshelf.linkage.check(
                    diagnosis.code,
                    line.code,
                    on=line.date_from,
                    age=self.age,
                    sex=sex if sex in {"female", "male"} else None,
                    modifiers=line.modifiers,
                )

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The diagnosis codes in claim order."""
        return tuple(d.code for d in self.claim.diagnoses)

    @cached_property
    def by_sequence(self) -> dict[int, ClaimDiagnosis]:
        """The diagnoses by their sequence number."""
        return {d.sequence: d for d in self.claim.diagnoses}

    @cached_property
    def pack(self) -> "PayerPack":
        """The payer pack the claim is judged by: the coverage's own, else the one of its kind."""
        primary = self.claim.primary
        packs = self.bookshelf.payers
        if primary is None:
            return packs.for_kind("self_pay")
        if primary.pack in packs.ids:
            return packs.get(primary.pack or "")
        return packs.for_payer(primary.payer_id, primary.payer_kind)

    @cached_property
    def pack_source(self) -> Source:
        """The payer pack as the source of a verdict."""
        return Source(table=f"payers/{self.pack.id}", edition=self.pack.edition, row=self.pack.source)

    @cached_property
    def payers(self) -> frozenset[str]:
        """The names by which a policy may mean the primary payer: its kind, its pack, its id."""
        primary = self.claim.primary
        if primary is None:
            return frozenset({"self_pay"})
        return frozenset({primary.payer_kind, primary.pack or "", primary.payer_id or ""}) - {""}

    @cached_property
    def self_pay(self) -> bool:
        """Whether the patient pays: no payer is sent anything, so nothing of an 837P is asked of the claim."""
        primary = self.claim.primary
        return primary is not None and primary.payer_kind == "self_pay"

    @cached_property
    def medicare(self) -> bool:
        """Whether Medicare rules decide (Part B or a Medicare Advantage plan)."""
        return bool(self.payers & {"medicare", "medicare_advantage"})

    @cached_property
    def age(self) -> int | None:
        """The patient's age in whole years on the date of service, None when unknown."""
        born = self.claim.patient.birth_date
        if born is None:
            return self.facts.age_years if self.facts else None
        return self.on.year - born.year - ((self.on.month, self.on.day) < (born.month, born.day))

    @cached_property
    def own(self) -> bool:
        """Whether the claim brings evidence of its own (ours does, another system's does not)."""
        return any(d.evidence for d in self.claim.diagnoses) or any(x.evidence for x in self.claim.lines)

    def procedure(self, line: ClaimLine) -> Procedure | None:
        """The row of the line's code, None when the loaded table lacks it."""
        return self.procedures.get(line.code)

    def pointed(self, line: ClaimLine) -> tuple[ClaimDiagnosis, ...]:
        """The diagnoses a line points to, best first; pointers that lead nowhere are left out."""
        found = (self.by_sequence.get(pointer) for pointer in line.pointers)
        return tuple(d for d in found if d is not None)

    def spans(self, item: ClaimDiagnosis | ClaimLine) -> tuple[NoteEvidence, ...]:
        """The verbatim spans an item cites."""
        return tuple(e for e in item.evidence if isinstance(e, NoteEvidence))

    def category(self, line: ClaimLine) -> str:
        """The category of the line's procedure, "" when the loaded table lacks it."""
        row = self.procedure(line)
        return row.category if row else ""
