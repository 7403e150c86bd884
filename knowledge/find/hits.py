"""The answer of a search."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchHit:
    """One answer of a search.

    ``score`` runs from 0 to 1. ``needs`` is None for a billable code, else what makes it one. ``path`` tells
    how the code was reached: the term that matched, then the headers above the code.
    """

    code: str
    display: str
    score: float
    billable: bool
    needs: str | None
    path: tuple[str, ...] = ()
