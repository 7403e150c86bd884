"""Figures of the ledger: clean claims, denials by reason and payer, days, money at stake."""

from datetime import datetime
from decimal import Decimal
from statistics import median

import orjson

from agent.ledger.database import Row, Session
from agent.ledger.ledger import Ledger, LedgerClaim
from agent.ledger.reasons import reason
from agent.ledger.states import WAITING
from knowledge.records import Record

_ZERO = Decimal(0)


class DeniedLine(Record):
    """A line of the newest remittance of a claim that was denied; ``codes`` such as ``CO-50`` and ``N115``."""

    claim_id: str
    payer: str
    line: int
    procedure: str
    charge: Decimal
    codes: tuple[str, ...]


class Count(Record):
    """How often and how much: one row of a breakdown; money in dollars."""

    name: str
    meaning: str
    lines: int
    charge: Decimal


class Stats(Record):
    """The whole of it. Rates are None where nothing has been answered yet; days are medians.

    ``clean_claim_rate``: claims whose first answer was no rejection, of those answered. ``denied`` is money of
    denied lines of claims not yet corrected, ``outstanding`` of claims sent and not adjudicated, ``rejected`` of those to send again.
    """

    claims: int
    states: dict[str, int]
    answered: int
    clean_claim_rate: float | None
    days_to_decision: float | None
    charged: Decimal
    paid: Decimal
    denied: Decimal
    outstanding: Decimal
    rejected: Decimal
    by_reason: tuple[Count, ...]
    by_payer: tuple[Count, ...]
    unmatched: int


def stats(ledger: Ledger) -> Stats:
    """Figures over every claim of the tenant."""
    with ledger.database.transaction() as session:
        claims = ledger.claims(session)
        denied = denials(ledger, session)
        rows = session.run("select paid from ledger_remit where tenant = :tenant", tenant=ledger.tenant)
        unmatched = session.run(
            "select count(*) from ledger_unmatched where tenant = :tenant", tenant=ledger.tenant
        )
    answered = [c for c in claims if c.first_outcome]
    clean = sum(c.first_outcome == "accepted" for c in answered)
    days = [_days(c) for c in claims if c.submitted_at and c.adjudicated_at]
    return Stats(
        claims=len(claims),
        states={state: sum(c.state == state for c in claims) for state in sorted({c.state for c in claims})},
        answered=len(answered),
        clean_claim_rate=clean / len(answered) if answered else None,
        days_to_decision=median(days) if days else None,
        charged=_money(claims),
        paid=sum((Decimal(row[0]) for row in rows), _ZERO),
        denied=sum((line.charge for line in denied), _ZERO),
        outstanding=_money([c for c in claims if c.state in WAITING]),
        rejected=_money([c for c in claims if c.state == "rejected"]),
        by_reason=_by_reason(denied),
        by_payer=_by_payer(denied),
        unmatched=int(unmatched[0][0]),
    )


def denials(ledger: Ledger, session: Session, claim_id: str | None = None) -> list[DeniedLine]:
    """Denied lines of claims that stand denied or partly paid, from each claim's newest remittance."""
    rows = session.run(
        "select r.claim_id, c.payer, r.line, r.code, r.charge, r.codes from ledger_remit r "
        "join ledger_claim c on c.tenant = r.tenant and c.claim_id = r.claim_id "
        "where r.tenant = :tenant and r.denied = 1 and c.state in ('denied', 'partly_paid') "
        "and (cast(:claim as text) = '' or r.claim_id = :claim) and r.sha256 = (select n.sha256 from ledger_remit n "
        "where n.tenant = r.tenant and n.claim_id = r.claim_id order by n.item desc limit 1) order by r.item",
        tenant=ledger.tenant,
        claim=claim_id or "",
    )
    return [_denied_line(row) for row in rows]


def _denied_line(row: Row) -> DeniedLine:
    codes = tuple(
        code.removeprefix("remark ") if code.startswith("remark ") else code.rsplit(" ", 1)[0]
        for code in orjson.loads(row[5])
    )
    return DeniedLine(
        claim_id=row[0], payer=row[1], line=row[2], procedure=row[3], charge=Decimal(row[4]), codes=codes
    )


def _by_reason(denied: list[DeniedLine]) -> tuple[Count, ...]:
    """A line counts under each adjustment reason it carries; remark codes are shown with the claim only."""
    named = [(code, line) for line in denied for code in dict.fromkeys(line.codes) if "-" in code]
    return _counts([(code, reason(code.partition("-")[2]).meaning, line) for code, line in named])


def _by_payer(denied: list[DeniedLine]) -> tuple[Count, ...]:
    return _counts([(line.payer, "", line) for line in denied])


def _counts(named: list[tuple[str, str, DeniedLine]]) -> tuple[Count, ...]:
    meanings = {name: meaning for name, meaning, _ in named}
    counts = [
        Count(
            name=name,
            meaning=meaning,
            lines=sum(1 for n, _, _ in named if n == name),
            charge=sum((line.charge for n, _, line in named if n == name), _ZERO),
        )
        for name, meaning in meanings.items()
    ]
    return tuple(sorted(counts, key=lambda c: (-c.charge, c.name)))


def _days(claim: LedgerClaim) -> float:
    spent = datetime.fromisoformat(claim.adjudicated_at) - datetime.fromisoformat(claim.submitted_at)
    return round(spent.total_seconds() / 86_400, 2)


def _money(claims: list[LedgerClaim]) -> Decimal:
    return sum((Decimal(c.charge) for c in claims), _ZERO)
