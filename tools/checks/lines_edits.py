"""Line rules on pairs of services: NCCI edits and services that exclude each other."""

from collections.abc import Iterator
from itertools import combinations

from knowledge.edits import PtpRow
from knowledge.records import Source
from tools.checks.request import CheckRequest
from tools.checks.rule import Doubt, rule
from tools.checks.tables import EDITION
from tools.checks.tables_services import exclusive_rows
from tools.claim.model import ClaimLine

PTP_MODIFIERS = frozenset(
    [
        "E1",
        "E2",
        "E3",
        "E4",
        "FA",
        "F1",
        "F2",
        "F3",
        "F4",
        "F5",
        "F6",
        "F7",
        "F8",
        "F9",
        "TA",
        "T1",
        "T2",
        "T3",
        "T4",
        "T5",
        "T6",
        "T7",
        "T8",
        "T9",
        "LT",
        "RT",
        "LC",
        "LD",
        "RC",
        "LM",
        "RI",
        "24",
        "25",
        "57",
        "58",
        "78",
        "79",
        "27",
        "59",
        "91",
        "XE",
        "XS",
        "XP",
        "XU",
    ]
)
"""NCCI-associated modifiers (NCCI policy manual, chapter 1, section E)."""


def ptp_pairs(request: CheckRequest) -> Iterator[tuple[PtpRow, ClaimLine, ClaimLine]]:
    """Yield every edit between two lines of one day, with the column 1 and the column 2 line."""
    for a, b in combinations(request.claim.lines, 2):
        if a.date_from != b.date_from or a.code == b.code:
            continue
        row = request.bookshelf.edits.ptp_between(a.code, b.code, a.date_from)
        if row is not None:
            yield (row, a, b) if row.column1 == a.code else (row, b, a)


def separated(row: PtpRow, first: ClaimLine, second: ClaimLine) -> bool:
    """Whether a modifier on either line asks the edit to be passed."""
    return row.modifier_indicator == "1" and bool(PTP_MODIFIERS & {*first.modifiers, *second.modifiers})


@rule(
    "line.ptp",
    "error",
    "NCCI does not pay the two services together.",
    "NCCI procedure-to-procedure edits, modifier indicator 0",
)
def ptp(request: CheckRequest) -> Iterator[Doubt]:
    """Indicator 0: no modifier allows both."""
    for row, first, second in ptp_pairs(request):
        if row.modifier_indicator == "0":
            yield Doubt(
                message=f"{second.code} is never paid beside {first.code} on one day (indicator 0).",
                codes=(first.code, second.code),
                line=second.number,
                source=row.source,
                hint=f"Bill {first.code} alone, or the one that was done.",
            )


@rule(
    "line.ptp_modifier",
    "error",
    "NCCI pays the two services together only with a modifier.",
    "NCCI procedure-to-procedure edits, modifier indicator 1",
)
def ptp_modifier(request: CheckRequest) -> Iterator[Doubt]:
    """Indicator 1: both need a documented reason and the modifier that states it."""
    for row, first, second in ptp_pairs(request):
        if row.modifier_indicator == "1" and not separated(row, first, second):
            yield Doubt(
                message=f"{second.code} is part of {first.code} unless a modifier says why both were needed (indicator 1).",
                codes=(first.code, second.code),
                line=second.number,
                source=row.source,
                hint="Bill the comprehensive code alone, or add the modifier the record supports.",
            )


@rule("line.ptp_not_covered", "info", "The loaded edits do not know a code.", "architecture law 4")
def ptp_not_covered(request: CheckRequest) -> Iterator[Doubt]:
    """No edit found means nothing for codes the table does not know."""
    if len(request.claim.lines) < 2:
        return
    for line in request.claim.lines:
        if not request.bookshelf.edits.covers(line.code, line.date_from):
            yield Doubt(
                message=f"{line.code}: pairs with it are not covered by the loaded NCCI table.",
                codes=(line.code,),
                line=line.number,
                source=Source(table="ncci_ptp", edition="starter"),
            )


@rule(
    "line.mutually_exclusive",
    "error",
    "Two services exclude each other.",
    "CPT and NCCI policy, row of checks/exclusives",
)
def mutually_exclusive(request: CheckRequest) -> Iterator[Doubt]:
    """Services that by their meaning are not both done on one day, whatever the pair table holds."""
    for a, b in combinations(request.claim.lines, 2):
        if a.date_from != b.date_from or a.code == b.code:
            continue
        for row in exclusive_rows(a.code, b.code):
            if not set(row.unless) & {*a.modifiers, *b.modifiers}:
                yield Doubt(
                    message=f"{a.code} and {b.code}: {row.why}.",
                    codes=(a.code, b.code),
                    line=b.number,
                    source=Source(table="checks/exclusives", edition=EDITION, row=row.id),
                )
