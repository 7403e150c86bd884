"""The modifier stage: which modifiers the lines need, each only when its criterion is met by evidence."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask
from agent.coder.lines import Line

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
SIDES = {"left": "LT", "right": "RT"}


def modify(case: Case, lines: Sequence[Line]) -> Stage:
    """Add sides and other modifiers; the tool must allow each."""
    wanted = [_side(line) for line in lines]
    asks = [
        Ask(tool="modifier_rules", args={"code": line.code, "modifiers": [c for c, _ in line.modifiers]})
        for line in wanted
        if line.modifiers
    ]
    if not asks:
        return tuple(wanted)
    answers = yield tuple(asks)
    allowed = {
        a.data["code"]: {m["code"] for m in a.data["modifiers"] if m["allowed"]} for a in answers if a.data
    }
    return tuple(_kept(line, allowed.get(line.code, set())) for line in wanted)


def _side(line: Line) -> Line:
    side = next((SIDES[s.laterality] for s in line.seen if s.laterality in SIDES), None)
    if side is None or line.facts.get("side") != "paired" or line.is_em:
        return line
    return line.with_modifier(side, f"done on the {line.seen[0].laterality} side")


def _kept(line: Line, allowed: set[str]) -> Line:
    return replace(line, modifiers=tuple((c, w) for c, w in line.modifiers if c in allowed))
