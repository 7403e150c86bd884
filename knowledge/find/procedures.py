"""Search for procedure codes: over our plain titles, and the vocabulary's services, tests and drugs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import fsum
from typing import TYPE_CHECKING

from knowledge.find.hits import SearchHit
from knowledge.find.memo import TermMemo
from knowledge.find.query import parse_query
from knowledge.find.spelling import Speller
from knowledge.find.words import stem, tokens

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf
    from knowledge.procedures import Procedure

_TITLE, _TERM, _FAMILY, _BEYOND = 1.0, 0.98, 0.5, 0.9


@dataclass(frozen=True, slots=True)
class _Term:
    """One way to say a procedure; ``place`` is its rank among the codes of the same term."""

    code: str
    text: str
    stems: frozenset[str]
    prior: float


class ProcedureSearch:
    """Searches the loaded procedure table."""

    def __init__(self, shelf: "Bookshelf") -> None:
        self._shelf = shelf
        self._words = TermMemo(shelf.memo_path("services"), _stem_words)

    def search(self, query: str, *, cpt: bool, on: date | None, limit: int) -> list[SearchHit]:
        """Find the procedures that words may mean, best first; a code typed in is found as itself."""
        typed = self._shelf.procedures.find(query.strip().upper(), on)
        if typed is not None and typed.code[0].isdigit() == cpt:
            return [_hit(typed, 1.0, "code")]
        parsed = parse_query(query)
        wanted = {self._known(one.stem) for one in parsed.wanted}
        wanted |= {stem(parsed.side)} if parsed.side else set()
        best: dict[str, SearchHit] = {}
        for term, score in self._scored(wanted):
            row = self._shelf.procedures.find(term.code, on)
            if row is None or row.code[0].isdigit() != cpt:
                continue
            if row.code not in best or best[row.code].score < score:
                best[row.code] = _hit(row, score, term.text)
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.code))[:limit]

    def _scored(self, wanted: set[str]) -> Iterator[tuple[_Term, float]]:
        """Score the terms near the words, in table order and with exact sums: the same words score alike in every process."""
        near = {number for one in wanted for number in self._postings.get(one, ())}
        total = fsum(map(self._weight, wanted))
        for term in (self._terms[number] for number in sorted(near)):
            said = fsum(self._weight(one) for one in wanted & term.stems)
            unasked = fsum(self._weight(one) for one in term.stems - wanted)
            yield term, (said / total) ** 1.5 * said / (said + 0.4 * unasked) * term.prior

    def _known(self, one: str) -> str:
        if one in self._postings or one[0].isdigit() or len(one) < 4:
            return one
        near = self._speller.near(one)
        return near[0][0] if near else one

    def _weight(self, one: str) -> float:
        return 1.0 / (1.0 + len(self._postings.get(one, ())) / 40.0)

    @cached_property
    def _terms(self) -> list[_Term]:
        found = [*self._titles(), *self._vocabulary()]
        self._words.save()
        return found

    @cached_property
    def _postings(self) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {}
        for number, term in enumerate(self._terms):
            for one in term.stems:
                out.setdefault(one, []).append(number)
        return out

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._postings)

    def _titles(self) -> Iterator[_Term]:
        for code in self._shelf.procedures.codes:
            row = self._shelf.procedures.find(code)
            if row is not None:
                yield _Term(code, row.title, self._stems(row.title), _TITLE)
                for cue in row.requires:
                    yield _Term(code, cue, self._stems(cue), _FAMILY)
        for code, title in self._shelf.procedures.titles_beyond():
            yield _Term(code, title, self._stems(title), _BEYOND)

    def _vocabulary(self) -> Iterator[_Term]:
        vocabulary = self._shelf.vocabulary
        for test in vocabulary.tests:
            yield from self._ranked(test.term, test.codes)
        for service in vocabulary.services:
            yield from self._ranked(service.term, service.codes)
        for drug in vocabulary.medications:
            yield from self._ranked(drug.name, drug.hcpcs)

    def _ranked(self, text: str, codes: Iterable[str]) -> Iterator[_Term]:
        """Yield a term for each of its codes; the first is the usual one."""
        stems = self._stems(text) if codes else frozenset()
        for place, code in enumerate(codes):
            yield _Term(code, text, stems, _TERM - 0.02 * place)

    def _stems(self, text: str) -> frozenset[str]:
        return frozenset(self._words(text).split())


def _stem_words(text: str) -> str:
    return " ".join(dict.fromkeys(token.stem for token in tokens(text)))


def _hit(row: "Procedure", score: float, text: str) -> SearchHit:
    return SearchHit(
        code=row.code,
        display=row.title,
        score=round(score, 4),
        billable=True,
        needs=None,
        path=(text, row.category),
    )
