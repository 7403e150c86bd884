"""Procedures by number: the title whose range holds how many were treated, and the add-on code for the further ones (CPT integumentary)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.conversation import Json
from knowledge.tables import read_csv

NUMBERS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
WORD = "|".join((r"\d{1,2}", "a single", *sorted(NUMBERS, key=len, reverse=True)))
THINGS = (
    r"(?:lesions?|keratos[ei]s|aks?\b|warts?|verrucae?|spots?|moles?|biops(?:y|ies)|sites?|areas?|papules?|"
    r"nails?|toenails?|calluses|corns?|skin tags?|tags?|muscles?|trigger points?|regions?|mollusca?)"
)
MEASURE = r"(?:mm|cm|mg|mls?|cc|seconds?|minutes?|hours?|days?|weeks?|months?|years?|x|by)\b"
SAID = re.compile(
    rf"\b({WORD})\s+(?!{MEASURE})(?:[\w-]+\s+){{0,4}}?{THINGS}|\b({WORD}) (?:were |was )?(?:treated|frozen|injected)"
)
MANY = 999
TWO_RESULTS = {"87804": re.compile(r"\b(?:influenza|flu) (?:types? )?a\b[^.]*\bb\b", re.IGNORECASE)}
"""Tests that give one result for each of two agents: each result is a unit (CPT microbiology)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Further:
    """One row: a code for the first, the add-on code for each further one, and from how many another code covers all."""

    first: str
    further: str
    all_from: int
    all_code: str


def number(word: str) -> int:
    """A number in digits or in lower-cased words up to twenty; "a single" is one."""
    if word.isdigit():
        return int(word)
    return NUMBERS.index("one" if word == "a single" else word) + 1


@cache
def furthers() -> dict[str, Further]:
    """The table of first and further ones."""
    rows: tuple[Further, ...] = read_csv(Path(__file__).parent / "data" / "further.csv", Further)
    return {row.first: row for row in rows}


def count_said(text: str) -> int | None:
    """How many a sentence says were treated; None when it does not say."""
    found = SAID.search(text.lower())
    if not found:
        return None
    return number(found[1] or found[2])


def range_of(title: str) -> tuple[int, int] | None:
    """Fewest and most that a title covers; None when it counts nothing."""
    low = title.lower()
    if found := re.search(rf"\b({WORD}) (?:to|or) ({WORD})\b", low):
        return number(found[1]), number(found[2])
    if found := re.search(rf"\b({WORD}) or more\b", low):
        return number(found[1]), MANY
    if found := re.search(rf"\bup to ({WORD})\b", low):
        return 1, number(found[1])
    return (1, 1) if re.search(r", one$", low) else None


def best_by_count(hits: Sequence[Json], text: str) -> list[Json]:
    """The hits of the best hit's kind whose range holds the number said, else as they came."""
    said = count_said(text)
    ranged = [(h, r) for h in hits if (r := range_of(h["display"]))]
    if said is None or not ranged or ranged[0][0] is not hits[0]:
        return list(hits)
    kind = hits[0]["display"].split(",")[0].lower()[:12]
    fitting = [
        h for h, (low, high) in ranged if low <= said <= high and h["display"].lower().startswith(kind)
    ]
    return [*fitting, *(h for h in hits if h not in fitting)]


def further_codes(code: str, text: str) -> Iterator[tuple[str, int]]:
    """What stands in the place of a code, or beside it, for the number said: (code, units) in claim order."""
    if code in TWO_RESULTS and TWO_RESULTS[code].search(text):
        yield code, 2
        return
    row, said = furthers().get(code), count_said(text) or 1
    if row is None or said < 2:
        return
    if row.all_code and said >= row.all_from:
        yield row.all_code, 1
        return
    yield code, 1
    yield row.further, said - 1
