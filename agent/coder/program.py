"""The embedded coder's course of work, as a conversation with the tools."""

from dataclasses import replace

from agent.coder.case import build_case
from agent.coder.conversation import Ask, Coder, Json
from agent.coder.diagnose import diagnose
from agent.coder.edits import settle_edits
from agent.coder.link import link
from agent.coder.longitudinal import continuing
from agent.coder.minutes import is_month_only, prolong, timed
from agent.coder.modify import modify
from agent.coder.opportunities import opportunities
from agent.coder.preventive import prevent
from agent.coder.provider_queries import provider_queries
from agent.coder.reasons import with_reasons
from agent.coder.repair import Saying, repair, saying
from agent.coder.services import serve
from agent.coder.transition import FAMILY, as_transition
from agent.coder.visit import recover, see


def program() -> Coder:
    """Read, look up, choose, level, modify, link, hand in, and mend what the self-check finds."""
    encounter, history, note = yield (
        Ask(tool="get_encounter", args={}),
        Ask(tool="get_history", args={"kinds": None}),
        Ask(tool="read_note", args={"documents": None}),
    )
    case = build_case(encounter, history, note)
    diagnosed = yield from diagnose(case)
    services = tuple(x for x in (yield from serve(case)) if x.facts.get("family") != FAMILY)
    preventive = yield from prevent(case)
    services = (*((preventive,) if preventive else ()), *services)
    services = yield from timed(case, services)
    diagnosed = yield from with_reasons(case, diagnosed, services)
    visit = None if is_month_only(case, services) else (yield from see(case, diagnosed, services))
    visit = yield from as_transition(case, visit)
    services = services or (yield from recover(case, diagnosed))
    visits = (yield from prolong(case, visit.line, visit.em)) if visit else ()
    if visit and visit.em and len(visits) > 1:
        visit = replace(visit, em={**visit.em, "basis": "time"})
    lines = yield from modify(case, (*visits, *services), diagnosed.diagnoses)
    lines = yield from continuing(case, lines)
    lines, unlinked = yield from link(lines, diagnosed.diagnoses)
    lines, refused = yield from settle_edits(
        lines, distinct=str(case.encounter.get("separate_structure") or "59"), case=case
    )
    claim: Json = {
        "diagnoses": [
            {"code": d.code, "citations": d.citations, "guidelines": [d.guideline], "rationale": d.rationale}
            for d in diagnosed.diagnoses
        ],
        "service_lines": [line.argument for line in lines],
        "em": visit.em if visit else None,
        "rejected": [*diagnosed.rejected, *refused, *unlinked],
        "queries": provider_queries(case, lines, diagnosed.diagnoses, visit),
        "opportunities": opportunities(
            case,
            (x.code for x in lines),
            visit.decision_level if visit else None,
            sum(bool(diagnosed.lookups.get(d.code, {}).get("chronic")) for d in diagnosed.diagnoses),
        ),
    }
    answered: set[Saying] = set()
    while True:
        (judged,) = yield (Ask(tool="propose_claim", args=claim),)
        claim = repair(claim, judged, answered)
        answered |= {saying(f) for f in judged.findings}
