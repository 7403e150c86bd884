"""Routes of the claim preview."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from agent.workbench import claimview
from agent.workbench.seat import Reader, RefusedError, Seat
from tools.claim.errors import ClaimError
from tools.claim.model import Claim

router = APIRouter()


@router.get("/case/{token}/claim")
def claim_page(seat: Reader, token: str) -> HTMLResponse:
    """The preview: a fragment for the case page's script, a page of its own for everybody else."""
    claim = seat.desk.case(seat.opened("case", token)).claim
    values = {"token": token, "draft": claim is None or claim.draft, **_drawn(seat, claim)}
    return seat.render("claim.html" if seat.fragment else "claimpage.html", **values)


@router.get("/case/{token}/cms1500/{number}")
def cms1500_image(seat: Reader, token: str, number: int) -> Response:
    """One page of the paper claim as an image."""
    claim = seat.desk.case(seat.opened("case", token)).claim
    if claim is None:
        raise RefusedError(404, "There is no claim to draw.")
    try:
        return Response(claimview.page_image(claim, number), media_type="image/png")
    except IndexError:
        raise RefusedError(404, "The claim has no such page.") from None
    except ClaimError as error:
        raise RefusedError(409, str(error)) from None


def _drawn(seat: Seat, claim: Claim | None) -> dict[str, Any]:
    if claim is None:
        return {"fault": "There is no claim yet: see why the case waits.", "pages": 0, "segments": ()}
    try:
        phone = seat.desk.session.context.contact_phone
        return {"fault": "", "pages": claimview.pages(claim), "segments": claimview.draw(claim, phone)}
    except ClaimError as error:
        return {"fault": f"The claim can not be drawn yet: {error}", "pages": 0, "segments": ()}
