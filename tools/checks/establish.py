"""What the documents establish: does the record say that the patient has what a diagnosis code reports?

Guidelines IV.J (code all documented conditions), IV.H (no uncertain diagnoses), I.B.14 (whose documentation counts).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from knowledge.bookshelf import Bookshelf
from knowledge.icd10cm import IcdCode
from knowledge.vocabulary import in_range
from tools.checks.reading import Place, Reading, Status
from tools.checks.stems import tokens
from tools.checks.tables import DxCue, dx_cues, title_words

Stems = frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Establishment:
    """The best that the documents say of a code, and the places where they say it."""

    status: Status
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """The terms of the vocabulary by the code they stand for, dots removed, and by every prefix of it."""

    by_code: Mapping[str, tuple[Stems, ...]]
    below: Mapping[str, tuple[Stems, ...]]


@dataclass(frozen=True, kw_only=True)
class Establisher:
    """Answers for one set of documents; verdicts are remembered as long as it lives."""

    bookshelf: Bookshelf
    reading: Reading
    on: date
    _memo: dict[str, Establishment] = field(default_factory=dict, repr=False)

    @classmethod
    def over(cls, bookshelf: Bookshelf, reading: Reading, on: date) -> "Establisher":
        """Make one for documents already read."""
        return cls(bookshelf=bookshelf, reading=reading, on=on)

    def verdict(self, code: str) -> Establishment:
        """Return what the documents say of a code; ABSENT when no term of it stands in them."""
        if code not in self._memo:
            self._memo[code] = self._judge(code)
        return self._memo[code]

    def _judge(self, code: str) -> Establishment:
        cue = cue_for(code)
        if cue is not None:
            found = self._by_cue(cue)
            if cue.only or found.status is Status.PRESENT:
                return found
        row = self.bookshelf.icd.find(code, self.on)
        if row is None:
            return Establishment(status=Status.ABSENT)
        places = tuple(dict.fromkeys(self._places(row)))
        return _best(places)

    def _by_cue(self, cue: DxCue) -> Establishment:
        weakest, places = Status.PRESENT, []
        for group in cue.groups:
            found = [p for stems in group.terms for p in self.reading.find(stems, 2)]
            status = max((p.status for p in found), default=Status.ABSENT)
            if any(pattern.search(self.reading.text) for pattern in group.patterns):
                status = Status.PRESENT
            weakest = min(weakest, status)
            places.extend(found)
        return Establishment(status=weakest, places=tuple(places))

    def _places(self, row: IcdCode) -> Iterator[Place]:
        bare = row.code.replace(".", "")
        lexicon = lexicon_of(self.bookshelf)
        for stems in (*lexicon.by_code.get(bare, ()), *lexicon.below.get(bare, ())):
            yield from self.reading.find(stems)
        for stems in titles(self.bookshelf, row.code, self.on):
            yield from self.reading.find(stems, 5)
        sites = sites_of(self.bookshelf, row)
        for length in range(len(bare) - 1, 2, -1):
            for stems in lexicon.by_code.get(bare[:length], ()):
                yield from (p for p in self.reading.find(stems) if self._at_site(p, stems, sites))

    def _at_site(self, place: Place, stems: Stems, sites: Stems) -> bool:
        if not sites or sites & stems:
            return True
        near = {token.stem for token in tokens(self.reading.around(place, 2))}
        return bool(sites & near)


def _best(places: tuple[Place, ...]) -> Establishment:
    best = max((place.status for place in places), default=Status.ABSENT)
    return Establishment(status=best, places=places)


@lru_cache(maxsize=4096)
def cue_for(code: str) -> DxCue | None:
    """Return the cue row with the longest prefix or range that holds a code, None when there is none."""
    rows = [row for row in dx_cues() if in_range(code, row.codes)]
    return max(rows, key=lambda row: len(row.codes.partition("-")[0].replace(".", "")), default=None)


@lru_cache(maxsize=4)
def lexicon_of(bookshelf: Bookshelf) -> Lexicon:
    """Index the vocabulary's problem terms and the drugs of long-term use codes by code."""
    by_code: dict[str, dict[Stems, None]] = {}
    below: dict[str, dict[Stems, None]] = {}
    for code, term in _terms(bookshelf):
        bare, stems = code.replace(".", ""), frozenset(t.stem for t in tokens(term))
        by_code.setdefault(bare, {})[stems] = None
        for length in range(3, len(bare)):
            below.setdefault(bare[:length], {})[stems] = None
    return Lexicon(
        by_code={code: tuple(terms) for code, terms in by_code.items()},
        below={code: tuple(terms) for code, terms in below.items()},
    )


def _terms(bookshelf: Bookshelf) -> Iterator[tuple[str, str]]:
    vocabulary = bookshelf.vocabulary
    for problem in vocabulary.problems:
        yield problem.code, problem.term
    for drug in vocabulary.medications:
        if drug.long_term:
            yield drug.long_term, drug.name
            yield drug.long_term, drug.generic


@lru_cache(maxsize=16384)
def titles(bookshelf: Bookshelf, code: str, on: date) -> tuple[Stems, ...]:
    """Return the content stems of a code's title and of the inclusion terms at the code itself."""
    row = bookshelf.icd.get(code, on)
    own = {row.code, *(() if row.parent == row.block else (row.parent,))}
    texts = [row.display]
    texts += [note.text for note in bookshelf.icd.notes(row.code, on).inclusion_terms if note.origin in own]
    return tuple(dict.fromkeys(stems for text in texts if (stems := content(text))))


def content(text: str) -> Stems:
    """Return the stems of a title that carry its meaning: no side, episode, filler or bracket."""
    words = title_words()
    lower = text.lower().partition("(")[0]
    return frozenset(t.stem for t in tokens(lower) if t.stem not in words.filler and not t.stem.isdigit())


@lru_cache(maxsize=16384)
def sites_of(bookshelf: Bookshelf, row: IcdCode) -> Stems:
    """Return the stems of body sites in a code's title."""
    return frozenset(t.stem for t in tokens(row.display.lower()) if t.stem in title_words().sites)


def any_of(reading: Reading, terms: Iterable[Stems], slack: int = 3) -> tuple[Place, ...]:
    """Find every place of any of several terms."""
    return tuple(place for term in terms for place in reading.find(term, slack))
