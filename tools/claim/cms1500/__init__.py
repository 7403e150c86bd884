"""The paper claim CMS-1500 (02/12): our own drawing of the form, or the data alone for red stock."""

from typing import Literal

from tools.claim.cms1500.boxes import LINES_PER_PAGE, Paging, pages_of
from tools.claim.cms1500.draw import draw_pages
from tools.claim.cms1500.limits import unprinted
from tools.claim.errors import ClaimError
from tools.claim.model import Claim

__all__ = ["LINES_PER_PAGE", "Paging", "check_room", "pages_of", "render_cms1500", "unprinted"]

_MOST_DIAGNOSES, _MOST_POINTERS, _MOST_MODIFIERS, _MOST_LINES = 12, 4, 4, 50


def render_cms1500(
    claim: Claim, *, style: Literal["form", "overlay"] = "form", paging: Paging = "continued"
) -> bytes:
    """The claim as a PDF, six service lines a page.

    Args:
        claim: the claim; what it lacks is left blank, never invented.
        style: ``form`` draws the form, ``overlay`` prints the data alone, aligned to red stock.
        paging: where a claim of several pages is totalled; a payer's convention.

    Raises:
        ClaimError: it has more diagnoses, pointers, modifiers or lines than the form has room for.
    """
    check_room(claim)
    return draw_pages(pages_of(claim, paging), form=style == "form", title=f"CMS-1500 {claim.claim_id}")


def check_room(claim: Claim) -> None:
    """Refuse a claim the form has no room for.

    Raises:
        ClaimError: it has more diagnoses, pointers, modifiers or lines than the form has room for.
    """
    problems = _too_much(claim)
    if problems:
        raise ClaimError(problems)


def _too_much(claim: Claim) -> list[str]:
    problems = []
    if len(claim.diagnoses) > _MOST_DIAGNOSES:
        problems.append(f"{len(claim.diagnoses)} diagnoses, box 21 holds {_MOST_DIAGNOSES}")
    if len(claim.lines) > _MOST_LINES:
        problems.append(f"{len(claim.lines)} service lines, a paper claim holds {_MOST_LINES}")
    for line in claim.lines:
        if len(line.pointers) > _MOST_POINTERS:
            problems.append(
                f"line {line.number}: {len(line.pointers)} pointers, box 24E holds {_MOST_POINTERS}"
            )
        if len(line.modifiers) > _MOST_MODIFIERS:
            problems.append(
                f"line {line.number}: {len(line.modifiers)} modifiers, box 24D holds {_MOST_MODIFIERS}"
            )
    return problems
