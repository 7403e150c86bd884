"""G2211: the visit of one who goes on caring for a serious or complex condition (Claims Processing Manual chapter 12, 30.6.7).

It is added only for Medicare, only when the record states the continuing relationship, and beside modifier 25 only where that
is for a wellness visit, a vaccine or another preventive service (physician fee schedule final rule 2025; never before 2025).
"""

import re
from collections.abc import Generator, Sequence

from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask
from agent.coder.lines import Line, facts_of
from agent.coder.spoken import sentences

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
CODE = "G2211"
VISITS = frozenset({"em_new", "em_established"})
SPARED = frozenset(
    {"preventive", "wellness", "vaccine", "vaccine_admin", "screening", "counseling", "em_addon"}
)
SPARED_FROM = "2025-01-01"
STATED = re.compile(
    r"\b(?:continuing focal point|focal point for (?:all|most)|longitudinal (?:care|relationship)|"
    r"ongoing (?:care )?relationship|continu\w+ (?:care )?relationship)\b",
    re.IGNORECASE,
)


def continuing(case: Case, lines: Sequence[Line]) -> Stage:
    """The lines, with G2211 behind the visit where its three conditions are met."""
    visit = next((x for x in lines if x.is_em and x.facts.get("family") != "tcm"), None)
    stated = next((seen for seen, text in sentences(case) if STATED.search(text)), None)
    if (
        visit is None
        or stated is None
        or not case.encounter.get("accepts_g2211")
        or visit.facts.get("category") not in VISITS
        or _is_barred(case, visit, lines)
    ):
        return tuple(lines)
    facts = yield from facts_of(CODE, "hcpcs")
    if not facts:
        return tuple(lines)
    why = "the record states the continuing care of a serious or complex condition"
    added = Line(code=CODE, seen=(stated,), rationale=why, facts=facts, said=str(stated.text))
    return (*lines, added)


def _is_barred(case: Case, visit: Line, lines: Sequence[Line]) -> bool:
    """25 on the visit bars it, unless everything beside the visit is preventive."""
    if not any(c == "25" for c, _ in visit.modifiers):
        return False
    spared = case.encounter["date_of_service"] >= SPARED_FROM
    return not spared or any(x.facts.get("category") not in SPARED for x in lines if x is not visit)
