"""Medical decision making as data: the MDM table and the E/M code families (CPT E/M guidelines 2021 and later, AMA table of MDM)."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from knowledge.errors import TableError

Level = Literal["minimal", "straightforward", "low", "moderate", "high"]
LEVELS: tuple[Level, ...] = ("minimal", "straightforward", "low", "moderate", "high")


@dataclass(frozen=True, kw_only=True, slots=True)
class MdmCategory:
    """One row of the MDM table: an item of this category carries ``level`` (data items carry a category group)."""

    element: str
    category: str
    level: str
    group: str
    meaning: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EmCode:
    """One E/M code: its family, the kind of patient, its level, the minutes from which total time carries it."""

    family: str
    patient: str
    level: str
    code: str
    minutes: int | None


class EmTable:
    """Look-ups over the two tables; pure and total."""

    def __init__(self, categories: Iterable[MdmCategory], codes: Iterable[EmCode]) -> None:
        """Keep the rows in table order."""
        self.categories = {(c.element, c.category): c for c in categories}
        self.codes = tuple(codes)

    @classmethod
    def load(cls, data_dir: Path) -> "EmTable":
        """Read em_mdm.csv and em_codes.csv.

        Raises:
            TableError: a file lacks a column or a row has a wrong level.
        """
        categories = [MdmCategory(**row) for row in _rows(data_dir / "em_mdm.csv")]
        codes = [
            EmCode(
                family=r["family"],
                patient=r["patient"],
                level=r["level"],
                code=r["code"],
                minutes=int(r["minutes"]) if r["minutes"] else None,
            )
            for r in _rows(data_dir / "em_codes.csv")
        ]
        return cls(categories, codes)

    @cached_property
    def by_code(self) -> dict[str, EmCode]:
        """E/M codes by number."""
        return {c.code: c for c in self.codes}

    def code_for(self, family: str, patient: str, level: Level) -> EmCode | None:
        """The code of a family and kind of patient that bills this level; None where the family has none."""
        return next((c for c in self._of(family, patient) if c.level == level), None)

    def code_for_minutes(self, family: str, patient: str, minutes: int) -> EmCode | None:
        """The highest code whose minimum time is met or exceeded (CPT 2024: at least)."""
        met = [c for c in self._of(family, patient) if c.minutes is not None and minutes >= c.minutes]
        return max(met, key=lambda c: c.minutes or 0, default=None)

    def _of(self, family: str, patient: str) -> list[EmCode]:
        return [c for c in self.codes if c.family == family and c.patient in {patient, "any"}]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise TableError(f"{path}:{number}: wrong number of columns")
    return rows
