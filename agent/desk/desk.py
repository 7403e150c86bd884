"""The desk: what people may do with an encounter. Terminal, HTTP API and workbench all go through it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import audit, worklist
from agent.audit import AuditEntry
from agent.desk import asking, changing, incoming, learning, leasing, looking, purging, rows
from agent.desk.book import Book, Row
from agent.desk.deciding import carry_out, context_for, settle
from agent.desk.errors import NoSuchEncounter
from agent.desk.people import Person, check
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
from agent.run import CodingResult, settings_of_run
from agent.state import Decision, State
from agent.store import Store
from knowledge.records import Override
from tools.amend import Edit

if TYPE_CHECKING:
    from agent.context import Context
    from agent.desk.examples import CaseExamples
    from agent.session import Session
    from tools.fhir.source import RawEncounter


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One practice's desk; safe to call from several threads, and beside other processes on the same store."""

    tenant: str
    store: Store
    session: "Session"
    book: Book
    clock: Callable[[], datetime] = looking.utc_now

    def for_tenant(self, tenant: str) -> "Desk":
        """The same desk for another practice: everything heavy is shared, nothing of the practice's is."""
        return replace(self, tenant=tenant, book=Book(self.store, tenant))

    # looking

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
        return looking.listed(self.book, wanted, self.clock())

    def next_held(self, person: Person, after: str | None = None) -> str | None:
        """The next held encounter that nobody else has in hand: after the given one, then from the top; None when there is none."""
        now = self.clock()
        found = self.book.next_held(after or "", person.name, now) or self.book.next_held(
            "", person.name, now
        )
        return None if found == after else found

    def case(self, encounter: str) -> Case:
        """Everything about one encounter.

        Raises:
            NoSuchEncounter: the practice has none of this id, or its run is not kept here.
        """
        return looking.case(self, encounter)

    def decisions(self, encounter: str | None = None) -> tuple[DecisionRecord, ...]:
        """Every decision that was carried out, oldest first."""
        return tuple(map(rows.decision, self.book.decisions(encounter)))

    def audit(self, encounter: str | None = None) -> tuple[AuditEntry, ...]:
        """The practice's audit, oldest first, of one encounter or of all."""
        with self.store.reading() as db:
            return audit.entries(db, self.tenant, encounter)

    def queries(self, *, status: str | None = "open", encounter: str | None = None) -> tuple[Query, ...]:
        """Questions to the providers, oldest first; ``status`` None for all."""
        return tuple(map(rows.query, self.book.queries(status, encounter)))

    def lessons(self) -> tuple[Lesson, ...]:
        """Every human change: generated versus signed."""
        return learning.lessons(self)

    # leases

    def lease(self, encounter: str, person: Person) -> Lease:
        """Take an encounter to work on, or renew one's own lease, for 15 minutes.

        Raises:
            LeaseTaken: somebody else has it; NoSuchEncounter, NotAllowed.
        """
        check(person, "lease", self.tenant)
        self.row(encounter)
        return leasing.take(self, encounter, person)

    def release(self, encounter: str, person: Person) -> None:
        """Let go of one's own lease."""
        check(person, "lease", self.tenant)
        self.book.drop_lease(encounter, person.name)

    # decisions

    def approve(self, encounter: str, person: Person, *, claim_sha256: str, reason: str = "") -> CodingResult:
        """Let the claim that was looked at go out. Missing data and open errors hold it all the same.

        Raises:
            StaleDecision: it is another claim by now; LeaseTaken, NotAllowed, NotWaiting, NoSuchEncounter.
        """
        return self._decide("approve", encounter, person, claim_sha256, reason)

    def reject(self, encounter: str, person: Person, *, claim_sha256: str, reason: str) -> CodingResult:
        """End the encounter without a claim; a reason is needed. Raises as ``approve`` does."""
        return self._decide("reject", encounter, person, claim_sha256, changing.needed(reason))

    def amend(
        self, encounter: str, person: Person, *, claim_sha256: str, edits: tuple[Edit, ...], reason: str
    ) -> CodingResult:
        """Change the claim; the self-check judges it again, and it then waits for approval. Raises as ``approve`` does.

        Raises:
            EditRefused: an edit can not be made; nothing was changed.
        """
        why = changing.needed(reason)
        more = changing.amending(self.session.context.bookshelf, edits, why)
        return self._decide("amend", encounter, person, claim_sha256, why, more)

    def override(
        self, encounter: str, person: Person, *, claim_sha256: str, rule: str, reason: str
    ) -> CodingResult:
        """Let the open findings of a rule stand; they carry who, in which role, and why. Raises as ``approve`` does.

        Raises:
            NotAllowed: the catalogue lets nobody override the rule, or it has no open finding here.
        """
        why = changing.needed(reason)
        more = changing.overriding(encounter, rule, Override(by=person.name, role=person.role, reason=why))
        return self._decide("override", encounter, person, claim_sha256, why, more)

    def preview(self, encounter: str, edits: tuple[Edit, ...]) -> Preview:
        """Claim, findings and money after the edits, and where the claim would go; nothing is changed.

        Raises:
            EditRefused: an edit can not be made; NoSuchEncounter, NotWaiting (there is no claim).
        """
        row = self.row(encounter)
        state, context = self.state(row)
        return changing.preview(state, context, edits, row["status"])

    def _decide(
        self,
        action: changing.Action,
        encounter: str,
        person: Person,
        sha256: str,
        reason: str,
        more: changing.More = changing.nothing_more,
    ) -> CodingResult:
        check(person, action, self.tenant)
        with self.store.alone(self.tenant, encounter), leasing.leased(self, encounter, person):
            row = self.settled(encounter)
            state, context = self.state(row)
            changing.check_current(row, state, sha256, action)
            decision = Decision(
                action=action,
                claim_sha256=sha256,
                by=person.name,
                role=person.role,
                reason=reason,
                **more(state),
            )
            done = carry_out(self.session, self.book, row, context, decision, self.clock())
        if done.status in {"emitted", "rejected"}:
            self.book.drop_lease(encounter, person.name)
        if action == "approve" and done.status == "emitted":
            learning.remember(self, encounter)
        return done

    # queries, opportunities, new encounters

    def answer(self, query_id: str, person: Person, text: str) -> Answered:
        """Answer a query: the answer becomes a signed addendum, the encounter is coded again.

        Raises:
            NoSuchQuery: not an open query of this practice; NotAllowed; NotWaiting (the encounter was not kept).
        """
        check(person, "answer", self.tenant)
        return asking.answer(self, query_id, person, text)

    def dismiss(self, query_id: str, person: Person, *, reason: str) -> Query:
        """Close a query that the provider need not answer; nothing is coded again, and it is not asked anew.

        Raises:
            NoSuchQuery: not an open query of this practice; NotAllowed; EditRefused: no reason.
        """
        check(person, "dismiss", self.tenant)
        return asking.dismiss(self, query_id, person, reason)

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
        """Code a new encounter (or one that came again) into this practice's store; ``accept`` and ``code`` in one.

        Raises:
            InputError: it can not be read as one documented encounter.
        """
        return self.code(self.accept(raw, out=out), raw)

    def accept(self, raw: "RawEncounter", *, out: Path | None = None) -> str:
        """Keep an encounter that came in, to be coded by ``code`` (or, after a kill, by ``recover``); its id."""
        return incoming.accept(self, raw, out)

    def code(self, encounter: str, raw: "RawEncounter | None" = None) -> CodingResult:
        """Code an encounter that was accepted.

        Args:
            encounter: its id.
            raw: the encounter, where the caller still has it.

        Raises:
            InputError: it can not be read as one documented encounter; it is not kept then.
            NoSuchEncounter: nothing of this id was accepted.
        """
        return incoming.code(self, encounter, raw)

    def recover(self) -> tuple[str, ...]:
        """Finish what killed processes left: encounters that were not coded, decisions without an outcome; their ids.

        A server calls it once when it starts; ``open_desk`` itself settles the decisions only.
        """
        return (*incoming.recover(self), *self.settle())

    def warm(self) -> None:
        """Load what the first preview needs, so that nobody waits seconds for it."""
        looking.warm(self)

    def settle(self) -> tuple[str, ...]:
        """Give every decision that a killed process left its outcome; the encounters' ids."""
        left = tuple(dict.fromkeys(row["encounter"] for row in self.book.asked()))
        for encounter in left:
            with self.store.alone(self.tenant, encounter):
                self.settled(encounter)
        return left

    def purge(self, encounters: Iterable[str], person: Person, *, reason: str, waiting: bool = False) -> int:
        """Delete all that is kept of encounters, but for the audit's bare entries and the control numbers; how many.

        Args:
            encounters: their ids (``purging.older_than`` finds those past retention).
            person: an admin.
            reason: stays in the audit.
            waiting: also what still waits for a person.

        Raises:
            NoSuchEncounter, NotAllowed; EditRefused: there is no reason.
        """
        check(person, "purge", self.tenant)
        return purging.purge(self, person, encounters, changing.needed(reason), waiting=waiting)

    @property
    def examples(self) -> "CaseExamples | None":
        """This practice's approved cases, None where examples are switched off."""
        shared = self.session.examples
        return shared.for_tenant(self.tenant) if shared else None

    # inside

    def row(self, encounter: str) -> Row:
        """The worklist's row.

        Raises:
            NoSuchEncounter: the practice has none of this id.
        """
        row = self.store.work(self.tenant, encounter)
        if row is None:
            raise NoSuchEncounter(
                f"{encounter}: not in the worklist of this practice; see superbill worklist"
            )
        return row

    def settled(self, encounter: str) -> Row:
        """The row, after finishing what a killed process left of the encounter."""
        row = self.row(encounter)
        context = context_for(self.session, self.tenant, row)
        return self.row(encounter) if settle(self.session, self.book, row, context) else row

    def state(self, row: Row) -> "tuple[State, Context]":
        """State of the run and the context it is decided in.

        Raises:
            NoSuchEncounter: the run is not kept in this store.
        """
        context = context_for(self.session, self.tenant, row)
        values: Any = self.session.graph.get_state(settings_of_run(row["thread"], context)).values
        if not values or "facts" not in values:
            raise NoSuchEncounter(f"{row['encounter']}: its run is not kept in this store; code it again")
        state: State = values
        return state, context
