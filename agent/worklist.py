"""The worklist: where every encounter of a practice stands, and what a person wants to see of it in a row."""

import sqlite3
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

SCHEMA = """
create table if not exists worklist (
  tenant text not null, encounter text not null, thread text not null, status text not null,
  reasons text not null, out text, updated_at text not null, claim_sha256 text not null default '',
  date_of_service text not null default '', payer text not null default '', amount text not null default '0',
  model text not null default '', primary key (tenant, encounter)) strict;
create index if not exists worklist_order on worklist (tenant, status <> 'held', encounter);
"""
LATER = {
    "claim_sha256": "text not null default ''",
    "date_of_service": "text not null default ''",
    "payer": "text not null default ''",
    "amount": "text not null default '0'",
    "model": "text not null default ''",
}
"""Columns that older stores lack."""
COLUMNS = ("encounter", "thread", "status", "reasons", "out", "updated_at", *LATER)
SELECT = f"select {', '.join(COLUMNS)} from worklist"  # noqa: S608 - constants
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What a row shows of an encounter; ``claim_sha256`` is empty where no claim was made, ``amount`` in US dollars."""

    claim_sha256: str = ""
    date_of_service: str = ""
    payer: str = ""
    amount: str = "0"
    model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which rows: a status, a word or kind in the reasons, a word in id, payer or date; None for any."""

    status: str | None = None
    reason: str | None = None
    text: str | None = None
    limit: int = -1
    offset: int = 0


def place_text(out: object | None) -> str | None:
    """A place of outputs as it is kept: a folder in full, since the next command may run from anywhere."""
    if out is None:
        return None
    return str(out.absolute() if isinstance(out, Path) else out)


def put(
    db: sqlite3.Connection,
    tenant: str,
    encounter: str,
    thread: str,
    status: str,
    reasons: Any,
    out: object | None,
    summary: Summary,
) -> None:
    """Set where an encounter stands, inside the caller's transaction."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = (tenant, encounter, thread, status, orjson.dumps(reasons).decode(), place_text(out), now)
    places = ", ".join("?" * (len(COLUMNS) + 1))
    db.execute(
        f"insert or replace into worklist (tenant, {', '.join(COLUMNS)}) values ({places})",  # noqa: S608 - constants
        (*row, *astuple(summary)),
    )


def find(db: sqlite3.Connection, tenant: str, wanted: Filter) -> list[Row]:
    """The rows of a tenant, held first, then by encounter."""
    rows = db.execute(
        f"{SELECT} where tenant = :tenant and (:status is null or status = :status) "
        "and (:reason is null or instr(lower(reasons), :reason)) "
        "and (:text is null or instr(lower(encounter || ' ' || payer || ' ' || date_of_service), :text)) "
        "order by status <> 'held', encounter limit :limit offset :offset",
        {
            "tenant": tenant,
            "status": wanted.status,
            "reason": wanted.reason.lower() if wanted.reason else None,
            "text": wanted.text.lower() if wanted.text else None,
            "limit": wanted.limit,
            "offset": wanted.offset,
        },
    ).fetchall()
    return [_row(r) for r in rows]


def one(db: sqlite3.Connection, tenant: str, encounter: str) -> Row | None:
    """Where one encounter stands, None when it is not known."""
    row = db.execute(f"{SELECT} where tenant = ? and encounter = ?", (tenant, encounter)).fetchone()
    return _row(row) if row else None


def _row(row: tuple[Any, ...]) -> Row:
    found = dict(zip(COLUMNS, row, strict=True))
    return {**found, "reasons": orjson.loads(found["reasons"])}
