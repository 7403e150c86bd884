"""Tests that are parts of a panel: the panel is one unique test, its parts are none of their own (CPT E/M guidelines)."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "panels.csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A test that a panel holds; the names are the vocabulary's."""

    panel: str
    part: str


def parts_of(named: Collection[str]) -> set[str]:
    """The tests that belong to another one that is named too."""
    return {row.part for row in _parts() if row.panel in named and row.part in named}


@cache
def _parts() -> tuple[Part, ...]:
    return read_csv(TABLE, Part)
