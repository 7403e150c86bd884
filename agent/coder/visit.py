"""The visit stage: the problem-oriented E/M, levelled by the tool from itemised decision making or time."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from agent.coder import level
from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.diagnose import Diagnosed
from agent.coder.lines import Line

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], "Visit | None"]
FAMILIES = {"12": "home", "13": "home", "14": "home", "23": "emergency"}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """The E/M line and its levelling as propose_claim takes it."""

    line: Line
    em: Json


def see(case: Case, diagnosed: Diagnosed, lines: Sequence[Line]) -> Stage:
    """Level the visit; None when the record documents no problem that was dealt with."""
    if not diagnosed.diagnoses:
        return None
    billed = [str(s.concept) for line in lines for s in line.seen]
    counted = {
        "problems": level.problems(diagnosed.diagnoses, diagnosed.lookups),
        "data": level.data(case, billed),
        "risk": level.risk(case),
    }
    minutes, _ = level.minutes(case)
    args: Json = {name: [c.entry for c in items] for name, items in counted.items()}
    args |= {
        "family": FAMILIES.get(str(case.encounter.get("place_of_service")), "office"),
        "new_patient": case.new_patient,
        "minutes": minutes,
    }
    (levelled,) = yield (Ask(tool="em_level", args=args),)
    code = levelled.data.get("code")
    if not code:
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
    return Visit(line=line, em=em)
