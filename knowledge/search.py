"""Code search (thin first version: FTS5 over titles and inclusion terms)."""

import re
import sqlite3
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from knowledge.icd10cm import IcdTable

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from knowledge.sources.tabular_xml import Tabular

System = Literal["icd10cm", "cpt", "hcpcs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchHit:
    """One answer of a search; ``path`` shows how it was reached."""

    code: str
    display: str
    score: float
    billable: bool
    needs: str | None
    path: tuple[str, ...] = ()


class CodeSearch:
    """Search for codes by words."""

    def __init__(self, shelf: "Bookshelf") -> None:
        self._shelf = shelf

    def search(
        self, query: str, *, system: System = "icd10cm", on: date | None = None, limit: int = 8
    ) -> list[SearchHit]:
        """Find the codes that a query in words may mean, best first."""
        words = re.findall(r"\w+", query.lower())
        if not words or system != "icd10cm":
            return []
        icd: IcdTable = self._shelf.icd
        sql = "SELECT code, bm25(icd_fts) FROM icd_fts WHERE icd_fts MATCH ? ORDER BY rank LIMIT ?"
        out: dict[str, SearchHit] = {}
        for code, rank in self._shelf.store.rows(sql, (" OR ".join(words), limit * 3)):
            found = icd.find(code, on)
            if found and code not in out:
                out[code] = SearchHit(
                    code=code, display=found.display, score=min(1.0, -rank / 30), billable=found.billable,
                    needs=found.needs,
                )  # fmt: skip
        return list(out.values())[:limit]


def build_search(connection: sqlite3.Connection, tabular: "Tabular", edition: str) -> None:
    """Write the search index of one edition."""
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS icd_fts USING fts5("
        "edition UNINDEXED, code UNINDEXED, terms, tokenize = 'porter unicode61')"
    )
    rows = [(edition, c.code, c.display) for c in tabular.codes if c.listed]
    rows += [(edition, n.origin, n.text) for n in tabular.notes if n.kind == "inclusion_terms"]
    connection.executemany("INSERT INTO icd_fts VALUES (?, ?, ?)", rows)
