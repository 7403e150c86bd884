"""Code search: from words to valid codes, over titles, inclusion terms and the vocabulary."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from knowledge.find.context import Context
from knowledge.find.index import encode
from knowledge.find.query import Query, parse_query
from knowledge.find.rank import Scored, TermIndex
from knowledge.find.rephrase import Rephraser
from knowledge.find.resolve import Resolver
from knowledge.find.words import tokens

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from knowledge.icd10cm import IcdCode

System = Literal["icd10cm", "cpt", "hcpcs"]
_LOOKED_AT: Final = 30
_SETTLED: Final = 0.85
_REPHRASED: Final = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchHit:
    """One answer of a search.

    ``score`` runs from 0 to 1. ``needs`` is None for a billable code, else what makes it one. ``path`` tells how
    the code was reached: the term that matched, then the headers above the code.
    """

    code: str
    display: str
    score: float
    billable: bool
    needs: str | None
    path: tuple[str, ...] = ()


class CodeSearch:
    """Search for codes by words, as a coder does."""

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
        if system != "icd10cm":
            from knowledge.find.procedures import search_procedures

            return search_procedures(self._shelf, query, system=system, on=on, limit=limit)
        return self._engine(self._shelf.icd.edition(on)).search(query, limit)

    def _open(self, edition: str) -> "_Engine":
        return _Engine(self._shelf, edition)


class _Engine:
    """The search of one edition of ICD-10-CM."""

    def __init__(self, shelf: "Bookshelf", edition: str) -> None:
        self._icd = shelf.icd
        self._edition = edition
        self._vocabulary = shelf.vocabulary
        self._index = TermIndex(shelf.store, edition, self._synonyms())
        self._context = Context(shelf.icd, edition)
        self._rephraser = Rephraser(self._vocabulary, shelf.icd, edition)
        self._resolver = Resolver(shelf.store, shelf.icd, edition, self._index.rarity)

    def _synonyms(self) -> Iterator[tuple[str, str, str]]:
        for row in self._vocabulary.problems:
            yield row.code, row.term, " ".join(map(encode, tokens(row.term)))

    def search(self, text: str, limit: int) -> list[SearchHit]:
        """Rank the query as it stands and, unless that is settled, with its synonyms put in plain words."""
        query = parse_query(text)
        best: dict[str, SearchHit] = {}
        self._collect(query, limit, best, 1.0)
        if max((hit.score for hit in best.values()), default=0.0) < _SETTLED:
            for variant in self._rephraser.variants(query):
                self._collect(variant, limit, best, _REPHRASED)
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.code))[:limit]

    def _collect(self, query: Query, limit: int, best: dict[str, SearchHit], factor: float) -> None:
        ranked = self._index.rank(query)[:_LOOKED_AT]
        query = self._index.corrected(query)
        for scored in ranked:
            for resolved in self._resolver.resolve(scored.code, query):
                code = resolved.code
                value = scored.score(self._context.credit(code, scored.missing)) * factor * resolved.factor
                score = round(min(1.0, value * self._context.fit(code, query)), 4)
                if code.code not in best or best[code.code].score < score:
                    best[code.code] = self._hit(code, score, scored)

    def _hit(self, code: "IcdCode", score: float, scored: Scored) -> SearchHit:
        path = (f"{scored.source}: {scored.text}", *self._above(code))
        return SearchHit(
            code=code.code, display=code.display, score=score, billable=code.billable, needs=code.needs, path=path
        )  # fmt: skip

    def _above(self, code: "IcdCode") -> Iterator[str]:
        for above in reversed(self._icd.ancestors_in(self._edition, code)):
            yield f"{above.code} {above.display}"
