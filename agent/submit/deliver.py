"""Prepared interchanges out of the house, each exactly once.

prepared -> (whole file under a temporary name) -> staged -> (renamed) -> sent. A run that was killed is taken up
where the ledger says: a staged file that is no longer there under its temporary name was renamed already.
"""

import uuid
from dataclasses import dataclass

from agent.ledger.database import Session
from agent.ledger.ledger import Ledger, now
from agent.submit.carrier import Carrier


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One interchange on its way; ``status`` prepared or staged, ``staged`` its temporary name."""

    id: str
    name: str
    status: str
    staged: str
    content: bytes


def deliver(ledger: Ledger, carrier: Carrier, destination: str) -> list[str]:
    """Deliver everything that waits for this destination; names of the files that left.

    Raises:
        DeliveryError: the way is blocked; what was delivered is marked so, the rest waits for the next run.
    """
    sent = []
    for parcel in waiting(ledger, destination):
        ready = parcel if parcel.status == "staged" else _stage(ledger, carrier, parcel, destination)
        if ready is None:
            continue
        carrier.finish(ready.staged, ready.name, ready.content)
        if _mark_sent(ledger, ready):
            sent.append(ready.name)
    return sent


def waiting(ledger: Ledger, destination: str) -> list[Parcel]:
    """Interchanges that are prepared or staged for a destination, oldest first."""
    with ledger.database.transaction() as session:
        rows = session.run(
            "select id, name, status, staged, content from ledger_interchange where tenant = :tenant "
            "and destination = :destination and status in ('prepared', 'staged') order by created, control",
            tenant=ledger.tenant,
            destination=destination,
        )
    return [
        Parcel(id=row[0], name=row[1], status=row[2], staged=row[3], content=row[4].encode("ascii"))
        for row in rows
    ]


def elsewhere(ledger: Ledger, destination: str) -> list[tuple[str, str]]:
    """Name and destination of interchanges that wait for another destination."""
    with ledger.database.transaction() as session:
        rows = session.run(
            "select name, destination from ledger_interchange where tenant = :tenant "
            "and destination <> :destination and status in ('prepared', 'staged') order by name",
            tenant=ledger.tenant,
            destination=destination,
        )
    return [(row[0], row[1]) for row in rows]


def _stage(ledger: Ledger, carrier: Carrier, parcel: Parcel, destination: str) -> Parcel | None:
    """Put the file there under a name of this run's own; None when another process was first, or redirected it."""
    staged = f".{parcel.name}.{uuid.uuid4().hex[:8]}.tmp"
    carrier.stage(staged, parcel.content)
    with ledger.database.transaction() as session:
        mine = session.run(
            "update ledger_interchange set status = 'staged', staged = :staged "
            "where id = :id and status = 'prepared' and destination = :destination returning id",
            staged=staged,
            id=parcel.id,
            destination=destination,
        )
    if not mine:
        carrier.discard(staged)
        return None
    return Parcel(id=parcel.id, name=parcel.name, status="staged", staged=staged, content=parcel.content)


def _mark_sent(ledger: Ledger, parcel: Parcel) -> bool:
    with ledger.database.transaction() as session:
        mine = session.run(
            "update ledger_interchange set status = 'sent' where id = :id and status = 'staged' returning id",
            id=parcel.id,
        )
        if not mine:
            return False
        rows = session.run("select distinct claim_id from ledger_sent where interchange = :id", id=parcel.id)
        for (claim_id,) in sorted(rows):
            _submitted(ledger, session, claim_id, parcel.name)
    return True


def _submitted(ledger: Ledger, session: Session, claim_id: str, name: str) -> None:
    known = ledger.claim(session, claim_id)
    if known is None:
        return
    ledger.put(session, known.model_copy(update={"submitted_at": known.submitted_at or now()}))
    ledger.move(session, claim_id, "voided" if known.state == "voided" else "submitted", f"sent as {name}")
