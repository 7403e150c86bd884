"""Places of service: what each two-digit code means and whether it is paid as a facility."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowledge.errors import UnknownCodeError
from knowledge.tables import EDITION, edition_folder, read_csv, unique

TELEHEALTH_PLACES: Final = frozenset({"02", "10"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A CMS place of service; ``facility`` chooses the column of the physician fee schedule."""

    code: str
    name: str
    facility: bool

    @property
    def telehealth(self) -> bool:
        """Whether the place says that patient and clinician were apart."""
        return self.code in TELEHEALTH_PLACES


class PlaceTable:
    """The CMS list of assigned places of service (complete)."""

    edition: Final = EDITION

    def __init__(self, rows: Iterable[Place]) -> None:
        self._rows = {row.code: row for row in rows}

    @classmethod
    def load(cls, data_dir: Path) -> "PlaceTable":
        """Read the shipped list.

        Raises:
            TableError: the file is missing or malformed.
        """
        path = edition_folder(data_dir) / "places.csv"
        rows = read_csv(path, Place)
        unique(path, (row.code for row in rows))
        return cls(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, code: str) -> Place | None:
        """Return the place, or None where the code is not assigned."""
        return self._rows.get(code)

    def get(self, code: str) -> Place:
        """Return the place.

        Raises:
            UnknownCodeError: the code is not assigned.
        """
        found = self._rows.get(code)
        if found is None:
            raise UnknownCodeError(f"place of service {code} is not assigned")
        return found

    def facility(self, code: str | None) -> bool:
        """Whether a place is paid at the facility rate; an unknown or missing place is not."""
        found = self._rows.get(code or "")
        return found is not None and found.facility
