"""Episode of care for codes with a 7th character (I.C.19.a): active treatment, routine healing or a late effect."""

import re

from agent.coder.case import Seen
from agent.coder.conversation import Json

AFTERCARE = (
    "follow-up",
    "follow up",
    "followup",
    "healing",
    "aftercare",
    "cast check",
    "cast removal",
    "suture removal",
)
SEQUELA = ("sequela", "late effect")
MENDING = re.compile(
    r"^\W*(?:\d+\W+)?follow[- ]?up (?:of|for)\b|\b(?:(?:routine|delayed) healing|healing well|well[- ]healed|aftercare|"
    r"cast (?:check|removal)|subsequent encounter)\b",
    re.IGNORECASE,
)
"""What the assessment calls a visit after active treatment; "follow up in two weeks" is no such thing."""


def needs_episode(result: Json) -> bool:
    """True when the best hit lacks only its 7th character."""
    hits = result.get("hits", ())
    return bool(hits) and not hits[0]["billable"] and "7th" in str(hits[0].get("needs") or "")


def episode(seen: Seen, told: str = "") -> str:
    """The words that ask for the right 7th character; active treatment unless the record says aftercare.

    ``told`` is the sentence of the assessment that names the injury.
    """
    text = f"{seen.text} {seen.label or ''}".lower()
    if any(word in text for word in SEQUELA):
        return "sequela"
    if seen.temporality == "historical" or any(word in text for word in AFTERCARE) or MENDING.search(told):
        return "subsequent encounter"
    return "initial encounter"
