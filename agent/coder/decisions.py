"""Decisions of the plan that carry risk whatever the drug or procedure: hospital care, limits of care, social limits of treatment.

CPT E/M guidelines, table of medical decision making, risk.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder import told
from agent.coder.case import Case, Seen
from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "risks.csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """One row: the category of the table of decision making, how a sentence tells the decision, and what makes it none."""

    category: str
    said: str
    unless: str
    source: str


def decisions(case: Case) -> Iterator[tuple[str, Seen]]:
    """Each decision of the assessment or plan with its category."""
    for seen, text in told.decided(case):
        low = text.lower()
        for row in risks():
            if re.search(row.said, low) and not re.search(row.unless, low):
                yield row.category, seen


@cache
def risks() -> tuple[Risk, ...]:
    """The table."""
    return read_csv(TABLE, Risk)
