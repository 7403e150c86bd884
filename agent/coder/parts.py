"""Services of which this practice did a part, and what the record must say for it to be billed at all.

The reading of a test whose equipment is a facility's (modifier 26, or the code of the reading alone), a laboratory test bought from an
outside laboratory (90), assistance at another's operation (80, 81, 82). Sources: CPT appendix A; Medicare Claims Processing Manual
chapter 12, sections 20.4.3 and 100.1.7 (assistants), chapter 13, section 20 (professional and technical parts), chapter 16, section 40.1
(a practice may not bill Medicare for a test it bought).
"""

import re
from collections.abc import Iterator, Sequence

from agent.coder.case import Case, Seen
from agent.coder.lines import Line
from agent.coder.spoken import MEDICARE, sentences
from tools.transfer import assumed

FACILITIES = frozenset({"19", "21", "22", "23", "24"})
READ = re.compile(
    r"\b(?:I|we) (?:have )?(?:personally |independently )?(?:interpreted|read)\b|\b(?:interpreted|read) by me\b|\bmy (?:own )?interpretation\b",
    re.IGNORECASE,
)
REPORT = re.compile(
    r"\b(?:written|signed|separate|formal|dictated) (?:\w+ ){0,2}report\b|\breport (?:was )?(?:written|signed|dictated)",
    re.I,
)
AHEAD = re.compile(r"\b(?:will be|to be|ordered|scheduled|planned|pending|not)\b", re.IGNORECASE)
BILLS_US = re.compile(
    r"\b(?:bills?|billed|invoices?|charges?) (?:us|our practice|this practice|the practice)\b", re.IGNORECASE
)
ASSISTED = re.compile(
    r"\bI (?!was |am |were )(?:\w+ )?(?:assisted|served as (?:the )?(?:\w+ )?assistant|gave (?:\w+ )?(?:surgical )?assistance)\b|"
    r"^\W*(?:my )?role: (?:\w+ )?assistant",
    re.IGNORECASE,
)
ANOTHER = re.compile(
    r"\bby (?:Dr\.?|another|the (?:emergency|hospital))\b|\bin the emergency (?:department|room)\b",
    re.IGNORECASE,
)
OPERATIVE = re.compile(r"^\W*(?:pre-?operative|post-?operative) diagnos[ie]s\b", re.IGNORECASE | re.MULTILINE)
VISITED = frozenset({"chief_complaint", "hpi", "ros", "exam"})
ASSISTANT = frozenset({"80", "81", "82", "AS"})
READING_ALONE = {"93000": "93010", "93040": "93042", "93015": "93018", "93224": "93227"}
"""Whole tests and the code of their reading alone (physician fee schedule PC/TC indicators 4 and 2)."""


def is_part(case: Case, seen: Seen) -> bool:
    """Whether a test that others did is billed here in part: read with a written report, or bought."""
    text = case.sentence(seen)
    if seen.kind != "test" or AHEAD.search(text):
        return False
    return reads_alone(case, seen) or (bool(BILLS_US.search(text)) and case.payer not in MEDICARE)


def reads_alone(case: Case, seen: Seen) -> bool:
    """Whether the test's own words, or those that follow, tell a reading with a written report of a facility's test."""
    if str(case.encounter.get("place_of_service")) not in FACILITIES:
        return False
    told = " ".join(_with_next(case, seen))
    return bool(READ.search(told) and REPORT.search(told))


def _with_next(case: Case, seen: Seen) -> Iterator[str]:
    near = () if seen.sentence is None else (seen.sentence, seen.sentence + 1)
    yield from (t for s, t in sentences(case) if s.document == seen.document and s.sentence in near)


def assisted(case: Case) -> bool:
    """Whether the one who writes helped at another's operation."""
    return any(ASSISTED.search(text) for _, text in sentences(case))


def took_over(case: Case) -> bool:
    """Whether the care after another's operation was transferred to us in writing (55).

    Never for Medicare, which wants the claim dated by the day of the operation: an encounter of ours has another day.
    """
    return case.payer not in MEDICARE and any(assumed(text) for _, text in sentences(case))


def by_another(text: str) -> bool:
    """Whether a sentence tells an operation as another's."""
    return bool(ANOTHER.search(text))


def is_operative_report(case: Case) -> bool:
    """Whether the record is of an operation alone: it heads one, and no history or examination of a visit stands beside it."""
    kinds = {s["kind"] for sections in case.sections.values() for s in sections}
    heads = any(OPERATIVE.search(text) for text in case.texts.values())
    return heads and not kinds & VISITED


def unpaid_assistance(case: Case, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Operations at which the writer only assisted, where no assistant's modifier may stand: they are another's to bill."""
    if not assisted(case):
        return ()
    surgical = [x for x in lines if x.facts.get("global_days") in {"000", "010", "090"}]
    return tuple(x for x in surgical if not ASSISTANT & {c for c, _ in x.modifiers})
