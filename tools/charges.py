"""The practice's own charges, imported from a CSV file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from knowledge.errors import TableError
from knowledge.tables import read_csv

__all__ = ["ChargeMaster", "ChargeRow"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargeRow:
    """The charge of one unit in US dollars.

    An empty ``modifier`` stands for any line, an empty ``payer`` for any payer, an empty date for no limit
    (both dates inclusive).
    """

    code: str
    modifier: str
    payer: str
    charge: Decimal
    effective_from: date | None
    effective_to: date | None

    def in_force(self, on: date) -> bool:
        """Whether the row holds on a date."""
        return (self.effective_from or date.min) <= on <= (self.effective_to or date.max)


class ChargeMaster:
    """Charges by code, modifier, payer and date."""

    def __init__(self, rows: Iterable[ChargeRow]) -> None:
        self._rows: dict[str, list[ChargeRow]] = {}
        for row in rows:
            self._rows.setdefault(row.code, []).append(row)

    @classmethod
    def load(cls, path: Path) -> "ChargeMaster":
        """Read a CSV file with the columns code, modifier, payer, charge, effective_from, effective_to.

        Raises:
            TableError: the file can not be read, a charge is not a positive amount of whole cents, or two
                rows hold for the same code, modifier, payer and day.
        """
        rows = read_csv(path, ChargeRow)
        for row in rows:
            if not row.charge.is_finite() or row.charge <= 0 or row.charge != round(row.charge, 2):
                raise TableError(f"{path.name}: {row.code} has the charge {row.charge}")
        master = cls(rows)
        for own in master._rows.values():
            _refuse_overlap(path, own)
        return master

    @property
    def rows(self) -> tuple[ChargeRow, ...]:
        """Every row, by code in the order of the file."""
        return tuple(row for rows in self._rows.values() for row in rows)

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._rows.values())

    def charge(
        self, code: str, modifiers: Sequence[str] = (), *, payer: str | None = None, on: date
    ) -> Decimal | None:
        """Return the charge of one unit, or None where the practice has set none.

        The row of the payer comes before one for any payer, then the row of a modifier before one for any
        line; among several modifiers the first of the line decides.

        Args:
            code: CPT or HCPCS code.
            modifiers: of the line, in order.
            payer: payer id.
            on: date of service.
        """
        fitting = [
            row
            for row in self._rows.get(code, ())
            if row.in_force(on) and row.payer in {"", payer or ""} and row.modifier in {"", *modifiers}
        ]
        order = {modifier: n for n, modifier in enumerate(modifiers)}
        best = min(
            fitting, key=lambda row: (not row.payer, order.get(row.modifier, len(order))), default=None
        )
        return None if best is None else best.charge


def _refuse_overlap(path: Path, rows: Sequence[ChargeRow]) -> None:
    for n, one in enumerate(rows):
        for other in rows[n + 1 :]:
            same = (one.modifier, one.payer) == (other.modifier, other.payer)
            start = max(one.effective_from or date.min, other.effective_from or date.min)
            if same and start <= min(one.effective_to or date.max, other.effective_to or date.max):
                raise TableError(f"{path.name}: {one.code} has two charges on {start}")
