"""Preventive and Medicare wellness visits: which one the record documents (CPT preventive medicine; Claims Manual 18, 80 and 140)."""

import re
from collections.abc import Generator, Iterator

from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer, Ask
from agent.coder.lines import Line, facts_of
from agent.coder.spoken import sentences

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], Line | None]
WELLNESS = re.compile(
    r"annual wellness visit|medicare wellness|subsequent wellness|\bAWV\b|welcome to medicare", re.I
)
PHYSICAL = re.compile(
    r"(?:annual|yearly|routine|preventive|complete) (?:physical|visit|exam\w*|check[- ]?up)|preventive visit|"
    r"well[- ](?:child|baby|woman|adolescent|adult)|wellness (?:exam\w*|visit)|health maintenance exam\w*",
    re.I,
)
NOT_TODAY = re.compile(
    r"\b(?:last|previous|due|next|return|schedul\w*|recheck|at the well|overdue|declin\w*|will)\b", re.I
)
WELCOME = re.compile(r"welcome to medicare|initial preventive physical", re.I)
PAST = re.compile(r"\b(?:had|last|previous(?:ly)?|prior|earlier|ago|already|after|since)\b", re.I)
FIRST = re.compile(r"\b(?:first|initial)\b[^.]{0,30}wellness|wellness[^.]{0,20}\b(?:initial|first)\b", re.I)
CONTENT = re.compile(
    r"anticipatory guidance|routine (?:general )?(?:medical |physical |health )?exam|health risk assessment|"
    r"health maintenance|prevent(?:ive|ion) (?:plan|care|counsel|health)|well[- ](?:child|woman|man|adult|baby)|"
    r"seat ?belt|sun ?screen|sun protection|screening schedule|age[- ]appropriate|developmental|milestone|"
    r"immunizations? (?:given|today|updated|reviewed)",
    re.I,
)
BANDS = ((1, 0), (5, 1), (12, 2), (18, 3), (40, 4), (65, 5), (200, 6))
REASON_PLACE = 700
EARLIER = frozenset({"G0438", "G0439", "G0402"})


def prevent(case: Case) -> Stage:
    """The preventive or wellness line; None when the visit is not one."""
    found = next(_reasons(case), None) if _is_comprehensive(case) else None
    code = _code(case, found) if found else None
    if found is None or code is None:
        return None
    facts = yield from facts_of(code)
    if not facts:
        return None
    why = f"the visit is documented as preventive: '{found.text[:80]}'"
    return Line(code=code, seen=(found,), rationale=why, facts=facts, said=found.text)


def _is_comprehensive(case: Case) -> bool:
    """A complaint of "annual exam" alone is none: guidance, screening or a routine examination must be documented."""
    return any(CONTENT.search(text) for text in case.texts.values())


def _reasons(case: Case) -> Iterator[Seen]:
    """Sentences at the head of the note or in its reason, headings included, that name the visit."""
    for seen, text in sentences(case):
        early = seen.start < REASON_PLACE or seen.section_kind == "chief_complaint"
        if early and (WELLNESS.search(text) or PHYSICAL.search(text)) and not NOT_TODAY.search(text):
            yield seen


def _code(case: Case, seen: Seen) -> str | None:
    age = case.encounter.get("age")
    if case.encounter.get("wellness") == "medicare" and (WELLNESS.search(seen.text) or (age or 0) >= 65):
        return _medicare(case)
    if age is None:
        return None
    band = next(n for limit, n in BANDS if age < limit)
    return str((99381 if case.new_patient else 99391) + band)


def _medicare(case: Case) -> str:
    """Welcome visit, first or later wellness visit; an earlier one in the record decides for the later."""
    text = " ".join(case.texts.values())
    if any(WELCOME.search(s.text) and not PAST.search(s.text) for s in _reasons(case)):
        return "G0402"
    if any(item.get("code") in EARLIER for item in case.history):
        return "G0439"
    later = re.search(r"(?:last|previous|prior)[^.]{0,30}wellness|subsequent[^.]{0,30}wellness", text, re.I)
    return "G0439" if later or not FIRST.search(text) else "G0438"
