"""The tables of neoplasms and of drugs: a query names a site and a behaviour, or a substance and an intent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from knowledge.find.query import Query
from knowledge.find.rank import Scored, TermIndex
from knowledge.find.walk import bare
from knowledge.find.words import stems_of

TableKind = Literal["neoplasm", "drug"]

_NEOPLASM: Final = re.compile(
    r"\b(cancers?|carcinomas?|malignan\w*|metasta\w*|neoplas\w*|tumou?rs?|ca in situ)\b"
)
_DRUG: Final = re.compile(
    r"\b(poison\w*|overdos\w*|toxic\w*|adverse (?:drug )?(?:effects?|reactions?)|underdos\w*|side effects?)\b"
)
_BEHAVIOUR: Final = (
    (re.compile(r"\b(metasta\w*|secondary)\b"), 1),
    (re.compile(r"\bin[- ]situ\b"), 2),
    (re.compile(r"\bbenign\b"), 3),
    (re.compile(r"\buncertain\b"), 4),
    (re.compile(r"\b(malignan\w*|cancers?|carcinomas?|primary)\b"), 0),
)
_UNSPECIFIED_BEHAVIOUR: Final = 5
_INTENT: Final = (
    (re.compile(r"\bunderdos\w*"), 5),
    (re.compile(r"\b(adverse|side) "), 4),
    (re.compile(r"\b(self[- ]harm|suicid\w*|(?<!un)intentional(?:ly)?)\b"), 1),
    (re.compile(r"\bassault\w*\b"), 2),
    (re.compile(r"\bundetermined\b"), 3),
)
_ACCIDENTAL: Final = 0
_SAID: Final = {
    "neoplasm": "malignant neoplasm cancer metastasis metastatic metastases secondary primary in situ benign uncertain "
    "unspecified behavior behaviour malignancy",
    "drug": "poisoning overdose toxicity toxic adverse effect reaction drug underdosing side accidental unintentional "
    "intentional self harm suicide suicidal attempt assault undetermined",
}
_TABLE_NAMES: Final = {"neoplasm": "neoplasm table", "drug": "drug table"}
_LOOKED_AT: Final = 5
_POOL: Final = 24


@dataclass(frozen=True, slots=True)
class Cell:
    """One code of a table: the entry that was found, its score, and the column as a coder reads it."""

    code: str
    score: float
    found: str


_OTHER_COLUMN: Final = 0.8
_BEHAVIOURS: Final = (
    ("C00", "C76"),
    ("C77", "C79"),
    ("D00", "D09"),
    ("D10", "D36"),
    ("D37", "D48"),
    ("D49", "D49"),
)


def other_behaviour(code: str, text: str) -> float:
    """A factor below 1 for a neoplasm whose block says another behaviour than the query states."""
    column = column_of("neoplasm", text)
    place = next((n for n, (low, high) in enumerate(_BEHAVIOURS) if low <= code[:3] <= high), None)
    if column is None or column == _UNSPECIFIED_BEHAVIOUR or place is None:
        return 1.0
    return 1.0 if place == column else _OTHER_COLUMN


class Columns:
    """Looks queries up in one table."""

    def __init__(self, kind: TableKind, terms: TermIndex) -> None:
        self._kind = kind
        self._terms = terms
        self._said = frozenset(stem for word in _SAID[kind].split() for stem in stems_of(word))

    def search(self, query: Query) -> Iterator[Cell]:
        """Yield the codes of the entries that fit best; none where the query speaks of something else."""
        column = column_of(self._kind, query.text)
        if column is None:
            return
        rest = tuple(replace(one, part=0) for one in query.wanted if one.stem not in self._said)
        if not rest:
            return
        for scored in self._terms.rank(replace(query, wanted=rest), _POOL)[:_LOOKED_AT]:
            code = bare(scored.code.split("|")[column])
            if code:
                yield Cell(code, scored.score(), self._found(scored, column))

    def _found(self, scored: Scored, column: int) -> str:
        return f"{_TABLE_NAMES[self._kind]}: {scored.text}: {_COLUMN_WORDS[self._kind][column]}"


_COLUMN_WORDS: Final = {
    "neoplasm": ("malignant primary", "malignant secondary", "in situ", "benign", "uncertain", "unspecified"),
    "drug": (
        "poisoning, accidental",
        "poisoning, self-harm",
        "poisoning, assault",
        "poisoning, undetermined",
        "adverse effect",
        "underdosing",
    ),
}


def column_of(kind: TableKind, text: str) -> int | None:
    """The column a query asks for; None where it does not speak of the table's matter.

    A poisoning without a stated intent is accidental (guideline I.C.19.e.5.b); a neoplasm without a stated behaviour
    is one of unspecified behaviour.
    """
    if not (_NEOPLASM if kind == "neoplasm" else _DRUG).search(text):
        return None
    rules = _BEHAVIOUR if kind == "neoplasm" else _INTENT
    default = _UNSPECIFIED_BEHAVIOUR if kind == "neoplasm" else _ACCIDENTAL
    return next((column for pattern, column in rules if pattern.search(text)), default)
