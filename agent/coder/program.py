"""The embedded coder's course of work, as a conversation with the tools."""

from agent.coder.case import build_case
from agent.coder.conversation import Ask, Coder, Json
from agent.coder.diagnose import diagnose
from agent.coder.link import link
from agent.coder.modify import modify
from agent.coder.repair import repair
from agent.coder.services import serve
from agent.coder.visit import see


def program() -> Coder:
    """Read, look up, choose, level, modify, link, hand in, and mend what the self-check finds."""
    encounter, history, note = yield (
        Ask(tool="get_encounter", args={}),
        Ask(tool="get_history", args={"kinds": None}),
        Ask(tool="read_note", args={"documents": None}),
    )
    case = build_case(encounter, history, note)
    diagnosed = yield from diagnose(case)
    services = yield from serve(case)
    visit = yield from see(case, diagnosed, services)
    lines = yield from modify(case, (*((visit.line,) if visit else ()), *services))
    lines = yield from link(lines, diagnosed.diagnoses)
    if lines:
        edits = [{"code": x.code, "modifiers": [c for c, _ in x.modifiers], "units": x.units} for x in lines]
        yield (
            Ask(tool="check_edits", args={"lines": edits}),
            Ask(tool="look_up_fees", args={"lines": edits}),
        )
    claim: Json = {
        "diagnoses": [
            {"code": d.code, "citations": d.citations, "guidelines": [d.guideline], "rationale": d.rationale}
            for d in diagnosed.diagnoses
        ],
        "service_lines": [line.argument for line in lines],
        "em": visit.em if visit else None,
        "rejected": list(diagnosed.rejected),
    }
    while True:
        (judged,) = yield (Ask(tool="propose_claim", args=claim),)
        claim = repair(claim, judged)
