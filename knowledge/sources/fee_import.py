"""Importing the relative values of the physician fee schedule; the descriptors are dropped by the parser."""

import re
import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from knowledge.editions import quarter_of
from knowledge.errors import TableError
from knowledge.imported import Release, write_edition
from knowledge.procedures import ProcedureTable
from knowledge.sources.complete import refuse_part
from knowledge.sources.fee_schedule import VALUE_COLUMNS, is_plain_values, read_values, values_release
from knowledge.sources.format import Format, Into
from knowledge.sources.opened import head_of, open_text, sha256_of

TABLE: Final = "mpfs_values"
LEAST: Final = 17_000
"""Fewest rows of a whole file (RVU26C has 19,356)."""
LEAST_PLAIN: Final = 11_000
"""Fewest rows of the comma form, which leaves out the codes that Medicare prices nowhere."""
_AGREE: Final = 0.8


def is_values(head: str) -> bool:
    """Whether a text is a relative value file, by its preamble or the names of its columns."""
    return values_release(head) is not None or is_plain_values(head)


def import_values(path: Path, home: Path, known: ProcedureTable, *, least: int | None = None) -> Path:
    """Import one relative value file; it is in force from its quarter to the end of its year.

    Raises:
        TableError: not such a file, damaged, not whole, or not in agreement with the shipped procedures.
    """
    year, begins, edition_name = _released(path)

    def fill(connection: sqlite3.Connection) -> int:
        columns = ", ".join(VALUE_COLUMNS)
        connection.execute(f"CREATE TABLE {TABLE} ({columns}, PRIMARY KEY (code, modifier)) WITHOUT ROWID")
        with open_text(path) as (name, text):
            rows = list(read_values(text, name))
        wanted = least if least is not None else LEAST_PLAIN if len(edition_name) == 4 else LEAST
        refuse_part(len(rows), wanted, path.name, what="rows")
        held = {row[0] for row in rows}
        asked = [code for code in known.codes if code[:4].isdigit() and _is_priced(known, code)]
        if sum(code in held for code in asked) < _AGREE * len(asked):
            raise TableError(f"{path.name}: most shipped procedures are not in it: shuffled or made up?")
        marks = ", ".join("?" * len(VALUE_COLUMNS))
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)  # noqa: S608 - our own names
        return len(rows)

    edition = Release(
        table=TABLE,
        edition=edition_name,
        effective_from=begins,
        effective_to=date(year, 12, 31),
        source=path.name,
        sha256=sha256_of([path]),
    )
    return write_edition(home, edition, fill)


def _is_priced(known: ProcedureTable, code: str) -> bool:
    """The comma form holds only codes that have values or the contractor prices."""
    found = known.find(code)
    return found is not None and found.status in {"A", "R", "T"} and found.total_facility > 0


def _released(path: Path) -> tuple[int, date, str]:
    """Year, first day and name of the edition: by the preamble, or by the name of the comma form."""
    name, head = head_of(path)
    release = values_release(head)
    if release is not None:
        return (*release, quarter_of(release[1]))
    year = re.search(r"20\d\d", name)
    if not is_plain_values(head) or year is None:
        raise TableError(f"{path.name}: its preamble is not that of a relative value file")
    return int(year[0]), date(int(year[0]), 1, 1), year[0]


def _load(paths: Sequence[Path], into: Into) -> Path:
    return import_values(paths[0], into.home, into.procedures)


VALUES: Final = Format(name="relative values of the physician fee schedule", told=is_values, load=_load)
