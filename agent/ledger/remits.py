"""835 remittances -> paid, partly paid, denied, taken back; every line with its codes kept."""

from decimal import Decimal
from typing import TYPE_CHECKING

import orjson

from agent.ledger.ledger import now
from agent.ledger.states import State
from tools.claim.model import Adjustment
from tools.claim.x12.remit import REVERSAL, RemitClaim, Remittance

if TYPE_CHECKING:
    from agent.ledger.replies import Reading

PATIENT_SHARE = frozenset({"1", "2", "3", "66", "241", "247", "248"})
"""CARCs under group PR by which the patient owes a covered amount: deductible, coinsurance, copayment."""
_DENIED_CLAIM = "4"


def take_remittance(reading: "Reading", remittance: Remittance) -> None:
    """Set the states of the claims of one 835; a remittance that does not balance is noted on each."""
    for fault in remittance.imbalances:
        reading.miss("835", f"does not balance: {fault}")
    touched: dict[str, str] = {}
    for claim in remittance.claims:
        claim_id = _ours(reading, claim)
        if claim_id is None:
            reading.miss(f"835 claim {claim.claim_id}", "matches none we sent")
            continue
        _keep(reading, claim_id, claim)
        touched[claim_id] = remittance.trace or ""
    for claim_id, trace in touched.items():
        _settle(reading, claim_id, trace)


def _ours(reading: "Reading", claim: RemitClaim) -> str | None:
    rows = reading.session.run(
        "select claim_id from ledger_sent where tenant = :tenant and part = :part",
        tenant=reading.ledger.tenant,
        part=claim.claim_id,
    )
    return str(rows[0][0]) if rows else None


def _keep(reading: "Reading", claim_id: str, claim: RemitClaim) -> None:
    """The claim's lines as rows; a claim without lines is one row of number 0."""
    known = reading.ledger.claim(reading.session, claim_id)
    if known and claim.payer_claim_number and claim.status != REVERSAL:
        update = {"payer_number": claim.payer_claim_number, "adjudicated_at": known.adjudicated_at or now()}
        reading.ledger.put(reading.session, known.model_copy(update=update))
    elif known and not known.adjudicated_at:
        reading.ledger.put(reading.session, known.model_copy(update={"adjudicated_at": now()}))
    above = [_code(a) for a in claim.adjustments] + [f"remark {c}" for c in claim.remark_codes]
    whole = claim.status == _DENIED_CLAIM
    rows = [
        (
            n,
            line.code,
            line.charge,
            line.paid,
            whole or _denied(line.charge, line.paid, (*line.adjustments, *claim.adjustments)),
            [*above, *map(_code, line.adjustments), *(f"remark {c}" for c in line.remark_codes)],
        )
        for n, line in enumerate(claim.lines, 1)
    ] or [
        (
            0,
            "",
            claim.charge,
            claim.paid,
            whole or _denied(claim.charge, claim.paid, claim.adjustments),
            above,
        )
    ]
    for row in rows:
        _insert(reading, claim_id, claim.status, row)


def _insert(
    reading: "Reading", claim_id: str, status: str, row: tuple[int, str, Decimal, Decimal, bool, list[str]]
) -> None:
    number, code, charge, paid, denied, codes = row
    reading.session.run(
        "insert into ledger_remit select :tenant, :sha, coalesce(max(item), 0) + 1, :claim, :status, :line, :code, "
        ":charge, :paid, :denied, :codes from ledger_remit where tenant = :tenant",
        tenant=reading.ledger.tenant,
        sha=reading.sha256,
        claim=claim_id,
        status=status,
        line=number,
        code=code,
        charge=str(charge),
        paid=str(paid),
        denied=int(denied and status != REVERSAL),
        codes=orjson.dumps(codes).decode(),
    )


def _code(adjustment: Adjustment) -> str:
    return f"{adjustment.group}-{adjustment.carc} {adjustment.amount}"


def _denied(charge: Decimal, paid: Decimal, adjustments: tuple[Adjustment, ...]) -> bool:
    """Nothing paid, and nothing left to the patient as a share of a covered amount."""
    share = any(a.group == "PR" and a.carc in PATIENT_SHARE and a.amount > 0 for a in adjustments)
    return charge > 0 and paid <= 0 and not share


def _settle(reading: "Reading", claim_id: str, trace: str) -> None:
    """The state that the newest file leaves the claim in."""
    rows = reading.session.run(
        "select status, paid, denied, codes from ledger_remit where tenant = :tenant and sha256 = :sha "
        "and claim_id = :claim order by item",
        tenant=reading.ledger.tenant,
        sha=reading.sha256,
        claim=claim_id,
    )
    decided = [row for row in rows if row[0] != REVERSAL]
    state: State = "taken_back"
    if decided:
        denied = sum(bool(row[2]) for row in decided)
        state = "paid" if not denied else "denied" if denied == len(decided) else "partly_paid"
    paid = sum((Decimal(row[1]) for row in rows), Decimal(0))
    codes = dict.fromkeys(
        c.rsplit(" ", 1)[0] for row in decided if row[2] for c in orjson.loads(row[3]) if "-" in c
    )
    why = f"835 {trace}: paid {paid}" + (f", denied for {', '.join(codes)}" if codes else "")
    known = reading.ledger.claim(reading.session, claim_id)
    if known is not None and known.state == "voided":
        return reading.note(claim_id, why)
    reading.first_outcome(claim_id, "accepted")
    return reading.set(claim_id, state, why)
