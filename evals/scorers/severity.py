"""How bad a case's faults are: weights by kind of fault from severity.csv; what changes payment weighs more."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.records import Record
from knowledge.tables import read_csv

if TYPE_CHECKING:
    from evals.scorers import CaseScore

ABSENT_VISIT = 3
"""Levels that a visit where none is right, or none where one is, counts for."""


class Severity(Record):
    """The weighted sum of a case's faults, their number, and how many of them change payment."""

    weight: float
    faults: int
    paying: int
    kinds: dict[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Weight:
    kind: str
    weight: Decimal
    pays: bool
    why: str


@cache
def weights() -> Mapping[str, tuple[float, bool]]:
    """Weight of each kind of fault and whether it changes payment.

    Raises:
        TableError: a weight is no number, or ``pays`` is neither yes nor no.
    """
    rows = read_csv(Path(__file__).with_name("severity.csv"), _Weight)
    return {row.kind: (float(row.weight), row.pays) for row in rows}


def severity(score: "CaseScore") -> Severity:
    """Weigh the faults of a case."""
    kinds = {kind: n for kind, n in _kinds(score).items() if n}
    table = weights()
    return Severity(
        weight=sum(table[kind][0] * n for kind, n in kinds.items()),
        faults=sum(kinds.values()),
        paying=sum(n for kind, n in kinds.items() if table[kind][1]),
        kinds=kinds,
    )


def _kinds(score: "CaseScore") -> dict[str, int]:
    found = {
        "fabricated": len(score.codes.fabricated),
        "must_not": len(score.codes.violations),
        "evidence": len(score.evidence.faults),
        "link": len(score.links.faults) if score.links else 0,
        "rejected": len(score.rejected.missed) if score.rejected else 0,
        "query": len(score.queries.missed) + score.queries.idle if score.queries else 0,
        "opportunity": len(score.opportunities.missed) + score.opportunities.idle
        if score.opportunities
        else 0,
    }
    return found | _diagnoses(score) | _lines(score) | _visit(score)


def _diagnoses(score: "CaseScore") -> dict[str, int]:
    icd = score.icd10
    if icd is None:
        return {}
    return {
        "dx_missed": len(icd.missed),
        "dx_extra": len(icd.extra),
        "first_listed": int(icd.first is False),
        "sequence": icd.pairs - icd.ordered,
    }


def _lines(score: "CaseScore") -> dict[str, int]:
    lines = score.lines
    if lines is None:
        return {}
    return {
        "line_missed": len(lines.missed),
        "line_extra": len(lines.extra),
        "modifier": len(lines.modifier_faults),
        "units": lines.units_of - lines.units_right,
    }


def _visit(score: "CaseScore") -> dict[str, int]:
    em = score.em
    if em is None:
        return {}
    least = {"element": len(em.element_faults), "visit_modifier": len(em.modifier_faults)}
    if em.exact:
        return least
    steps = ABSENT_VISIT if em.distance is None else abs(em.distance)
    kind = "visit_over" if em.over else "visit_under" if em.under else "visit_family"
    return {kind: max(1, steps), **least}
