"""An 837P as another system wrote it: faults of the text that a tolerant reader mends while reading."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from tools.claim.load import LoadedClaim
from tools.claim.validate import StructureError, validate_837
from tools.claim.x12.segments import Segment, tokenise

PATIENT_LEVEL, SUBSCRIBER_LEVEL = "23", "22"
MONEY: Final = frozenset({"CLM", "SV1", "AMT"})
NOT_FAULTS: Final = frozenset({("PWK", "02")})
"""Where pyx12's map is narrower than the guide: PWK02 AD (certification at the supplier) is legal."""


def form_faults(raw: bytes, loaded: LoadedClaim) -> list[str]:
    """What is malformed in a file although its claims could be read; ``loaded`` is what was read from ``raw``."""
    received = received_faults(raw.decode("utf-8-sig")) if loaded.kind == "837P" else []
    return [*loaded.faults, *received]


def received_faults(text: str) -> list[str]:
    """Every structural fault of the text itself, each once, as a line for people.

    pyx12 over the text as it stands (its maps of 005010X222A1), and what its maps do not compare: whether HL04
    announces a child that follows, and whether SBR02 agrees with the patient's own level (loops 2000B and 2000C).
    Unlike the rules over a claim, nothing read here has been mended by reading it.
    """
    told = [f"as received, {e}" for e in validate_837(text) if not _legal(e)]
    segments = list(tokenise(text))
    return list(dict.fromkeys([*told, *_levels(segments), *_amounts(segments)]))


def _amounts(segments: Iterable[Segment]) -> Iterator[str]:
    """Type R has no leading zeros: 0203.42 is another text than the 203.42 that a payer's balance compares."""
    for segment in segments:
        if segment.id in MONEY and re.match(r"-?0\d", segment.get(2)):
            yield f"as received, {segment.id} element 2: the amount has a leading zero"


def _legal(error: StructureError) -> bool:
    return (error.segment, error.element.zfill(2)) in NOT_FAULTS


def _levels(segments: Iterable[Segment]) -> Iterator[str]:
    levels: list[Segment] = []
    relations: dict[int, str] = {}
    for segment in segments:
        if segment.id == "HL":
            levels.append(segment)
        elif segment.id == "SBR" and levels and levels[-1].get(3) == SUBSCRIBER_LEVEL:
            relations.setdefault(len(levels) - 1, segment.get(2))
        elif segment.id == "SE":
            yield from _compare(levels, relations)
            levels, relations = [], {}


def _compare(levels: list[Segment], relations: dict[int, str]) -> Iterator[str]:
    following = {n: after.get(3) == PATIENT_LEVEL for n, (_, after) in enumerate(pairwise(levels))}
    for n, level in enumerate(levels):
        if level.get(3) != SUBSCRIBER_LEVEL:
            continue
        child = following.get(n, False)
        where = f"as received, HL {level.get(1)} (subscriber)"
        if level.get(4) in {"0", "1"} and (level.get(4) == "1") != child:
            yield f"{where}: HL04 is {level.get(4)}, but {'a' if child else 'no'} patient level follows"
        if n in relations and (relations[n] == "18") == child:
            said = "18 (self)" if relations[n] == "18" else "not 18 (self)"
            yield f"{where}: SBR02 is {said}, but {'a' if child else 'no'} patient level follows"
