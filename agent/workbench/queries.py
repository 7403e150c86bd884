"""The physician's list: open queries, the answer that becomes part of the record, and a reviewer's dismissal."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from agent.desk import DeskError
from agent.workbench.caseview import Note
from agent.workbench.seat import Answerer, Asked, Dismisser, Seat

if TYPE_CHECKING:
    from agent.desk.records import Answered

router = APIRouter()


@router.get("/queries")
def queries_page(seat: Asked) -> HTMLResponse:
    """Every open query of the practice."""
    return _show(seat, None)


@router.post("/queries/{token}/answer")
def answer(
    seat: Answerer, token: str, text: Annotated[str, Form(min_length=1, max_length=4000)]
) -> HTMLResponse:
    """Sign an answer: it becomes an addendum, the encounter is coded again, and the difference is shown."""
    try:
        done = seat.desk.answer(seat.opened("query", token), seat.person, text)
    except DeskError as error:
        return _show(seat, Note(kind="bad", text=str(error)), 409)
    return _show(
        seat, Note(kind="good", text="Signed and filed; the encounter was coded again."), answered=done
    )


@router.post("/queries/{token}/dismiss")
def dismiss(
    seat: Dismisser, token: str, reason: Annotated[str, Form(min_length=1, max_length=1000)]
) -> HTMLResponse:
    """Close a query that the provider need not answer."""
    try:
        done = seat.desk.dismiss(seat.opened("query", token), seat.person, reason=reason)
    except DeskError as error:
        return _show(seat, Note(kind="bad", text=str(error)), 409)
    return _show(seat, Note(kind="good", text=f"Dismissed: {done.question}"))


def _show(
    seat: Seat, note: Note | None, status: int = 200, answered: "Answered | None" = None
) -> HTMLResponse:
    rows = [{"query": q, "token": seat.token("query", q.id)} for q in seat.desk.queries(status="open")]
    return seat.render("queries.html", status=status, rows=rows, note=note, answered=answered)
