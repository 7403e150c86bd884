"""The worklist: what waits, with filters; and the way to the next case. Filter texts travel in bodies, never in URLs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agent.state import ReasonKind
from agent.workbench.pages import STATUS_WORDS
from agent.workbench.seat import Anyone, Reader, Seat

if TYPE_CHECKING:
    from agent.desk.records import WorkItem

router = APIRouter()
PAGE = 50
STATUSES = tuple(STATUS_WORDS)
REASONS = get_args(ReasonKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What the worklist is narrowed to."""

    status: str = ""
    reason: str = ""
    text: str = ""
    page: int = 0


@router.get("/")
def home(seat: Anyone) -> Response:
    """The first page of the person's role."""
    if seat.session.role == "physician":
        return RedirectResponse("/queries", status_code=303)
    return RedirectResponse("/worklist", status_code=303)


@router.get("/worklist")
def worklist(
    seat: Reader, status: str = "", reason: str = "", page: Annotated[int, Query(ge=0)] = 0
) -> HTMLResponse:
    """The list, narrowed by status and reason."""
    return _page(seat, Filters(status=status, reason=reason, page=page))


@router.post("/worklist")
def search(
    seat: Reader,
    status: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    text: Annotated[str, Form(max_length=200)] = "",
    page: Annotated[int, Form(ge=0)] = 0,
) -> HTMLResponse:
    """The list, narrowed also by a text."""
    return _page(seat, Filters(status=status, reason=reason, text=text.strip(), page=page))


@router.get("/next")
def next_case(seat: Reader, after: str = "") -> Response:
    """Go to the next held case that nobody else has, after the one of the token; to the worklist when none is left."""
    here = seat.bench.seal.open(seat.session.tenant, "case", after) if after else None
    coming = seat.desk.next_held(seat.person, here)
    where = f"/case/{seat.token('case', coming)}" if coming else "/worklist?status=held"
    return RedirectResponse(where, status_code=303)


def _page(seat: Seat, filters: Filters) -> HTMLResponse:
    found = seat.desk.worklist(
        status=filters.status if filters.status in STATUSES else None,
        reason=filters.reason if filters.reason in REASONS else None,
        text=filters.text or None,
        limit=PAGE + 1,
        offset=filters.page * PAGE,
    )
    return seat.render(
        "worklist.html",
        filters=filters,
        rows=[_row(seat, item) for item in found[:PAGE]],
        more=len(found) > PAGE,
        statuses=STATUSES,
        reasons=REASONS,
    )


def _row(seat: Seat, item: "WorkItem") -> dict[str, Any]:
    token = seat.token("case", item.encounter)
    return {"item": item, "token": token, "other": seat.is_other(item.lease)}
