"""The states of a claim and the legal changes between them, read from ``states.csv``."""

import csv
from functools import cache
from pathlib import Path
from typing import Literal, get_args

State = Literal[
    "drafted",
    "emitted",
    "submitted",
    "accepted",
    "rejected",
    "paid",
    "partly_paid",
    "denied",
    "taken_back",
    "corrected",
    "voided",
]
"""rejected: refused before adjudication (TA1, 999, 277CA). taken_back: an earlier payment was reversed."""

STATES: tuple[State, ...] = get_args(State)
ADJUDICATED: frozenset[State] = frozenset({"paid", "partly_paid", "denied", "taken_back"})
WAITING: frozenset[State] = frozenset({"submitted", "accepted"})
_TABLE = Path(__file__).with_name("states.csv")


class LedgerError(Exception):
    """The ledger can not be opened, or what was asked of it is not legal: what, where, what to do."""


@cache
def _changes() -> dict[tuple[str, str], str]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    changes: dict[tuple[str, str], str] = {}
    for number, row in enumerate(rows, 2):
        old, new, by = row["from"], row["to"], row["by"]
        if new not in STATES or (old and old not in STATES) or by not in {"submit", "ack", "remit"}:
            raise LedgerError(f"{_TABLE.name} line {number}: unknown state or cause; mend the table")
        if (old, new) in changes:
            raise LedgerError(f"{_TABLE.name} line {number}: {old} to {new} stands twice; mend the table")
        changes[old, new] = by
    return changes


def legal(old: State | None, new: State) -> bool:
    """Whether a claim may go from ``old`` (None: not known yet) to ``new``."""
    return (old or "", new) in _changes()
