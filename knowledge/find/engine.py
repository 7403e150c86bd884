"""The search of one edition of ICD-10-CM: rank terms, walk to valid codes, weigh what these say."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from knowledge.errors import TableError
from knowledge.find.columns import Columns, other_behaviour
from knowledge.find.context import Context
from knowledge.find.fulltext import full_text
from knowledge.find.hits import SearchHit
from knowledge.find.imported import Imported
from knowledge.find.index import encode
from knowledge.find.memo import TermMemo
from knowledge.find.query import SIDES, Query, parse_query
from knowledge.find.rank import Scored, TermIndex
from knowledge.find.rephrase import Rephraser
from knowledge.find.resolve import Resolver
from knowledge.find.words import SEARCH_DATA, plain, tokens
from knowledge.icd10cm import dotted

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from knowledge.icd10cm import IcdCode

_LOOKED_AT: Final = 30
_SETTLED: Final = 0.85
_REPHRASED: Final = 0.95
_LEAD: Final = 0.2
_BELOW: Final = 0.999
_SIDE: Final = re.compile(rf"\b(?:{'|'.join(SIDES)})\b")
_NON: Final = re.compile(r"\bnon[- ](?=[a-z])")
TERMS_FILE: Final = SEARCH_DATA / "terms.csv"
_CODE: Final = re.compile(r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?")
_WORDED: Final = frozenset({"index", "external"})


def _as_written(text: str) -> str:
    """A wording without its punctuation, to be compared letter by letter."""
    return " ".join(re.findall(r"[a-z0-9]+", _NON.sub("non", text)))


def _encode_term(term: str) -> str:
    return " ".join(map(encode, tokens(term)))


@lru_cache(maxsize=1)
def rare_terms(path: Path = TERMS_FILE) -> tuple[tuple[str, str], ...]:
    """Load names of rare diseases that serve search alone: (term, code).

    Raises:
        TableError: other columns, a row that is not a lower-case term and a code, or a term given twice.
    """
    out: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        rows = csv.reader(handle)
        if next(rows, None) != ["term", "code"]:
            raise TableError(f"{path.name}:1: columns must be term,code")
        for row in rows:
            if len(row) != 2 or row[0] != row[0].lower().strip() or not _CODE.fullmatch(row[1]):
                raise TableError(f"{path.name}:{rows.line_num}: needs a lower-case term and a code")
            if row[0] in out:
                raise TableError(f"{path.name}:{rows.line_num}: {row[0]} is given twice")
            out[row[0]] = row[1]
    return tuple(out.items())


class Engine:
    """Searches one edition."""

    def __init__(self, shelf: "Bookshelf", edition: str) -> None:
        self._icd = shelf.icd
        self._store = shelf.icd_store(edition)
        self._edition = edition
        self._vocabulary = shelf.vocabulary
        self._encoded = TermMemo(shelf.memo_path("terms"), _encode_term)
        indexes = Imported(shelf.home, self._store, edition)
        more = indexes.store()
        self._index = TermIndex(
            self._store, edition, self._synonyms(), more if _WORDED & indexes.files.keys() else None
        )
        self._tables = [
            Columns(kind, TermIndex(more, kind))
            for kind in ("neoplasm", "drug")
            if more is not None and kind in indexes.files
        ]
        self._context = Context(shelf.icd, edition)
        self._rephraser = Rephraser(self._vocabulary, shelf.icd, edition)
        self._resolver = Resolver(self._store, shelf.icd, edition, self._index.rarity)

    def _synonyms(self) -> Iterator[tuple[str, str, str]]:
        for row in self._vocabulary.problems:
            yield row.code, row.term, self._encoded(row.term)
        for term, code in rare_terms():
            yield code, term, self._encoded(term)
        self._encoded.save()

    def search(self, text: str, limit: int) -> list[SearchHit]:
        """Rank the query as it stands and, unless that is settled, with its synonyms put in plain words."""
        typed = self._icd.in_edition(self._edition, text) if text.strip()[1:2].isdigit() else None
        if typed is not None:
            return [self._hit(typed, 1.0, f"code: {dotted(text)}")]
        query = parse_query(text)
        best: dict[str, SearchHit] = {}
        self._collect(query, best, 1.0)
        if max((hit.score for hit in best.values()), default=0.0) < _SETTLED:
            for variant in self._rephraser.variants(query):
                self._collect(variant, best, _REPHRASED)
        self._as_said(query, best)
        self._from_tables(query, best)
        if not best:
            best = {hit.code: hit for hit in self._by_full_text(text, limit)}
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.code))[:limit]

    def _as_said(self, query: Query, best: dict[str, SearchHit]) -> None:
        """A term of the vocabulary word for word is what its row says, whatever shares its stems ("stenosis of aorta" is no "aortic stenosis")."""
        sideless = _SIDE.sub(" ", query.text)
        said = self._said.get(_as_written(query.text)) or self._said.get(_as_written(sideless))
        if said is None:
            return
        found = list(self._resolver.resolve(said, query))
        top = max((one.factor for one in found), default=1.0)
        for known, hit in best.items():
            best[known] = replace(hit, score=min(hit.score, _BELOW))
        for one in found:
            best[one.code.code] = self._hit(one.code, round(one.factor / top, 4), f"synonym: {query.text}")

    @cached_property
    def _said(self) -> dict[str, str]:
        terms = [(row.term, row.code) for row in self._vocabulary.problems]
        return {_as_written(plain(term)): code for term, code in (*rare_terms(), *terms)}

    def _from_tables(self, query: Query, best: dict[str, SearchHit]) -> None:
        """Codes by site and behaviour, or by substance and intent, of the imported tables."""
        if not self._tables:
            return
        for known, hit in best.items():
            factor = other_behaviour(known, query.text)
            best[known] = hit if factor == 1.0 else replace(hit, score=round(hit.score * factor, 4))
        for cell in (cell for table in self._tables for cell in table.search(query)):
            for resolved in self._resolver.resolve(cell.code, query):
                code = resolved.code
                score = round(min(1.0, cell.score * resolved.factor), 4)
                if code.code not in best or best[code.code].score < score:
                    best[code.code] = self._hit(code, score, cell.found)

    def _by_full_text(self, text: str, limit: int) -> Iterator[SearchHit]:
        """What FTS5 finds where no term was ranked; its score says that it is only a lead."""
        for place, (code, term) in enumerate(full_text(self._store, self._edition, text, limit)):
            found = self._icd.in_edition(self._edition, code)
            if found is not None:
                yield self._hit(found, round(_LEAD / (1 + place), 4), f"full text: {term}")

    def _collect(self, query: Query, best: dict[str, SearchHit], factor: float) -> None:
        ranked = self._index.rank(query)[:_LOOKED_AT]
        query = self._index.corrected(query)
        for scored in ranked:
            for resolved in self._resolver.resolve(scored.code, query):
                code = resolved.code
                value = self._value(scored, code, query) * factor * resolved.factor
                score = round(min(1.0, value), 4)
                if code.code not in best or best[code.code].score < score:
                    best[code.code] = self._hit(code, score, f"{scored.source}: {scored.text}")

    def _value(self, scored: Scored, code: "IcdCode", query: Query) -> float:
        return scored.score(self._context.credit(code, scored.missing)) * self._context.fit(code, query)

    def _hit(self, code: "IcdCode", score: float, found: str) -> SearchHit:
        above = reversed(self._icd.ancestors_in(self._edition, code))
        return SearchHit(
            code=code.code,
            display=code.display,
            score=score,
            billable=code.billable,
            needs=code.needs,
            path=(found, *(f"{one.code} {one.display}" for one in above)),
        )
