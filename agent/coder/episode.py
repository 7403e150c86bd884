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
UNHEALED = (
    (re.compile(r"\bnon-?\s?union\b|\bununited\b", re.IGNORECASE), "nonunion"),
    (re.compile(r"\bmal-?\s?union\b|\bmalunited\b", re.IGNORECASE), "malunion"),
    (re.compile(r"\bdelayed (?:healing|union)\b", re.IGNORECASE), "delayed healing"),
)
"""How a fracture heals that does not heal as it should (I.C.19.c.1)."""
OPEN = re.compile(
    r"\bopen\b(?! reduction)[^.;]*\bfractur|\bcompound fractur|\bfractur\w*[^.;]*,? open\b", re.IGNORECASE
)
SEVERE = re.compile(r"\b(?:type|grade|gustilo(?:-anderson)?) (?:type |grade )?(?:III|3)", re.IGNORECASE)


def needs_episode(result: Json) -> bool:
    """True when the best hit lacks only its 7th character."""
    hits = result.get("hits", ())
    return bool(hits) and not hits[0]["billable"] and "7th" in str(hits[0].get("needs") or "")


def episode(seen: Seen, told: str = "") -> str:
    """The words that ask for the right 7th character; active treatment unless the record says aftercare.

    ``told`` is the sentence of the assessment that names the injury. An open fracture is of type I or II unless it is said to
    be of type III (I.C.19.c); one not said to be open is closed.
    """
    text = f"{seen.text} {seen.label or ''}".lower()
    if any(word in text for word in SEQUELA):
        return "sequela"
    opened = _opened(told)
    unhealed = next((name for pattern, name in UNHEALED if pattern.search(told)), "")
    if unhealed:
        return f"subsequent encounter for {opened or 'closed fracture'} with {unhealed}"
    later = (
        seen.temporality == "historical" or any(word in text for word in AFTERCARE) or MENDING.search(told)
    )
    episode_name = "subsequent encounter" if later else "initial encounter"
    return f"{episode_name} for {opened}" if opened else episode_name


def _opened(told: str) -> str:
    severe = "type IIIA, IIIB, or IIIC" if SEVERE.search(told) else "type I or II"
    return f"open fracture {severe}" if OPEN.search(told) else ""
