"""Chat beside the case."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from agent.workbench.seat import Reader, RefusedError
from agent.workbench.talks import NoTraceError

router = APIRouter()


@router.post("/case/{token}/chat")
def ask(
    seat: Reader, token: str, question: Annotated[str, Form(min_length=1, max_length=1000)]
) -> HTMLResponse:
    """Answer a question about the case; a what-if runs beside it and changes nothing."""
    case = seat.desk.case(seat.opened("case", token))
    try:
        answer = seat.bench.talks.ask(seat.session.hash, seat.desk, case, question)
    except NoTraceError:
        raise RefusedError(409, "This case keeps no trace to talk about.") from None
    return seat.render("answer.html", answer=answer)
