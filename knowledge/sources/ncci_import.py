"""Importing the NCCI tables: pairs (four parts make one edition), unit limits, add-on edits.

A file is told by its content. It is refused when it is cut off, of another quarter than its name says, or
when it does not agree with what is known of the table: the shipped starter pairs, limits and add-ons.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from knowledge.editions import day_number, numbered_day
from knowledge.edits import EditTables
from knowledge.errors import TableError
from knowledge.imported import Release, write_edition
from knowledge.sources import ncci_ptp, ncci_units
from knowledge.sources.complete import refuse_part
from knowledge.sources.opened import head_of, open_text, sha256_of
from knowledge.store import Progress

LEAST: Final = {"ncci_ptp": 2_300_000, "ncci_mue": 12_000, "ncci_add_on": 6_000}
"""Fewest rows of a whole file (2024Q3 to 2026Q3 have 2.55 to 2.63 million, 15,095 and 7,743)."""
_AGREE: Final = 0.8
_PARTS: Final = 4
_STEP: Final = 200_000
_PTP: Final = """
CREATE TABLE ncci_ptp (column1 TEXT, column2 TEXT, first INTEGER, last INTEGER, indicator INTEGER,
  PRIMARY KEY (column1, column2, first, last, indicator)) WITHOUT ROWID;
