"""The visit stage: the problem-oriented E/M, levelled by the tool from itemised decision making or time."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from agent.coder import hospital, level
from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.diagnose import Diagnosed
from agent.coder.lines import Line, facts_of
from agent.coder.minutes import apart, says_excluded
from agent.coder.modify import MAJOR, MINOR, decides
from agent.coder.parts import is_operative_report, took_over
from agent.coder.postoperative import in_global_period, is_complication
from agent.coder.spoken import MEDICARE

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], "Visit | None"]
Recovery = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
AFTER_SURGERY = "99024"
SCHEDULED = re.compile(
    r"(?:injection|procedure|removal|biopsy|excision)[^.]{0,40}scheduled|"
    r"(?:scheduled|here|presents|returns)[^.]{0,20} for (?:the |her |his |a |an )?(?:planned |scheduled )"
    r"(?:\w+ ){0,3}(?:injection|procedure|removal|biopsy|excision)",
    re.IGNORECASE,
)
SCHEDULED_WITHIN = 1500
PASSING = frozenset({"acute_uncomplicated", "self_limited"})
USUAL = frozenset({"minor_surgery", "otc_drug"})
"""What belongs to the usual work of a minor procedure: the procedure itself and things bought without prescription."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The E/M line and its levelling as propose_claim takes it (none for transitional care and a discharge day)."""

    line: Line
    em: Json | None
    decision_level: str
    unsettled: int | None = None
    """Total minutes that would carry a higher level, were it said that they leave out the procedure billed here."""


def see(case: Case, diagnosed: Diagnosed, lines: Sequence[Line]) -> Stage:
    """Level the visit; None when the record documents no problem that was dealt with."""
    if (
        not diagnosed.diagnoses
        or is_operative_report(case)
        or _is_procedure_visit(case, lines)
        or _is_recovery(case, diagnosed)
    ):
        return None
    if hospital.is_discharge(case):
        left = yield from hospital.discharge(case, diagnosed)
        return Visit(line=left, em=None, decision_level="") if left else None
    billed = [str(s.concept) for line in lines for s in line.seen]
    counted = {
        "problems": level.problems(case, diagnosed.diagnoses, diagnosed.lookups),
        "data": level.data(case, billed),
        "risk": level.risk(case),
    }
    if any(x.facts.get("category") in {"preventive", "wellness"} for x in lines) and not _worked_up(counted):
        return None
    total = level.minutes(case)
    minutes = own_minutes(case, total, lines)
    args: Json = {name: [c.entry for c in items] for name, items in counted.items()}
    args |= {
        "family": hospital.family(case),
        "new_patient": case.new_patient,
        "minutes": minutes,
    }
    asked = [args] if minutes or not total else [args, {**args, "minutes": total}]
    levelled, *by_total = yield tuple(Ask(tool="em_level", args=a) for a in asked)
    unsettled = total if any(x.data.get("basis") == "time" for x in by_total) else None
    code = levelled.data.get("code")
    if not code or _is_part_of_procedure(counted, lines, levelled.data):
        return None
    (looked,) = yield (Ask(tool="look_up_codes", args={"codes": [code], "system": "cpt"}),)
    facts: Json = next(iter(looked.data.get("codes", ())), {})
    said = levelled.data
    seen = tuple(d.candidates[0].seen for d in diagnosed.diagnoses[:4])
    line = Line(code=code, seen=seen, rationale=said["explanation"], facts=facts, minutes=minutes, is_em=True)
    elements = {k: {"level": said[k], "items": [c.item for c in v]} for k, v in counted.items()}
    em = {
        "code": code,
        "basis": said["basis"],
        "minutes": minutes,
        "explanation": said["explanation"],
        **elements,
    }
    return Visit(line=line, em=em, decision_level=said["mdm"], unsettled=unsettled)


def own_minutes(case: Case, total: int | None, lines: Sequence[Line]) -> int | None:
    """Total time less what is billed by itself (CPT, time); None where a procedure was done and nothing says its time is left out."""
    if total is None or says_excluded(case):
        return total
    if any(x.facts.get("global_days") in {*MINOR, MAJOR} for x in lines):
        return None
    return max(0, total - apart(lines)) or None


def recover(case: Case, diagnosed: Diagnosed) -> Recovery:
    """The line that tells of a visit for recovery and asks no payment for it (CPT 99024); none for any other visit."""
    if not diagnosed.diagnoses or not _is_recovery(case, diagnosed):
        return ()
    facts = yield from facts_of(AFTER_SURGERY)
    why = "a visit for recovery inside the global period of the operation, included in its payment"
    seen = (diagnosed.diagnoses[0].candidates[0].seen,)
    return (Line(code=AFTER_SURGERY, seen=seen, rationale=why, facts=facts),) if facts else ()


def _worked_up(counted: dict[str, list[level.Counted]]) -> bool:
    """A problem beside a preventive visit counts when it was dealt with: addressed, and something decided for it."""
    return bool(counted["problems"] and counted["risk"])


def _is_part_of_procedure(counted: dict[str, list[level.Counted]], lines: Sequence[Line], said: Json) -> bool:
    """One problem, nothing decided but the minor procedure: the decision is part of it (NCCI policy manual 1.D).

    A long-standing illness is managed beside the procedure; a passing one is not when no test and no prescription is decided for it.
    """
    minor = any(x.facts.get("global_days") in MINOR for x in lines)
    passing = {c.category for c in counted["problems"]} <= PASSING and said["mdm"] in {
        "straightforward",
        "low",
    }
    plain = said["mdm"] == "straightforward" or (passing and {c.category for c in counted["risk"]} <= USUAL)
    decided = {c.category for c in counted["risk"]} - USUAL
    few = len(counted["problems"]) <= 1 or not decided
    return minor and few and not counted["data"] and plain


def _is_recovery(case: Case, diagnosed: Diagnosed) -> bool:
    """A visit for nothing but the recovery from one's own operation is in its payment (Claims Processing Manual 12, 40.1).

    Medicare pays a complication with the operation too, unless it needs a return to the operating room.
    """
    if not in_global_period(case):
        return False
    complicated = case.payer in MEDICARE and is_complication(case)
    return complicated or all(d.code.startswith("Z") for d in diagnosed.diagnoses)


def _is_procedure_visit(case: Case, lines: Sequence[Line]) -> bool:
    """The visit was for a procedure decided before: its usual work is in the procedure (NCCI policy manual 1.D)."""
    if any(x.facts.get("global_days") == MAJOR for x in lines):
        return not decides(case) or took_over(case)
    minor = any(x.facts.get("global_days") in MINOR for x in lines)
    return minor and any(SCHEDULED.search(text[:SCHEDULED_WITHIN]) for text in case.texts.values())
