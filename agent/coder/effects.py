"""Effects of drugs and of operations that an assessment names: adverse effect, underdosing, aftercare of a replaced joint.

Guidelines I.C.19.e.5.a (the nature of the effect first, then the drug), I.C.19.e.5.c (underdosing beside the condition it
worsens, never first) and I.C.21.c.7 (aftercare).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.case import Case, Seen
from knowledge.tables import read_csv

UNDERDOSED = re.compile(
    r"\bunder-?dos\w*|\b(?:takes|taking|took) (?:only |less|half|fewer)[^.]*than prescribed", re.IGNORECASE
)
CAUSED = re.compile(
    r"(?:\b(?:due to|secondary to|caused by|side effect of|adverse (?:effect|reaction) (?:of|to|from))\s+(?:an?\s+|the\s+|her\s+|his\s+)?"
    r"|\b(?:side|adverse) effect\b.*)$",
    re.IGNORECASE,
)
INDUCED = re.compile(
    r"^[- ]induced\b|^[^.;]*\b(?:side effect|adverse (?:drug )?(?:effect|reaction))\b", re.IGNORECASE
)
AFTERCARE = re.compile(r"^\W*(?:\d+\W+)?(?:orthopa?edic )?aftercare\b", re.IGNORECASE)
JOINT_STATUS = re.compile(r"\b(?:replacement|arthroplasty)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """A code to look up that the header's sentence asks for: where it is said, the words, the rule."""

    seen: Seen
    query: str
    guideline: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DrugGroup:
    """A pattern of a drug or its class, and what the tabular list calls the group."""

    drug_class: str
    name: str


@cache
def _groups() -> tuple[DrugGroup, ...]:
    return read_csv(Path(__file__).parent / "data" / "drug_effects.csv", DrugGroup)


def effects(case: Case, header: Seen, listed: tuple[Seen, ...]) -> Iterator[Effect]:
    """What the sentence of a header says of a drug or an operation behind it."""
    sentence = case.sentence(header)
    for drug in culprits(case, header, listed):
        yield Effect(
            seen=drug,
            query=f"adverse effect of {_name(drug)} initial encounter",
            guideline="I.C.19.e.5.a",
            why=f"'{header.text}' is an effect of {drug.text}, properly taken",
        )
    for drug in _drugs(header, listed) if UNDERDOSED.search(sentence) else ():
        yield Effect(
            seen=drug,
            query=f"underdosing of {_name(drug)} initial encounter",
            guideline="I.C.19.e.5.c",
            why=f"less of {drug.text} taken than prescribed",
        )
    if AFTERCARE.search(sentence) and JOINT_STATUS.search(str(header.concept)):
        yield Effect(
            seen=header,
            query="aftercare following joint replacement surgery",
            guideline="I.C.21.c.7",
            why="aftercare of a replaced joint",
        )


def culprits(case: Case, header: Seen, listed: tuple[Seen, ...]) -> list[Seen]:
    """The drugs of a header's sentence that are named as the cause of it; none where less was taken than prescribed."""
    sentence = case.sentence(header)
    if UNDERDOSED.search(sentence):
        return []
    found = []
    for drug in _drugs(header, listed):
        place = sentence.find(str(drug.text))
        after = sentence[place + len(str(drug.text)) :]
        if place >= 0 and (CAUSED.search(sentence[:place]) or INDUCED.search(after)):
            found.append(drug)
    return found


def _drugs(header: Seen, listed: tuple[Seen, ...]) -> list[Seen]:
    same = [m for m in listed if m.kind == "medication" and m.sentence == header.sentence]
    return [m for m in same if _name(m)]


def _name(drug: Seen) -> str:
    """The group of the drug in the tabular list's words; empty when the table does not know it."""
    own = (str(drug.concept or ""), str(drug.drug_class or ""))
    return next((g.name for g in _groups() if any(re.fullmatch(g.drug_class, x) for x in own)), "")
