"""The ulcer behind a code that asks for its site: where on the foot the record finds it, how deep as far as it says.

Tabular list: at E08-E13.621 "use additional code to identify site of ulcer" (guideline I.A.17); category L97.
"""

import re
from collections.abc import Iterator, Sequence

from agent.coder.acts import sides_said
from agent.coder.candidates import Candidate
from agent.coder.case import Case, Seen
from agent.coder.combinations import covers
from agent.coder.diagnoses import Diagnosis
from agent.coder.spoken import sentences

DIABETIC_ULCER = "E08.621|E09.621|E10.621|E11.621|E13.621"
SKIN_ULCER = "L97|L89|L98.4"
WOUND = re.compile(r"\b(?:ulcer\w*|wound|sore)\b", re.IGNORECASE)
SITES = (
    (re.compile(r"\b(?:heel|midfoot|mid-foot|calcane\w+)\b", re.IGNORECASE), "heel and midfoot"),
    (
        re.compile(
            r"\b(?:toes?|hallux|forefoot|metatarsal|plantar|ball of (?:the |his |her )?foot)\b", re.IGNORECASE
        ),
        "other part of {side} foot",
    ),
    (re.compile(r"\bankle\b", re.IGNORECASE), "ankle"),
    (re.compile(r"\bcalf\b", re.IGNORECASE), "calf"),
)
DEPTHS = (
    (
        re.compile(
            r"\b(?:limited to (?:the )?(?:breakdown of )?skin|superficial|skin breakdown)\b", re.IGNORECASE
        ),
        "limited to breakdown of skin",
    ),
    (re.compile(r"\bfat layer\b|\bsubcutaneous (?:tissue|fat)\b", re.IGNORECASE), "with fat layer exposed"),
    (re.compile(r"\bnecrosis of (?:the )?muscle\b", re.IGNORECASE), "with necrosis of muscle"),
    (re.compile(r"\bnecrosis of (?:the )?bone\b", re.IGNORECASE), "with necrosis of bone"),
)
FOUND_IN = ("assessment", "assessment_plan", "exam", "procedures", "hpi")
DENIED = re.compile(r"\b(?:no|not|without|denies|healed|history of|previous|prior)\b", re.IGNORECASE)


def ulcers(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """The site and depth of a diabetic foot ulcer, when no code says them yet; without a side nothing is guessed."""
    head = next((d for d in diagnoses if covers(DIABETIC_ULCER, d.code)), None)
    if head is None or any(covers(SKIN_ULCER, d.code) for d in diagnoses):
        return
    told = [
        (seen, text)
        for kind in FOUND_IN
        for seen, text in sentences(case)
        if seen.section_kind == kind and WOUND.search(text) and not DENIED.search(text)
    ]
    side = next((c.seen.laterality for c in head.candidates if c.seen.laterality), None) or _side(told)
    if side not in {"left", "right"}:
        return
    seen, place = _placed(told) or (head.candidates[0].seen, "other part of {side} foot")
    depth = next((name for pattern, name in DEPTHS for _, text in told if pattern.search(text)), "")
    where = place.format(side=side) if "{side}" in place else f"{side} {place}"
    yield Candidate(
        seen=head.candidates[0].seen,
        listed=(seen,),
        rationale=f"the site of the ulcer that {head.code} asks for",
        guideline="I.A.17",
        queries=(f"non-pressure chronic ulcer of {where} {depth or 'with unspecified severity'}",),
    )


def _placed(told: Sequence[tuple[Seen, str]]) -> tuple[Seen, str] | None:
    for seen, text in told:
        for pattern, place in SITES:
            if pattern.search(text):
                return seen, place
    return None


def _side(told: Sequence[tuple[Seen, str]]) -> str | None:
    sides = {side for _, text in told for side in sides_said(text.lower())}
    return sides.pop() if len(sides) == 1 else None
