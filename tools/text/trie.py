"""A token trie: longest match of many phrases in one pass."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from tools.text.tokens import key

V = TypeVar("V")


class Trie(Generic[V]):
    """Phrases to values, matched token by token; nodes are plain dicts, no objects in the hot loop."""

    __slots__ = ("_next", "_root", "_value")

    def __init__(self, entries: Iterable[tuple[str, V]] = ()) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._value: list[V | None] = [None]
        self._root = self._next[0]
        for phrase, value in entries:
            self.add(phrase, value)

    def add(self, phrase: str, value: V) -> None:
        """Add a phrase; a phrase of the same normal form is replaced."""
        self.add_words(key(phrase), value)

    def add_words(self, words: tuple[str, ...], value: V) -> None:
        """Add a phrase given by its normal forms."""
        node = self._node(words)
        if node:
            self._value[node] = value

    def get(self, phrase: str) -> V | None:
        """Return the value stored for exactly this phrase."""
        node = 0
        for word in key(phrase):
            following = self._next[node].get(word)
            if following is None:
                return None
            node = following
        return self._value[node]

    def _node(self, words: tuple[str, ...]) -> int:
        node = 0
        for word in words:
            following = self._next[node].get(word)
            if following is None:
                following = len(self._next)
                self._next[node][word] = following
                self._next.append({})
                self._value.append(None)
            node = following
        return node

    def match(self, norms: Sequence[str], at: int, stop: int) -> tuple[int, V] | None:
        """Return (end, value) of the longest phrase that begins at token ``at`` and ends by ``stop``."""
        step = self._root.get(norms[at])
        if step is None:
            return None
        best: tuple[int, V] | None = None
        following, values = self._next, self._value
        position = at + 1
        while True:
            value = values[step]
            if value is not None:
                best = (position, value)
            if position >= stop:
                return best
            step = following[step].get(norms[position])
            if step is None:
                return best
            position += 1

    def scan(self, norms: Sequence[str], start: int, stop: int) -> list[tuple[int, int, V]]:
        """Return the non-overlapping longest matches (start, end, value) from left to right."""
        found: list[tuple[int, int, V]] = []
        root = self._root
        at = start
        while at < stop:
            if norms[at] in root:
                hit = self.match(norms, at, stop)
                if hit is not None:
                    found.append((at, hit[0], hit[1]))
                    at = hit[0]
                    continue
            at += 1
        return found
