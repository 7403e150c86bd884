"""The audit of the practice."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from agent.workbench.seat import Reviewer

router = APIRouter()
MOST = 500


@router.get("/audit")
def audit_page(seat: Reviewer) -> HTMLResponse:
    """The latest entries of the person's practice, newest first, and whether the whole chain holds."""
    entries = seat.desk.audit()[::-1][:MOST]
    return seat.render("audit.html", entries=entries, verdict=seat.desk.store.verify_audit())
