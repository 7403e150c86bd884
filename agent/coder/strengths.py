"""Drugs sold with and without prescription: prescription management when prescribed, refilled or of a strength not sold freely."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from agent.coder.case import Seen
from knowledge.tables import read_csv

PRESCRIBED = re.compile(r"\b(?:prescrib\w+|prescriptions?|refill\w*|e-?prescri\w+|rx)\b", re.IGNORECASE)
OVER_COUNTER = re.compile(
    r"\b(?:over[- ]the[- ]counter|otc|non-?prescription|without (?:a )?prescription|(?:no|not) (?:\w+ )?prescri\w+)\b",
    re.IGNORECASE,
)
STRENGTH = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*-?\s*(mg|milligrams?|%|percent|units?|iu)", re.IGNORECASE)
UNITS = {"mg": "mg", "mil": "mg", "%": "%", "per": "%", "uni": "units", "iu": "units"}
REACH = 40
TABLE = Path(__file__).parent / "data" / "strengths.csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Strength:
    """From which strength of one unit a drug is not sold without prescription, and why."""

    generic: str
    at_least: Decimal
    unit: str
    why: str


def is_prescribed(seen: Seen, sentence: str) -> bool:
    """Whether the sentence makes a drug of both kinds a prescription (CPT MDM table, prescription drug management).

    A physiotherapy prescription in the same sentence is none: the word must come before the drug or close after it.
    """
    if OVER_COUNTER.search(sentence):
        return False
    place = max(0, sentence.lower().find(str(seen.text).lower()))
    near = sentence[max(0, place - REACH) : place + len(str(seen.text)) + REACH]
    return bool(PRESCRIBED.search(near)) or _is_strong(seen, sentence[place : place + len(seen.text) + REACH])


def _is_strong(seen: Seen, after: str) -> bool:
    row = _strengths().get(str(seen.generic or seen.concept).lower())
    found = STRENGTH.search(f"{seen.dose} " if seen.dose else after) or STRENGTH.search(after)
    if row is None or found is None:
        return False
    unit = UNITS.get(found[2].lower()[:3]) or UNITS.get(found[2].lower()[:2])
    return unit == row.unit and Decimal(found[1].replace(",", "")) >= row.at_least


@cache
def _strengths() -> dict[str, Strength]:
    return {row.generic: row for row in read_csv(TABLE, Strength)}
