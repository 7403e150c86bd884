"""Lexical retrieval over the digest: BM25 with weighted fields, small enough to live in memory."""

import math
from collections import Counter
from collections.abc import Sequence

from knowledge.guidelines.digest import GuidelineSection
from knowledge.guidelines.words import expand, terms

_K1 = 1.2
_B = 0.6
_TITLE, _KEYWORDS, _ID = 3, 2, 3
_SYNONYM_WEIGHT = 0.5


class LexicalIndex:
    """BM25 over stems; a word of the title counts three times, a keyword twice."""

    def __init__(self, sections: Sequence[GuidelineSection]) -> None:
        counts = [_weighted(section) for section in sections]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / max(len(lengths), 1)
        self._norm = [_K1 * (1 - _B + _B * length / mean) for length in lengths]
        self._postings: dict[str, list[tuple[int, int]]] = {}
        for position, count in enumerate(counts):
            for term, frequency in count.items():
                self._postings.setdefault(term, []).append((position, frequency))
        self._total = len(counts)

    def scores(self, query: str) -> dict[int, float]:
        """BM25 score of every section that shares a stem with the query, by position."""
        stems = terms(query)
        weights = dict.fromkeys(expand(stems), _SYNONYM_WEIGHT) | dict.fromkeys(stems, 1.0)
        result: dict[int, float] = {}
        for term, weight in weights.items():
            postings = self._postings.get(term, ())
            if not postings:
                continue
            idf = math.log(1 + (self._total - len(postings) + 0.5) / (len(postings) + 0.5))
            for position, frequency in postings:
                gain = frequency * (_K1 + 1) / (frequency + self._norm[position])
                result[position] = result.get(position, 0.0) + weight * idf * gain
        return result


def _weighted(section: GuidelineSection) -> Counter[str]:
    count: Counter[str] = Counter(terms(section.text))
    fields = ((section.title, _TITLE), (" . ".join(section.keywords), _KEYWORDS), (section.id, _ID))
    for text, weight in fields:
        for term in terms(text):
            count[term] += weight
    return count
