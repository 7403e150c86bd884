"""Headings of the assessment that are not what they seem: upkeep that is no examination, a suspicion that the plan confirms."""

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.coder.case import Case, Seen
from agent.coder.spoken import sentences

UPKEEP = re.compile(
    r"(?:preventat?ive|health(?:care)?|general|routine)[- ](?:health|care|medicine|maintenance|measures|screening|counsel\w+)",
    re.IGNORECASE,
)
"""A heading for vaccines and screening that are due; an examination for it is a visit of its own (I.C.21.c.13)."""
EXAMINED = re.compile(
    r"\b(?:annual|yearly|routine|preventat?ive|complete|well(?:ness)?)\b[^.]{0,20}\b(?:physical|exam\w*|visit|check[- ]?up)|"
    r"\bphysical exam|\bcheck[- ]?up\b|\bwellness\b",
    re.IGNORECASE,
)
SHOWN = re.compile(
    r"\b(?:show\w*|reveal\w*|demonstrat\w*|confirm\w*|found|diagnos\w+|has|have|sustained)\b", re.IGNORECASE
)


def is_upkeep(case: Case, seen: Seen) -> bool:
    """A heading for what is due ("health maintenance"), in a visit that nothing at its head calls an examination."""
    if not UPKEEP.fullmatch(str(seen.text).strip()):
        return False
    opened = [text for s, text in sentences(case) if s.section_kind in {"chief_complaint", "hpi", "other"}]
    return not any(EXAMINED.search(text) for text in [*opened, *map(str, case.encounter.get("reasons", ()))])


def confirmed(case: Case, header: Seen, listed: Sequence[Seen]) -> list[Seen]:
    """What the title of a symptom only suspects and the plan then states as found ("the films showed a fracture").

    The condition itself is then established (IV.H forbids only what stays uncertain), with the side of the symptom.
    """
    if header.vocabulary_kind not in {"symptom", "finding"}:
        return []
    doubted = {m.concept for m in listed if m.assertion == "uncertain" and m.sentence == header.sentence}
    plain = [
        m
        for m in listed
        if m.concept in doubted
        and m.is_established
        and SHOWN.search(case.sentence(m))
        and m.sentence != header.sentence
    ]
    return [replace(m, raw={**m.raw, "laterality": m.laterality or header.laterality}) for m in plain[:1]]
