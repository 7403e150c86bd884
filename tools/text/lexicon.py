"""The vocabulary compiled for matching: one trie over all its terms, built once per vocabulary."""

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Literal

from tools.text.tables import mapping, one_of, rows
from tools.text.tokens import key
from tools.text.trie import Trie

if TYPE_CHECKING:
    from knowledge.vocabulary import Vocabulary

Source = Literal["problem", "medication", "test", "service", "anatomy", "device", "substance", "decoy"]
_KEPT = 4


@dataclass(slots=True, frozen=True)
class Entry:
    """What a phrase can mean: ``concept`` in one table; ``code`` and ``group`` guide reading, never coding.

    ``group`` is the problem's kind, the drug's class, the kind of test or service, or "paired".
    """

    source: Source
    concept: str
    code: str = ""
    group: str = ""
    caps: bool = False


@dataclass(slots=True, frozen=True)
class Head:
    """A word that makes a problem together with a body part: "pain", "fracture"."""

    concept: str
    preposition: str
    group: str
    carry: bool


@dataclass(slots=True, frozen=True)
class Lexicon:
    """The compiled vocabulary; ``plain`` are problem terms by normal form, to name composed problems."""

    phrases: Trie[tuple[Entry, ...]]
    heads: Trie[Head]
    plain: dict[tuple[str, ...], Entry]

    def problem(self, *candidates: str) -> Entry | None:
        """Return the first candidate that the vocabulary knows as a problem."""
        for candidate in candidates:
            entry = self.plain.get(key(candidate))
            if entry is not None:
                return entry
        return None


def _entries(vocabulary: "Vocabulary") -> list[tuple[str, Entry]]:
    found = [
        (p.term, Entry("problem", p.term, p.code, p.kind, "caps" in p.note.split()))
        for p in vocabulary.problems
    ]
    found += [(s.term, Entry("service", s.canonical, "", s.kind)) for s in vocabulary.services]
    found += [(t.term, Entry("test", t.canonical, "", t.kind)) for t in vocabulary.tests]
    found += [(m.name, Entry("medication", m.generic, "", m.drug_class)) for m in vocabulary.medications]
    found += [(m.generic, Entry("medication", m.generic, "", m.drug_class)) for m in vocabulary.medications]
    found += [
        (m.generic.replace("-", "/"), Entry("medication", m.generic, "", m.drug_class))
        for m in vocabulary.medications
        if "-" in m.generic
    ]
    found += [
        (a.term, Entry("anatomy", a.site, "", "paired" if a.paired else "")) for a in vocabulary.anatomy
    ]
    found += [
        (term, Entry("device", name)) for term, name in mapping("devices.csv", ("term", "device")).items()
    ]
    found += [
        (term, Entry("substance", name)) for term, name in mapping("substances.csv", ("term", "use")).items()
    ]
    found += [(row["phrase"], Entry("decoy", "")) for _, row in rows("decoys.csv", ("phrase",))]
    return found


@cache
def _heads() -> Trie[Head]:
    heads: Trie[Head] = Trie()
    flags = frozenset({"yes", "no"})
    for line, row in rows("heads.csv", ("term", "concept", "preposition", "group", "carry")):
        carry = one_of(row["carry"], flags, "heads.csv", line) == "yes"
        heads.add(row["term"], Head(row["concept"], row["preposition"], row["group"], carry))
    return heads


def compile_lexicon(vocabulary: "Vocabulary") -> Lexicon:
    """Build the trie; where tables share a term it keeps one entry of each table."""
    phrases: Trie[tuple[Entry, ...]] = Trie()
    plain: dict[tuple[str, ...], Entry] = {}
    by_key: dict[tuple[str, ...], list[Entry]] = {}
    for term, entry in _entries(vocabulary):
        words = key(term)
        known = by_key.setdefault(words, [])
        if words and all(other.source != entry.source for other in known):
            known.append(entry)
        if entry.source == "problem":
            plain.setdefault(words, entry)
    for words, entries in by_key.items():
        if words:
            phrases.add_words(words, tuple(entries))
    return Lexicon(phrases, _heads(), plain)


_cache: list[tuple["Vocabulary", Lexicon]] = []
_lock = Lock()


def lexicon_of(vocabulary: "Vocabulary") -> Lexicon:
    """Return the compiled form of a vocabulary, compiling at the first call for this very object."""
    for known, lexicon in _cache:
        if known is vocabulary:
            return lexicon
    with _lock:
        for known, lexicon in _cache:
            if known is vocabulary:
                return lexicon
        lexicon = compile_lexicon(vocabulary)
        _cache.insert(0, (vocabulary, lexicon))
        del _cache[_KEPT:]
    return lexicon
