"""The coder's combination table: which documented conditions are reported by one code."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from knowledge.errors import TableError

COLUMNS = ["first", "second", "third", "code", "drops", "presumed", "guideline", "why"]
ORDER = {"first": 0, "second": 1, "third": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Combination:
    """One row: the parts (spans of codes), the code that reports them, the parts it takes the place of."""

    parts: tuple[str, ...]
    code: str
    drops: tuple[int, ...]
    presumed: bool
    guideline: str
    why: str


@cache
def combinations() -> tuple[Combination, ...]:
    """The table in order of precedence.

    Raises:
        TableError: a wrong header or a row with a missing field.
    """
    name = "combinations.csv"
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames != COLUMNS:
        raise TableError(f"{name}:1: columns are {', '.join(COLUMNS)}")
    return tuple(_row(name, number, row) for number, row in enumerate(reader, 2))


def _row(name: str, number: int, row: dict[str, str]) -> Combination:
    if None in row.values() or not (row["first"] and row["second"] and row["code"]):
        raise TableError(f"{name}:{number}: a field is missing")
    return Combination(
        parts=tuple(row[p] for p in ("first", "second", "third") if row[p]),
        code=row["code"],
        drops=tuple(ORDER[d] for d in row["drops"].split("|") if d),
        presumed=row["presumed"] == "yes",
        guideline=row["guideline"],
        why=row["why"],
    )


def covers(span: str, code: str) -> bool:
    """True when the code lies in the span: ``I50``, ``N18.1-N18.4``, or several joined by ``|``."""
    bare = code.replace(".", "")
    for part in span.replace(".", "").split("|"):
        low, _, high = part.partition("-")
        if low <= bare[: len(low)] and bare[: len(high or low)] <= (high or low):
            return True
    return False
