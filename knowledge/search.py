"""Code search: from words to valid codes, as a coder does it."""

from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from knowledge.find.engine import Engine
from knowledge.find.hits import SearchHit

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from knowledge.find.procedures import ProcedureSearch

__all__ = ["CodeSearch", "SearchHit", "System"]

System = Literal["icd10cm", "cpt", "hcpcs"]


class CodeSearch:
    """Search for codes by words: titles, inclusion terms, cross references and the vocabulary."""

    def __init__(self, shelf: "Bookshelf") -> None:
        self._shelf = shelf
        self._engine = lru_cache(maxsize=8)(self._open)

    def search(
        self, query: str, *, system: System = "icd10cm", on: date | None = None, limit: int = 8
    ) -> list[SearchHit]:
        """Find the codes that a query in words may mean, best first.

        Args:
            query: a diagnosis, finding or reason for encounter in words; or a procedure, drug or supply.
            system: the code set to search.
            on: date of service; it picks the edition. None means the newest one.
            limit: most hits to return.

        Returns:
            Billable codes, or headers that say what they need. Empty when nothing matches.
        """
        if system == "icd10cm":
            return self._engine(self._shelf.icd.edition(on)).search(query, limit)
        return self._procedures.search(query, cpt=system == "cpt", on=on, limit=limit)

    @cached_property
    def _procedures(self) -> "ProcedureSearch":
        from knowledge.find.procedures import ProcedureSearch

        return ProcedureSearch(self._shelf)

    def _open(self, edition: str) -> Engine:
        return Engine(self._shelf, edition)
