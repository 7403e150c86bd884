"""Codes that the tabular list asks for beside another: the organism, the symptom, the stage; and the status that goes with a disease.

Guidelines I.A.17 ("use additional code"), I.B.7 (an organism of categories B95 to B97 beside the infection of a site) and I.C.21.c.3
(a status is reported where it bears on the disease that is treated, though only the history tells it).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.candidates import Candidate, single
from agent.coder.case import Case, Seen
from agent.coder.combinations import covers
from agent.coder.diagnoses import Diagnosis
from agent.coder.spoken import sentences
from knowledge.tables import read_csv

DATA = Path(__file__).parent / "data"
BEARERS = ("status", "procedure", "device", "problem")
CULTURE = re.compile(
    r"\bcultur\w*|\bgrew\b|\bgrows\b|\bgrowing\b|\bswab\b|\bbreath test\b|\bbiops", re.IGNORECASE
)
DENIED = re.compile(
    r"\b(?:no|not|without|denies|negative for|pending|rule out|possible|never|used to)\b[^.;]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """One row: beside a condition of a range, what is said in these words is reported by the code this query finds."""

    condition: str
    said: str
    query: str
    guideline: str


@cache
def _rows(name: str) -> tuple[Beside, ...]:
    return read_csv(DATA / name, Beside)


def additional(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """What the item of a diagnosis, or a culture, says beyond its code."""
    for row in _rows("additional.csv"):
        seen = next((d.candidates[0].seen for d in diagnoses if covers(row.condition, d.code)), None)
        if seen is None:
            continue
        told = [text for d in diagnoses if covers(row.condition, d.code) for text in _told(case, d)]
        told += _cultures(case) if row.guideline == "I.B.7" else []
        if any(_says(row.said, text) for text in told):
            yield single(seen, row.query, f"goes with '{seen.text}'", row.guideline)


def _told(case: Case, diagnosis: Diagnosis) -> list[str]:
    return [c.told or case.sentence(c.seen) for c in diagnosis.candidates]


def _cultures(case: Case) -> list[str]:
    return [text for seen, text in sentences(case) if CULTURE.search(text) and seen.section_kind != "plan"]


def _says(pattern: str, text: str) -> bool:
    found = re.search(pattern, text, re.IGNORECASE)
    return bool(found and not DENIED.search(text[: found.start()]))


def statuses(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Candidate]:
    """A status that the record tells anywhere and that bears on a disease coded today."""
    told = [m for m in case.of(*BEARERS) if _is_own(m) and not DENIED.search(case.before(m))]
    for row in _rows("status_with.csv"):
        if any(covers(row.condition, d.code) for d in diagnoses):
            seen = next((m for m in told if _named(row.said, m)), None)
            if seen is not None:
                why = f"status that bears on the disease: '{seen.text}'"
                yield single(seen, row.query, why, row.guideline)


def _is_own(seen: Seen) -> bool:
    planned = seen.temporality in {"planned", "future"} or seen.section_kind == "plan"
    return bool(seen.assertion == "present" and seen.experiencer == "patient" and not planned)


def _named(pattern: str, seen: Seen) -> bool:
    return any(re.fullmatch(pattern, str(x), re.IGNORECASE) for x in (seen.concept, seen.text) if x)
