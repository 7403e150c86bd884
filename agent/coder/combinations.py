"""The coder's combination table: which documented conditions are reported by one code."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.errors import TableError
from knowledge.tables import read_csv

TABLE = Path(__file__).parent / "data" / "combinations.csv"
ORDER = {"first": 0, "second": 1, "third": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Combination:
    """One row: the parts (spans of codes), the code that reports them, the parts it takes the place of.

    Without a code the dropped part is simply not reported beside the other (Excludes1, a less specific name of the same).
    """

    first: str
    second: str
    third: str
    code: str
    drops: tuple[str, ...]
    presumed: bool
    guideline: str
    why: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The spans of the two or three parts."""
        return tuple(p for p in (self.first, self.second, self.third) if p)


@cache
def combinations() -> tuple[Combination, ...]:
    """The table in order of precedence.

    Raises:
        TableError: a wrong header, a row with a missing field, or a part to drop that is none.
    """
    rows: tuple[Combination, ...] = read_csv(TABLE, Combination)
    for row in rows:
        if not (row.first and row.second and (row.code or row.drops)) or not ORDER.keys() >= set(row.drops):
            raise TableError(
                f"{TABLE.name}: {row.code or row.why}: a field is missing or a dropped part unknown"
            )
    return rows


def covers(span: str, code: str) -> bool:
    """True when the code lies in the span: ``I50``, ``N18.1-N18.4``, or several joined by ``|``."""
    bare = code.replace(".", "")
    for part in span.replace(".", "").split("|"):
        low, _, high = part.partition("-")
        if low <= bare[: len(low)] and bare[: len(high or low)] <= (high or low):
            return True
    return False
