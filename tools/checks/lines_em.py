"""Line rules on visits and time: level against decision making or minutes, time-based codes and their minutes."""

import re
from collections.abc import Iterator
from itertools import combinations

from knowledge.procedures import Procedure
from tools.checks.lines_table import known, row_source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.stems import tokens
from tools.claim.model import ClaimLine
from tools.proposal import EmDecision

_LEVELS = ("minimal", "straightforward", "low", "moderate", "high")
_CODE_LEVEL = {
    **dict.fromkeys(("99202", "99212", "99242", "99252", "99281", "99341", "99347", "99307"), 1),
    **dict.fromkeys(("98000", "98004", "98008", "98012", "99282"), 1),
    **dict.fromkeys(("99203", "99213", "99243", "99253", "99283", "99342", "99348", "99308", "99304"), 2),
    **dict.fromkeys(("98001", "98005", "98009", "98013", "99221", "99231", "99234"), 2),
    **dict.fromkeys(("99204", "99214", "99244", "99254", "99284", "99344", "99349", "99309", "99305"), 3),
    **dict.fromkeys(("98002", "98006", "98010", "98014", "99222", "99232", "99235"), 3),
    **dict.fromkeys(("99205", "99215", "99245", "99255", "99285", "99345", "99350", "99310", "99306"), 4),
    **dict.fromkeys(("98003", "98007", "98011", "98015", "99223", "99233", "99236"), 4),
}
_OFFICE_MINUTES = {
    "99202": 15, "99203": 30, "99204": 45, "99205": 60, "99212": 10, "99213": 20, "99214": 30, "99215": 40,
}  # fmt: skip
_MINUTES = re.compile(r"(\d{1,3})\s*(?:-\s*)?(?:min\b|mins\b|minutes?\b)|\b(\d(?:\.\d)?)\s*hours?\b")
_NOT_SPENT = re.compile(
    r"\b(?:last(?:s|ed|ing)?|ago|every|walk\w*|exercis\w*|after|before|wait\w*|episode\w*|for the (?:last|past)|sleep\w*)\b"
)
_SPENT = re.compile(
    r"\b(?:spent|total time|counsel\w*|face[- ]to[- ]face|time spent|devoted|session|took|test\w*|administ\w*|discuss\w*|"
    r"educat\w*|therapy|infus\w*|start\w*|devot\w*|provid\w*|time)\b"
)
_BY_DECISION = frozenset(
    {"em_new", "em_established", "em_consult", "em_hospital", "em_nursing", "em_home", "telehealth"}
)


def problem_visits(request: CheckRequest) -> Iterator[tuple[ClaimLine, Procedure]]:
    """Yield the lines that are problem-oriented visits."""
    for line, row in known(request):
        if line.code in _CODE_LEVEL:
            yield line, row


@rule(
    "line.em_decision",
    "error",
    "The visit line and the level decision disagree.",
    "project rule: one visit, one decision",
)
def em_decision(request: CheckRequest) -> Iterator[Doubt]:
    """The problem-oriented visit billed is the one that was levelled."""
    if request.em is None:
        return
    codes = {line.code for line in request.claim.lines}
    if request.em.code not in codes:
        visit = next((x.code for x, _ in problem_visits(request)), "none")
        yield Doubt(
            message=f"The decision is {request.em.code}; the visit billed is {visit}.",
            codes=(request.em.code,),
        )


@rule(
    "line.em_level",
    "error",
    "The visit level is above what decision making supports.",
    "CPT E/M guidelines 2021 and later: two of three elements",
    overridable=True,
)
def em_level(request: CheckRequest) -> Iterator[Doubt]:
    """Two of problems, data and risk must reach the level."""
    for line, row, level, supported in _by_mdm(request):
        if level > supported:
            yield Doubt(
                message=f"{line.code} needs {_LEVELS[level]} decision making; two of three elements reach {_LEVELS[supported]}.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
                hint="Bill the level that two of problems, data and risk reach.",
            )


