"""What the desk hands out: rows of the worklist, cases, leases, decisions, queries, lessons."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from agent.coding import Coding
from agent.state import Reason, Status
from knowledge.records import Evidence, Finding, Record
from tools.amend import Edit
from tools.claim.model import Claim
from tools.encounter import ClinicalDocument, EncounterFacts
from tools.proposal import Proposal


class Lease(Record):
    """Who works on an encounter, until when (UTC)."""

    encounter: str
    by: str
    role: str
    until: datetime


class WorkItem(Record):
    """A row of the worklist. ``amount`` in US dollars; ``claim_sha256`` None where no claim was made."""

    encounter: str
    status: Status
    reasons: tuple[Reason, ...]
    date_of_service: str
    payer: str
    amount: Decimal
    claim_sha256: str | None
    lease: Lease | None
    updated_at: datetime
    out: str | None
    model: str


class Query(Record):
    """A question to the provider: open, answered, withdrawn because the coder no longer asks it, or dismissed by a reviewer.

    ``answer`` of a dismissed one is the reviewer's reason.
    """

    id: str
    encounter: str
    question: str
    why: str
    evidence: tuple[Evidence, ...]
    status: Literal["open", "answered", "withdrawn", "dismissed"]
    asked_at: datetime
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    effect: "Difference | None" = None


class Difference(Record):
    """What changed between two codings; lines as ``code-modifiers xunits -> pointers``, money in US dollars."""

    status_before: str
    status_after: str
    claim_before: str | None
    claim_after: str | None
    diagnoses_added: tuple[str, ...] = ()
    diagnoses_removed: tuple[str, ...] = ()
    diagnoses_before: tuple[str, ...] = ()
    diagnoses_after: tuple[str, ...] = ()
    lines_added: tuple[str, ...] = ()
    lines_removed: tuple[str, ...] = ()
    charge_before: Decimal = Decimal(0)
    charge_after: Decimal = Decimal(0)

    @property
    def nothing(self) -> bool:
        """True when neither diagnoses, their order, lines nor money changed."""
        return (
            self.diagnoses_before == self.diagnoses_after
            and not self.lines_added
            and not self.lines_removed
            and self.charge_before == self.charge_after
        )


class DecisionRecord(Record):
    """One decision as it is kept: who, when, what, why, the proposal before and after."""

    id: int
    encounter: str
    at: datetime
    by: str
    role: str
    action: str
    reason: str
    claim_before: str | None
    claim_after: str | None
    status_after: str
    edits: tuple[Edit, ...] = ()
    before: Proposal | None = None
    after: Proposal | None = None


class OpportunityRecord(Record):
    """What a person made of an opportunity; accepting one asks the provider, it never bills."""

    encounter: str
    code: str
    accepted: bool
    by: str
    at: datetime
    reason: str
    query: str | None = None


class Case(Record):
    """Everything a person needs to decide on one encounter."""

    item: WorkItem
    coding: Coding
    proposal: Proposal | None
    claim: Claim | None
    claim_sha256: str | None
    facts: EncounterFacts
    documents: tuple[ClinicalDocument, ...]
    trace: str | None
    queries: tuple[Query, ...]
    decisions: tuple[DecisionRecord, ...]
    opportunities: tuple[OpportunityRecord, ...]


class Preview(Record):
    """What edits would give; nothing was changed. ``would`` is where triage would send the claim now."""

    claim: Claim
    claim_sha256: str
    proposal: Proposal
    findings: tuple[Finding, ...]
    would: Literal["emit", "held", "blocked"]
    reasons: tuple[Reason, ...]
    difference: Difference


class Answered(Record):
    """An answered query: its addendum is a document of the encounter now, and this is what it changed."""

    query: Query
    document: ClinicalDocument
    status: Status
    difference: Difference


class Lesson(Record):
    """One human change: what was generated, what the person signed instead, and why.

    ``approved`` is what went out in the end, after all changes of the encounter; None while nothing has.
    """

    id: int
    tenant: str
    encounter: str
    at: datetime
    by: str
    role: str
    action: str
    reason: str
    model: str
    generated: Proposal | None
    signed: Proposal | None
    approved: Proposal | None
    difference: Difference
    edits: tuple[Edit, ...] = ()
    documents: tuple[ClinicalDocument, ...] = ()
