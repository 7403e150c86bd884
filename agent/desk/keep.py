"""What the store keeps of a finished (or waiting) run: its place in the worklist, its source, its queries; in one transaction."""

import hashlib
import sqlite3

from agent import worklist
from agent.coding import Coding
from agent.context import Context
from agent.desk.book import Book, Change, coded, dumped, keeping, moment
from agent.desk.source import packed
from agent.identity import claim_sha256
from agent.state import State
from agent.store import Store
from agent.worklist import Summary
from tools.proposal import ProviderQuery


def keep(state: State, context: Context, coding: Coding, thread: str) -> None:
    """Keep a run in the context's store, if it has one."""
    if context.store is None:
        return
    facts, claim, raw = state["facts"], state["claim"], context.encounter
    primary = facts.primary
    summary = Summary(
        claim_sha256=claim_sha256(claim) if claim else "",
        date_of_service=facts.date_of_service.isoformat(),
        payer=primary.payer_name if primary else "self pay",
        amount=str(claim.total_charge) if claim else "0",
        model=context.model_spec,
    )
    reasons = [r.model_dump() for r in state["reasons"]]
    where = (facts.tenant, facts.encounter_id)
    if not isinstance(context.store, Store):  # DynamoDB keeps the row; no desk is built over it
        context.store.put_worklist(*where, thread, coding.status, reasons, context.out, summary)
        return
    Book(context.store, facts.tenant)
    with context.store.writing() as db:
        worklist.put(db, *where, thread, coding.status, reasons, context.out, summary)
        if raw is not None:
            db.execute(*keeping(*where, raw.sha256, packed(raw)))
            db.execute(*coded(*where, raw.sha256))
        _keep_queries(db, *where, coding.queries)


def _keep_queries(
    db: sqlite3.Connection, tenant: str, encounter: str, asked: tuple[ProviderQuery, ...]
) -> None:
    """Open what is asked and was not, withdraw what is open and no longer asked.

    A question that was answered and is asked again (the answer did not settle it) is opened anew beside the old one; one
    that was dismissed stays so.
    """
    rows = db.execute(
        "select id, question, status from query where tenant = ? and encounter = ?", (tenant, encounter)
    ).fetchall()
    still = {q.question for q in asked}
    for own, question, status in rows:
        if status == "open" and question not in still and not own.startswith("opportunity-"):
            db.execute("update query set status = 'withdrawn' where id = ?", (own,))
    waiting = {question for _, question, status in rows if status in {"open", "dismissed"}}
    for query in asked:
        if query.question not in waiting:
            waiting.add(query.question)
            times = sum(question == query.question for _, question, _ in rows)
            db.execute(*opening(tenant, encounter, query, query_id(tenant, encounter, query.question, times)))


def opening(tenant: str, encounter: str, query: ProviderQuery, own: str) -> Change:
    """What opens a query under the id ``own``; one that is open already stays as it is."""
    return (
        "insert or ignore into query (id, tenant, encounter, question, why, evidence, status, asked_at) "
        "values (?, ?, ?, ?, ?, ?, 'open', ?)",
        (own, tenant, encounter, query.question, query.why, dumped(list(query.evidence)), moment()),
    )


def query_id(tenant: str, encounter: str, question: str, times: int = 0, kind: str = "q") -> str:
    """The same id for the same question of the same encounter, another each time it is asked again."""
    said = f"{tenant}\0{encounter}\0{question}\0{times}"
    return f"{kind}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
