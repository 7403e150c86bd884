"""G2211: the visit of one who goes on caring for a serious or complex condition (Claims Processing Manual chapter 12, 30.6.7).

It is added only for Medicare, only when the record states the continuing relationship, and never beside modifier 25.
"""

import re
from collections.abc import Generator, Sequence

from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask
from agent.coder.lines import Line, facts_of
from agent.coder.spoken import MEDICARE, sentences

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
CODE = "G2211"
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
        or case.payer not in MEDICARE
        or any(c == "25" for c, _ in visit.modifiers)
    ):
        return tuple(lines)
    facts = yield from facts_of(CODE, "hcpcs")
    if not facts:
        return tuple(lines)
    why = "the record states the continuing care of a serious or complex condition"
    added = Line(code=CODE, seen=(stated,), rationale=why, facts=facts, said=str(stated.text))
    return (*lines, added)
