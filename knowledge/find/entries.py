"""Imported indexes as they lie on disk: one SQLite file per table and edition, one row per entry.

A file is ``home/editions/<table>/<edition>.sqlite``; it is whole or it is not there (written beside, then renamed).
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from knowledge.sources.index_xml import IndexRow, Kind

TABLES: Final[dict[Kind, str]] = {
    "index": "icd10cm_index",
    "external": "icd10cm_external_cause_index",
    "neoplasm": "icd10cm_neoplasm",
    "drug": "icd10cm_drug",
}
SCHEMA: Final = """
CREATE TABLE entry (
  number INTEGER PRIMARY KEY, level INTEGER NOT NULL, path TEXT NOT NULL, code TEXT NOT NULL,
  manifestation TEXT NOT NULL, see TEXT NOT NULL, see_also TEXT NOT NULL, cells TEXT NOT NULL);
"""
INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def cells_of(rows: Iterable[IndexRow]) -> Iterator[tuple[int, int, str, str, str, str, str, str]]:
    """Entries as the cells of their table."""
    for row in rows:
        path, cells = json.dumps(row.path, ensure_ascii=False), json.dumps(row.cells)
        yield row.number, row.level, path, row.code, row.manifestation, row.see, row.see_also, cells


def read_entries(path: Path) -> list[IndexRow]:
    """Read the entries of an imported index, in the order of its file."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        query = (
            "SELECT number, level, path, code, manifestation, see, see_also, cells FROM entry ORDER BY number"
        )
        return [
            IndexRow(
                number=number,
                level=level,
                path=tuple(json.loads(titles)),
                code=code,
                manifestation=manifestation,
                see=see,
                see_also=see_also,
                cells=tuple(json.loads(cells)),
            )
            for number, level, titles, code, manifestation, see, see_also, cells in connection.execute(query)
        ]


def imported(home: Path, kind: Kind, year: str) -> Path | None:
    """The imported edition of an index that serves a fiscal year: that year's, else the latest before it.

    Codes of an older Index are still confirmed in the tabular list of the year asked for.
    """
    files = sorted((home / "editions" / TABLES[kind]).glob("20[0-9][0-9]*.sqlite"))
    fitting = [path for path in files if path.stem[:4] <= year]
    return fitting[-1] if fitting else None
