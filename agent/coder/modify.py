"""The modifier stage: which modifiers the lines need, each only when its criterion is met by evidence."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from agent.coder.acts import sides_said
from agent.coder.case import Case
from agent.coder.conversation import Answer, Ask, Json
from agent.coder.criteria import documented
from agent.coder.diagnoses import Diagnosis
from agent.coder.earlier import Earlier, look_back
from agent.coder.lines import Line, apart_from
from agent.coder.postoperative import in_global_period, is_complication
from agent.coder.spoken import MEDICARE, sentences
from agent.coder.vials import SINGLE, discarded
from knowledge.tables import read_csv
from tools.telehealth import by_picture, by_sound

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], tuple[Line, ...]]
SIDES = {"left": "LT", "right": "RT"}
DIGITS = Path(__file__).parent / "data" / "digits.csv"
MINOR = frozenset({"000", "010"})
MAJOR = "090"
BEFOREHAND = re.compile(
    r"\b(?:here|presents?|returns?|comes?(?: in)?)\b[^.]{0,30}\bfor (?:the |her |his |a |an )?(?:planned|scheduled|elective)\b|"
    r"\b(?:decided|agreed|planned|scheduled|consented)\b[^.]{0,40}\b(?:at|on|during) (?:the |her |his |our )?(?:last|previous|prior|earlier)\b",
    re.IGNORECASE,
)
"""The operation had been decided before: its day's visit is then a part of it."""
DECIDED = re.compile(
    r"\b(?:decided|chose|opted|elected|consented|agreed|proceed\w*|recommended)\b[^.]{0,60}\b(?:surg\w+|operat\w+|procedure|reduction|repair|"
    r"release|treatment|cast\w*|today)\b",
    re.IGNORECASE,
)
BESIDE = frozenset({"preventive", "wellness"})
QUITTING = "tobacco"
"""Counselling to change behaviour: a visit on the same day is distinct and carries 25 (CPT, counselling)."""
EYELIDS = frozenset({"E1", "E2", "E3", "E4"})
CAST = re.compile(r"29[0-7]\d\d")
PREVENTIVE = re.compile(r"993[89]\d")
NOTHING_WASTED = re.compile(
    r"nothing (?:was )?(?:discarded|wasted)|no (?:waste|wastage)|whole vial|entire vial|none discarded", re.I
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Digit:
    """One row: a finger or toe, and its modifier on either side."""

    digit: str
    left: str
    right: str


def modify(case: Case, lines: Sequence[Line], diagnoses: Sequence[Diagnosis]) -> Stage:
    """Add sides and other modifiers; the tool must allow each."""
    earlier = yield from look_back(case)
    wanted = [_all(case, _documented(case, line, earlier), lines, diagnoses) for line in lines]
    wanted += [more for line in wanted for more in discarded(case, line)]
    asks = [
        Ask(tool="modifier_rules", args={"code": line.code, "modifiers": [c for c, _ in line.modifiers]})
        for line in wanted
        if line.modifiers
    ]
    if not asks:
        return tuple(wanted)
    answers = iter((yield tuple(asks)))
    return tuple(_kept(line, next(answers).data) if line.modifiers else line for line in wanted)


def _documented(case: Case, line: Line, earlier: Earlier) -> Line:
    """The modifiers whose criteria are data (agent/coder/criteria.py)."""
    for met in documented(case, line, earlier):
        line = line.with_modifier(met.modifier, met.why)
    return line


def _all(case: Case, line: Line, lines: Sequence[Line], diagnoses: Sequence[Diagnosis]) -> Line:
    if line.is_em or PREVENTIVE.fullmatch(line.code):
        line = _visit(case, line, [x for x in lines if x.code != line.code])
        line = _unrelated(case, line, diagnoses)
    else:
        line = _place(case, line, diagnoses)
    line = _vial(case, line)
    if line.facts.get("qw"):
        line = line.with_modifier("QW", "a waived test run in this practice")
    return _remote(case, line)


def _visit(case: Case, line: Line, others: Sequence[Line]) -> Line:
    """57 and 25: the visit stands apart from the procedure, the preventive visit or the vaccine beside it (CPT appendix A)."""
    if line.is_em and decides(case) and any(x.facts.get("global_days") == MAJOR for x in others):
        line = line.with_modifier("57", _decided(case))
        others = [x for x in others if not CAST.fullmatch(x.code)]  # the first cast is part of fracture care
    for other in others:
        vaccine = other.facts.get("category") == "vaccine_admin"
        apart = line.is_em and (
            other.facts.get("global_days") in MINOR
            or other.facts.get("category") in BESIDE
            or other.facts.get("family") == QUITTING
        )
        if vaccine or apart:
            return line.with_modifier("25", apart_from(other.code, line))
    return line


def _decided(case: Case) -> str:
    """Why 57, with the sentence that tells the decision where there is one."""
    why = "the visit led to the decision for a major procedure"
    told = next((text for _, text in sentences(case) if DECIDED.search(text)), None)
    return f'{why}: "{" ".join(told.split())}"' if told else why


def decides(case: Case) -> bool:
    """Whether the operation done today was decided at this visit, not at an earlier one (Claims Processing Manual 12, 30.6.6)."""
    return not any(BEFOREHAND.search(text) for text in case.texts.values())


def _unrelated(case: Case, line: Line, diagnoses: Sequence[Diagnosis]) -> Line:
    """24: within the global period of one's own operation, for a problem that is none of its recovery (CPT appendix A)."""
    own = any(d.code[:1] not in "ZVWXY" for d in diagnoses)
    if not line.is_em or not in_global_period(case) or not own or is_complication(case):
        return line
    words = ", ".join(dict.fromkeys(str(s.text) for s in line.seen))
    return line.with_modifier(
        "24", f'a problem unrelated to the operation, inside its global period: "{words}"'
    )


def _place(case: Case, line: Line, diagnoses: Sequence[Diagnosis]) -> Line:
    if line.facts.get("side") != "paired" or any(c in EYELIDS for c, _ in line.modifiers):
        return line
    around = _section_of(case, line)
    side = (
        next((s.laterality for s in line.seen if s.laterality), None)
        or _said_side(line.said)
        or _sided(diagnoses)
        or _said_side(around)
    )
    digit = _digit(line, side, line.said) or _digit(line, side, around)
    if digit:
        return digit
    if side == "bilateral" and line.facts.get("bilateral") in {"1", "3"}:
        return line.with_modifier("50", "done on both sides")
    return line.with_modifier(SIDES[side], f"done on the {side} side") if side in SIDES else line


def _said_side(text: str) -> str | None:
    low = text.lower()
    if re.search(r"\bbilateral|\bboth\b", low):
        return "bilateral"
    found = sides_said(low)
    return found[0] if len(found) == 1 else None


def _sided(diagnoses: Sequence[Diagnosis]) -> str | None:
    """Where the service's own words give no side, that of the condition it was done for."""
    found = {s for d in diagnoses for s in sides_said(d.display.lower())}
    return found.pop() if len(found) == 1 else None


def _section_of(case: Case, line: Line) -> str:
    """The text of the procedure section in which the service is told; empty elsewhere."""
    for seen in line.seen:
        for section in case.sections.get(seen.document, ()):
            if section["kind"] == "procedures" and section["start"] <= (seen.start or 0) < section["end"]:
                return case.texts.get(seen.document, "")[section["start"] : section["end"]]
    return ""


def _digit(line: Line, side: str | None, text: str) -> Line | None:
    title = str(line.facts.get("display", "")).lower()
    if side not in SIDES or not re.search(r"finger|toe|nail|tendon", title):
        return None
    low = text.lower().replace("trigger ", "")  # "index trigger finger" is the index finger
    row = next((r for r in _digits() if r.digit in low), None)
    if row is None:
        return None
    return line.with_modifier(row.left if side == "left" else row.right, f"the {side} {row.digit}")


def _vial(case: Case, line: Line) -> Line:
    """JZ: nothing of a single-dose vial was discarded (Claims Processing Manual 17, 40)."""
    if line.facts.get("category") != "drug" or case.payer not in MEDICARE:
        return line
    text = " ".join(case.texts.values())
    if SINGLE.search(text) and NOTHING_WASTED.search(text):
        return line.with_modifier("JZ", "single-dose vial, nothing discarded")
    return line


def _remote(case: Case, line: Line) -> Line:
    """The payer's telehealth modifier, as get_encounter tells it from the payer pack."""
    rules = case.encounter.get("telehealth") or {}
    if not line.is_em or not rules:
        return line
    text = " ".join(case.texts.values())
    video = by_picture(text) or not by_sound(text)
    wanted = rules.get("video_modifier") if video else rules.get("audio_modifier")
    return (
        line.with_modifier(str(wanted), "live video visit" if video else "audio-only visit")
        if wanted
        else line
    )


def _kept(line: Line, told: Json) -> Line:
    """The modifiers that the tool allows, in claim order; of two that exclude each other the first."""
    allowed = {m["code"] for m in told.get("modifiers", ()) if m["allowed"]}
    apart = [set(pair) for pair in told.get("never_together", ())]
    kept: list[tuple[str, str]] = []
    for code, why in line.modifiers:
        if code in allowed and not any({code, other} in apart for other, _ in kept):
            kept.append((code, why))
    order = list(told.get("order", ()))
    return replace(line, modifiers=tuple(sorted(kept, key=lambda m: order.index(m[0]))))


@cache
def _digits() -> tuple[Digit, ...]:
    return read_csv(DIGITS, Digit)
