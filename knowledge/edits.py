"""NCCI look-ups: procedure pairs, units per day, add-on codes; each answer names its edition and row.

An imported edition in force on the date answers alone; the shipped starter answers where none is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from knowledge.editions import day_number
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
    edition: str = PTP_EDITION

    @property
    def source(self) -> Source:
        """Table, edition and row."""
        return Source(table="ncci_ptp", edition=self.edition, row=f"{self.column1}/{self.column2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class MueRow:
    """Most units of a code for one patient and provider on one day.

    ``mai`` 1: judged line by line, 2: by day, absolute (law or code meaning), 3: by day, clinical (more can
    be shown to be needed).
    """

    code: str
    mue: int
    mai: Literal["1", "2", "3"]
    edition: str = MUE_EDITION

    @property
    def source(self) -> Source:
        """Table, edition and row."""
        return Source(table="ncci_mue", edition=self.edition, row=self.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddOnRow:
    """An add-on code and the primary codes it belongs to.

    ``kind`` 1: only the listed primaries; 2: the contractor decides; 3: some are listed, the contractor may
    take others. ``CCCCC`` stands for the contractor's own list.
    """

    code: str
    kind: Literal["1", "2", "3"]
    primaries: tuple[str, ...]
    edition: str = ADD_ON_EDITION

    @property
    def source(self) -> Source:
        """Table, edition and row."""
        return Source(table="ncci_add_on", edition=self.edition, row=self.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class _PtpGroup:
    column1: str
    indicator: str
    column2: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Covered:
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mue:
    code: str
    mue: int
    mai: Literal["1", "2", "3"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _AddOn:
    code: str
    kind: Literal["1", "2", "3"]
    primaries: tuple[str, ...]


class Rows(Protocol):
    """An imported edition: one read-only SQLite file."""

    def rows(self, query: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one query and return all its rows."""


Pick = Callable[[str, date | None], tuple[str, Rows] | None]
"""(table, date or None for the newest) -> name and rows of the imported edition that answers, or None."""


def nothing_imported(_table: str, _on: date | None) -> None:
    """No imported edition answers."""
    return


class EditTables:
    """The loaded edits. A starter is partial: ask ``covers`` before reading "no row" as "no edit" (law 4)."""

    def __init__(
        self,
        pairs: Mapping[str, tuple[str, str]],
        covered: Iterable[str],
        mue: Iterable[MueRow] = (),
        add_ons: Iterable[AddOnRow] = (),
        pick: Pick = nothing_imported,
    ) -> None:
        self._pairs = dict(pairs)
        self._covered = frozenset(covered)
        self._mue = {row.code: row for row in mue}
        self._add_ons = {row.code: row for row in add_ons}
        self._pick = pick

    @classmethod
    def load(cls, data_dir: Path, pick: Pick = nothing_imported) -> "EditTables":
        """Read the shipped edits; ``pick`` finds the imported editions that answer before them.

        Raises:
            TableError: a file is missing or malformed.
        """
        folder = edition_folder(data_dir)
        mue = [MueRow(code=m.code, mue=m.mue, mai=m.mai) for m in read_csv(folder / "mue.csv", _Mue)]
        unique(folder / "mue.csv", (row.code for row in mue))
        covered = (row.code for row in read_csv(folder / "ptp_covered.csv", _Covered))
        add_ons = (
            AddOnRow(code=a.code, kind=a.kind, primaries=a.primaries)
            for a in read_csv(folder / "add_ons.csv", _AddOn)
        )
        return cls(_read_pairs(folder / "ptp.csv"), covered, mue, add_ons, pick)

    def starter_pairs(self) -> tuple[tuple[str, str], ...]:
        """All shipped pairs, column 1 first: a true imported table agrees with them."""
        return tuple(
            (column1, column2)
            for column1, texts in self._pairs.items()
            for text in texts
            for column2 in text.split("|")
            if column2
        )

    def starter_limits(self) -> tuple[MueRow, ...]:
        """All shipped unit limits."""
        return tuple(self._mue.values())

    def starter_add_ons(self) -> tuple[AddOnRow, ...]:
        """All shipped add-on rows."""
        return tuple(self._add_ons.values())

    def covers(self, code: str, on: date | None = None) -> bool:
        """Whether the pair edits know the code; where not, no answer about pairs can be given.

        The imported edition that answers knows every code of its rows in force at its release or later.
        """
        imported = self._pick("ncci_ptp", on)
        if imported is None:
            return code in self._covered
        return bool(imported[1].rows("SELECT 1 FROM ncci_ptp_code WHERE code = ?", (code,)))

    def ptp(self, column1: str, column2: str, on: date | None = None) -> PtpRow | None:
        """Return the edit with these columns that is in force on the date (the newest where None), or None."""
        imported = self._pick("ncci_ptp", on)
        if imported is not None:
            return _imported_pair(imported, column1, column2, on)
        never, may = self._pairs.get(column1, ("", ""))
        if f"|{column2}|" in never:
            return PtpRow(column1=column1, column2=column2, modifier_indicator="0")
        if f"|{column2}|" in may:
            return PtpRow(column1=column1, column2=column2, modifier_indicator="1")
        return None

    def ptp_between(self, a: str, b: str, on: date | None = None) -> PtpRow | None:
        """Return the edit between two codes in either direction; the row says which one is column 1."""
        return self.ptp(a, b, on) or self.ptp(b, a, on)

    def mue(self, code: str, on: date | None = None) -> MueRow | None:
        """Return the unit limit, or None where the table has none (some limits are not published)."""
        imported = self._pick("ncci_mue", on)
        if imported is None:
            return self._mue.get(code)
        edition, table = imported
        found = table.rows("SELECT mue, mai FROM ncci_mue WHERE code = ?", (code,))
        return MueRow(code=code, mue=found[0][0], mai=found[0][1], edition=edition) if found else None

    def add_on(self, code: str, on: date | None = None) -> AddOnRow | None:
        """Return the add-on row of a code, or None where the table does not list it as an add-on."""
        imported = self._pick("ncci_add_on", on)
        if imported is None:
            return self._add_ons.get(code)
        edition, table = imported
        found = table.rows(
            "SELECT kind, primary_code FROM ncci_add_on WHERE code = ? AND ? BETWEEN first AND last"
            " ORDER BY primary_code",
            (code, day_number(on)),
        )
        if not found:
            return None
        return AddOnRow(code=code, kind=found[0][0], primaries=tuple(r[1] for r in found), edition=edition)

    def add_on_primaries(self, code: str, on: date | None = None) -> tuple[str, ...] | None:
        """Return the primary codes of an add-on code, or None where it is none."""
        row = self.add_on(code, on)
        return None if row is None else row.primaries


def _imported_pair(imported: tuple[str, Rows], column1: str, column2: str, on: date | None) -> PtpRow | None:
    """A pair may recur with other dates, indicator 9 marks an edit that never applied.

    Where first days are not told (0), the row that ends first among those not ended by the date is its.
    """
    edition, table = imported
    found = table.rows(
        "SELECT indicator FROM ncci_ptp WHERE column1 = ? AND column2 = ? AND ? BETWEEN first AND last"
        " AND indicator < 9 ORDER BY first DESC, last LIMIT 1",
        (column1, column2, day_number(on)),
    )
    if not found:
        return None
    indicator: Literal["0", "1"] = "1" if found[0][0] else "0"
    return PtpRow(column1=column1, column2=column2, modifier_indicator=indicator, edition=edition)


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
