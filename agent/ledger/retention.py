"""What the ledger keeps of encounters that are purged: claims that went to a payer, for as long as the law asks.

A provider keeps what was billed to Medicare for seven years (42 CFR 424.516(f)), and to a Medicare Advantage plan for ten
(42 CFR 422.504(d)); a state or a contract may ask for longer. The ledger is therefore not purged with the encounter.
"""

from collections.abc import Iterable

from agent.ledger.ledger import Ledger


def kept_claims(ledger: Ledger, encounters: Iterable[str]) -> tuple[str, ...]:
    """Ids of the encounters' claims that were submitted, and so stay in the ledger with the interchange that was sent."""
    found: list[str] = []
    with ledger.database.transaction() as session:
        for encounter in encounters:
            rows = session.run(
                "select claim_id from ledger_claim "
                "where tenant = :tenant and encounter = :encounter and submitted_at <> '' order by claim_id",
                tenant=ledger.tenant,
                encounter=encounter,
            )
            found += [str(claim_id) for (claim_id,) in rows]
    return tuple(found)
