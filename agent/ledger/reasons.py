"""Adjustment (CARC) and remark (RARC) codes in our own words, with what to do first."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.ledger.states import LedgerError

_TABLE = Path(__file__).with_name("reasons.csv")
GROUPS = {
    "CO": "contract: the provider writes it off",
    "PR": "the patient owes it",
    "OA": "other",
    "PI": "payer's own reduction",
    "CR": "correction",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """A code, what it says, what to do."""

    code: str
    meaning: str
    advice: str


def reason(code: str) -> Reason:
    """The reason of a bare code (``50``, ``N115``); one we have no words for says so."""
    unknown = Reason(code=code, meaning="no wording in our table", advice="look the code up at x12.org")
    return _reasons().get(code, unknown)


@cache
def _reasons() -> dict[str, Reason]:
    found: dict[str, Reason] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, strict=True), 2):
            if set(row) != {"code", "meaning", "advice"} or not all(row.values()) or row["code"] in found:
                raise LedgerError(f"{_TABLE.name} line {number}: incomplete or repeated; mend the table")
            found[row["code"]] = Reason(**row)
    return found
