"""Importing the coverage database: the tables of one export make one edition that linkage answers from first."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from knowledge.editions import numbered_day
from knowledge.errors import TableError
from knowledge.imported import Release, write_edition
from knowledge.sources.coverage import (
    NEEDED,
    OPEN,
    Record,
    day_of,
    diagnoses_in,
    procedures_in,
    read_table,
    table_of,
)
from knowledge.sources.format import Format, Into
from knowledge.sources.opened import head_of, open_text, sha256_of

TABLE: Final = "coverage"
WHOLE: Final = 1_000
"""Fewest articles of a whole export (2,002 in 2026); a smaller one is told as partial, for single articles may be loaded."""
ICD10_BEGINS: Final = 20151001
_SCHEMA: Final = """
CREATE TABLE article (id TEXT, version INTEGER, title TEXT, first INTEGER, last INTEGER, PRIMARY KEY (id, version))
  WITHOUT ROWID;
CREATE TABLE article_contractor (id TEXT, version INTEGER, contractor TEXT, PRIMARY KEY (id, version, contractor))
  WITHOUT ROWID;
CREATE TABLE article_procedure (code TEXT, id TEXT, version INTEGER, PRIMARY KEY (code, id, version)) WITHOUT ROWID;
CREATE TABLE article_group (id TEXT, version INTEGER, kind TEXT, number TEXT, procedures TEXT, named TEXT,
  PRIMARY KEY (id, version, kind, number)) WITHOUT ROWID;
CREATE TABLE article_diagnosis (id TEXT, version INTEGER, code TEXT, kind TEXT, number TEXT, asterisk INTEGER,
  PRIMARY KEY (id, version, code, kind, number)) WITHOUT ROWID;
"""
Key = tuple[str, str]
_KINDS: Final = (("covered", "article_x_icd10_covered"), ("noncovered", "article_x_icd10_noncovered"))


def import_coverage(paths: Sequence[Path], home: Path) -> Path:
    """Import the tables of one export of the coverage database, all of them or nothing.

    Args:
        paths: its CSV files; at least the articles, their procedures, covered and not covered diagnoses.
        home: the data folder.

    Raises:
        TableError: a table is missing, given twice, cut off, or names an article that the export does not hold.
    """
    tables = _by_table(paths)
    rows = {name: _rows(path) for name, path in tables.items()}
    source = ", ".join(path.name for path in tables.values())
    articles = _articles(rows["article"])
    for name, found in rows.items():
        _known(found if name.startswith("article_") else [], articles)
    newest = max(day_of(row.cells["last_updated"], ICD10_BEGINS) for row in rows["article"])
    named = numbered_day(newest).isoformat()

    def fill(connection: sqlite3.Connection) -> int:
        connection.executescript(_SCHEMA)
        connection.executemany("INSERT INTO article VALUES (?, ?, ?, ?, ?)", articles.values())
        _fill_contractors(connection, rows.get("article_x_contractor", []), rows.get("contractor", []))
        procedures = _fill_procedures(connection, rows["article_x_hcpc_code"])
        return sum(_fill_kind(connection, kind, table, rows, procedures) for kind, table in _KINDS)

    release = Release(
        table=TABLE,
        edition=named,
        effective_from=date(2015, 10, 1),
        effective_to=None,
        source=source,
        sha256=sha256_of(list(tables.values())),
        complete=len(articles) >= WHOLE,
    )
    return write_edition(home, release, fill)


def _by_table(paths: Sequence[Path]) -> dict[str, Path]:
    out: dict[str, Path] = {}
    for path in paths:
        table = table_of(head_of(path)[1])
        if table is None:
            raise TableError(f"{path.name}: the columns are not those of the coverage database")
        if table in out:
            raise TableError(f"{path.name}: {table} is given twice; give the tables of one export")
        out[table] = path
    missing = [name for name in NEEDED if name not in out]
    if missing:
        first = paths[0].name
        raise TableError(f"{first}: {', '.join(missing)} missing; give all tables of one export together")
    return dict(sorted(out.items()))


def _rows(path: Path) -> list[Record]:
    with open_text(path) as (name, text):
        return list(read_table(text, name))


def _articles(rows: Sequence[Record]) -> dict[Key, tuple[str, int, str, int, int]]:
    out: dict[Key, tuple[str, int, str, int, int]] = {}
    if not rows:
        raise TableError("article: holds no article: cut off?")
    for row in rows:
        if row.key in out:
            raise TableError(f"{row.where}: article {row.key[0]} version {row.key[1]} occurs twice")
        try:
            first = day_of(row.cells["article_eff_date"], ICD10_BEGINS)
            last = min(
                day_of(row.cells.get(name, ""), OPEN)
                for name in ("article_end_date", "article_rev_end_date", "date_retired")
            )
        except ValueError as error:
            raise TableError(f"{row.where}: {error}") from error
        if last < first:
            raise TableError(f"{row.where}: the article ends {last} before it begins {first}")
        title = " ".join(row.cells["title"].split())
        out[row.key] = (f"A{row.key[0]}", int(row.key[1]), title, first, last)
    return out


def _known(rows: Sequence[Record], articles: dict[Key, tuple[str, int, str, int, int]]) -> None:
    stray = next((row for row in rows if row.key not in articles), None)
    if stray is not None:
        raise TableError(
            f"{stray.where}: article {stray.key[0]} version {stray.key[1]} is not in the articles: "
            "cut off, or of another export?"
        )


def _name(key: Key) -> tuple[str, int]:
    return f"A{key[0]}", int(key[1])


def _fill_contractors(
    connection: sqlite3.Connection, rows: Sequence[Record], contractors: Sequence[Record]
) -> None:
    """Keep the database's own id of a contractor, and its number where the table of contractors tells it."""
    numbers = {
        row.cells["contractor_id"].strip(): row.cells.get("contractor_number", "").strip()
        for row in contractors
    }
    values = {
        (*_name(row.key), named)
        for row in rows
        for own in [row.cells["contractor_id"].strip()]
        for named in (own, numbers.get(own, ""))
        if named
    }
    connection.executemany("INSERT INTO article_contractor VALUES (?, ?, ?)", sorted(values))


