"""Services by the minutes that the record states for them: care planning talks, screening, care management of a month, prolonged visits.

CPT time rules and the digest's sections on care management (CARE) and prolonged services (EM.prolonged): the minutes stand in the sentence
that names the service, and what else the code asks for (consent, a care plan) stands in the record.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from agent.coder import told
from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.lines import Line, facts_of
from agent.coder.spoken import MINUTES, sentences
from knowledge.tables import read_csv

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
DATA = Path(__file__).parent / "data"
MONTHLY = frozenset({"ccm", "bhi"})
MONTH = re.compile(
    r"\b(?:this|the|of|per|last|calendar) month\b|\bin (?:january|february|march|april|may|june|july|august|september|"
    r"october|november|december)\b|\bmonthly\b",
    re.IGNORECASE,
)
NOT_SEEN = re.compile(
    r"\bno (?:face[- ]to[- ]face|office|in[- ]person) visit\b|\bnot seen (?:in person|in the office|face to face)\b|"
    r"\bcare (?:management|integration) (?:monthly )?(?:summary|note|log)\b",
    re.IGNORECASE,
)
DENIED = re.compile(r"\b(?:no|not|without|declin\w*|refus\w*|lack\w*|missing|pending|before)\b[^.]{0,30}$")
EXCLUDED = re.compile(
    r"\b(?:exclud\w+|exclusive of|not includ\w+|does not include|apart from|separate from|less)\b[^.]*\b(?:procedure|bill\w*|"
    r"inject\w+|counsel\w*|planning|time|minutes|interpretation|services?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """One row: the code and its minutes, its add-on, the words of its sentence and of the record, and what bars it."""

    family: str
    code: str
    least: int
    most: int | None
    further: str
    from_minute: int | None
    each: int | None
    at_most: int | None
    about: str
    record: str
    unless: str
    payers: tuple[str, ...]
    barred: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Prolonged:
    """One row: the add-on, the visit it adds to, the minute from which it counts, and how many minutes a unit takes."""

    code: str
    visit: str
    from_minute: int
    each: int
    source: str


@cache
def timed_services() -> tuple[Timed, ...]:
    """The table; within a family the first row whose conditions hold decides."""
    return read_csv(DATA / "minutes.csv", Timed)


@cache
def _prolonged() -> tuple[Prolonged, ...]:
    return read_csv(DATA / "prolonged.csv", Prolonged)


def timed(case: Case, lines: Sequence[Line]) -> Stage:
    """The lines, with the services whose minutes the record states; a screening by minutes takes the place of its questionnaire."""
    found: dict[str, tuple[Timed, Seen, str, int]] = {}
    billed = {line.code for line in lines}
    for seen, text in sentences(case):
        for row, minutes in _heard(case, text, billed):
            found.setdefault(row.family, (row, seen, text, minutes))
    added: list[Line] = []
    for row, seen, text, minutes in found.values():
        added += yield from _lines(row, seen, text, minutes)
    spared = {"96127"} if any(x.code == "G0444" for x in added) else set()
    return (*(x for x in lines if x.code not in spared), *added)


def _heard(case: Case, text: str, billed: set[str]) -> Iterator[tuple[Timed, int]]:
    low = text.lower()
    stated = MINUTES.search(low)
    if not stated:
        return
    minutes = int(stated[1])
    for row in timed_services():
        monthly = row.family not in MONTHLY or MONTH.search(low)
        if monthly and _is_met(row, case, low, minutes) and not billed & set(row.barred):
            yield row, minutes


def _is_met(row: Timed, case: Case, low: str, minutes: int) -> bool:
    if (
        minutes < row.least
        or minutes > (row.most or minutes)
        or (row.payers and case.payer not in row.payers)
    ):
        return False
    if not re.search(row.about, low) or (row.unless and re.search(row.unless, low)):
        return False
    record = " ".join(case.texts.values()).lower()
    return all(told.states(re.finditer(part, record), DENIED) for part in row.record.split(" & ") if part)


def _lines(row: Timed, seen: Seen, text: str, minutes: int) -> Stage:
    why = f"{minutes} minutes are documented for it"
    lines: list[Line] = []
    for code, units in ((row.code, 1), (row.further, further_units(row, minutes))):
        if not code or not units:
            continue
        facts = yield from facts_of(code, "cpt" if code.isdigit() else "hcpcs")
        if facts:
            lines.append(
                Line(
                    code=code,
                    seen=(seen,),
                    rationale=why,
                    facts=facts,
                    units=units,
                    minutes=minutes,
                    said=text,
                )
            )
    return tuple(lines)


def further_units(row: Timed, minutes: int) -> int:
    """Units of the add-on: one from its first minute on, and one for each full period after it."""
    if row.from_minute is None or row.each is None or minutes < row.from_minute:
        return 0
    units = 1 + (minutes - row.from_minute) // row.each
    return min(units, row.at_most or units)


def is_month_only(case: Case, lines: Iterable[Line]) -> bool:
    """Whether the record tells of a month of care management without a visit."""
    monthly = _monthly()
    cared = any(line.code in monthly for line in lines)
    return cared and any(NOT_SEEN.search(text) for text in case.texts.values())


def apart(lines: Iterable[Line]) -> int:
    """Minutes of the day that are billed by themselves (counselling, care planning) and no time of the visit."""
    elsewhere = _monthly() | {row.further for row in timed_services()}
    return sum(x.minutes or 0 for x in lines if x.code not in elsewhere)


def _monthly() -> set[str]:
    return {row.code for row in timed_services() if row.family in MONTHLY}


def says_excluded(case: Case) -> bool:
    """Whether the record says that the total time leaves out what is billed apart."""
    return any(EXCLUDED.search(text) for _, text in sentences(case) if MINUTES.search(text.lower()))


def prolong(case: Case, line: Line, em: Json | None) -> Stage:
    """The visit and the payer's code for each full 15 minutes beyond the longest visit, which time alone then decides."""
    wanted = case.encounter.get("prolonged_code")
    row = next((r for r in _prolonged() if r.code == wanted and r.visit == line.code), None)
    minutes = line.minutes or 0
    if row is None or em is None or minutes < row.from_minute:
        return (line,)
    facts = yield from facts_of(row.code, "cpt" if row.code.isdigit() else "hcpcs")
    if not facts:
        return (line,)
    why = f"{minutes} minutes of total time; {row.code} counts from minute {row.from_minute}"
    added = replace(
        line, code=row.code, facts=facts, rationale=why, units=1 + (minutes - row.from_minute) // row.each,
        is_em=False, modifiers=(),
    )  # fmt: skip
    return (line, added)
