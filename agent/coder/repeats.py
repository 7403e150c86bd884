"""Services given again on the day: a second line with 76 or, for a laboratory test, 91; the table tells the words and what forbids it.

A repeat whose first one is on no line of this note but in the history of the day stays a single line; its modifier (76 or 77) is
a criterion of agent/coder/criteria.py.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from agent.coder.case import Case
from agent.coder.lines import Line
from agent.coder.spoken import sentences
from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "repeats.csv"
AGAIN = r"\b(?:second|repeat(?:ed)?|another|third)\b (?:\w+ ){0,3}?(?:%s)\b"
GIVEN = re.compile(r"\b(?:obtained|taken|performed|done|given|administered|recorded|run)\b")
NOT_GIVEN = re.compile(
    r"\b(?:not|no|declin\w*|refus\w*|will be|to be|due|next|planned|scheduled|ordered|if|should|may|might|hospital|emergency|outside|"
    r"urgent care|yesterday|last (?:week|month|year))\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """One row: the service by its words and code, the modifier of its second line, and what forbids it."""

    word: str
    code: str
    modifier: str
    unless: str
    why: str
    source: str


def repeated(case: Case, lines: Mapping[str, Line]) -> Iterator[Line]:
    """The second line of each service that a sentence tells as given again today (CPT appendix A)."""
    for row in _table():
        first = lines.get(row.code)
        if first is None or _was_before(case, row.code):
            continue
        for seen, text in sentences(case):
            if _again(row, text.lower()):
                why = f'{row.why}: "{" ".join(text.split())}"'
                yield replace(
                    first, seen=(seen,), said=text, rationale=row.why, modifiers=((row.modifier, why),)
                )
                break


def _again(row: Repeat, low: str) -> bool:
    if not re.search(AGAIN % row.word, low) or not GIVEN.search(low) or NOT_GIVEN.search(low):
        return False
    return not row.unless or not re.search(row.unless, low)


def _was_before(case: Case, code: str) -> bool:
    """Whether the first one stands in the history of the day: then this note's line is the repeat."""
    on = str(case.encounter.get("date_of_service"))
    return any(i.get("code") == code and str(i.get("effective"))[:10] == on for i in case.history)


@cache
def _table() -> tuple[Repeat, ...]:
    return read_csv(TABLE, Repeat)
