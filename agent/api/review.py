"""The review queue: worklist, leases, decisions, previews, queries, chat."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Response
from fastapi import Query as Param

from agent.api.bodies import (
    AnswerBody,
    DecisionBody,
    DismissBody,
    EncounterStatus,
    PreviewBody,
    Queries,
    QueryRow,
    Question,
    Row,
    Said,
    Worklist,
)
from agent.api.caller import Amending, Answering, Asked, Caller, Looking, RefusedError, Reviewing
from agent.api.encounters import FAULTS, status_of
from agent.desk.records import Difference, Lease, Preview, Query
from agent.state import Status
from agent.workbench.talks import NoTraceError

if TYPE_CHECKING:
    from agent.run import CodingResult

router = APIRouter(tags=["review"], responses=FAULTS)
Word = Annotated[str | None, Param(max_length=80)]


@router.get("/worklist")
def worklist(
    caller: Looking,
    status: Status | None = None,
    reason: Word = None,
    text: Word = None,
    limit: Annotated[int, Param(ge=1, le=500)] = 100,
    offset: Annotated[int, Param(ge=0, le=10_000_000)] = 0,
) -> Worklist:
    """Encounters of the practice, held ones first."""
    items = caller.desk.worklist(status=status, reason=reason, text=text, limit=limit, offset=offset)
    return Worklist(
        items=tuple(
            Row(
                id=caller.token("encounter", item.encounter),
                status=item.status,
                reasons=item.reasons,
                date_of_service=item.date_of_service,
                payer=item.payer,
                amount=str(item.amount),
                leased_by=item.lease.by if item.lease else None,
            )
            for item in items
        )
    )


@router.post("/encounters/{id}/lease")
def take(caller: Amending, id: str) -> Lease:
    """Take an encounter to work on, or renew one's own lease."""
    encounter = caller.opened("encounter", id)
    lease = caller.desk.lease(encounter, caller.person)
    return lease.model_copy(update={"encounter": id})


@router.delete("/encounters/{id}/lease", status_code=204)
def let_go(caller: Amending, id: str) -> Response:
    """Let go of one's own lease."""
    caller.desk.release(caller.opened("encounter", id), caller.person)
    return Response(status_code=204)


@router.post("/encounters/{id}/decision")
def decide(caller: Amending, id: str, body: DecisionBody) -> EncounterStatus:
    """Approve, reject, amend or override; bound to the claim that was looked at."""
    encounter = caller.opened("encounter", id)
    _carried_out(caller, encounter, body)
    caller.house.metrics.decisions.labels(body.action).inc()
    return status_of(caller, encounter)


def _carried_out(caller: Caller, encounter: str, body: DecisionBody) -> "CodingResult":
    desk, person, sha = caller.desk, caller.person, body.claim_sha256
    match body.action:
        case "approve":
            return desk.approve(encounter, person, claim_sha256=sha, reason=body.reason)
        case "reject":
            return desk.reject(encounter, person, claim_sha256=sha, reason=body.reason)
        case "amend":
            if not body.edits:
                raise RefusedError(422, "edits: an amendment needs at least one")
            return desk.amend(encounter, person, claim_sha256=sha, edits=body.edits, reason=body.reason)
        case "override":
            if not body.rule:
                raise RefusedError(422, "rule: which rule's findings shall stand?")
            return desk.override(encounter, person, claim_sha256=sha, rule=body.rule, reason=body.reason)


@router.post("/encounters/{id}/preview")
def preview(caller: Amending, id: str, body: PreviewBody) -> Preview:
    """Claim, findings and money after edits; nothing is changed."""
    return caller.desk.preview(caller.opened("encounter", id), body.edits)


@router.post("/encounters/{id}/chat")
def chat(caller: Looking, id: str, body: Question) -> Said:
    """Ask about an encounter: why, why not, what if. A what-if runs beside it and changes nothing."""
    case = caller.desk.case(caller.opened("encounter", id))
    try:
        answer = caller.house.talks.ask(caller.person.name, caller.desk, case, body.question)
    except NoTraceError:
        raise RefusedError(409, "this encounter keeps no trace to talk about") from None
    return Said(text=answer.text, understood=answer.understood, facts=answer.facts)


@router.get("/queries")
def queries(caller: Asked) -> Queries:
    """Open questions to the providers; only a physician answers them."""
    return Queries(items=tuple(_row(caller, q) for q in caller.desk.queries()))


@router.post("/queries/{id}/answer")
def answer(caller: Answering, id: str, body: AnswerBody) -> Difference:
    """Answer a query: a signed addendum; the encounter is coded again, and this is what changed."""
    return caller.desk.answer(caller.opened("query", id), caller.person, body.text).difference


@router.post("/queries/{id}/dismiss")
def dismiss(caller: Reviewing, id: str, body: DismissBody) -> QueryRow:
    """Close a query that the provider need not answer, with the reason."""
    done = caller.desk.dismiss(caller.opened("query", id), caller.person, reason=body.reason)
    return _row(caller, done)


def _row(caller: Caller, query: Query) -> QueryRow:
    return QueryRow(
        id=caller.token("query", query.id),
        encounter=caller.token("encounter", query.encounter),
        question=query.question,
        why=query.why,
        status=query.status,
        answer=query.answer,
    )
