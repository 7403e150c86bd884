"""What the case page shows, made from the desk's case."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from agent.desk.changing import DECIDABLE
from agent.report.highlight import painted
from tools.checks import RULES_BY_ID

if TYPE_CHECKING:
    from agent.coding import Coding
    from agent.desk.records import Case
    from agent.workbench.seat import Seat
    from tools.encounter import HistoryItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One line at the top of a page: what happened, or what stood in the way."""

    kind: Literal["good", "warn", "bad"]
    text: str


def case_values(seat: "Seat", case: "Case", note: Note | None) -> dict[str, Any]:
    """Every value of the template ``case.html``."""
    coding, facts = case.coding, case.facts
    return {
        "case": case,
        "coding": coding,
        "facts": facts,
        "note": note,
        "token": seat.token("case", case.item.encounter),
        "documents": painted(coding, case.documents),
        "findings": coding.findings,
        "timeline": timeline(facts.history),
        "cited": cited(coding),
        "total": case.claim.total_charge if case.claim else Decimal(0),
        "tabs": _tabs(coding, len(facts.history)),
        "audit": seat.desk.audit(case.item.encounter),
        **rights(seat, case),
    }


def rights(seat: "Seat", case: "Case") -> dict[str, Any]:
    """What this person may do with the case as it stands."""
    other = seat.is_other(case.item.lease)

    def may(act: Literal["amend", "approve", "reject", "override"]) -> bool:
        waits = case.claim is not None and case.item.status in DECIDABLE[act]
        return waits and not other and seat.can(act)

    return {
        "lease_other": other,
        "may_edit": may("amend"),
        "may_approve": may("approve"),
        "may_reject": may("reject"),
        "may_override": may("override"),
        "overridable": frozenset(rule for rule, row in RULES_BY_ID.items() if row.overridable),
    }


def timeline(history: "Iterable[HistoryItem]") -> "list[tuple[str, list[HistoryItem]]]":
    """The record by year, latest first; what has no date comes last."""

    def date_of(item: "HistoryItem") -> str:
        when = item.effective or item.recorded
        return when.isoformat() if when else ""

    ordered = sorted(history, key=date_of, reverse=True)
    return [
        (year or "No date", list(items)) for year, items in groupby(ordered, key=lambda i: date_of(i)[:4])
    ]


def cited(coding: "Coding") -> frozenset[str]:
    """References of the record's elements that serve as evidence."""
    carried = [d.evidence for d in coding.diagnoses]
    carried += [line.evidence for line in coding.service_lines]
    carried += [r.evidence for r in coding.rejected]
    return frozenset(e.reference for evidence in carried for e in evidence if e.kind == "fhir")


def _tabs(coding: "Coding", history: int) -> list[tuple[str, str, int | None]]:
    return [
        ("coding", "Coding", None),
        ("em", "E/M", None),
        ("history", "History", history),
        ("rejected", "Rejected", len(coding.rejected)),
        ("claim", "Claim", None),
        ("audit", "Audit", None),
    ]
