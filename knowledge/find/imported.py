"""The search terms of the imported indexes: built once per set of imported files, kept beside the store."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from knowledge.find import entries, index, walk
from knowledge.find.index import Rarity, Term, write_terms
from knowledge.find.words import SEARCH_DATA, tokens
from knowledge.sources.index_xml import IndexRow, Kind
from knowledge.store import Store
from knowledge.whole import written_whole

KINDS: Final[tuple[Kind, ...]] = ("index", "external", "neoplasm", "drug")
_WORDED: Final[tuple[Kind, ...]] = ("index", "external")


class Imported:
    """The files in force for one fiscal year, and the search store made of them (None where nothing is imported)."""

    def __init__(self, home: Path, base: Store, year: str) -> None:
        self._home = home
        self._base = base
        self._year = year
        found = {kind: entries.imported(home, kind, year) for kind in KINDS}
        self.files = {kind: path for kind, path in found.items() if path is not None}

    def store(self) -> Store | None:
        """Open the search store, building it where it is missing; a build is whole or not there at all."""
        if not self.files:
            return None
        path = self._home / f"{self._base.path.stem}.find-{self._digest()}.sqlite"
        if not path.exists():
            with written_whole(path) as temporary, closing(sqlite3.connect(temporary)) as connection:
                self._build(connection)
                connection.commit()
        return Store(path)

    def _digest(self) -> str:
        """A name for this set of files and for the code that turns them into terms."""
        total = hashlib.sha256(self._year.encode())
        for kind, path in self.files.items():
            stat = path.stat()
            total.update(f"{kind} {path.name} {stat.st_size} {stat.st_mtime_ns}".encode())
        for module in (__file__, entries.__file__, walk.__file__, index.__file__):
            total.update(Path(module).read_bytes())
        for table in sorted(SEARCH_DATA.glob("*.csv")):
            total.update(table.read_bytes())
        return total.hexdigest()[:16]

    def _build(self, connection: sqlite3.Connection) -> None:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + index.SCHEMA)
        query = "SELECT stem, length(terms) / 4 FROM icd_posting WHERE edition = ?"
        counts = dict(self._base.rows(query, (self._year,)))
        total = (
            len(self._base.rows("SELECT weights FROM icd_weight WHERE edition = ?", (self._year,))[0][0]) // 4
        )
        write_terms(connection, self._worded(), self._year, Rarity(counts, total))
        for kind in ("neoplasm", "drug"):
            if kind in self.files:
                write_terms(connection, _named(entries.read_entries(self.files[kind])), kind)

    def _worded(self) -> Iterator[Term]:
        """Phrases of the indexes of words whose codes the tabular list of the year holds."""
        valid = {
            code for (code,) in self._base.rows("SELECT code FROM icd_code WHERE edition = ?", (self._year,))
        }
        for kind in _WORDED:
            if kind in self.files:
                for phrase in walk.Walker(entries.read_entries(self.files[kind])).phrases():
                    if phrase.code in valid:
                        yield Term(phrase.code, "index", phrase.path, tokens(phrase.words))


def _named(rows: list[IndexRow]) -> Iterator[Term]:
    """One term per entry of a table, its codes joined by bars; the words are those of its site or substance."""
    for row in rows:
        if any(row.cells):
            path = row.path[1:] if row.path[0].startswith("Neoplasm") and len(row.path) > 1 else row.path
            yield Term("|".join(row.cells), "index", ", ".join(row.path), tokens(walk.words_of(path)))
