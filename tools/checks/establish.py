"""What the documents establish: does the record say that the patient has what a diagnosis code reports?

Guidelines IV.J (code all documented conditions), IV.H (no uncertain diagnoses), I.B.14 (whose documentation counts).
"""

import re
from collections.abc import Iterator, Mapping
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
_NEAR, _FAR = 2, 12
"""How many sentences away a body site may stand."""
_APART = 8
"""Words that may stand among those of an injury: "tear of the posterior horn of the medial meniscus"."""
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]|\bwithout\b[^,]*")


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
        row = self.bookshelf.icd.find(code, self.on)
        if row is None:
            return Establishment(status=Status.ABSENT)
        cue = cue_for(code)
        if cue is not None and cue.mode == "title_word":
            words = [frozenset({word}) for stems in take_apart(row.display).wordings for word in stems]
            named = _best(tuple(place for stems in words for place in self.reading.find(stems)))
            if named.status is not Status.ABSENT:
                return named
        elif cue is not None:
            found = self._by_cue(cue)
            if cue.mode == "only" or found.status is Status.PRESENT:
                return found
        places = tuple(dict.fromkeys(self._places(row)))
        return _best(places)

    def _by_cue(self, cue: DxCue) -> Establishment:
        weakest, places = Status.PRESENT, []
        for group in cue.groups:
            found = [p for stems in group.terms for p in self.reading.find(stems, 2)]
            status = max((p.status for p in found), default=Status.ABSENT)
            for pattern in group.patterns:
                status = max(status, self.reading.status_of(pattern))
            weakest = min(weakest, status)
            places.extend(found)
        return Establishment(status=weakest, places=tuple(places))

    def _places(self, row: IcdCode) -> Iterator[Place]:
        bare = row.code.replace(".", "")
        lexicon = lexicon_of(self.bookshelf)
        for stems in (*lexicon.by_code.get(bare, ()), *lexicon.below.get(bare, ())):
            yield from self.reading.find(stems)
        for title in titles(self.bookshelf, row.code, self.on):
            for stems in title.wordings:
                places = self.reading.find(stems, _APART if title.reach == _NEAR else 5)
                yield from (p for p in places if self._at_site(p, stems, title.sites, title.reach))
        whole = take_apart(row.display, near=row.code[0] in "ST")
        for length in range(len(bare) - 1, 2, -1):
            for stems in lexicon.by_code.get(bare[:length], ()):
                places = self.reading.find(stems)
                yield from (p for p in places if self._at_site(p, stems, whole.sites, whole.reach))

    def _at_site(self, place: Place, stems: Stems, sites: Stems, reach: int) -> bool:
        if not sites or sites & stems:
            return True
        near = {token.stem for token in tokens(self.reading.around(place, reach))}
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
    conditions = {_stems(problem.term) for problem in bookshelf.vocabulary.problems}
    for code, term, drug in _terms(bookshelf):
        bare, stems = code.replace(".", ""), _stems(term)
        if drug and stems in conditions:  # a brand such as Diabeta has the stem of a disease
            continue
        by_code.setdefault(bare, {})[stems] = None
        for length in range(3, len(bare)):
            below.setdefault(bare[:length], {})[stems] = None
    return Lexicon(
        by_code={code: tuple(terms) for code, terms in by_code.items()},
        below={code: tuple(terms) for code, terms in below.items()},
    )


def _stems(term: str) -> Stems:
    return frozenset(t.stem for t in tokens(term))


def _terms(bookshelf: Bookshelf) -> Iterator[tuple[str, str, bool]]:
    vocabulary = bookshelf.vocabulary
    for problem in vocabulary.problems:
        yield problem.code, problem.term, False
    for drug in vocabulary.medications:
        if drug.long_term:
            yield drug.long_term, drug.name, True
            yield drug.long_term, drug.generic, True


@dataclass(frozen=True, kw_only=True, slots=True)
class Title:
    """A code title taken apart: wordings of what it is (each a set of stems), body sites, and how near they stand.

    ``reach`` counts sentences on either side; a vague complaint such as pain names its site in the same one.
    """

    wordings: tuple[Stems, ...]
    sites: Stems
    reach: int = _NEAR


@lru_cache(maxsize=16384)
def titles(bookshelf: Bookshelf, code: str, on: date) -> tuple[Title, ...]:
    """Return the title of a code, and the inclusion terms at the code itself and its parent, taken apart."""
    row = bookshelf.icd.get(code, on)
    own = {row.code, *(() if row.parent == row.block else (row.parent,))}
    texts = [row.display]
    texts += [note.text for note in bookshelf.icd.notes(row.code, on).inclusion_terms if note.origin in own]
    near = code[0] in "ST"  # an injury's site is told with it
    apart = (take_apart(text, near=near) for text in texts)
    return tuple(title for title in apart if title.wordings)


def take_apart(text: str, *, near: bool = False) -> Title:
    """Split a title into its meaning and its sites; of four or more words of meaning one may be missing.

    With ``near`` the site must stand within two sentences of the meaning.
    """
    words = title_words()
    found = {t.stem for t in tokens(_BRACKETS.sub(" ", text.lower())) if not t.stem.isdigit()}
    meaning = frozenset(found - words.filler - words.sites)
    if not meaning:
        whole = frozenset(found - words.filler)
        return Title(wordings=(whole,) if whole else (), sites=frozenset())
    shorter = [meaning - {word} for word in sorted(meaning)] if len(meaning) > 3 else []
    vague = meaning <= words.vague
    return Title(
        wordings=(meaning, *shorter),
        sites=sites_of(text, kin=not vague),
        reach=0 if vague else _NEAR if near else _FAR,
    )


@lru_cache(maxsize=16384)
def sites_of(text: str, *, kin: bool = True) -> Stems:
    """Return the stems of body sites in a title, with ``kin`` also the sites people name instead of them."""
    words = title_words()
    found = {t.stem for t in tokens(text.lower()) if t.stem in words.sites}
    return (
        frozenset(found.union(*(words.kin.get(site, frozenset()) for site in found)))
        if kin
        else frozenset(found)
    )
