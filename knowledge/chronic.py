"""Which diagnosis codes are chronic conditions, for the problems of medical decision making."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from knowledge.tables import edition_folder, read_csv, unique


@dataclass(frozen=True, kw_only=True, slots=True)
class ChronicRow:
    """A code or the beginning of codes, and whether the conditions there are chronic."""

    code: str
    chronic: bool


class ChronicTable:
    """The AHRQ chronic condition indicator (refined) as beginnings of codes; the longest that fits decides."""

    def __init__(self, rows: Iterable[ChronicRow]) -> None:
        self._rows = {row.code.replace(".", ""): row.chronic for row in rows}

    @classmethod
    def load(cls, data_dir: Path) -> "ChronicTable":
        """Read chronic.csv.

        Raises:
            TableError: the table is malformed or names a code twice.
        """
        path = edition_folder(data_dir) / "chronic.csv"
        rows = read_csv(path, ChronicRow)
        unique(path, (row.code for row in rows))
        return cls(rows)

    def is_chronic(self, code: str) -> bool:
        """Tell whether a code is a condition expected to last a year or more; False where the table is silent."""
        bare = code.replace(".", "")
        found = (self._rows[bare[:n]] for n in range(len(bare), 2, -1) if bare[:n] in self._rows)
        return next(found, False)
