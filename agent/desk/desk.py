"""The desk: what people may do with an encounter. Terminal, HTTP API and workbench all go through it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from agent import worklist
from agent.audit import AuditEntry
from agent.coding import Coding
from agent.desk import asking, learning, rows
from agent.desk.book import Book, Row
from agent.desk.deciding import carry_out, context_for, settle
from agent.desk.difference import difference
from agent.desk.errors import EditRefused, LeaseTaken, NoSuchEncounter, NotAllowed, NotWaiting, StaleDecision
from agent.desk.people import Act, Person, check
from agent.desk.places import place_for
from agent.desk.records import (
    Answered,
    Case,
    DecisionRecord,
    Lease,
    Lesson,
    OpportunityRecord,
    Preview,
    Query,
    WorkItem,
)
from agent.desk.source import encounter_id
from agent.identity import claim_sha256
from agent.nodes.self_check import judge, waive
from agent.nodes.triage import where_to
from agent.outputs import result
from agent.run import CodingResult, code_encounter, settings_of_run
from agent.state import Decision, State, Waived
from agent.store import Store
from knowledge.records import Override
from tools.amend import Edit, EditError, apply_edits
from tools.checks import RULES_BY_ID
from tools.claim.assemble import assemble_claim
from tools.proposal import Proposal

if TYPE_CHECKING:
    from agent.context import Context
    from agent.session import Session
    from tools.fhir.source import RawEncounter

LEASE_TIME = timedelta(minutes=15)
DECIDABLE = {
    "approve": ("held",),
    "override": ("held", "blocked"),
    "reject": ("held", "blocked"),
    "amend": ("held", "blocked", "emitted"),
}
"""In which states a decision is taken; amending an emitted claim makes a correction, which is held."""


def utc_now() -> datetime:
    """The clock of a desk that was given none."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One practice's desk; safe to call from several threads, and beside other processes on the same store."""

    tenant: str
    store: Store
    session: "Session"
    book: Book
    clock: Callable[[], datetime] = utc_now

    def for_tenant(self, tenant: str) -> "Desk":
        """The same desk for another practice: everything heavy is shared, nothing of the practice's is."""
        return replace(self, tenant=tenant, book=Book(self.store, tenant))

    # -- looking ------------------------------------------------------------------------------------------------

    def worklist(
        self,
        *,
        status: str | None = None,
        reason: str | None = None,
        text: str | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> tuple[WorkItem, ...]:
        """Encounters, held first.

        Args:
            status: emitted, held, blocked or rejected; None for all.
            reason: a word or kind that stands in the reasons.
            text: a word in the encounter's id, the payer's name or the date.
            limit: most rows; ``offset`` skips as many.
        """
        wanted = worklist.Filter(status=status, reason=reason, text=text, limit=limit, offset=offset)
        return listed(self.book, wanted, self.clock())

    def case(self, encounter: str) -> Case:
        """Everything about one encounter.

        Raises:
            NoSuchEncounter: the practice has none of this id, or its run is not kept here.
        """
        row = self._row(encounter)
        state, context = self._state(row)
        claim = state["claim"]
        return Case(
            item=rows.item(row, _lease(self.book.leases(self.clock()), encounter)),
            coding=_coding(state, context),
            proposal=state["proposal"],
            claim=claim,
            claim_sha256=claim_sha256(claim) if claim else None,
            facts=state["facts"],
            documents=state["facts"].documents,
            trace=f"{row['out']}/trace.jsonl" if row["out"] else None,
            queries=tuple(map(rows.query, self.book.queries(encounter=encounter))),
            decisions=self.decisions(encounter),
            opportunities=tuple(map(rows.opportunity, self.book.opportunities(encounter))),
        )

    def decisions(self, encounter: str | None = None) -> tuple[DecisionRecord, ...]:
        """Every decision that was carried out, oldest first."""
        return tuple(map(rows.decision, self.book.decisions(encounter)))

    def audit(self, encounter: str | None = None) -> tuple[AuditEntry, ...]:
        """The practice's audit, oldest first, of one encounter or of all."""
        from agent import audit

        with self.store.reading() as db:
            return audit.entries(db, self.tenant, encounter)

    def queries(self, *, status: str | None = "open", encounter: str | None = None) -> tuple[Query, ...]:
        """Questions to the providers, oldest first; ``status`` None for all."""
        return tuple(map(rows.query, self.book.queries(status, encounter)))

    def lessons(self) -> tuple[Lesson, ...]:
        """Every human change: generated versus signed."""
        return learning.lessons(self)

    # -- leases -------------------------------------------------------------------------------------------------

    def lease(self, encounter: str, person: Person) -> Lease:
        """Take an encounter to work on, or renew one's own lease, for 15 minutes.

        Raises:
            LeaseTaken: somebody else has it; NoSuchEncounter, NotAllowed.
        """
        check(person, "lease", self.tenant)
        self._row(encounter)
        return self._take(encounter, person)

    def release(self, encounter: str, person: Person) -> None:
        """Let go of one's own lease."""
        check(person, "lease", self.tenant)
        self.book.drop_lease(encounter, person.name)

    def _take(self, encounter: str, person: Person) -> Lease:
        now = self.clock()
        given = rows.lease(self.book.take_lease(encounter, person.name, person.role, now, now + LEASE_TIME))
        if given.by != person.name:
            raise LeaseTaken(encounter, given.by, given.until)
        return given

    # -- decisions ----------------------------------------------------------------------------------------------

    def approve(self, encounter: str, person: Person, *, claim_sha256: str, reason: str = "") -> CodingResult:
        """Let the claim that was looked at go out. Missing data and open errors hold it all the same.

        Raises:
            StaleDecision: it is another claim by now; LeaseTaken, NotAllowed, NotWaiting, NoSuchEncounter.
        """
        return self._decide("approve", encounter, person, claim_sha256, reason)

    def reject(self, encounter: str, person: Person, *, claim_sha256: str, reason: str) -> CodingResult:
        """End the encounter without a claim; a reason is needed. Raises as ``approve`` does."""
        return self._decide("reject", encounter, person, claim_sha256, _needed(reason))

    def amend(
        self, encounter: str, person: Person, *, claim_sha256: str, edits: tuple[Edit, ...], reason: str
    ) -> CodingResult:
        """Change the claim; the self-check judges it again, and it then waits for approval. Raises as ``approve`` does.

        Raises:
            EditRefused: an edit can not be made; nothing was changed.
        """
        why = _needed(reason)

        def made(state: State) -> dict[str, Any]:
            return {"edits": edits, "proposal": self._edited(state, edits, why)}

        return self._decide("amend", encounter, person, claim_sha256, why, made)

    def override(
        self, encounter: str, person: Person, *, claim_sha256: str, rule: str, reason: str
    ) -> CodingResult:
        """Let the open findings of a rule stand; they carry who, in which role, and why. Raises as ``approve`` does.

        Raises:
            NotAllowed: the catalogue lets nobody override the rule, or it has no open finding here.
        """
        why = _needed(reason)
        if rule not in RULES_BY_ID or not RULES_BY_ID[rule].overridable:
            raise NotAllowed(f"{rule}: the catalogue lets nobody override it; amend the claim instead")

        def made(state: State) -> dict[str, Any]:
            override = Override(by=person.name, role=person.role, reason=why)
            open_ones = [f for f in state["findings"] if f.rule == rule and f.override is None]
            if not open_ones:
                raise NotAllowed(f"{encounter}: {rule} has no open finding here")
            waived = tuple(
                Waived(rule=f.rule, message=f.message, codes=f.codes, line=f.line, override=override)
                for f in open_ones
            )
            return {"waived": waived, "proposal": state["proposal"]}

        return self._decide("override", encounter, person, claim_sha256, why, made)

    def preview(self, encounter: str, edits: tuple[Edit, ...]) -> Preview:
        """Claim, findings and money after the edits, and where the claim would go; nothing is changed.

        Raises:
            EditRefused: an edit can not be made; NoSuchEncounter, NotWaiting (there is no claim).
        """
        row = self._row(encounter)
        state, context = self._state(row)
        proposal = self._edited(state, edits, "preview")
        claim = assemble_claim(proposal, state["facts"], context)
        findings = waive(judge(claim, proposal, state, context), state)
        changed = cast(
            "State", {**state, "proposal": proposal, "claim": claim, "findings": findings, "decision": None}
        )
        would, reasons = where_to(changed, context)
        return Preview(
            claim=claim,
            claim_sha256=claim_sha256(claim),
            proposal=proposal,
            findings=findings,
            would=would,
            reasons=tuple(reasons),
            difference=difference(state["claim"], claim, row["status"], would),
        )

    def _edited(self, state: State, edits: tuple[Edit, ...], why: str) -> Proposal:
        proposal = state["proposal"]
        if proposal is None:
            raise NotWaiting("the coder handed in no claim, so there is nothing to edit; code it again")
        try:
            return apply_edits(proposal, edits, state["facts"], self.session.context.bookshelf, why)
        except EditError as error:
            raise EditRefused(str(error)) from None

    def _decide(
        self,
        action: Literal["approve", "reject", "amend", "override"],
        encounter: str,
        person: Person,
        sha256: str,
        reason: str,
        more: Callable[[State], dict[str, Any]] = lambda _: {},
    ) -> CodingResult:
        check(person, cast("Act", action), self.tenant)
        with self.store.alone(self.tenant, encounter):
            self._row(encounter)
            self._take(encounter, person)
            row = self._settled(encounter)
            state, context = self._state(row)
            _check_current(row, state, sha256, DECIDABLE[action], action)
            decision = Decision(
                action=action,
                claim_sha256=sha256,
                by=person.name,
                role=person.role,
                reason=reason,
                **more(state),
            )
            done = carry_out(self.session, self.book, row, context, decision, self.clock())
        self.book.drop_lease(encounter, person.name) if done.status in {"emitted", "rejected"} else None
        learning.remember(self, done) if action == "approve" and done.status == "emitted" else None
        return done

    # -- queries, opportunities, new encounters -----------------------------------------------------------------

    def answer(self, query_id: str, person: Person, text: str) -> Answered:
        """Answer a query: the answer becomes a signed addendum, the encounter is coded again.

        Raises:
            NoSuchQuery: not an open query of this practice; NotAllowed; NotWaiting (the encounter was not kept).
        """
        check(person, "answer", self.tenant)
        return asking.answer(self, query_id, person, text)

    def opportunity(
        self, encounter: str, person: Person, *, code: str, accept: bool, reason: str = ""
    ) -> OpportunityRecord:
        """Record what a person made of an opportunity. Accepting asks the provider for what is missing; it never bills.

        Raises:
            NoSuchEncounter, NotAllowed; EditRefused: the coding shows no such opportunity.
        """
        check(person, "opportunity", self.tenant)
        return asking.opportunity(self, encounter, person, code=code, accept=accept, reason=reason)

    def submit(self, raw: "RawEncounter", *, out: Path | None = None) -> CodingResult:
        """Code a new encounter (or one that came again) into this practice's store.

        Raises:
            InputError: it can not be read as one documented encounter.
        """
        place = out or place_for(self.store.folder, self.tenant, encounter_id(raw))
        context = replace(self.session.context, tenant=self.tenant, out=place)
        return code_encounter(raw, context=context, graph=self.session.graph)

    # -- inside -------------------------------------------------------------------------------------------------

    def _row(self, encounter: str) -> Row:
        row = self.store.work(self.tenant, encounter)
        if row is None:
            raise NoSuchEncounter(
                f"{encounter}: not in the worklist of this practice; see superbill worklist"
            )
        return row

    def _settled(self, encounter: str) -> Row:
        """The row, after finishing what a killed process left of the encounter."""
        row = self._row(encounter)
        context = context_for(self.session, self.tenant, row)
        return self._row(encounter) if settle(self.session, self.book, row, context) else row

    def _state(self, row: Row) -> "tuple[State, Context]":
        context = context_for(self.session, self.tenant, row)
        values: Any = self.session.graph.get_state(settings_of_run(row["thread"], context)).values
        if not values or "facts" not in values:
            raise NoSuchEncounter(f"{row['encounter']}: its run is not kept in this store; code it again")
        state: State = values
        return state, context


def listed(book: Book, wanted: worklist.Filter, now: datetime | None = None) -> tuple[WorkItem, ...]:
    """The worklist without a session: nothing of the bookshelf is opened for it."""
    with book.store.reading() as db:
        found = worklist.find(db, book.tenant, wanted)
    leases = book.leases(now or utc_now())
    return tuple(rows.item(r, _lease(leases, r["encounter"])) for r in found)


def _lease(leases: dict[str, Row], encounter: str) -> Lease | None:
    return rows.lease(leases[encounter]) if encounter in leases else None


def _coding(state: State, context: "Context") -> Coding:
    from agent.run import written

    return result(state, context, written(context))


def _check_current(row: Row, state: State, sha256: str, states: tuple[str, ...], action: str) -> None:
    claim = state["claim"]
    if claim is None:
        raise NotWaiting(
            f"{row['encounter']}: there is no claim to decide on; mend what holds it and code it again"
        )
    if claim_sha256(claim) != sha256:
        raise StaleDecision(
            f"{row['encounter']}: another claim waits than the one that was shown; look again, or code the encounter again"
        )
    if row["status"] not in states:
        wanted = " or ".join(states)
        raise NotWaiting(f"{row['encounter']}: not {wanted}, it is {row['status']}; see superbill worklist")


def _needed(reason: str) -> str:
    if not reason.strip():
        raise EditRefused("a reason is needed: say why, it stays in the audit")
    return reason.strip()
