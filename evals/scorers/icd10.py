"""Diagnoses: recall of the required, precision over the acceptable, strict F1, 3-character F1, first-listed."""

from collections.abc import Iterable

from evals.answer import Answer
from evals.case import GoldIcd
from knowledge.records import Record


class IcdScore(Record):
    """Counts of one case; ``missed`` are required codes that are absent, ``extra`` are given and not acceptable."""

    must: int
    must_found: int
    given: int
    acceptable: int
    exact: int
    must3: int
    must3_found: int
    given3: int
    acceptable3: int
    first: bool | None
    missed: tuple[str, ...]
    extra: tuple[str, ...]


def _short(codes: Iterable[str]) -> frozenset[str]:
    return frozenset(code[:3] for code in codes)


def score_icd10(gold: GoldIcd, answer: Answer) -> IcdScore:
    """Score a case's diagnoses; codes count once, whatever their order."""
    must, may, given = frozenset(gold.must), gold.acceptable, frozenset(answer.codes)
    must3, may3, given3 = _short(must), _short(may), _short(given)
    return IcdScore(
        must=len(must),
        must_found=len(must & given),
        given=len(given),
        acceptable=len(given & may),
        exact=len(given & must),
        must3=len(must3),
        must3_found=len(must3 & given3),
        given3=len(given3),
        acceptable3=len(given3 & may3),
        first=None if gold.first is None else answer.codes[:1] == (gold.first,),
        missed=tuple(code for code in dict.fromkeys(gold.must) if code not in given),
        extra=tuple(code for code in dict.fromkeys(answer.codes) if code not in may),
    )
