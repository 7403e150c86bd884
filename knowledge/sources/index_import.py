"""Importing the Alphabetic Index, the external-cause index, the neoplasm and drug tables, and index addenda.

One import writes one file ``home/editions/<table>/<year>.sqlite`` beside its place and renames it when every check has
passed: it is whole or not there, may be interrupted, and done twice it gives the same.
"""

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowledge.errors import TableError
from knowledge.find.entries import INSERT, SCHEMA, TABLES, cells_of, read_entries
from knowledge.imported import Release, edition_of, edition_path, write_edition
from knowledge.sources.complete import refuse_part
from knowledge.sources.index_addenda import apply, read_addenda
from knowledge.sources.index_xml import IndexFile, Kind, read_index

_LEAST: Final[dict[Kind, int]] = {"index": 70_000, "external": 7_000, "neoplasm": 1_700, "drug": 6_500}
_PLACED: Final = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexRelease:
    """What an import has written."""

    release: Release
    rows: int
    path: Path


def import_index(path: Path, home: Path, *, least: int | None = None) -> IndexRelease:
    """Import one index file (XML, told by its content) or the addenda (text) that bring the Index to their year.

    Args:
        path: the official file.
        home: the data folder.
        least: fewest entries of a whole file; None means what the official releases never fall below.

    Raises:
        TableError: the file is none of these, damaged, or not whole; or addenda without the Index of the year before.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if content.removeprefix(b"\xef\xbb\xbf")[:256].lstrip().startswith(b"<"):
        found = read_index(path)
        source = path.name
    else:
        found, source, digest = _with_addenda(path, home, digest)
    wanted = _LEAST[found.kind] if least is None else least
    refuse_part(len(found.rows), wanted, path.name, what="entries")
    return _write(found, home, source, digest)


def _with_addenda(path: Path, home: Path, digest: str) -> tuple[IndexFile, str, str]:
    addenda = read_addenda(path)
    before = str(int(addenda.version) - 1)
    base = edition_path(home, TABLES["index"], before)
    if not base.exists():
        raise TableError(
            f"{path.name}: addenda for {addenda.version} change the Index of {before}: import that one first"
        )
    applied = apply(read_entries(base), addenda)
    asked = applied.made + len(applied.unplaced)
    if applied.made < _PLACED * asked:
        raise TableError(
            f"{path.name}: only {applied.made} of {asked} changes find their place in the Index of {before}"
        )
    was = edition_of(base)
    total = hashlib.sha256(f"{was.sha256}{digest}".encode()).hexdigest()
    named = f"{was.source} + {path.name} ({applied.made} of {asked} changes)"
    return IndexFile(kind="index", version=addenda.version, rows=applied.rows), named, total


def _write(found: IndexFile, home: Path, source: str, digest: str) -> IndexRelease:
    release = Release.of_fiscal_year(TABLES[found.kind], int(found.version), source, digest)

    def fill(connection: sqlite3.Connection) -> int:
        connection.executescript(SCHEMA)
        connection.executemany(INSERT, cells_of(found.rows))
        return len(found.rows)

    return IndexRelease(release=release, rows=len(found.rows), path=write_edition(home, release, fill))
