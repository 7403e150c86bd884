"""Ranking: how well each term of the index says what the query asks for, and nothing more."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nlargest
from typing import Final

from knowledge.find.index import Rarity
from knowledge.find.query import Query
from knowledge.find.spelling import Speller
from knowledge.find.words import stem as stem_of
from knowledge.store import Store

PRIOR: Final = {
    "title": 1.0,
    "inclusion": 0.995,
    "includes": 0.97,
    "reference": 0.93,
    "synonym": 0.99,
    "index": 0.99,
}
COVERAGE: Final = 1.5
UNASKED: Final = 0.6
POOL: Final = 120
KEPT_ROWS: Final = 20000
CROWD: Final = 6000


@dataclass(frozen=True, slots=True)
class Scored:
    """One term and how it agrees with the query, in weights of stems.

    ``said`` of ``total`` is what the term says of the query, ``unasked`` what it says beyond it; ``missing``
    are the stems of the query that it leaves out.
    """

    code: str
    source: str
    text: str
    said: float
    total: float
    unasked: float
    missing: tuple[tuple[str, float], ...]

    def score(self, extra: float = 0.0) -> float:
        """Score the term, 0..1; ``extra`` is what its code says of the missing stems."""
        said = min(self.total, self.said + extra)
        if said <= 0.0:
            return 0.0
        covered, plain = said / self.total, said / (said + UNASKED * self.unasked)
        return float(covered**COVERAGE * plain * PRIOR[self.source])


@dataclass(frozen=True, slots=True)
class Row:
    """A term as the ranking reads it: its stems with their role and weight."""

    code: str
    source: str
    text: str
    stems: Mapping[str, tuple[str, float]]
    weight: float


class TermIndex:
    """The terms of one edition: those of the store, and those of the vocabulary added in memory."""

    def __init__(
        self,
        store: Store,
        edition: str,
        extra: Iterable[tuple[str, str, str]] = (),
        imported: Store | None = None,
    ) -> None:
        """Open the index.

        Args:
            store: the built store; how rare a stem is, is told by its terms alone.
            edition: the edition to search.
            extra: further terms (code, text, encoded stems), in memory.
            imported: a second store with terms of the same edition (those of an imported Alphabetic Index).
        """
        self._edition = edition
        self._weights = array("f")
        self._stores: list[tuple[Store, int]] = []
        counts: dict[str, int] = {}
        self._imported_stems: frozenset[str] = frozenset()
        for one in (store, imported) if imported else (store,):
            found = one.rows("SELECT stem, length(terms) / 4 FROM icd_posting WHERE edition = ?", (edition,))
            if one is store:
                counts = dict(found)
            else:
                self._imported_stems = frozenset(stem for stem, _count in found)
            self._stores.append((one, len(self._weights)))
            self._weights.frombytes(
                one.rows("SELECT weights FROM icd_weight WHERE edition = ?", (edition,))[0][0]
            )
        self.rarity = Rarity(counts, len(self._weights) if imported is None else self._stores[1][1])
        self._first_extra = len(self._weights)
        self._extra: list[tuple[str, str, str]] = []
        self._extra_postings: dict[str, list[int]] = {}
        for item in extra:
            self._append(item)
        self.speller = Speller({*self.rarity.counts, *self._imported_stems, *self._extra_postings})
        self.postings = lru_cache(maxsize=2048)(self._postings)
        self._rows: dict[int, Row] = {}

    def _append(self, item: tuple[str, str, str]) -> None:
        number = self._first_extra + len(self._extra)
        self._extra.append(item)
        stems = item[2].split()
        self._weights.append(sum(map(self.rarity.doc_weight, stems)))
        for stem in stems:
            self._extra_postings.setdefault(stem.lstrip("?"), []).append(number)

    def knows(self, stem: str) -> bool:
        """Tell whether any term holds the stem."""
        return stem in self.rarity.counts or stem in self._extra_postings or stem in self._imported_stems

    def _postings(self, stem: str) -> tuple[int, ...]:
        query = "SELECT terms FROM icd_posting WHERE edition = ? AND stem = ?"
        found: list[int] = []
        for store, first in self._stores:
            for (blob,) in store.rows(query, (self._edition, stem)):
                found += (number + first for number in array("I", blob)) if first else array("I", blob)
        return (*found, *self._extra_postings.get(stem, ()))

    def rows(self, numbers: list[int]) -> list[Row]:
        """Fetch terms by number, in the order asked."""
        if len(self._rows) > KEPT_ROWS:
            self._rows = {}
        known = self._rows
        missing = [n for n in numbers if n not in known and n < self._first_extra]
        ends = [*(first for _store, first in self._stores[1:]), self._first_extra]
        for (store, first), end in zip(self._stores, ends, strict=True):
            self._fetch(store, first, [n - first for n in missing if first <= n < end])
        for number in numbers:
            if number not in known:
                code, text, stems = self._extra[number - self._first_extra]
                known[number] = self._parse(code, "synonym", text, stems)
        return [known[number] for number in numbers]

    def _fetch(self, store: Store, first: int, ids: list[int]) -> None:
        if not ids:
            return
        marks = ",".join("?" * len(ids))
        query = f"SELECT id, code, source, text, stems FROM icd_term WHERE edition = ? AND id IN ({marks})"  # noqa: S608 - marks only
        for number, *cells in store.rows(query, (self._edition, *ids)):
            self._rows[first + number] = self._parse(*cells)

    def _parse(self, code: str, source: str, text: str, stems: str) -> Row:
        weight = self.rarity.doc_weight
        parsed = {
            item.lstrip("?~"): (item[0] if item[0] in "?~" else "", weight(item)) for item in stems.split()
        }
        return Row(code, source, text, parsed, sum(own for _role, own in parsed.values()))

    def candidates(self, query: Query, pool: int = POOL) -> list[int]:
        """Pick the terms worth a closer look: those that share most with the query for their length."""
        shared: dict[int, float] = {}
        total = 0.0
        variants = [(self.variants(w.stem), w.negated, self.rarity.weight(w.stem)) for w in query.wanted]
        for stems, negated, weight in sorted(variants, key=lambda item: -item[2]):
            total += weight
            crowded = len(shared) > CROWD
            for stem, factor in stems:
                gain = weight * factor
                for number in self.postings(f"~{stem}" if negated else stem):
                    if number in shared:
                        shared[number] += gain
                    elif not crowded:
                        shared[number] = gain
        weights = self._weights
        return nlargest(pool, shared, key=lambda number: shared[number] / (total + weights[number]))

    @lru_cache(maxsize=16384)  # noqa: B019 - the index lives as long as the process
    def variants(self, stem: str) -> tuple[tuple[str, float], ...]:
        """Give the stems a query word may stand for and how surely; unknown words are spelt anew."""
        if self.knows(stem) or len(stem) < 4 or stem[0].isdigit():
            return ((stem, 1.0),)
        return self.speller.near(stem) or self.speller.by_prefix(stem) or ((stem, 1.0),)

    def corrected(self, query: Query) -> Query:
        """Put known stems in the place of misspelt ones."""
        wanted = tuple(replace(one, stem=self.variants(one.stem)[0][0]) for one in query.wanted)
        return replace(query, wanted=wanted)

    def rank(self, query: Query, pool: int = POOL) -> list[Scored]:
        """Score the candidate terms of a query, best first; at most ``pool`` of them."""
        wanted = [
            (self.variants(w.stem), w.negated, self.rarity.weight(w.stem) * (1.0 if w.part == 0 else 0.8))
            for w in query.wanted
        ]
        scored = [agreement(wanted, row, query) for row in self.rows(self.candidates(query, pool))]
        return sorted(scored, key=lambda one: (-one.score(), one.code))


_Wanted = list[tuple[tuple[tuple[str, float], ...], bool, float]]


def agreement(wanted: _Wanted, row: Row, query: Query) -> Scored:
    """Compare one term with the query: what it says of it, what it contradicts, what it adds."""
    total = said = 0.0
    unasked = row.weight
    missing: list[tuple[str, float]] = []
    stems = row.stems
    for variants, negated, weight in wanted:
        total += weight
        for stem, factor in variants:
            if stem in stems:
                role, own = stems[stem]
                unasked -= own
                said += weight * factor if (role == "~") == negated else -weight
                break
        else:
            missing.append((variants[0][0], weight * variants[0][1]))
    if query.side and query.side != "bilateral" and _UNILATERAL in stems:
        unasked -= stems[_UNILATERAL][1]
    return Scored(row.code, row.source, row.text, max(0.0, said), total, max(0.0, unasked), tuple(missing))


_UNILATERAL: Final = stem_of("unilateral")
