"""Imported editions: one read-only SQLite file each, ``home/editions/<table>/<edition>.sqlite``, opened when asked.

A file is written beside its place and renamed when every check has passed, so a file that is there is whole.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Self

from knowledge.editions import distance, fiscal_year, quarter_end, quarter_of
from knowledge.records import Edition
from knowledge.store import Store
from knowledge.whole import written_whole

RELEASE: Final = """
CREATE TABLE release (
  "table" TEXT NOT NULL, edition TEXT NOT NULL, effective_from TEXT NOT NULL, effective_to TEXT,
  rows INTEGER NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, complete INTEGER NOT NULL);
"""
PICKED: Final = (
    "ncci_ptp", "ncci_mue", "ncci_add_on", "mpfs_values",
    "gpci", "localities", "hcpcs", "cpt_licensed", "coverage", "icd10cm_guidelines",
    "icd10cm_index", "icd10cm_external_cause_index", "icd10cm_neoplasm", "icd10cm_drug",
)  # fmt: skip
LICENCE: Final = "as the imported official file says; code numbers of CPT are the AMA's"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What an imported file is; ``rows`` is counted while it is written. Part of a table is not ``complete``."""

    table: str
    edition: str
    effective_from: date
    effective_to: date | None
    source: str
    sha256: str
    complete: bool = True

    @classmethod
    def of_year(cls, table: str, year: int, source: str, sha256: str) -> Self:
        """A release in force for a calendar year, named after it."""
        return cls(
            table=table, edition=str(year), effective_from=date(year, 1, 1), effective_to=date(year, 12, 31),
            source=source, sha256=sha256,
        )  # fmt: skip

    @classmethod
    def of_fiscal_year(cls, table: str, year: int, source: str, sha256: str) -> Self:
        """A release in force for a US fiscal year, named after it."""
        begins, ends = fiscal_year(year)
        return cls(
            table=table, edition=str(year), effective_from=begins, effective_to=ends, source=source, sha256=sha256
        )  # fmt: skip

    @classmethod
    def of_quarter(cls, table: str, begins: date, source: str, sha256: str) -> Self:
        """A release in force from a day to the end of its calendar quarter, named after that."""
        return cls(
            table=table, edition=quarter_of(begins), effective_from=begins, effective_to=quarter_end(begins),
            source=source, sha256=sha256,
        )  # fmt: skip


class ImportedTables:
    """The imported editions in a data folder; a table's folder is looked at when it is first asked for."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._found = cache(self._read)
        self._open = cache(Store)
        self.pick = lru_cache(maxsize=4096)(self._pick)

    def editions(self, table: str) -> tuple[Edition, ...]:
        """List the imported editions of a table, oldest first."""
        return tuple(edition for edition, _ in self._found(table))

    def complete(self) -> tuple[Edition, ...]:
        """List all imported editions but those of the tabular list, which the list itself names."""
        return tuple(edition for table in PICKED for edition in self.editions(table))

    def store(self, table: str, edition: str) -> Store | None:
        """Open a named imported edition; None where it is not imported."""
        return next((self._open(path) for e, path in self._found(table) if e.edition == edition), None)

    def _read(self, table: str) -> tuple[tuple[Edition, Path], ...]:
        paths = list((self._home / "editions" / table).glob("[!.]*.sqlite"))
        return tuple(sorted(((edition_of(p), p) for p in paths), key=lambda pair: pair[0].effective_from))

    def _pick(self, table: str, on: date | None) -> tuple[str, Store] | None:
        """Return name and rows of the edition that answers, or None where none is imported.

        That is the one in force on the date (the newest where None), else the nearest: ``Editions.choose`` tells
        that it is not in force.
        """
        found = self._found(table)
        if not found:
            return None
        edition, path = found[-1]
        if on is not None:
            edition, path = min(reversed(found), key=lambda pair: distance(pair[0], on))
        return edition.edition, self._open(path)


def edition_path(home: Path, table: str, edition: str) -> Path:
    """Where an imported edition is kept."""
    return home / "editions" / table / f"{edition}.sqlite"


def edition_of(path: Path) -> Edition:
    """What an imported edition's own file says it is."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute(
            'SELECT "table", edition, effective_from, effective_to, rows, source, sha256, complete FROM release'
        ).fetchone()
    names = ("table", "edition", "effective_from", "effective_to", "rows", "source", "sha256", "complete")
    return Edition.model_validate({**dict(zip(names, row, strict=True)), "licence": LICENCE})


def write_edition(home: Path, release: Release, fill: Callable[[sqlite3.Connection], int]) -> Path:
    """Write one edition: all of it or nothing; the same file imported twice gives the same edition.

    Args:
        home: the data folder.
        release: what is written.
        fill: makes the tables, writes and checks them, and returns the number of rows; an error it raises
            leaves the folder as it was.
    """
    target = edition_path(home, release.table, release.edition)
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as temporary, closing(sqlite3.connect(temporary)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + RELEASE)
        rows = fill(connection)
        ends = release.effective_to.isoformat() if release.effective_to else None
        connection.execute(
            "INSERT INTO release VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (release.table, release.edition, release.effective_from.isoformat(), ends, rows,
             release.source, release.sha256, release.complete),
        )  # fmt: skip
        connection.commit()
    return target
