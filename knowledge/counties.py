"""From a state and county to the Medicare payment locality, by the imported table of localities."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from knowledge.edits import Pick
from knowledge.errors import EditionError

TABLE: Final = "localities"
_ROWS: Final = "SELECT mac, locality, state, area, counties FROM localities ORDER BY mac, locality"


@dataclass(frozen=True, kw_only=True, slots=True)
class CountyLocality:
    """A payment locality that a county belongs to.

    ``key`` is contractor and locality as in "09102-03"; ``named`` is False where the county is only among "all other
    counties" of its state.
    """

    key: str
    state: str
    area: str
    named: bool
    edition: str


def localities_of(pick: Pick, state: str, county: str, on: date) -> tuple[CountyLocality, ...]:
    """Find the localities of a county; several where CMS splits it or lists it twice.

    Args:
        pick: finds the imported edition of a date.
        state: its full name ("Florida").
        county: its name without the word county ("Broward").
        on: date of service; the nearest edition answers.

    Returns:
        Localities that name the county, else those of all (other) counties of the state; empty where the table does not
        have the state.

    Raises:
        EditionError: no table of localities is imported.
    """
    picked = pick(TABLE, on)
    if picked is None:
        raise EditionError("no table of localities is imported: superbill knowledge import LOCCO-FILE")
    edition, rows = picked
    wanted, place = _plain(state), _plain(county)
    found = [row for row in rows.rows(_ROWS) if wanted in _states(row[2], row[4])]
    named = [row for row in found if place in _counties(row[4])]
    rest = [row for row in found if "ALL COUNTIES" in row[4] or "ALL OTHER" in row[4]]
    return tuple(
        CountyLocality(key=f"{mac}-{locality}", state=held, area=area, named=bool(named), edition=edition)
        for mac, locality, held, area, _ in named or rest
    )


def _states(state: str, counties: str) -> set[str]:
    """The states of a row: one locality may reach into others ("... IN VIRGINIA; ... IN MARYLAND")."""
    told = {_plain(part) for part in state.split("/")}
    return told | {_plain(part) for part in re.findall(r"\bIN ([A-Z ]+?)(?:;|$)", counties)}


def _counties(counties: str) -> set[str]:
    without = re.sub(r"\bIN [A-Z ]+?(?=;|$)", "", counties)
    return {_plain(part) for part in re.split(r",|;|/|\bAND\b", without)} - {""}


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z]", "", name.upper().replace("SAINT ", "ST "))