@rule(
    "line.em_under",
    "warning",
    "The visit level is below what decision making supports.",
    "CPT E/M guidelines 2021 and later; under-coding weighs the same",
    overridable=True,
)
def em_under(request: CheckRequest) -> Iterator[Doubt]:
    """Two of three elements reach a higher level than the code billed."""
    for line, row, level, supported in _by_mdm(request):
        if level < supported:
            yield Doubt(
                message=f"{line.code} is below the {_LEVELS[supported]} level that two of three elements reach.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


def _by_mdm(request: CheckRequest) -> Iterator[tuple[ClaimLine, Procedure, int, int]]:
    em = request.em
    if em is None or em.basis != "mdm":
        return
    for line, row in problem_visits(request):
        if line.code == em.code:
            yield line, row, _CODE_LEVEL[line.code], _two_of_three(em)


def _two_of_three(em: EmDecision) -> int:
    """The level that two of three reach; a minimal one is straightforward decision making (CPT E/M, table of MDM)."""
    return max(1, sorted(_LEVELS.index(x.level) for x in (em.problems, em.data, em.risk))[1])


@rule(
    "line.em_time",
    "error",
    "The visit is levelled by time that is not documented or not enough.",
    "CPT E/M guidelines: total time on the date of the encounter",
    overridable=True,
)
def em_time(request: CheckRequest) -> Iterator[Doubt]:
    """By time, the documented minutes reach the code's minimum."""
    em = request.em
    if em is None or em.basis != "time":
        return
    for line, row in problem_visits(request):
        least = _OFFICE_MINUTES.get(line.code) or row.min_minutes
        if line.code != em.code or least is None:
            continue
        documented = spoken_minutes(request.reading.text)
        if not em.minutes or em.minutes < least:
            yield Doubt(
                message=f"{line.code} needs {least} minutes; {em.minutes or 0} are counted.",
                codes=(line.code,),
                line=line.number,
            )
        elif not _is_stated(em.minutes, documented):
            yield Doubt(
                message=f"{line.code} is levelled by {em.minutes} minutes that no document states.",
                codes=(line.code,),
                line=line.number,
            )


@rule(
    "line.em_no_note",
    "error",
    "A visit without a note of it.",
    "guideline IV; 42 CFR 410.20",
    overridable=True,
)
def em_no_note(request: CheckRequest) -> Iterator[Doubt]:
    """A visit is documented by a note, an addendum or a transcript, not by results alone."""
    if not request.documents or any(
        d.kind in {"note", "addendum", "transcript", "discharge_summary"} for d in request.documents
    ):
        return
    for line, row in known(request):
        if row.is_em:
            yield Doubt(
                message=f"{line.code}: no note of the visit is among the documents.",
                codes=(line.code,),
                line=line.number,
            )


def _is_stated(minutes: int, documented: tuple[int, ...]) -> bool:
    """The minutes as stated, or a stated total less one or two other stated times (what is billed apart)."""
    others = {0, *documented, *(a + b for a, b in combinations(documented, 2))}
    return any(total - minutes in others for total in documented)


def spoken_minutes(text: str) -> tuple[int, ...]:
    """The minutes a lower-cased text states, hours converted, in reading order."""
    found = _MINUTES.finditer(text)
    return tuple(int(m[1]) if m[1] else round(float(m[2]) * 60) for m in found)


@rule(
    "line.time",
    "error",
    "A time-based code without its documented minutes.",
    "CPT time rule: the midpoint must be passed; minutes of the code",
    overridable=True,
)
def time(request: CheckRequest) -> Iterator[Doubt]:
    """Counselling, therapy, testing, infusion and care management need their minutes in the record."""
    if not request.documents:
        return
    for line, row in known(request):
        if row.min_minutes is None or row.category in _BY_DECISION or row.family == "medicare_wellness":
            continue
        minutes = service_minutes(request, row)
        if not minutes:
            why = "no document states the minutes"
        elif max(minutes) < row.min_minutes:
            why = f"{max(minutes)} minutes are documented"
        else:
            continue
        yield Doubt(
            message=f"{line.code} needs at least {row.min_minutes} minutes; {why}.",
            codes=(line.code,),
            line=line.number,
            source=row_source(row),
        )


@rule(
    "line.time_band",
    "error",
    "The documented minutes belong to another code of the family.",
    "CPT time bands of the family",
    overridable=True,
)
def time_band(request: CheckRequest) -> Iterator[Doubt]:
    """A family such as 99406 and 99407 splits by minutes."""
    if not request.documents:
        return
    lines = list(known(request))
    for line, row in lines:
        if row.min_minutes is None or row.max_minutes is None or row.category in _BY_DECISION or row.add_on:
            continue
        if any(r.add_on and r.family == row.family for _, r in lines):
            continue
        minutes = service_minutes(request, row, strict=True)
        if minutes and min(minutes) > row.max_minutes:
            yield Doubt(
                message=f"{line.code} ends at {row.max_minutes} minutes; {min(minutes)} are documented.",
                codes=(line.code,),
                line=line.number,
                source=row_source(row),
            )


def service_minutes(request: CheckRequest, row: Procedure, *, strict: bool = False) -> tuple[int, ...]:
    """The minutes stated in sentences about a service; without any, all minutes spent on care unless ``strict``."""
    words = {t.stem for t in tokens(row.title.lower()) if len(t.stem) > 4}
    about: list[int] = []
    spent: list[int] = []
    for page in request.reading.pages:
        for index, segment in enumerate(page.segments):
            sentence = page.lower[segment.start : segment.end]
            minutes = spoken_minutes(sentence)
            if not minutes or (_NOT_SPENT.search(sentence) and not _SPENT.search(sentence)):
                continue
            wide = page.lower[page.segments[max(0, index - 1)].start : segment.end]
            cued = any(cue in wide for cue in row.requires) or bool(
                words & {t.stem for t in tokens(sentence)}
            )
            (about if cued else spent).extend(minutes)
    return tuple(about) if about or strict else tuple(spent)
