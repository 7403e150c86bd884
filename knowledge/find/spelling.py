"""Spelling: the known stems nearest to one that no term holds."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice, takewhile
from typing import Final

_PREFIX: Final = 6
_ADDED: Final = ("hyper", "poly", "pan", "peri", "osteo", "myo", "neuro", "dermato")
LETTERS: Final = {letter: 1 << place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}


class Speller:
    """Finds stems within one edit, two for long ones; a swap of neighbours counts as one."""

    def __init__(self, stems: Iterable[str]) -> None:
        self._by_length: defaultdict[int, list[tuple[int, str]]] | None = None
        self._stems = [stem for stem in stems if len(stem) > 3 and stem.isalpha()]
        self._known = frozenset(self._stems)
        self._sorted = sorted(self._stems)

    def near(self, stem: str) -> tuple[tuple[str, float], ...]:
        """Return the nearest stems with a factor below 1; empty when none is near."""
        if self._by_length is None:
            self._by_length = defaultdict(list)
            for known in self._stems:
                self._by_length[len(known)].append((_mask(known), known))
        allowed = 1 if len(stem) < 7 else 2
        mask, found = _mask(stem), []
        for length in range(len(stem) - allowed, len(stem) + allowed + 1):
            for other, known in self._by_length.get(length, ()):
                if (mask ^ other).bit_count() <= 2 * allowed:
                    distance = edits(stem, known, allowed)
                    if distance <= allowed:
                        found.append((distance + (known[0] != stem[0]) * 0.5, known))
        if not found:
            return ()
        best = min(found)[0]
        return tuple((known, 0.95 - 0.1 * distance) for distance, known in sorted(found) if distance == best)[
            :4
        ]

    def by_prefix(self, stem: str) -> tuple[tuple[str, float], ...]:
        """Return known stems that share the word's beginning, or its end after a Greek prefix.

        "postpoliomyelitis" gives "postpolio", "carotenemia" gives "hypercarotenemia".
        """
        for length in range(len(stem) - 1, _PREFIX - 1, -1):
            if stem[:length] in self._known:
                return ((stem[:length], 0.7),)
        for prefix in _ADDED:
            other = stem.removeprefix(prefix) if stem.startswith(prefix) else prefix + stem
            if other in self._known:
                return ((other, 0.7),)
        if len(stem) < _PREFIX:
            return ()
        place = bisect_left(self._sorted, stem)
        longer = takewhile(lambda known: known.startswith(stem), islice(self._sorted, place, place + 5))
        return tuple((known, 0.7) for known in longer)


def _mask(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= LETTERS.get(letter, 0)
    return mask


def edits(a: str, b: str, limit: int) -> int:
    """Count the edits (insert, delete, replace, swap neighbours) between two words, at most ``limit`` + 1."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
