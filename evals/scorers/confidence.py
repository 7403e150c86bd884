"""Confidence beside correctness, for calibration."""

from collections.abc import Iterable

from evals.answer import Answer
from evals.case import Gold
from evals.scorers.visits import is_visit
from knowledge.records import Record


class Judged(Record):
    """A code, how sure the model was of it, and whether it is acceptable."""

    code: str
    confidence: float
    right: bool


def judge_confidence(gold: Gold, answer: Answer) -> tuple[Judged, ...]:
    """Pair every confidence that was given with the verdict of gold; unscored and null ones are left out."""
    found: list[Judged] = []
    if gold.icd10 is not None:
        right = gold.icd10.acceptable
        found += _pairs(((d.code, d.confidence) for d in answer.diagnoses), right)
    if gold.lines is not None:
        right = frozenset(g.code for g in gold.lines)
        given = ((x.code, x.confidence) for x in answer.service_lines if not is_visit(x.code))
        found += _pairs(given, right)
    return tuple(found)


def _pairs(given: Iterable[tuple[str, float | None]], right: frozenset[str]) -> list[Judged]:
    return [Judged(code=c, confidence=p, right=c in right) for c, p in given if p is not None]
