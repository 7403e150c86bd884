"""The edits stage: what check_edits says of the lines together, answered before the claim is handed in."""

import re
from collections.abc import Generator, Sequence

from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.criteria import documented
from agent.coder.earlier import Earlier
from agent.coder.lines import Line, apart_from
from agent.coder.parts import unpaid_assistance

PLACE = re.compile(
    r"\b(?:scalp|forehead|temple|cheek|nose|ear|lip|chin|face|neck|chest|back|abdomen|shoulder|axilla|upper arm|forearm|arm|elbow|"
    r"wrist|hand|thumb|finger|hip|buttock|groin|thigh|knee|leg|shin|calf|ankle|heel|foot|toe)s?\b"
)
NO_ASSISTANT = (
    "assistance at another's operation, for which no assistant's modifier may stand",
    "modifier 80",
)
Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[tuple[Line, ...], tuple[Json, ...]]]


def settle_edits(lines: Sequence[Line], *, distinct: str = "59", case: Case | None = None) -> Stage:
    """Leave out column 2 of a pair, unless the pair allows a modifier and the visit stands apart (NCCI policy manual, ch. 1).

    ``distinct`` is what the payer's pack wants for a documented separate structure: 59 or XS. A payer of XS is told a separate
    encounter, practitioner or non-overlapping service by its own X modifier, any other by 59.
    """
    unpaid = unpaid_assistance(case, lines) if case else ()
    lines = [x for x in lines if x not in unpaid]
    if not lines:
        return (), tuple(rejection(x, *NO_ASSISTANT) for x in unpaid)
    args = [{"code": x.code, "modifiers": [c for c, _ in x.modifiers], "units": x.units} for x in lines]
    answer, _ = yield (
        Ask(tool="check_edits", args={"lines": args}),
        Ask(tool="look_up_fees", args={"lines": args}),
    )
    kept = list(lines)
    rejected: list[Json] = [rejection(x, *NO_ASSISTANT) for x in unpaid]
    for pair in answer.data.get("pairs", ()):
        second = next((x for x in kept if x.code == pair["column2"]), None)
        first = next((x for x in kept if x.code == pair["column1"]), None)
        if second is None or first is None:
            continue
        visit = next((x for x in (second, first) if _is_visit(x)), None)
        place = kept.index(visit or second)
        if visit is not None and any(c == "57" for c, _ in visit.modifiers):
            continue
        if pair["modifier_indicator"] == "1" and visit is not None:
            other = first if visit is second else second
            kept[place] = visit.with_modifier("25", apart_from(other.code, visit))
            continue
        if second.modifiers and any(c in {"59", "XE", "XP", "XS", "XU"} for c, _ in second.modifiers):
            continue
        apart = separate_places(first, second) if pair["modifier_indicator"] == "1" else ""
        if apart:
            kept[kept.index(second)] = second.with_modifier(distinct, f"{apart}, apart from {first.code}")
            continue
        told = _told_apart(case, second, distinct) if pair["modifier_indicator"] == "1" else None
        if told:
            kept[kept.index(second)] = second.with_modifier(*told)
            continue
        if _is_visit(second) and pair["modifier_indicator"] == "1":
            continue
        kept.remove(second)
        rejected.append(rejection(second, pair["meaning"], f"NCCI {pair['source']}"))
    return tuple(kept), tuple(rejected)


def _told_apart(case: Case | None, second: Line, distinct: str) -> tuple[str, str] | None:
    """The modifier of a service told to be distinct, with its reason; none where the record does not tell it (criteria.py)."""
    met = next(documented(case, second, Earlier(), on_edit=True), None) if case else None
    return (met.modifier if distinct == "XS" else distinct, met.why) if met else None


def separate_places(first: Line, second: Line) -> str:
    """Where two procedures were done when their own sentences name places that have nothing in common (NCCI policy manual 1.E)."""
    one, other = (set(PLACE.findall(x.said.lower())) for x in (first, second))
    if one and other and not one & other:
        return f"another site: {', '.join(sorted(other))}"
    one, other = ({s for s in ("left", "right") if s in x.said.lower()} for x in (first, second))
    if len(one) == len(other) == 1 and one != other:
        return f"the other side: {other.pop()}"
    return ""


def _is_visit(line: Line) -> bool:
    return line.is_em or line.facts.get("category") in {"preventive", "wellness"}


def rejection(line: Line, reason: str, rule: str) -> Json:
    """A line left out, as propose_claim takes it."""
    system = "CPT" if line.code[:1].isdigit() else "HCPCS"
    citations = [s.citation for s in line.seen]
    return {"code": line.code, "system": system, "reason": reason, "rule": rule, "citations": citations}
