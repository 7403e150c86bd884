"""Emissions: under which control number a claim went out, on which day it was first made, and which lines were billed with it.

Every function works inside the caller's transaction or reading connection (see ``agent.store``).
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime

from agent.doubles import SCHEMA as BILLED
from agent.doubles import billed_lines
from agent.identity import claim_sha256
from agent.worklist import place_text
from tools.claim.model import Claim

BLOCKS = "*"
FIRST_IN_BLOCKS = 500_000_001
LAST_NUMBER = 999_999_999
SCHEMA = (
    """
create table if not exists control_number (partner text primary key, last integer not null) strict;
create table if not exists emission (
  tenant text not null, encounter text not null, payer text not null, claim_sha256 text not null,
  claim_id text not null, control_number integer not null, out text, emitted_at text not null, created text,
  primary key (tenant, encounter, payer)) strict;
"""
    + BILLED
)
LATER = {"created": "text"}
"""Columns that older stores lack."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Emission:
    """Under which control number a claim goes out, and the day it was first made (the date of its 837P)."""

    number: int
    created: date


def next_number(db: sqlite3.Connection, partner: str) -> int:
    """The partner's next control number; it is taken then."""
    db.execute(
        "insert into control_number values (?, 1) on conflict (partner) do update set last = last + 1",
        (partner,),
    )
    number: int = db.execute("select last from control_number where partner = ?", (partner,)).fetchone()[0]
    return number


def take_block(db: sqlite3.Connection, size: int) -> int | None:
    """First of ``size`` control numbers above all blocks that were taken before; None when they are used up."""
    last = db.execute("select last from control_number where partner = ?", (BLOCKS,)).fetchone()
    first: int = (last[0] if last else FIRST_IN_BLOCKS - 1) + 1
    if first + size - 1 > LAST_NUMBER:
        return None
    db.execute("insert or replace into control_number values (?, ?)", (BLOCKS, first + size - 1))
    return first


def live(db: sqlite3.Connection, claim: Claim) -> str | None:
    """Hash of the emitted original of this tenant, encounter and payer, or None."""
    row = db.execute(
        "select claim_sha256 from emission where tenant = ? and encounter = ? and payer = ?",
        emission_key(claim),
    ).fetchone()
    return row[0] if row else None


def find(db: sqlite3.Connection, claim: Claim) -> Emission | None:
    """Under what exactly this claim was emitted before (its creation day apart), or None."""
    row = db.execute(
        "select control_number, coalesce(created, substr(emitted_at, 1, 10)) from emission "
        "where tenant = ? and encounter = ? and payer = ? and claim_sha256 = ?",
        (*emission_key(claim), claim_sha256(claim)),
    ).fetchone()
    return Emission(number=int(row[0]), created=date.fromisoformat(row[1])) if row else None


def put(db: sqlite3.Connection, claim: Claim, number: int, out: object | None) -> None:
    """Keep that a claim goes out, in place of an earlier one of its encounter and payer, and what it bills."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about = (claim_sha256(claim), claim.claim_id, number, place_text(out), now, claim.created.isoformat())
    db.execute(
        "insert or replace into emission values (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*emission_key(claim), *about)
    )
    own = (claim.tenant, claim.encounter_id)
    db.execute("delete from billed where tenant = ? and encounter = ?", own)
    db.executemany(
        "insert or ignore into billed values (?, ?, ?, ?)",
        [(claim.tenant, key, claim.encounter_id, code) for key, code in billed_lines(claim).items()],
    )


def billed_elsewhere(db: sqlite3.Connection, claim: Claim) -> tuple[str, ...]:
    """Codes of lines that went out before under another encounter of the same patient and day."""
    return tuple(
        code
        for key, code in billed_lines(claim).items()
        if db.execute(
            "select 1 from billed where tenant = ? and line = ? and encounter <> ?",
            (claim.tenant, key, claim.encounter_id),
        ).fetchone()
    )


def emission_key(claim: Claim) -> tuple[str, str, str]:
    """Of what one original may be live at a time: tenant, encounter and the payer that is billed."""
    billed = claim.billed
    return claim.tenant, claim.encounter_id, (billed.payer_id or billed.payer_name) if billed else ""
