"""Importing HCPCS Level II, and the CPT file a practice has a licence for, which is kept apart."""

import re
import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from knowledge.errors import TableError
from knowledge.imported import Release, write_edition
from knowledge.procedures import ProcedureTable
from knowledge.sources.complete import refuse_part
from knowledge.sources.format import Format, Into
from knowledge.sources.hcpcs import (
    HcpcsRow,
    form_of,
    is_licensed,
    read_hcpcs,
    read_licensed,
    release_of,
)
from knowledge.sources.opened import head_of, open_text, sha256_of

TABLE: Final = "hcpcs"
LICENSED: Final = "cpt_licensed"
LEAST: Final = {TABLE: 7_500, LICENSED: 8_000}
"""Fewest codes of a whole file (HCPCS 2024 to 2026: 8,400 to 8,800; CPT has more than 10,000)."""
_AGREE: Final = 0.8
_SCHEMA: Final = """
CREATE TABLE hcpcs (code TEXT PRIMARY KEY, kind TEXT, short TEXT, long TEXT, coverage TEXT, first INTEGER, last INTEGER)
  WITHOUT ROWID;
"""
_LICENSED_SCHEMA: Final = "CREATE TABLE cpt (code TEXT PRIMARY KEY, short TEXT, long TEXT) WITHOUT ROWID;"


def import_hcpcs(path: Path, home: Path, known: ProcedureTable, *, least: int = LEAST[TABLE]) -> Path:
    """Import one HCPCS Level II file (fixed width, CSV, spreadsheet or plain list); dental codes are left out.

    Raises:
        TableError: damaged, not whole, of no known quarter, or not in agreement with the shipped procedures.
    """
    name, head = head_of(path)
    form, begins = form_of(head), release_of(name)
    if form is None:
        raise TableError(f"{name}: the columns are not those of a HCPCS file")
    if begins is None:
        raise TableError(f"{name}: its quarter is told by the file name only; keep it (HCPC2026_OCT_ANWEB)")
    with open_text(path) as (name, text):
        rows = list(read_hcpcs(text, form, name))
    codes = {row.code: row for row in rows if row.kind == "code"}
    refuse_part(len(codes), least, name, what="codes")
    _agree(known, codes, name)
    _of_its_quarter(codes, begins, name)

    def fill(connection: sqlite3.Connection) -> int:
        connection.executescript(_SCHEMA)
        values = ((r.code, r.kind, r.short, r.long, r.coverage, r.first, r.last) for r in rows)
        connection.executemany("INSERT INTO hcpcs VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return len(rows)

    return write_edition(home, Release.of_quarter(TABLE, begins, name, sha256_of([path])), fill)


def _agree(known: ProcedureTable, codes: dict[str, HcpcsRow], name: str) -> None:
    asked = [code for code in known.codes if code[0].isalpha() and not known.terminated(code)]
    held = sum(code in codes for code in asked)
    if held < _AGREE * len(asked):
        raise TableError(f"{name}: only {held:,} of {len(asked):,} known codes are in it: made up?")


def _of_its_quarter(codes: dict[str, HcpcsRow], begins: date, name: str) -> None:
    """Every quarter adds codes: the newest of a true file begins in its quarter or shortly before."""
    newest = max((row.first for row in codes.values()), default=0)
    if newest > begins.year * 10000 + (begins.month + 2) * 100 + 31 or 0 < newest < (begins.year - 1) * 10000:
        raise TableError(f"{name}: its newest code begins {newest}, its name says {begins}: mislabelled?")


def import_licensed(path: Path, home: Path, known: ProcedureTable, *, least: int = LEAST[LICENSED]) -> Path:
    """Import the CPT file of a practice's own licence (code, short, long) into a table of its own.

    The year is told by the file name (``cpt-2026.csv``).

    Raises:
        TableError: damaged, not whole, of no known year, or not in agreement with the shipped procedures.
    """
    with open_text(path) as (name, text):
        rows = list(read_licensed(text, name))
    year = next((int(part) for part in re.split(r"[-_.]", name) if re.fullmatch(r"20\d\d", part)), None)
    if year is None:
        raise TableError(f"{name}: its year is told by the file name only; call it cpt-2026.csv or alike")
    refuse_part(len(rows), least, name, what="codes")
    held = {row[0] for row in rows}
    asked = [code for code in known.codes if code[0].isdigit() and not known.terminated(code)]
    if sum(code in held for code in asked) < _AGREE * len(asked):
        raise TableError(f"{name}: most shipped procedures are not in it: made up?")

    def fill(connection: sqlite3.Connection) -> int:
        connection.executescript(_LICENSED_SCHEMA)
        connection.executemany("INSERT INTO cpt VALUES (?, ?, ?)", rows)
        return len(rows)

    return write_edition(home, Release.of_year(LICENSED, year, name, sha256_of([path])), fill)


def _load_hcpcs(paths: Sequence[Path], into: Into) -> Path:
    return import_hcpcs(paths[0], into.home, into.procedures)


def _load_licensed(paths: Sequence[Path], into: Into) -> Path:
    return import_licensed(paths[0], into.home, into.procedures)


HCPCS: Final = Format(name="HCPCS Level II", told=lambda head: form_of(head) is not None, load=_load_hcpcs)
CPT: Final = Format(name="licensed CPT file", told=is_licensed, load=_load_licensed)
