"""Chat beside the case."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from agent.workbench.seat import Reader, RefusedError

router = APIRouter()


@router.post("/case/{token}/chat")
def ask(
    seat: Reader, token: str, question: Annotated[str, Form(min_length=1, max_length=1000)]
) -> HTMLResponse:
    """Answer a question about the case; a what-if runs beside it and changes nothing."""
    encounter, desk = seat.opened("case", token), seat.desk
    out = desk.case(encounter).item.out
    if out is None:
        raise RefusedError(409, "This case keeps no trace to talk about.")
    answer = seat.bench.talks.ask(seat.session.hash, desk, encounter, Path(out), question)
    return seat.render("answer.html", answer=answer)
