"""Services that a record documents in part, by table: what it speaks of, what it holds and what it lacks (never billed, law 6)."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder import told
from agent.coder.case import Case
from agent.coder.conversation import Json
from agent.coder.spoken import sentences
from knowledge.tables import read_toml

TABLE = Path(__file__).parent / "data" / "opportunities.toml"
DENIED = re.compile(r"\b(?:no|not|without|denies|declin\w*)\b[^.]{0,25}$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What the service asks for: the words that state it, and its name."""

    said: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Partial:
    """One service: the sentence that speaks of it, whom it is for, and its parts."""

    code: str
    about: str
    unless: str
    payers: tuple[str, ...]
    barred: frozenset[str]
    chronic: int
    documented: str
    guideline: str
    parts: tuple[Part, ...]


def partial(case: Case, billed: Collection[str], chronic: int) -> Iterator[Json]:
    """Each service of the table that the record speaks of and that lacks a part."""
    record = " ".join(case.texts.values())
    spoken = [text for _, text in sentences(case)]
    for row in partials():
        if row.barred & set(billed) or chronic < row.chronic or (row.payers and case.payer not in row.payers):
            continue
        missing = [p.label for p in row.parts if not _states(p.said, record)]
        if missing and any(_speaks(row, text) for text in spoken):
            held = [p.label for p in row.parts if p.label not in missing]
            yield {
                "code": row.code, "documented": [row.documented, *held], "missing": missing,
                "guideline": row.guideline,
            }  # fmt: skip


def _speaks(row: Partial, text: str) -> bool:
    return bool(re.search(row.about, text, re.IGNORECASE)) and not re.search(row.unless, text, re.IGNORECASE)


def _states(pattern: str, record: str) -> bool:
    """Somewhere the record says it, and does not deny it."""
    return told.states(re.finditer(pattern, record, re.IGNORECASE), DENIED, reach=40)


@cache
def partials() -> tuple[Partial, ...]:
    """The table."""
    rows = read_toml(TABLE, required=["opportunity"])["opportunity"]
    return tuple(
        Partial(
            **{
                **row,
                "payers": tuple(row["payers"]),
                "barred": frozenset(row["barred"]),
                "parts": tuple(Part(**p) for p in row["parts"]),
            }
        )
        for row in rows
    )
