"""Transitional care management: billed instead of the visit when every one of its parts is documented (CPT 99495 and 99496).

A discharge with its date and facility, contact with its date within two business days, medicines reconciled by the visit, and a visit
in time for its decision making (the table). With a part missing the visit is billed by its own level and the rest is an opportunity.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from agent.coder.case import Case, Seen
from agent.coder.conversation import Answer, Ask
from agent.coder.lines import Line, facts_of
from agent.coder.postoperative import in_global_period
from agent.coder.spoken import sentences
from agent.coder.visit import Visit
from knowledge.tables import read_csv
from tools.transition import contact_in, discharge_in, is_timely, reconciles

Stage = Generator[tuple[Ask, ...], tuple[Answer, ...], Visit | None]
FAMILY = "tcm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """One row: the code, the most days from discharge to visit, and the levels of decision making it takes."""

    code: str
    days: int
    decisions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """What the record documents of a discharge and the contact after it, with the sentences that say so."""

    days: int
    discharged: date
    contacted: date
    seen: tuple[Seen, ...]


def as_transition(case: Case, visit: Visit | None) -> Stage:
    """The visit as transitional care where all of it is documented; else the visit as it is."""
    found = transition(case) if visit is not None and not in_global_period(case) else None
    if visit is None or found is None:
        return visit
    level = next(
        (x for x in _levels() if found.days <= x.days and visit.decision_level in x.decisions),
        None,
    )
    if level is None:
        return visit
    facts = yield from facts_of(level.code)
    if not facts:
        return visit
    why = (
        f"transitional care: discharged {found.discharged}, contact {found.contacted}, seen after {found.days} days, "
        f"medicines reconciled, {visit.decision_level} decision making"
    )
    line = Line(code=level.code, seen=found.seen, rationale=why, facts=facts, is_em=True)
    return replace(visit, line=line, em=None)


def transition(case: Case) -> Transition | None:
    """The parts of transitional care other than the decision making, when every one is documented."""
    on = date.fromisoformat(case.encounter["date_of_service"])
    told = list(sentences(case))
    discharges = [(s, d) for s, text in told if (d := discharge_in(text, on)) is not None and d < on]
    listed = next((s for s, text in told if reconciles(text)), None)
    if not discharges or listed is None:
        return None
    left, discharged = max(discharges, key=lambda x: x[1])
    for seen, text in told:
        contacted = contact_in(text, on)
        if contacted is not None and is_timely(discharged, contacted):
            days = (on - discharged).days
            return Transition(
                days=days, discharged=discharged, contacted=contacted, seen=_once(left, seen, listed)
            )
    return None


def _once(*seen: Seen) -> tuple[Seen, ...]:
    """Each sentence once: one may tell of several parts."""
    return tuple({(s.document, s.sentence): s for s in seen}.values())


@cache
def _levels() -> tuple[Level, ...]:
    return read_csv(Path(__file__).parent / "data" / "transition.csv", Level)
