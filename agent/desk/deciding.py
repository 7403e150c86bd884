"""Carrying a decision out: kept first, then given to the graph, then its outcome kept. A kill between loses nothing.

The caller holds the encounter alone (``Store.alone``), so that two people, threads or processes come one after the other.
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from langgraph.types import Command

from agent.desk.book import Book, Entry, Row, dumped
from agent.desk.difference import codes_of, difference
from agent.nodes.review import decided
from agent.run import CodingResult, finish, settings_of_run, stopped_between
from agent.state import Decision, State
from tools.claim.model import Claim
from tools.proposal import Proposal

if TYPE_CHECKING:
    from langgraph.types import StateSnapshot

    from agent.context import Context
    from agent.session import Session


def carry_out(
    session: "Session", book: Book, row: Row, context: "Context", decision: Decision, at: datetime
) -> CodingResult:
    """Keep the decision, resume or restart the graph with it, keep what came of it."""
    snapshot = session.graph.get_state(settings_of_run(row["thread"], context))
    before: Claim | None = snapshot.values["claim"]
    kept = {
        "encounter": row["encounter"],
        "at": at.isoformat(),
        "by": decision.by,
        "role": decision.role,
        "action": decision.action,
        "reason": decision.reason,
        "claim_before": decision.claim_sha256,
        "edits": dumped(list(decision.edits)),
        "before": dumped(snapshot.values["proposal"]),
        "model": row["model"],
    }
    number = book.ask(kept, _entry(kept, decision, _subject(before), "asked", at))
    result = _resumed(session, snapshot, context, decision, row["thread"])
    _keep_outcome(book, number, kept, before, row["status"], result, at)
    return result


def settle(session: "Session", book: Book, row: Row, context: "Context") -> bool:
    """Finish what a killed process left: a run that stopped between nodes, a decision without its outcome.

    Returns:
        True when something was finished; the worklist row is another one then.
    """
    config = settings_of_run(row["thread"], context)
    snapshot = session.graph.get_state(config)
    asked = book.asked(row["encounter"])
    unfinished = stopped_between(snapshot)
    if not snapshot.values or (not asked and not unfinished):
        return False
    if unfinished:
        session.graph.invoke(None, config, context=context, durability="sync")
    state: Any = session.graph.get_state(config).values
    result = finish(state, context, row["thread"])
    for one in asked:
        _settle_decision(book, one, row, state, result)
    return True


def _settle_decision(book: Book, asked: Row, row: Row, state: State, result: CodingResult) -> None:
    last = state.get("decision")
    happened = last is not None and (last.action, last.by, last.claim_sha256) == (
        asked["action"],
        asked["by"],
        asked["claim_before"],
    )
    at = datetime.fromisoformat(asked["at"])
    if happened:
        _keep_outcome(book, asked["id"], asked, None, row["status"], result, at)
        return
    entry = Entry(
        asked["by"],
        f"{asked['action']} not done",
        _subject(result.claim),
        asked["encounter"],
        {"decision": asked["id"]},
    )
    book.write(("update decision set state = 'void' where id = ?", (asked["id"],)), entry=entry)


def _resumed(
    session: "Session", snapshot: "StateSnapshot", context: "Context", decision: Decision, thread: str
) -> CodingResult:
    """A waiting run is resumed; a finished one (blocked, emitted) is taken up again where the decision leads."""
    graph, config = session.graph, settings_of_run(thread, context)
    if snapshot.interrupts:
        command: Command[Any] = Command(resume=decision.model_dump(mode="json"))
    else:
        state: Any = snapshot.values
        goto, update = decided(decision, state)
        if goto == "__end__":
            graph.update_state(config, update, as_node="review")
            return finish(graph.get_state(config).values, context, thread)  # type: ignore[arg-type] # values are the State
        command = Command(goto=goto, update=update)
    graph.invoke(command, config, context=context, durability="sync")
    values: Any = graph.get_state(config).values
    return finish(values, context, thread)


def _keep_outcome(
    book: Book, number: int, kept: Row, before: Claim | None, status: str, result: CodingResult, at: datetime
) -> None:
    changed = difference(before, result.claim, status, result.status)
    after = result.state["proposal"]
    detail = {
        "decision": number,
        "status": result.status,
        "claim_sha256": changed.claim_after,
        "before": codes_of(_proposal(kept["before"])),
        "after": codes_of(after),
        "total_charge": str(changed.charge_after),
        "overrides": [
            f.model_dump(include={"rule", "override"}) for f in result.coding.findings if f.override
        ],
    }
    entry = Entry(kept["by"], f"{kept['action']} done", _subject(result.claim), kept["encounter"], detail, at)
    book.write(
        (
            "update decision set state = 'done', claim_after = ?, status_after = ?, after = ?, difference = ? where id = ?",
            (changed.claim_after, result.status, dumped(after), dumped(changed), number),
        ),
        entry=entry,
    )


def _entry(kept: Row, decision: Decision, subject: str, state: str, at: datetime) -> Entry:
    detail = {
        "state": state,
        "role": decision.role,
        "claim_sha256": decision.claim_sha256,
        "reason": decision.reason,
        "edits": [e.model_dump(mode="json") for e in decision.edits],
        "waived": [w.model_dump(mode="json") for w in decision.waived],
    }
    return Entry(decision.by, decision.action, subject, kept["encounter"], detail, at)


def _proposal(text: str | None) -> Proposal | None:
    said = orjson.loads(text) if text else None
    return Proposal.model_validate(said) if said else None


def _subject(claim: Claim | None) -> str:
    return claim.claim_id if claim else ""


def context_for(session: "Session", tenant: str, row: Row) -> "Context":
    """The session's context for one encounter: its tenant, its output place, the model that coded it."""
    from agent.aws.place import place_of

    out = place_of(row["out"]) if row["out"] else None
    spec = row["model"] or session.context.model_spec
    return replace(session.context_of(tenant), out=out, model_spec=spec)
