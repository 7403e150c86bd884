"""NCCI look-ups: procedure pairs, units per day, add-on codes; each answer names its edition and row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

from knowledge.errors import TableError
from knowledge.records import Source
from knowledge.tables import edition_folder, read_csv, unique

PTP_EDITION: Final = "2024Q3 starter"
MUE_EDITION: Final = "2026Q2 starter"
ADD_ON_EDITION: Final = "2026Q3 starter"


@dataclass(frozen=True, kw_only=True, slots=True)
class PtpRow:
    """A pair edit: the same provider is not paid for ``column2`` beside ``column1`` on that day.

    ``modifier_indicator`` 0: never; 1: a modifier that says why (anatomic, 25, 59, X, 58, 78, 79 ...) may
    allow both (NCCI policy manual, chapter 1, section E).
    """

    column1: str
    column2: str
    modifier_indicator: Literal["0", "1"]

    @property
    def source(self) -> Source:
        """Table, edition and row."""
        return Source(table="ncci_ptp", edition=PTP_EDITION, row=f"{self.column1}/{self.column2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class MueRow:
    """Most units of a code for one patient and provider on one day.

    ``mai`` 1: judged line by line, 2: by day, absolute (law or code meaning), 3: by day, clinical (more can
    be shown to be needed).
    """

    code: str
    mue: int
    mai: Literal["1", "2", "3"]

    @property
    def source(self) -> Source:
        """Table, edition and row."""
        return Source(table="ncci_mue", edition=MUE_EDITION, row=self.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddOnRow:
    """An add-on code and the primary codes it belongs to.

    ``kind`` 1: only the listed primaries; 2: the contractor decides; 3: some are listed, the contractor may
    take others. ``CCCCC`` stands for the contractor's own list.
    """

    code: str
    kind: Literal["1", "2", "3"]
    primaries: tuple[str, ...]

    @property
    def source(self) -> Source:
        """Table, edition and row."""
        return Source(table="ncci_add_on", edition=ADD_ON_EDITION, row=self.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class _PtpGroup:
    column1: str
    indicator: str
    column2: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Covered:
    code: str


class EditTables:
    """The loaded edits. They are partial: ask ``covers`` before reading "no row" as "no edit" (law 4)."""

    def __init__(
        self,
        pairs: Mapping[str, tuple[str, str]],
        covered: Iterable[str],
        mue: Iterable[MueRow] = (),
        add_ons: Iterable[AddOnRow] = (),
    ) -> None:
        self._pairs = dict(pairs)
        self._covered = frozenset(covered)
        self._mue = {row.code: row for row in mue}
        self._add_ons = {row.code: row for row in add_ons}

    @classmethod
    def load(cls, data_dir: Path) -> "EditTables":
        """Read the shipped edits.

        Raises:
            TableError: a file is missing or malformed.
        """
        folder = edition_folder(data_dir)
        mue = read_csv(folder / "mue.csv", MueRow)
        unique(folder / "mue.csv", (row.code for row in mue))
        covered = (row.code for row in read_csv(folder / "ptp_covered.csv", _Covered))
        return cls(_read_pairs(folder / "ptp.csv"), covered, mue, read_csv(folder / "add_ons.csv", AddOnRow))

    def covers(self, code: str) -> bool:
        """Whether the pair edits know the code; where not, no answer about pairs can be given."""
        return code in self._covered

    def ptp(self, column1: str, column2: str, on: date | None = None) -> PtpRow | None:
        """Return the edit with these columns, or None; the starter holds one edition, whatever ``on`` is."""
        never, may = self._pairs.get(column1, ("", ""))
        if f"|{column2}|" in never:
            return PtpRow(column1=column1, column2=column2, modifier_indicator="0")
        if f"|{column2}|" in may:
            return PtpRow(column1=column1, column2=column2, modifier_indicator="1")
        return None

    def ptp_between(self, a: str, b: str, on: date | None = None) -> PtpRow | None:
        """Return the edit between two codes in either direction; the row says which one is column 1."""
        return self.ptp(a, b, on) or self.ptp(b, a, on)

    def mue(self, code: str) -> MueRow | None:
        """Return the unit limit, or None where the table has none (some limits are not published)."""
        return self._mue.get(code)

    def add_on(self, code: str) -> AddOnRow | None:
        """Return the add-on row of a code, or None where the table does not list it as an add-on."""
        return self._add_ons.get(code)

    def add_on_primaries(self, code: str) -> tuple[str, ...] | None:
        """Return the primary codes of an add-on code, or None where it is none."""
        row = self._add_ons.get(code)
        return None if row is None else row.primaries


def _read_pairs(path: Path) -> dict[str, tuple[str, str]]:
    """Keep the second columns as one text per first column: 65,000 pairs then take under a megabyte."""
    pairs: dict[str, tuple[str, str]] = {}
    for group in read_csv(path, _PtpGroup):
        never, may = pairs.get(group.column1, ("", ""))
        text = f"|{group.column2}|"
        if group.indicator not in {"0", "1"} or len(text) % 6 != 1:
            raise TableError(f"{path.name}: {group.column1} has a malformed group")
        pairs[group.column1] = (text, may) if group.indicator == "0" else (never, text)
    return pairs
