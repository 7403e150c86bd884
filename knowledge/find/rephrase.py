"""Putting a query in other words: abbreviations and synonyms inside it become the words of titles."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from knowledge.find.query import Query, Wanted, parse_query
from knowledge.find.words import tokens
from knowledge.icd10cm import IcdTable
from knowledge.vocabulary import normalise

if TYPE_CHECKING:
    from knowledge.vocabulary import Vocabulary

_LONGEST: Final = 5
_MOST: Final = 2
_EMPTY: Final = frozenset({"unspecifi", "other", "specifi", "nos", "site", "mellit", "elsewher", "classifi"})


class Rephraser:
    """Finds terms of the vocabulary inside a query and puts the title of their code in their place."""

    def __init__(self, vocabulary: "Vocabulary", icd: IcdTable, edition: str) -> None:
        self._vocabulary = vocabulary
        self._icd = icd
        self._edition = edition

    def variants(self, query: Query) -> Iterator[Query]:
        """Yield the query with one of its phrases reworded, longest phrases first; at most two."""
        words = normalise(query.text).split()
        left = _MOST
        for length in range(min(_LONGEST, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                phrase = " ".join(words[start : start + length])
                for row in self._vocabulary.problem_index.get(phrase, ())[:1]:
                    if left == 0:
                        return
                    variant = self._reworded(query, phrase, row.code)
                    if variant is not None:
                        left -= 1
                        yield variant

    def _reworded(self, query: Query, phrase: str, code: str) -> Query | None:
        found = self._icd.in_edition(self._edition, code)
        if found is None:
            return None
        gone = {w.stem for w in parse_query(phrase).wanted}
        rest = [w for w in query.wanted if w.stem not in gone]
        kept = {w.stem for w in rest}
        title = [
            Wanted(stem=token.stem, negated=False, part=0)
            for token in tokens(found.display)
            if not (token.negated or token.optional or token.stem in _EMPTY or token.stem in kept)
        ]
        if not title or {w.stem for w in title} <= gone:
            return None
        return replace(query, wanted=(*title, *rest))
