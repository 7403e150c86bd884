"""What sentences say of a transfer of the care after an operation: to us or to another, by a written agreement, and its day.

CPT appendix A (modifiers 54 and 55); Medicare Claims Processing Manual chapter 12, section 40.2 (a transfer is in writing, and the claim
tells the dates on which the care was relinquished and assumed).
"""

import re
from collections.abc import Iterable
from datetime import date

from tools.transition import date_after

CARE = r"\b(?:care|management|follow-?up|aftercare)\b"
MOVED = r"\b(?:transferred|handed over|turned over)\b"
TO_US = re.compile(
    rf"{CARE}.*{MOVED}.*\bto (?:us|me|our (?:office|clinic|practice)|this (?:office|clinic|practice))\b|"
    rf"\b(?:we|I) (?:have )?(?:assumed|accepted|taken over|took over)\b.*{CARE}",
    re.IGNORECASE,
)
AWAY = re.compile(
    rf"{CARE}.*{MOVED}.*\bto\b.*\b(?:Dr\.?|orthop\w+|surgeon|physician|clinic|practice)\b", re.IGNORECASE
)
WRITTEN = re.compile(
    r"\bin writing\b|\bwritten\b|\bsigned\b|\bletter of transfer\b|\btransfer agreement\b", re.IGNORECASE
)
SENTENCE = re.compile(r"(?<=[.;:])(?<!Dr\.)(?<!Mr\.)(?<!Ms\.)(?<!Mrs\.)\s+(?=[A-Z])|\n+")


def assumed(sentence: str) -> bool:
    """Whether the sentence tells that the care after an operation was given to us by a written agreement."""
    return bool(TO_US.search(sentence) and WRITTEN.search(sentence))


def relinquished(sentence: str) -> bool:
    """Whether the sentence tells that the care after the operation was given to another by a written agreement."""
    return bool(AWAY.search(sentence) and WRITTEN.search(sentence)) and not TO_US.search(sentence)


def assumed_on(texts: Iterable[str], on: date) -> date | None:
    """The day on which the care was assumed, as a sentence of the record gives it; None where none does."""
    told = (s for text in texts for s in SENTENCE.split(text) if assumed(s))
    return next((day for s in told if (day := date_after(s, 0, on))), None)


def relinquished_on(texts: Iterable[str], on: date) -> date | None:
    """The day on which the care was given to another, as a sentence of the record gives it; None where none does."""
    told = (s for text in texts for s in SENTENCE.split(text) if relinquished(s))
    return next((day for s in told if (day := date_after(s, 0, on))), None)