CREATE TABLE ncci_ptp_code (code TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_MUE: Final = "CREATE TABLE ncci_mue (code TEXT PRIMARY KEY, mue INTEGER, mai TEXT) WITHOUT ROWID;"
_ADD_ON: Final = """
CREATE TABLE ncci_add_on (code TEXT, primary_code TEXT, kind TEXT, first INTEGER, last INTEGER,
  PRIMARY KEY (code, primary_code, first)) WITHOUT ROWID;
"""


def table_of(path: Path) -> str | None:
    """Tell by content which NCCI table a file is, or None.

    Raises:
        TableError: the file can not be read.
    """
    _, head = head_of(path)
    if ncci_ptp.form_of(head):
        return "ncci_ptp"
    if ncci_units.is_mue(head):
        return "ncci_mue"
    return "ncci_add_on" if ncci_units.is_add_on(head) else None


def import_ncci(
    paths: Sequence[Path],
    home: Path,
    known: EditTables,
    *,
    least: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Import one NCCI table from its file, or from the four files of the pairs.

    Args:
        paths: one file, or the parts f1 to f4.
        home: the data folder.
        known: the shipped edits, which a true file agrees with.
        least: fewest rows of a whole table; None means what the official releases never fall below.
        progress: called with (what, done, total).

    Returns:
        The edition's file.

    Raises:
        TableError: not an NCCI practitioner table, damaged, not whole, mislabelled or made up.
    """
    tables = {table_of(path) for path in paths}
    table = tables.pop() if len(tables) == 1 else None
    if table is None:
        names = ", ".join(path.name for path in paths)
        raise TableError(f"{names}: not the file or the four parts of one NCCI practitioner table")
    wanted = LEAST[table] if least is None else least
    tell = progress or (lambda _what, _done, _total: None)
    if table == "ncci_ptp":
        return _import_pairs(paths, home, known, wanted, tell)
    if len(paths) != 1:
        raise TableError(f"{paths[0].name}: {table} is one file, {len(paths)} are given")
    return _import_one(table, paths[0], home, known, wanted)


def _release(table: str, paths: Sequence[Path], begins: date) -> Release:
    return Release.of_quarter(table, begins, ", ".join(path.name for path in paths), sha256_of(list(paths)))


def _import_pairs(paths: Sequence[Path], home: Path, known: EditTables, least: int, tell: Progress) -> Path:
    heads = [head_of(path) for path in paths]
    begins = _one_quarter([name for name, _ in heads], paths[0].name)
    official = ncci_ptp.form_of(heads[0][1]) == "official"
    if official:
        _all_parts([name for name, _ in heads])
    elif len(paths) != 1:
        raise TableError(f"{paths[0].name}: pairs in comma form are one file, {len(paths)} are given")

    def fill(connection: sqlite3.Connection) -> int:
        connection.executescript("PRAGMA cache_size = -200000;" + _PTP)
        seen = _Seen(begins=begins, least=least, tell=tell)
        rows = seen.passing(_pairs(paths))
        connection.executemany("INSERT OR IGNORE INTO ncci_ptp VALUES (?, ?, ?, ?, ?)", rows)
        connection.executemany(
            "INSERT INTO ncci_ptp_code VALUES (?)", ((code,) for code in sorted(seen.active))
        )
        distinct = int(connection.execute("SELECT count(*) FROM ncci_ptp").fetchone()[0])
        refuse_part(distinct, least, paths[0].name, what="rows", whole="table")
        _few_repeats(seen.rows - distinct, seen.rows, paths[0].name)
        if official:
            _of_its_quarter(seen.newest, begins, paths[0].name)
        _pairs_agree(connection, known, paths[0].name)
        return seen.rows

    return write_edition(home, _release("ncci_ptp", paths, begins), fill)


def _one_quarter(names: list[str], shown: str) -> date:
    if any(word in name.lower() for name in names for word in ("ccioph", "hospital", "outpatient")):
        raise TableError(f"{shown}: is the hospital table by its name; the practitioner table is wanted")
    quarters = {ncci_ptp.quarter_of(name) for name in names}
    begins = quarters.pop() if len(quarters) == 1 else None
    if begins is None:
        raise TableError(
            f"{shown}: the quarter is told by the file name only (as in ccipra-v323r0-f1.TXT); "
            "keep the official names, of one quarter"
        )
    return begins


def _all_parts(names: list[str]) -> None:
    given = sorted(part for name in names if (part := ncci_ptp.part_of(name)))
    missing = [f"f{part}" for part in range(1, _PARTS + 1) if part not in given]
    if missing:
        raise TableError(f"{names[0]}: parts {', '.join(missing)} are missing; give f1 to f4 together")
    if len(given) != _PARTS:
        raise TableError(f"{names[0]}: {len(given)} parts are given, expected f1 to f4 once each")


def _pairs(paths: Sequence[Path]) -> Iterator[ncci_ptp.PtpTuple]:
    for path in paths:
        form = ncci_ptp.form_of(head_of(path)[1])
        with open_text(path) as (name, text):
            if form is None:
                raise TableError(f"{name}: the heading is not that of NCCI pairs")
            yield from ncci_ptp.read_pairs(text, form, name)


class _Seen:
    """What passes on the way into the table: how many rows, the codes in force, the newest first day."""

    def __init__(self, *, begins: date, least: int, tell: Progress) -> None:
        self.rows = 0
        self.newest = 0
        self.active: set[str] = set()
        self._since = day_number(begins)
        self._least = least
        self._tell = tell

    def passing(self, rows: Iterator[ncci_ptp.PtpTuple]) -> Iterator[ncci_ptp.PtpTuple]:
        for row in rows:
            if row[3] >= self._since and row[4] < 9:
                self.active.add(row[0])
                self.active.add(row[1])
            self.newest = max(self.newest, row[2])
            if not self.rows % _STEP:
                self._tell("NCCI pairs", self.rows, max(self.rows, self._least))
            self.rows += 1
            yield row


def _few_repeats(repeats: int, rows: int, name: str) -> None:
    """A pair may stand there once for each of two reasons (88108/88162 in 2024Q3), hardly ever."""
    if repeats > rows // 1000:
        raise TableError(f"{name}: {repeats:,} of {rows:,} rows repeat others: padded or pasted together?")


def _insert(
    connection: sqlite3.Connection, statement: str, rows: Iterator[tuple[object, ...]], name: str
) -> None:
    try:
        connection.executemany(statement, rows)
    except sqlite3.IntegrityError as error:
        raise TableError(f"{name}: a row occurs twice ({error})") from error


def _of_its_quarter(newest: int, begins: date, name: str) -> None:
    """Every quarter brings new edits; the newest of a true file begin in its quarter or the one before."""
    last = numbered_day(newest)
    if not begins - timedelta(days=100) <= last < begins + timedelta(days=93):
        raise TableError(f"{name}: its newest edit begins {last}, its name says {begins}: mislabelled?")


def _agree(right: int, asked: int, name: str, what: str) -> None:
    if right < _AGREE * asked:
        raise TableError(f"{name}: only {right:,} of {asked:,} {what} are as known: shuffled or made up?")


def _pairs_agree(connection: sqlite3.Connection, known: EditTables, name: str) -> None:
    query = "SELECT count(*) FROM ncci_ptp WHERE column1 = ? AND column2 = ?"
    pairs = known.starter_pairs()
    right = 0
    with closing(connection.cursor()) as cursor:
        for pair in pairs:
            right += bool(cursor.execute(query, pair).fetchone()[0])
    _agree(right, len(pairs), name, "known pairs")


def _import_one(table: str, path: Path, home: Path, known: EditTables, least: int) -> Path:
    with open_text(path) as (name, text):
        begins = ncci_units.mue_date(name) if table == "ncci_mue" else ncci_ptp.quarter_of(name)
        if begins is None:
            raise TableError(f"{name}: its date is told by the file name only; keep the official name")

        def fill(connection: sqlite3.Connection) -> int:
            if table == "ncci_mue":
                return _fill_mue(connection, ncci_units.read_mue(text, name), known, least, name)
            return _fill_add_ons(connection, ncci_units.read_add_ons(text, name), known, least, name)

        return write_edition(home, _release(table, [path], begins), fill)


def _fill_mue(
    connection: sqlite3.Connection,
    rows: Iterator[ncci_units.MueTuple],
    known: EditTables,
    least: int,
    name: str,
) -> int:
    connection.execute(_MUE)
    found = {row[0]: row for row in rows}
    refuse_part(len(found), least, name, what="rows", whole="table")
    same = [found.get(row.code, ("", -1, ""))[1] == row.mue for row in known.starter_limits()]
    _agree(sum(same), len(same), name, "known limits")
    connection.executemany("INSERT INTO ncci_mue VALUES (?, ?, ?)", found.values())
    return len(found)


def _fill_add_ons(
    connection: sqlite3.Connection,
    rows: Iterator[ncci_units.AddOnTuple],
    known: EditTables,
    least: int,
    name: str,
) -> int:
    connection.execute(_ADD_ON)
    found = list(rows)
    refuse_part(len(found), least, name, what="rows", whole="table")
    held = {(row[0], row[1]) for row in found}
    same = [(row.code, p) in held for row in known.starter_add_ons() for p in row.primaries]
    _agree(sum(same), len(same), name, "known add-on pairs")
    _insert(connection, "INSERT INTO ncci_add_on VALUES (?, ?, ?, ?, ?)", iter(found), name)
    return len(found)
