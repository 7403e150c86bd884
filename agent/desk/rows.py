"""Rows of the store as the desk's records."""

from datetime import datetime
from decimal import Decimal

import orjson

from agent.desk.book import Row
from agent.desk.records import DecisionRecord, Lease, OpportunityRecord, Query, WorkItem


def lease(row: Row) -> Lease:
    """A row of ``lease``."""
    return Lease.model_validate(row)


def item(row: Row, held_by: Lease | None) -> WorkItem:
    """A row of ``worklist``."""
    return WorkItem(
        encounter=row["encounter"],
        status=row["status"],
        reasons=row["reasons"],
        date_of_service=row["date_of_service"],
        payer=row["payer"],
        amount=Decimal(row["amount"]),
        claim_sha256=row["claim_sha256"] or None,
        lease=held_by,
        updated_at=datetime.fromisoformat(row["updated_at"]),
        out=row["out"],
        model=row["model"],
    )


def query(row: Row) -> Query:
    """A row of ``query``."""
    effect = row["effect"]
    return Query.model_validate(
        {
            **row,
            "evidence": orjson.loads(row["evidence"]),
            "effect": orjson.loads(effect) if effect else None,
        }
    )


def decision(row: Row) -> DecisionRecord:
    """A row of ``decision`` that was carried out."""
    kept = {k: v for k, v in row.items() if k not in {"difference", "model", "state"}}
    return DecisionRecord.model_validate(
        {**kept, **{k: orjson.loads(row[k]) if row[k] else None for k in ("before", "after")}}
        | {"edits": orjson.loads(row["edits"])}
    )


def opportunity(row: Row) -> OpportunityRecord:
    """A row of ``opportunity``."""
    return OpportunityRecord.model_validate({**row, "accepted": bool(row["accepted"])})
