"""Interchanges that were prepared and have not left: which one holds a claim, and how it gets another destination."""

from agent.ledger.database import Session
from agent.ledger.ledger import Ledger, LedgerClaim
from tools.claim.errors import ClaimError


def held_up(session: Session, known: LedgerClaim, destination: str) -> str | None:
    """Why a claim that was given for this destination does not go now: it waits for another one, where it never arrived."""
    rows = session.run(
        "select name, destination from ledger_interchange where id = :id and destination <> :destination "
        "and status in ('prepared', 'staged')",
        id=known.interchange,
        destination=destination,
    )
    if not rows:
        return None
    name, where = rows[0]
    return (
        f"not delivered yet: {name} waits for {where}; deliver it there (--to {where}), "
        f"or to the new place with --redirect {where}"
    )


def redirect(ledger: Ledger, old: str, new: str) -> int:
    """Let everything that waits for ``old`` wait for ``new``; how many interchanges.

    One whose file may already stand at the old destination (it was staged) is never given to a second one.

    Raises:
        ClaimError: nothing waits there, or what waits may have arrived.
    """
    with ledger.database.transaction() as session:
        moved = session.run(
            "update ledger_interchange set destination = :new where tenant = :tenant and destination = :old "
            "and status = 'prepared' returning id",
            new=new,
            old=old,
            tenant=ledger.tenant,
        )
        if moved:
            return len(moved)
        staged = session.run(
            "select id from ledger_interchange where tenant = :tenant and destination = :old and status = 'staged'",
            old=old,
            tenant=ledger.tenant,
        )
    if staged:
        raise ClaimError(f"{old}: a file was put there and may have arrived; finish it with --to {old}")
    raise ClaimError(f"{old}: nothing waits for this destination; superbill claim submit names what waits")
