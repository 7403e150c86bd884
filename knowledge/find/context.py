"""What a code says besides the term that found it: its own title, its headers, section and chapter."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from knowledge.find.query import Query
from knowledge.find.words import stem, tokens
from knowledge.icd10cm import IcdCode, IcdTable

_ABOVE: Final = 0.5
_FRAMES: Final = tuple(stem(word) for word in ("history", "family", "screening"))
_SIDES: Final = ("right", "left", "bilateral")
_PREGNANCY, _NEWBORN, _EXTERNAL = 15, 16, 20


class Context:
    """Reads titles around a code as stems, within one edition."""

    def __init__(self, icd: IcdTable, edition: str) -> None:
        self._icd = icd
        self._edition = edition
        self.stems = lru_cache(maxsize=16384)(self._stems)

    def _stems(self, code: IcdCode) -> tuple[frozenset[str], frozenset[str]]:
        own = frozenset(token.stem for token in tokens(code.display) if not token.negated)
        titles = [above.display for above in self._icd.ancestors_in(self._edition, code)]
        titles += self._icd.headings(self._edition, code)
        above = frozenset(token.stem for title in titles for token in tokens(title) if not token.negated)
        return own, above - own

    def credit(self, code: IcdCode, missing: Iterable[tuple[str, float]]) -> float:
        """Weigh the stems a term left out: in full where the title says them, in half where headers do."""
        own, above = self.stems(code)
        return sum(
            weight if name in own else weight * _ABOVE if name in above else 0.0 for name, weight in missing
        )

    def fit(self, code: IcdCode, query: Query) -> float:
        """Lower codes of another frame than the query's: chapter, history, screening, side."""
        factor = _chapter(code.chapter, query)
        asked = {wanted.stem for wanted in query.wanted}
        own, above = self.stems(code)
        factor *= 0.7 ** sum(
            1 for frame in _FRAMES if frame in asked and frame not in own and frame not in above
        )
        if query.side:
            factor *= _side(code.display.lower(), query.side)
        if "classified elsewhere" in code.display and "elsewhere" not in query.text:
            factor *= 0.9
        return factor


def _chapter(chapter: int, query: Query) -> float:
    if chapter == _PREGNANCY and not query.pregnancy:
        return 0.85
    if chapter == _NEWBORN and not query.newborn:
        return 0.85
    return 0.8 if chapter == _EXTERNAL and not query.external else 1.0


def _side(title: str, side: str) -> float:
    """Prefer a title that names the side asked for; one that names another side falls."""
    if side in title:
        return 1.0
    if any(other in title for other in _SIDES) or (side == "bilateral" and "unilateral" in title):
        return 0.75 if side == "bilateral" else 0.6
    return 0.9
