"""Date of service -> edition of each table, with source, licence, checksum and dates (law 1)."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from knowledge.errors import EditionError, TableError
from knowledge.records import Edition


def fiscal_year(year: int) -> tuple[date, date]:
    """First and last day of a US fiscal year, in which an edition of ICD-10-CM is in force (guidelines, title page)."""
    return date(year - 1, 10, 1), date(year, 9, 30)


def quarter_end(day: date) -> date:
    """The last day of the calendar quarter of a day: the next release takes over then."""
    month = (day.month + 2) // 3 * 3
    return (date(day.year, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def quarter_of(day: date) -> str:
    """The name of a calendar quarter, by which CMS releases edits and relative values: ``2026Q3``."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def day_number(on: date | None) -> int:
    """A date as YYYYMMDD; without one, the last day of rows that have no end."""
    return 99991231 if on is None else on.year * 10000 + on.month * 100 + on.day


def numbered_day(number: int) -> date:
    """The date of a number YYYYMMDD.

    Raises:
        ValueError: there is no such day.
    """
    return date(number // 10000, number // 100 % 100, number % 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class EditionChoice:
    """The edition that answers for a date; ``mismatch`` when none is in force and the nearest one answers."""

    edition: Edition
    mismatch: bool


class Editions:
    """All loaded editions of all tables."""

    def __init__(self, editions: Iterable[Edition]) -> None:
        self._by_table: dict[str, tuple[Edition, ...]] = {}
        for edition in sorted(editions, key=lambda e: (e.table, e.effective_from, e.edition)):
            self._by_table[edition.table] = (*self._by_table.get(edition.table, ()), edition)
        self.choose = lru_cache(maxsize=4096)(self._choose)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the loaded tables."""
        return tuple(self._by_table)

    def all(self, table: str | None = None) -> tuple[Edition, ...]:
        """List the editions of one table, oldest first, or of all tables."""
        if table is not None:
            return self._by_table.get(table, ())
        return tuple(edition for editions in self._by_table.values() for edition in editions)

    def newest(self, table: str) -> Edition:
        """Return the latest edition of a table.

        Raises:
            EditionError: no edition of the table is loaded.
        """
        editions = self.all(table)
        if not editions:
            raise EditionError(f"no edition of {table} is loaded")
        return editions[-1]

    def _choose(self, table: str, on: date) -> EditionChoice:
        """Return the edition of ``table`` that answers for a date of service.

        Where whole editions are loaded, starters do not count. The edition in force answers, the latest of several.
        Where none is, the nearest one does, marked ``mismatch``: the encounter is then held and the import named (law 1).

        Raises:
            EditionError: no edition of the table is loaded at all.
        """
        self.newest(table)
        loaded = [e for e in self.all(table) if e.complete] or list(self.all(table))
        best = min(reversed(loaded), key=lambda e: distance(e, on))
        return EditionChoice(edition=best, mismatch=distance(best, on) > 0)


def distance(edition: Edition, on: date) -> int:
    """Days between a date and the span of an edition; 0 inside it."""
    if on < edition.effective_from:
        return (edition.effective_from - on).days
    if edition.effective_to is not None and on > edition.effective_to:
        return (on - edition.effective_to).days
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One ``[[table]]`` of a manifest."""

    table: str
    edition: str
    file: str
    effective_from: date
    source: str
    licence: str
    effective_to: date | None = None
    complete: bool = False


def read_manifest(path: Path) -> tuple[Edition, ...]:
    """Read the manifest of shipped tables; rows and checksum are counted from the file each entry names.

    Raises:
        TableError: the manifest is not TOML, an entry lacks a field or has an unknown one, or a file is
            missing.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("table", [])
        return tuple(_edition(_Entry(**entry), path.parent) for entry in entries)
    except (tomllib.TOMLDecodeError, ValidationError, TypeError, FileNotFoundError) as error:
        raise TableError(f"{path.name}: {error}") from error


def _edition(entry: _Entry, folder: Path) -> Edition:
    content = (folder / entry.file).read_bytes()
    lines = [line for line in content.splitlines() if line.strip() and not line.startswith(b"#")]
    return Edition(
        table=entry.table,
        edition=entry.edition,
        effective_from=entry.effective_from,
        effective_to=entry.effective_to,
        rows=len(lines) - 1,
        complete=entry.complete,
        source=entry.source,
        sha256=sha256(content).hexdigest(),
        licence=entry.licence,
    )
