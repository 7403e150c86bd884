"""Visits in the hospital: which family of codes the note's visit is of (CPT, hospital inpatient and observation care)."""

import re
from collections.abc import Generator

from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask
from agent.coder.diagnose import Diagnosed
from agent.coder.level import minutes
from agent.coder.lines import Line, facts_of

HOSPITAL = "21"
FAMILIES = {"12": "home", "13": "home", "14": "home", "23": "emergency"}
DISCHARGE = re.compile(r"\bdischarge (?:summary|day|note|visit)\b|\bday of discharge\b", re.IGNORECASE)
HEAD = 300
"""Characters at the note's beginning in which it names itself."""
LATER = re.compile(
    r"\bprogress note\b|\bhospital day\b|\bHD ?#? ?\d|\bpost-?op(?:erative)? day\b|\bday \d+ of (?:the |her |his )?(?:admission|hospital\w*|stay)\b|"
    r"\bovernight(?:,| events?\b)|\b(?:inpatient|daily) rounds?\b|\bsubsequent (?:hospital|inpatient)\b",
    re.IGNORECASE,
)
FIRST = re.compile(
    r"\badmission (?:history|H ?& ?P|note)\b|\bhistory and physical\b|\bH ?& ?P\b|\binitial (?:inpatient|hospital|observation)\b|"
    r"\badmit(?:ted|ting)? (?:her |him |the patient )?(?:to|as|for|under|from)\b",
    re.IGNORECASE,
)
LONG = 30
"""Minutes that the shorter discharge day holds (CPT 99238)."""


def family(case: Case) -> str:
    """The family of the visit by its place; a hospital day that tells of no admission is a later one, which pays less."""
    place = _place(case)
    if place != HOSPITAL:
        return FAMILIES.get(place, "office")
    texts = case.texts.values()
    later = any(LATER.search(text) for text in texts)
    return "hospital_initial" if not later and any(FIRST.search(text) for text in texts) else "hospital_later"


def is_discharge(case: Case) -> bool:
    """The note calls itself that of the day of discharge from the hospital."""
    return _place(case) == HOSPITAL and any(DISCHARGE.search(text[:HEAD]) for text in case.texts.values())


def _place(case: Case) -> str:
    return str(case.encounter.get("place_of_service"))


def discharge(
    case: Case, diagnosed: Diagnosed
) -> Generator[tuple[Ask, ...], tuple[Answer, ...], Line | None]:
    """The discharge day, by its minutes and not by decision making (CPT 99238, 99239): the shorter where no time over half an hour is told."""
    told = minutes(case)
    long = told is not None and told > LONG
    facts = yield from facts_of("99239" if long else "99238")
    why = (
        f"the day of discharge, {told} minutes"
        if long
        else "the day of discharge; no time over half an hour is told"
    )
    seen = tuple(d.candidates[0].seen for d in diagnosed.diagnoses[:4])
    return (
        Line(code=str(facts["code"]), seen=seen, rationale=why, facts=facts, minutes=told, is_em=True)
        if facts
        else None
    )
