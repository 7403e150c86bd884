"""What a payer's answer says about the coding: the rule table ``outcomes.csv`` as data, and the verdict on a claim.

A denial for a reason of coding is a verdict on the codes. A denial for another reason (eligibility, authorisation, late filing)
is none, and neither is a reason that the table lacks: nothing is guessed from it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from agent.ledger.remits import PATIENT_SHARE
from evals.train.records import Paid
from knowledge.tables import read_csv
from tools.claim.model import Adjustment
from tools.claim.x12.remit import DENIED, REVERSAL, RemitClaim

Verdict = Literal["paid", "denied", "unjudged", "unbalanced", "unanswered"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A reason code (CARC, or RARC with its letter): whether it judges the coding, and which part of it."""

    code: str
    says: str
    aspect: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The verdict on a claim, with the rules of the table that carry it."""

    verdict: Verdict
    why: tuple[str, ...] = ()


@cache
def rules() -> dict[str, Rule]:
    """The table by code.

    Raises:
        TableError: the table is not as described.
    """
    return {row.code: row for row in read_csv(Path(__file__).with_name("outcomes.csv"), Rule)}


def judged(answers: Sequence[Paid]) -> Judged:
    """The verdict of everything a payer has answered to one claim, the latest answer last.

    A payment that was taken back no longer counts.
    """
    standing: list[Paid] = []
    for one in answers:
        standing = [] if one.remit.status == REVERSAL else [*standing, one]
    if not standing:
        return Judged(verdict="unanswered")
    last = standing[-1]
    if not last.balanced:
        return Judged(verdict="unbalanced", why=("835: charge, payment and adjustments do not add up",))
    denied = tuple(_denied(last.remit))
    if not denied:
        return Judged(verdict="paid")
    known = [rules()[code] for codes in denied for code in codes if code in rules()]
    coding = [r for r in known if r.says == "coding"]
    if coding:
        return Judged(verdict="denied", why=tuple(dict.fromkeys(f"{r.code}: {r.why}" for r in coding)))
    return Judged(verdict="unjudged", why=tuple(dict.fromkeys(f"{r.code}: {r.why}" for r in known)))


def _denied(remit: RemitClaim) -> Iterator[tuple[str, ...]]:
    """The reason and remark codes of every line that was denied, or of the claim where it has no lines."""
    above = [a.carc for a in remit.adjustments] + list(remit.remark_codes)
    whole = remit.status == DENIED
    if not remit.lines and (
        whole or (remit.charge > 0 and remit.paid <= 0 and not _share(remit.adjustments))
    ):
        yield tuple(above)
    for line in remit.lines:
        shared = _share((*line.adjustments, *remit.adjustments))
        if whole or (line.charge > 0 and line.paid <= 0 and not shared):
            yield (*above, *(a.carc for a in line.adjustments), *line.remark_codes)


def _share(adjustments: Sequence[Adjustment]) -> bool:
    """Whether the patient owes a share of a covered amount: then nothing was denied."""
    return any(a.group == "PR" and a.carc in PATIENT_SHARE and a.amount > 0 for a in adjustments)
