"""Importing the relative values of the physician fee schedule; the descriptors are dropped by the parser."""

import sqlite3
from datetime import date
from pathlib import Path
from typing import Final

from knowledge.editions import quarter_of
from knowledge.errors import TableError
from knowledge.imported import Release, write_edition
from knowledge.procedures import ProcedureTable
from knowledge.sources.fee_schedule import VALUE_COLUMNS, read_values, values_release
from knowledge.sources.opened import head_of, open_text, sha256_of

TABLE: Final = "mpfs_values"
LEAST: Final = 17_000
"""Fewest rows of a whole file (RVU26C has 19,356)."""
_AGREE: Final = 0.8


def is_values(path: Path) -> bool:
    """Whether a file is a relative value file, by its preamble.

    Raises:
        TableError: the file can not be read.
    """
    return values_release(head_of(path)[1]) is not None


def import_values(path: Path, home: Path, known: ProcedureTable, *, least: int = LEAST) -> Path:
    """Import one relative value file; it is in force from its quarter to the end of its year.

    Raises:
        TableError: not such a file, damaged, not whole, or not in agreement with the shipped procedures.
    """
    release = values_release(head_of(path)[1])
    if release is None:
        raise TableError(f"{path.name}: its preamble is not that of a relative value file")
    year, begins = release

    def fill(connection: sqlite3.Connection) -> int:
        columns = ", ".join(VALUE_COLUMNS)
        connection.execute(f"CREATE TABLE {TABLE} ({columns}, PRIMARY KEY (code, modifier)) WITHOUT ROWID")
        with open_text(path) as (name, text):
            rows = list(read_values(text, name))
        if len(rows) < least:
            raise TableError(f"{path.name}: {len(rows):,} rows, a whole file has {least:,} or more: cut off?")
        held = {row[0] for row in rows}
        asked = [code for code in known.codes if code[:4].isdigit() and known.get(code).status]
        if sum(code in held for code in asked) < _AGREE * len(asked):
            raise TableError(f"{path.name}: most shipped procedures are not in it: shuffled or made up?")
        marks = ", ".join("?" * len(VALUE_COLUMNS))
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)  # noqa: S608 - our own names
        return len(rows)

    edition = Release(
        table=TABLE,
        edition=quarter_of(begins),
        effective_from=begins,
        effective_to=date(year, 12, 31),
        source=path.name,
        sha256=sha256_of([path]),
    )
    return write_edition(home, edition, fill)
