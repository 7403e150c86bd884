"""Visits after an operation: the aftercare that is coded for them, and whether they fall into the global period.

Guideline I.C.21.c.7 (aftercare; a fracture keeps its own code with the 7th character instead) and Medicare Claims Processing Manual
chapter 12, section 40.1 (visits of the surgeon for recovery from the operation are part of its payment).
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.case import Case, Seen
from agent.coder.counts import number
from knowledge.tables import read_csv

OPENINGS = frozenset({"chief_complaint", "hpi", "other"})
CHECK = re.compile(
    r"\b(?:post-?\s?op(?:erative)?(?:ly)?|post-?surgical|after surgery)\b[^.]{0,25}\b(?:visit|check|follow|appointment|evaluation)|"
    r"\b(?:surgical|wound) (?:follow[- ]?up|check)|\bfollow[- ]?up (?:after|from|of|status post) (?:\w+ ){0,4}(?:surgery|operation)",
    re.IGNORECASE,
)
OUT_FROM = re.compile(
    r"\b(?P<n>\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve) (?P<unit>day|week)s?\b[^.]{0,30}?"
    r"\b(?:s/p|status post|out from|after|following|post-?\s?op\w*)",
    re.IGNORECASE,
)
MINE = re.compile(
    r"\b(?:that |which )?(?:I|we) (?:performed|did|carried out|completed)\b|\bperformed by (?:me|us)\b|\bmy (?:patient's )?(?:recent )?(?:surgery|operation)\b",
)
"""The record says that the one who sees the patient operated; without it nothing is taken to be in a global period."""
CALLED = re.compile(r"\baftercare\b", re.IGNORECASE)
COMPLICATED = re.compile(
    r"\b(?:infect\w*|dehisc\w*|abscess|cellulitis|seroma|hematoma|complicat(?:ed|ion)s? (?:by|of)|nonunion|leak)\b",
    re.IGNORECASE,
)
OF_SURGERY = re.compile(
    r"\bpost-?\s?op\w*|\bsurgical\b|\bincision(?:al)?\b(?! and drainage)|\boperative site\b", re.IGNORECASE
)
UNRELATED = re.compile(r"\b(?:unrelated|not related|no|without|denies)\b", re.IGNORECASE)
GLOBAL_DAYS = 90
DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True, kw_only=True, slots=True)
class Aftercare:
    """One row: operations of a pattern, and the words that find the code of their aftercare."""

    operation: str
    query: str
    guideline: str


@cache
def aftercares() -> tuple[Aftercare, ...]:
    """The table of operations and their aftercare."""
    return read_csv(Path(__file__).parent / "data" / "aftercare.csv", Aftercare)


def is_check(case: Case) -> bool:
    """Whether the visit is for recovery from an operation: its opening says so."""
    return any(CHECK.search(text) for text in _openings(case))


def aftercare(case: Case, header: Seen) -> Aftercare | None:
    """The aftercare of the operation that heads an item of a recovery visit, or that the item itself calls aftercare.

    None when it does not heal as it should.
    """
    told = case.sentence(header)
    if not (is_check(case) or CALLED.search(told)) or COMPLICATED.search(told):
        return None
    return next((row for row in aftercares() if re.search(row.operation, told, re.IGNORECASE)), None)


def is_called_aftercare(case: Case, header: Seen) -> bool:
    """Whether a header is only the word aftercare of an operation that the table knows."""
    return bool(
        CALLED.search(str(header.text)) and header.vocabulary_kind == "encounter" and aftercare(case, header)
    )


def in_global_period(case: Case) -> bool:
    """Whether the visit follows an operation of the same provider by at most 90 days, as the record tells both."""
    return any(
        MINE.search(text) and (found := OUT_FROM.search(text)) and _days(found) <= GLOBAL_DAYS
        for text in _openings(case)
    )


def is_complication(case: Case) -> bool:
    """Whether the record tells a complication of the operation, which is no unrelated problem."""
    spans = [(case.texts.get(d, ""), s) for d, found in case.sentences.items() for s in found]
    told = [text[start:end] for text, (start, end, *_) in spans]
    return any(COMPLICATED.search(t) and OF_SURGERY.search(t) and not UNRELATED.search(t) for t in told)


def _openings(case: Case) -> list[str]:
    """The text of the complaint and the history of each document."""
    return [
        case.texts.get(document, "")[s["start"] : s["end"]]
        for document, sections in case.sections.items()
        for s in sections
        if s["kind"] in OPENINGS
    ]


def _days(found: "re.Match[str]") -> int:
    return number(found["n"].lower()) * DAYS[found["unit"].lower()]
