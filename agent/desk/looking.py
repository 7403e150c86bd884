"""Looking without changing: the worklist, and everything about one encounter."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent import worklist
from agent.coding import Coding
from agent.desk import rows
from agent.desk.book import Book, Row
from agent.desk.records import Case, Lease, WorkItem
from agent.identity import claim_sha256
from agent.outputs import result
from agent.run import written
from agent.state import State

if TYPE_CHECKING:
    from agent.context import Context
    from agent.desk.desk import Desk


def utc_now() -> datetime:
    """The clock of a desk that was given none."""
    return datetime.now(UTC)


def case(desk: "Desk", encounter: str) -> Case:
    """See ``Desk.case``."""
    row = desk.row(encounter)
    state, context = desk.state(row)
    claim = state["claim"]
    return Case(
        item=rows.item(row, _lease(desk.book.leases(desk.clock()), encounter)),
        coding=_coding(state, context),
        proposal=state["proposal"],
        claim=claim,
        claim_sha256=claim_sha256(claim) if claim else None,
        facts=state["facts"],
        documents=state["facts"].documents,
        trace=f"{row['out']}/trace.jsonl" if row["out"] else None,
        queries=tuple(map(rows.query, desk.book.queries(encounter=encounter))),
        decisions=desk.decisions(encounter),
        opportunities=tuple(map(rows.opportunity, desk.book.opportunities(encounter))),
    )


def warm(desk: "Desk") -> None:
    """See ``Desk.warm``: the index of the vocabulary, and all the checks on a claim that waits."""
    from tools.checks.establish import lexicon_of

    lexicon_of(desk.session.context.bookshelf)
    waiting = next((i.encounter for i in desk.worklist(status="held") if i.claim_sha256), None)
    if waiting is not None:
        desk.preview(waiting, ())


def listed(book: Book, wanted: worklist.Filter, now: datetime | None = None) -> tuple[WorkItem, ...]:
    """The worklist without a session: nothing of the bookshelf is opened for it."""
    with book.store.reading() as db:
        found = worklist.find(db, book.tenant, wanted)
    leases = book.leases(now or utc_now())
    return tuple(rows.item(r, _lease(leases, r["encounter"])) for r in found)


def _lease(leases: dict[str, Row], encounter: str) -> Lease | None:
    return rows.lease(leases[encounter]) if encounter in leases else None


def _coding(state: State, context: "Context") -> Coding:
    coding = result(state, context, written(context))
    usage = coding.usage.model_copy(update={"seconds": round(state["usage"].seconds, 4)})
    return coding.model_copy(update={"usage": usage})
