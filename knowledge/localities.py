"""Medicare payment localities: the geographic practice cost indices of a year, shipped or imported."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from knowledge.edits import Pick, Rows, nothing_imported
from knowledge.errors import UnknownCodeError


@dataclass(frozen=True, kw_only=True, slots=True)
class Locality:
    """A Medicare payment locality and its geographic practice cost indices."""

    mac: str
    state: str
    locality: str
    name: str
    work: Decimal
    pe: Decimal
    mp: Decimal

    @property
    def key(self) -> str:
        """Contractor and locality, as in "10112-00"."""
        return f"{self.mac}-{self.locality}"


class Localities:
    """The localities of each year."""

    def __init__(self, shipped: Iterable[Locality], pick: Pick = nothing_imported) -> None:
        """Answer from ``shipped`` where ``pick`` finds no imported indices of the year of a date."""
        self.shipped = tuple(shipped)
        self._pick = pick
        self._imported: dict[str, tuple[Locality, ...]] = {}

    def on(self, day: date | None) -> tuple[Locality, ...]:
        """The localities of the imported indices of the year of a date, else the shipped ones."""
        if day is None:
            return self.shipped
        picked = self._pick("gpci", day)
        if picked is None or picked[0] != str(day.year):
            return self.shipped
        edition, rows = picked
        if edition not in self._imported:
            self._imported[edition] = _read(rows)
        return self._imported[edition]

    def get(self, key: str, on: date | None = None) -> Locality:
        """Return a locality by "MAC-number", or by state where the state is one locality.

        Args:
            key: contractor and locality number, or a state.
            on: date of service; imported indices in force on it come before the shipped ones.

        Raises:
            UnknownCodeError: no such locality, or the state has several (the message lists them).
        """
        found = [row for row in self.on(on) if key in {row.key, row.state}]
        if len(found) == 1:
            return found[0]
        several = ", ".join(f"{row.key} {row.name}" for row in found)
        raise UnknownCodeError(
            f"locality {key}: " + (f"one of {several}" if found else "is not in the table")
        )


def _read(rows: Rows) -> tuple[Locality, ...]:
    query = "SELECT mac, state, locality, name, work, pe, mp FROM gpci ORDER BY state, locality"
    return tuple(
        Locality(
            mac=mac,
            state=state,
            locality=number,
            name=name.title(),
            work=Decimal(work),
            pe=Decimal(pe),
            mp=Decimal(mp),
        )
        for mac, state, number, name, work, pe, mp in rows.rows(query)
    )
