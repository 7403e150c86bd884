"""Code search and look-up for the case page; the words travel in the body of the request."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from agent.workbench.seat import Reader, Seat
from knowledge.describe import describe

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf

router = APIRouter()
System = Literal["icd10cm", "cpt", "hcpcs"]
MOST = 15
FIGURES = (
    ("category", "Category"),
    ("work_rvu", "Work RVU"),
    ("total_nonfacility", "Total RVU, office"),
    ("total_facility", "Total RVU, facility"),
    ("global_days", "Global days"),
    ("mue", "Most units"),
    ("min_minutes", "Minutes from"),
    ("max_minutes", "Minutes to"),
    ("clia", "CLIA"),
)


@router.post("/case/{token}/search")
def search(
    seat: Reader,
    token: str,
    text: Annotated[str, Form(max_length=200)],
    system: Annotated[System, Form()] = "icd10cm",
) -> HTMLResponse:
    """The codes that the words may mean, as of the case's date of service; a code found by itself comes first."""
    shelf, on = _shelf(seat, token)
    hits = shelf.search.search(text.strip(), system=system, on=on, limit=MOST)
    exact = describe(shelf, text.strip(), on, system)
    first = [exact] if exact["found"] and all(h.code != exact["code"] for h in hits) else []
    return seat.render("hits.html", hits=[*first, *hits])


@router.post("/case/{token}/look-up")
def look_up(
    seat: Reader,
    token: str,
    code: Annotated[str, Form(max_length=20)],
    system: Annotated[System, Form()] = "icd10cm",
) -> HTMLResponse:
    """All that the tables say of a code."""
    shelf, on = _shelf(seat, token)
    found = dict(describe(shelf, code, on, system))
    figures = [(words, found[key]) for key, words in FIGURES if found.get(key) not in (None, "", [])]
    values = {"path": (), "children": (), "seventh": {}, "notes": {}, **found, "figures": figures}
    return seat.render("looked.html", code=values, may_edit=seat.can("amend"))


def _shelf(seat: Seat, token: str) -> "tuple[Bookshelf, date]":
    case = seat.desk.case(seat.opened("case", token))
    return seat.desk.session.context.bookshelf, case.facts.date_of_service
