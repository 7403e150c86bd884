"""From a term's code to the valid code that the query means: side, default subdivision, 7th character."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from knowledge.find.index import Rarity
from knowledge.find.query import Query
from knowledge.find.words import Token, stem, tokens
from knowledge.icd10cm import IcdCode, IcdTable
from knowledge.store import Store

_EPISODES: Final = {
    "initial": "initial encounter",
    "subsequent": "subsequent encounter",
    "sequela": "sequela",
}
_DEFAULT_MEANINGS: Final = ("unspecified", "not applicable", "without")
_ENOUGH: Final = 0.45


@dataclass(frozen=True, slots=True)
class Resolved:
    """A valid code, or a header that still needs something; ``factor`` is below 1 for what was assumed."""

    code: IcdCode
    factor: float


class Resolver:
    """Walks from a code down to what the query asks for, within one edition."""

    def __init__(self, store: Store, icd: IcdTable, edition: str, rarity: Rarity) -> None:
        self._store = store
        self._icd = icd
        self._edition = edition
        self._rarity = rarity
        self._sides = lru_cache(maxsize=8192)(self._load_sides)

    def resolve(self, code: str, query: Query) -> list[Resolved]:
        """Find the codes a term's code stands for under a query; both sides where "bilateral" has no code."""
        out: list[Resolved] = []
        for sided in self._side(code, query):
            found = self._icd.in_edition(self._edition, sided)
            if found is not None:
                out.append(self._down(found, query, 1.0))
        return out

    def _down(self, code: IcdCode, query: Query, factor: float) -> Resolved:
        while not code.billable:
            children = self._icd.children_in(self._edition, code.code)
            if code.needs and code.needs.startswith("7th character:"):
                found = self._seventh(code, children, query)
            else:
                found = self._child(code, children, query)
            if found is None:
                return Resolved(code, factor * 0.97)
            code, factor = found.code, factor * found.factor
        return Resolved(code, factor)

    def _side(self, code: str, query: Query) -> list[str]:
        sides = self._sides(code)
        if not sides:
            return [code]
        if query.side is not None and query.side in sides:
            return [sides[query.side]]
        if query.side == "bilateral":
            return [sides[side] for side in ("right", "left") if side in sides]
        if "unspecified" in sides:
            return [sides["unspecified"]]
        found = self._icd.in_edition(self._edition, code)
        return [found.parent if found and found.parent else code]

    def _load_sides(self, code: str) -> Mapping[str, str]:
        query = (
            "SELECT side, code FROM icd_side WHERE edition = ? AND family ="
            " (SELECT family FROM icd_side WHERE edition = ? AND code = ?)"
        )
        return dict(self._store.rows(query, (self._edition, self._edition, code)))

    def _child(self, code: IcdCode, children: tuple[IcdCode, ...], query: Query) -> Resolved | None:
        """Choose the subdivision that adds what the query asks, or nothing: "unspecified", "without ..."."""
        asked = {w.stem: w.negated for w in query.wanted}
        if query.side:
            asked[stem(query.side)] = False
        above = {token.stem for token in tokens(code.display)}
        said = sum(self._rarity.weight(token.stem) for token in tokens(code.display) if token.stem in asked)
        best: tuple[float, str] | None = None
        for child in children:
            gain, cost = self._added(child, above, asked)
            gain -= said
            cost += _dominance(child.display, query)
            sides = self._sides(child.code)
            if sides and child.code != self._side(child.code, query)[0] and child.code in sides.values():
                continue
            value = gain - cost
            if best is None or value > best[0]:
                best = (value, child.code)
        if best is None or best[0] < -_ENOUGH:
            return None
        chosen = next(child for child in children if child.code == best[1])
        return Resolved(chosen, 1.0 + min(0.0, best[0]) * 0.15)

    def _added(self, child: IcdCode, above: set[str], asked: Mapping[str, bool]) -> tuple[float, float]:
        gain = cost = 0.0
        for token in tokens(child.display):
            if token.stem == _UNSPECIFIED:
                continue
            weight = self._rarity.weight(token.stem)
            if token.stem in asked:
                gain += weight if asked[token.stem] == token.negated else -weight
            elif token.stem in above:
                continue
            elif token.negated or token.optional:
                cost += weight * 0.1
            else:
                cost += weight
        if cost > _ENOUGH and self._is_default(child):
            cost = 0.1
        return gain, cost

    @cached_property
    def _defaults(self) -> frozenset[str]:
        query = (
            "SELECT DISTINCT origin FROM icd_note WHERE edition = ? AND kind = 'inclusion_terms'"
            " AND text LIKE '%NOS'"
        )
        return frozenset(origin for (origin,) in self._store.rows(query, (self._edition,)))

    def _is_default(self, child: IcdCode) -> bool:
        """Tell whether the tabular list itself names the subdivision for no further detail (NOS)."""
        return child.code in self._defaults

    def _seventh(self, code: IcdCode, children: tuple[IcdCode, ...], query: Query) -> Resolved | None:
        """Choose the 7th character the query names; for episodes of care none is assumed."""
        wanted = {w.stem for w in query.wanted}
        if query.episode:
            wanted |= {token.stem for token in tokens(_EPISODES[query.episode])}
        if query.side:
            wanted |= {token.stem for token in tokens(query.side)}
        prefix = len(code.display) + 2
        best: tuple[float, IcdCode] | None = None
        for child in children:
            meaning = child.display[prefix:]
            value = _matches(tokens(meaning), wanted) - _assumed(meaning)
            if best is None or value > best[0]:
                best = (value, child)
        if best is None:
            return None
        meanings = [child.display[prefix:] for child in children]
        if any("encounter" in meaning for meaning in meanings) and not query.episode:
            return None
        if best[0] <= 0 and not any(word in best[1].display[prefix:] for word in _DEFAULT_MEANINGS):
            return None
        return Resolved(best[1], 1.0)


def _dominance(title: str, query: Query) -> float:
    """Lower the side of dominance that is not the default: right is dominant, left is not (I.C.6.a)."""
    if "dominant" not in title or "dominant" in query.text:
        return 0.0
    return 0.0 if ("non-dominant" in title) == (query.side == "left") else 0.2


def _matches(stems: tuple[Token, ...], wanted: set[str]) -> float:
    hit = sum(1.0 for token in stems if token.stem in wanted and not token.negated)
    return hit - 0.1 * sum(1.0 for token in stems if token.stem not in wanted)


def _assumed(meaning: str) -> float:
    """Lower what says more than nothing: a closed fracture that heals is the plain case of a fracture."""
    if "open fracture" in meaning or "union" in meaning or "delayed" in meaning:
        return 0.5
    return 0.0 if any(word in meaning for word in _DEFAULT_MEANINGS) else 0.05


_UNSPECIFIED: Final = stem("unspecified")
