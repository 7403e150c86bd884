"""Walking the Alphabetic Index as a coder does: down the entries, over "see" and "see also", to a code.

Every entry that ends at a code becomes a phrase of search: the words of its whole path, non-essential modifiers
optional. An entry that says "see" lends its words to the entry it names, and to what stands below that.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from knowledge.find.words import plain
from knowledge.sources.index_xml import IndexRow

_BRACKETS: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_NOT_WORDS: Final = re.compile(r"[^a-z0-9]+")
_OPEN: Final = re.compile(r"by (?:site|type|drug|substance|infection|organism|body region|region|degree)\b.*")
_LINKS: Final = frozenset(
    {
        "with",
        "without",
        "in",
        "due to",
        "due to or associated with",
        "with or due to",
        "from",
        "by",
        "for",
        "and",
    }
)
_HOPS: Final = 4
_SUBTREE: Final = 8
_ALTERNATIVE: Final = re.compile(r",| or | and ")
_DEEPER: Final = 2


@dataclass(frozen=True, slots=True)
class Phrase:
    """A way through the Index: the code it ends at, the words that lead there, and the path as a coder reads it."""

    code: str
    words: str
    path: str


class Walker:
    """Resolves the references of one Index."""

    def __init__(self, rows: Sequence[IndexRow]) -> None:
        self._rows = rows
        self._children: defaultdict[int, list[int]] = defaultdict(list)
        self._mains: defaultdict[str, list[int]] = defaultdict(list)
        open_at: list[int] = []
        for place, row in enumerate(rows):
            del open_at[row.level :]
            if open_at:
                self._children[open_at[-1]].append(place)
            else:
                for key in keys_of(row.path[0]):
                    self._mains[key].append(place)
            open_at.append(place)

    def phrases(self) -> Iterator[Phrase]:
        """Yield every phrase of the Index, in its order."""
        for place, row in enumerate(self._rows):
            if row.code:
                yield Phrase(bare(row.code), words_of(row.path), ", ".join(row.path))
            reference = row.see or ("" if row.code else row.see_also)
            for target in self.targets(reference):
                if target != place:
                    yield from self._over(row, reference, target)

    def _over(self, row: IndexRow, reference: str, target: int) -> Iterator[Phrase]:
        """Phrases of an entry that refers to another: the other's code, and the codes of what stands below it."""
        word = "see" if row.see else "see also"
        shown = f"{', '.join(row.path)}, {word} {reference}"
        own = words_of(row.path)
        for below in self._landing(target):
            entry = self._rows[below]
            relative = entry.path[self._rows[target].level + 1 :] if below != target else ()
            joined = f"{own}, {words_of(relative)}" if relative else own
            yield Phrase(bare(entry.code), joined, ", ".join((shown, *relative)))

    def _landing(self, target: int) -> list[int]:
        """The target when it has a code, else the entries with a code below it where they are few."""
        if self._rows[target].code:
            return [target]
        below = [place for place in self._below(target) if self._rows[place].code]
        return below if len(below) <= _SUBTREE else []

    def _below(self, place: int) -> Iterator[int]:
        yield place
        for child in self._children.get(place, ()):
            yield from self._below(child)

    def targets(self, reference: str) -> list[int]:
        """Find the entries a reference names, through further references; none where it names no entry."""
        found: list[int] = []
        todo, hops = [reference], 0
        while todo and hops <= _HOPS:
            hops += 1
            places = [place for one in todo for place in self._named(one)]
            todo = []
            for place in places:
                row = self._rows[place]
                if row.see and not row.code:
                    todo.append(row.see)
                elif place not in found:
                    found.append(place)
        return found

    def _named(self, reference: str) -> list[int]:
        parts = [part for part in (key(p) for p in _BRACKETS.sub("", reference).split(",")) if part]
        parts = [part for part in parts if not _OPEN.fullmatch(part)]
        for taken in range(len(parts), 0, -1):
            places = self._mains.get(" ".join(parts[:taken]), [])
            for part in parts[taken:]:
                places = self._step(places, part)
            if places:
                return places[:1]
        return []

    def _step(self, places: Iterable[int], part: str) -> list[int]:
        """The entries below that a part of a reference names; words that link ("with") need not be said."""
        level = list(places)
        for _depth in range(_DEEPER):
            level = [child for place in level for child in self._children.get(place, ())]
            found = [child for child in level if part in keys_of(self._rows[child].path[-1])]
            if found:
                return found
            level = [child for child in level if key(self._rows[child].path[-1]) in _LINKS]
        return []


def bare(code: str) -> str:
    """A code of the Index without the mark of a code that needs more characters."""
    return code.rstrip("-").rstrip(".")


@lru_cache(maxsize=65536)
def key(title: str) -> str:
    """A title in the form in which references are compared: plain singular words, no brackets, no "NEC"."""
    words = _NOT_WORDS.sub(" ", plain(_BRACKETS.sub("", title)).replace("'s", "")).split()
    return " ".join(word.removesuffix("s") for word in words if word != "nec")


@lru_cache(maxsize=65536)
def keys_of(title: str) -> frozenset[str]:
    """All forms a reference may use for a title: the whole, and each of the words it lists ("Abdomen, abdominal")."""
    parts = _ALTERNATIVE.split(_BRACKETS.sub("", title))
    return frozenset({key(title), *map(key, parts)} - {""})


def words_of(path: Iterable[str]) -> str:
    """The words of a path as one text: a linking word belongs to what follows it."""
    out = ""
    for title in path:
        out += (
            f" {title}" if key(out.rpartition(", ")[2]) in _LINKS and out else f", {title}" if out else title
        )
    return out
