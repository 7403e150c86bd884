"""The case page and everything a person decides on it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from agent.desk import DeskError, EditRefused, NoSuchEncounter, NotAllowed, Person
from agent.desk.records import Preview
from agent.workbench.caseview import Note, case_values, rights
from agent.workbench.changes import ChangeError, edits_of
from agent.workbench.pages import moment, money
from agent.workbench.seat import Coder, NoSuchPageError, Reader, Reviewer, Seat

router = APIRouter()
Text = Annotated[str, Form(max_length=2000)]
Sha = Annotated[str, Form(max_length=64)]

DONE: Final = {
    "approve": "Approved.",
    "reject": "Rejected.",
    "amend": "The amendment is saved and checked.",
    "override": "The finding is overridden; it stays in the audit.",
    "accept": "Accepted: the physician is asked.",
    "dismiss": "The opportunity is dismissed.",
}
WOULD: Final = {"emit": "would be emitted", "held": "would be held", "blocked": "would be blocked"}


@router.get("/case/{token}")
def case_page(seat: Reader, token: str, done: str = "") -> HTMLResponse:
    """One case, whole."""
    return _show(seat, token, Note(kind="good", text=DONE[done]) if done in DONE else None)


@router.post("/case/{token}/approve")
def approve(seat: Reviewer, token: str, claim_sha256: Sha, reason: Text = "") -> Response:
    """Approve the claim that was shown."""
    return _decide(
        seat, token, "approve", partial(seat.desk.approve, claim_sha256=claim_sha256, reason=reason)
    )


@router.post("/case/{token}/reject")
def reject(seat: Reviewer, token: str, claim_sha256: Sha, reason: Text) -> Response:
    """Reject it; the reason is kept."""
    return _decide(seat, token, "reject", partial(seat.desk.reject, claim_sha256=claim_sha256, reason=reason))


@router.post("/case/{token}/override")
def override(seat: Reviewer, token: str, claim_sha256: Sha, rule: Text, reason: Text) -> Response:
    """Let a finding stand, with a reason."""
    act = partial(seat.desk.override, claim_sha256=claim_sha256, rule=rule, reason=reason)
    return _decide(seat, token, "override", act)


@router.post("/case/{token}/amend")
async def amend(request: Request, seat: Coder, token: str) -> Response:
    """Save the form as an amendment; the self-check judges it again."""
    form = await request.form()
    return await run_in_threadpool(_amend, seat, token, form)


@router.post("/case/{token}/preview")
async def preview(request: Request, seat: Coder, token: str) -> Response:
    """What the form as it stands would give; nothing changes."""
    form = await request.form()
    return await run_in_threadpool(_preview, seat, token, form)


@router.post("/case/{token}/opportunity/{answer}")
def opportunity(seat: Coder, token: str, answer: str, code: Text, reason: Text = "") -> Response:
    """Accept an opportunity (the physician is asked) or dismiss it."""
    if answer not in {"accept", "dismiss"}:
        raise NoSuchPageError
    act = partial(seat.desk.opportunity, code=code, accept=answer == "accept", reason=reason)
    return _decide(seat, token, answer, act)


@router.post("/case/{token}/lease")
def lease(seat: Coder, token: str) -> HTMLResponse:
    """Take the case in hand, or keep it."""
    held = seat.desk.lease(seat.opened("case", token), seat.person)
    return seat.render("lease.html", until=moment(held.until))


@router.post("/case/{token}/release")
def release(seat: Coder, token: str) -> Response:
    """Give it back."""
    seat.desk.release(seat.opened("case", token), seat.person)
    return Response(status_code=204)


def _amend(seat: Seat, token: str, form: FormData) -> Response:
    desk = seat.desk
    sha, reason = str(form.get("claim_sha256", "")), str(form.get("reason", ""))

    def act(encounter: str, person: Person) -> object:
        edits = edits_of(desk.case(encounter).coding, form)
        if not edits:
            raise ChangeError("Nothing was changed.")
        return desk.amend(encounter, person, claim_sha256=sha, edits=edits, reason=reason)

    return _decide(seat, token, "amend", act)


def _decide(seat: Seat, token: str, name: str, act: Callable[[str, Person], object]) -> Response:
    """Do it and show the case again; what stands in the way is told on the page."""
    encounter = seat.opened("case", token)
    try:
        act(encounter, seat.person)
    except NoSuchEncounter:
        raise
    except (DeskError, ChangeError) as error:
        status = 403 if isinstance(error, NotAllowed) else 409
        return _show(seat, token, Note(kind="bad", text=str(error)), status)
    return RedirectResponse(f"/case/{token}?done={name}", status_code=303)


def _preview(seat: Seat, token: str, form: FormData) -> Response:
    encounter, desk = seat.opened("case", token), seat.desk
    case = desk.case(encounter)
    try:
        edits = edits_of(case.coding, form)
        made = desk.preview(encounter, edits)
    except (EditRefused, ChangeError) as error:  # half-typed codes are no fault: told, and the findings stay
        return _json({"said": str(error)})
    findings = seat.bench.pages.render(
        "findings.html",
        {
            "seat": seat,
            "token": token,
            "findings": made.findings,
            **rights(seat, case),
            "may_override": False,
        },
    )
    total = money(made.claim.total_charge)
    return _json({"findings": findings, "total": total, "said": _said(len(edits), made)})


def _json(said: dict[str, str]) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")


def _said(count: int, made: Preview) -> str:
    if not count:
        return ""
    change = made.difference.charge_after - made.difference.charge_before
    worth = f", {'+' if change > 0 else '−'}${abs(change):,.2f}" if change else ""
    return f"{count} {'change' if count == 1 else 'changes'} not saved{worth}; {WOULD[made.would]}"


def _show(seat: Seat, token: str, note: Note | None, status: int = 200) -> HTMLResponse:
    case = seat.desk.case(seat.opened("case", token))
    return seat.render("case.html", status=status, **case_values(seat, case, note))
