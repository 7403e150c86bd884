"""Which diagnoses a laboratory test follows, by table, and those that a blood draw serves (CMS-1500 item 24E; national coverage determinations 190)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder.lines import Line
from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "served.csv"
DRAW = "36415"


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """One row: a test by its code and by its name in words, and the families of diagnoses it follows."""

    code: str
    said: str
    diagnoses: tuple[str, ...]
    source: str


def served(line: Line, codes: Sequence[str]) -> frozenset[str]:
    """Those of the claim's diagnoses that the line's test follows; empty where the table does not tell."""
    if line.code != DRAW:
        return _followed([row for row in _table() if row.code == line.code], codes)
    return _followed([row for row in _table() if re.search(row.said, line.said, re.IGNORECASE)], codes)


def _followed(rows: Sequence[Served], codes: Sequence[str]) -> frozenset[str]:
    families = tuple(family for row in rows for family in row.diagnoses)
    return frozenset(c for c in codes if c.startswith(families)) if families else frozenset()


@cache
def _table() -> tuple[Served, ...]:
    rows: tuple[Served, ...] = read_csv(TABLE, Served)
    return rows