def _fill_procedures(connection: sqlite3.Connection, rows: Sequence[Record]) -> dict[Key, frozenset[str]]:
    held: defaultdict[Key, set[str]] = defaultdict(set)
    for row in rows:
        held[row.key].add(row.cells["hcpc_code_id"])
    values = sorted((code, *_name(key)) for key, codes in held.items() for code in codes)
    connection.executemany("INSERT INTO article_procedure VALUES (?, ?, ?)", values)
    return {key: frozenset(codes) for key, codes in held.items()}


def _fill_kind(
    connection: sqlite3.Connection,
    kind: str,
    table: str,
    rows: dict[str, list[Record]],
    procedures: dict[Key, frozenset[str]],
) -> int:
    column = f"icd10_{kind}_group"
    said = {(row.key, row.cells[column]): row.cells["paragraph"] for row in rows.get(f"{table}_group", [])}
    groups = {(row.key, row.cells[column]) for row in rows[table]}
    for key, number in sorted(groups):
        paragraph = said.get((key, number), "")
        codes = procedures_in(paragraph, procedures.get(key, frozenset()))
        values = (
            *_name(key),
            kind,
            number,
            " ".join(sorted(codes)),
            " ".join(sorted(diagnoses_in(paragraph))),
        )
        connection.execute("INSERT INTO article_group VALUES (?, ?, ?, ?, ?, ?)", values)
    found = {
        (*_name(row.key), row.cells["icd10_code_id"], kind, row.cells[column], _starred(row))
        for row in rows[table]
        if row.cells["range"].strip().upper() not in {"E", "EXCLUDE"}
    }
    connection.executemany("INSERT OR IGNORE INTO article_diagnosis VALUES (?, ?, ?, ?, ?, ?)", sorted(found))
    return len(found)


def _starred(row: Record) -> int:
    return int(bool(row.cells.get("asterisk", "").strip()))


def _load(paths: Sequence[Path], into: Into) -> Path:
    return import_coverage(paths, into.home)


COVERAGE: Final = Format(
    name="coverage database", told=lambda head: table_of(head) is not None, load=_load, together=True
)
