"""Take every identifier out of the texts of one patient, and tell what is left of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from evals.train.identifiers import Identifiers
from evals.train.moving import MONTHS, OVER, moved
from evals.train.patterns import RELATIVE, addresses_masked, left, masked
from knowledge.bookshelf import DATA
from knowledge.tables import read_csv
from knowledge.vocabulary import Vocabulary

_MONTHS: Final = frozenset({*MONTHS, *(m[:3] for m in MONTHS)})
_SHORTEST_LOWER: Final = 4
_WORD: Final = re.compile(r"[a-z]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Word:
    name: str


@cache
def common() -> frozenset[str]:
    """Names that are words: in lower case they are words."""
    return frozenset(
        row.name for row in read_csv(Path(__file__).with_name("names_that_are_words.csv"), _Word)
    )


class Anonymiser:
    """For the texts of one patient."""

    def __init__(self, known: Identifiers, by: timedelta, on: date) -> None:
        """Prepare to replace.

        Args:
            known: the identifiers of the record.
            by: how far dates move.
            on: date of service, for dates without a year.
        """
        self._numbers = _compiled([_number(n) for n in sorted(known.numbers, key=_longest)], re.IGNORECASE)
        self._phrases = _compiled([_phrase(p) for p in sorted(known.phrases, key=_longest)], re.IGNORECASE)
        self._names = _compiled([f for n in sorted(known.names, key=_longest) for f in _forms(n)], 0)
        self._births: Sequence[date] = tuple(known.births)
        self._by, self._on = by, on

    def knowing(self, known: Identifiers) -> "Anonymiser":
        """One that moves dates alike and replaces these identifiers."""
        return Anonymiser(known, self._by, self._on)

    def text(self, text: str) -> str:
        """The text without identifiers, its dates moved."""
        text = addresses_masked(text)
        for form, instead in ((self._numbers, "[ID]"), (self._phrases, "[PLACE]"), (self._names, "[NAME]")):
            text = form.sub(instead, text) if form else text
        text = masked(moved(text, self._by, self._births, self._on))
        return RELATIVE.sub(_relative, text)

    def day(self, day: date) -> str:
        """A date moved, as ISO."""
        return (day + self._by).isoformat()

    def survivors(self, text: str) -> list[str]:
        """Kinds of identifiers that are still in a text that was made here; empty when it is clean."""
        kinds = (("number", self._numbers), ("place", self._phrases), ("name", self._names))
        found = [kind for kind, form in kinds if form and form.search(text)]
        births = any(b.isoformat() in text or f"{b:%m/%d/%Y}" in text for b in self._births)
        return found + (["birth date"] if births else []) + left(text)


def age_of(age: int | None) -> int | None:
    """An age as it may be told: over 89 is one group."""
    return age if age is None else min(age, OVER)


def _relative(match: "re.Match[str]") -> str:
    """A name behind a relative goes; a word of medicine stays."""
    if match["name"].lower() in clinical_words():
        return match[0]
    return f"{match['keep']}[NAME]"


@cache
def clinical_words() -> frozenset[str]:
    """Every word of the clinical vocabulary."""
    known = Vocabulary.load(DATA / "vocabulary")
    terms = (
        *(p.term for p in known.problems),
        *(m.name for m in known.medications),
        *(t.term for t in known.tests),
        *(s.term for s in known.services),
        *(a.term for a in known.anatomy),
        "alive died deceased living healthy well unknown none had has with is was and denies age history at in of",
    )
    return frozenset(word for term in terms for word in _WORD.findall(term))


def _forms(name: str) -> list[str]:
    """The ways a name is written; in lower case only where it can be no other word."""
    ways = {name, name.title(), name.upper(), name.capitalize()}
    lower = name.lower()
    if len(lower) >= _SHORTEST_LOWER and lower not in common() and lower not in clinical_words():
        ways.add(lower)
    not_a_date = r"(?!\s+\d)" if lower in _MONTHS else ""
    return [rf"(?<!\w){re.escape(way)}(?:'s|’s)?(?!\w){not_a_date}" for way in sorted(ways)]


def _number(number: str) -> str:
    """A number however it is grouped: (847) 555-0198, 847.555.0198."""
    if "@" in number or "/" in number:
        return rf"(?<!\w){re.escape(number)}(?!\w)"
    plain = re.sub(r"\W", "", number)
    return r"(?<!\w)\(?" + r"[\s().-]{0,2}".join(map(re.escape, plain)) + r"(?!\w)"


def _phrase(phrase: str) -> str:
    return r"(?<!\w)" + r"\s+".join(map(re.escape, phrase.split())) + r"(?!\w)"


def _longest(said: str) -> tuple[int, str]:
    return -len(said), said


def _compiled(forms: Sequence[str], flags: int) -> "re.Pattern[str] | None":
    return re.compile("|".join(forms), flags) if forms else None
