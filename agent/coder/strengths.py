"""Drugs sold with and without prescription: prescription management when prescribed, refilled or of a strength not sold freely."""

import csv
import re
from decimal import Decimal
from functools import cache
from importlib.resources import files

from agent.coder.case import Seen
from knowledge.errors import TableError

COLUMNS = ["generic", "at_least", "unit", "why"]
PRESCRIBED = re.compile(r"\b(?:prescrib\w+|prescriptions?|refill\w*|e-?prescri\w+|rx)\b", re.IGNORECASE)
OVER_COUNTER = re.compile(
    r"\b(?:over[- ]the[- ]counter|otc|non-?prescription|without (?:a )?prescription|(?:no|not) (?:\w+ )?prescri\w+)\b",
    re.IGNORECASE,
)
STRENGTH = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*-?\s*(mg|milligrams?|%|percent|units?|iu)", re.IGNORECASE)
UNITS = {"mg": "mg", "mil": "mg", "%": "%", "per": "%", "uni": "units", "iu": "units"}
REACH = 40


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
    return unit == row[1] and Decimal(found[1].replace(",", "")) >= row[0]


@cache
def _strengths() -> dict[str, tuple[Decimal, str]]:
    name = "strengths.csv"
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames != COLUMNS:
        raise TableError(f"{name}:1: columns are {', '.join(COLUMNS)}")
    return {row["generic"]: (Decimal(row["at_least"]), row["unit"]) for row in reader}
