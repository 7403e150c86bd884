"""The audit: an append-only chain of hashes, with its head kept twice so that a cut tail is found too.

An entry's hash covers the entry before it and the hash of its detail; so a detail that had to be purged leaves a
chain that still proves itself. The last sequence number and hash stand in the table ``audit_head`` and, outside
the database, in the file ``audit.head``. Whoever can write all three can write a new chain: note the head that
``audit verify`` prints somewhere else to be safe from that too.
"""

import hashlib
import os
import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from knowledge.records import Record

SCHEMA = """
create table if not exists audit (
  seq integer primary key, at text not null, who text not null, action text not null,
  subject text not null, detail text, previous text not null, hash text not null,
  tenant text not null default '', encounter text not null default '', detail_sha256 text) strict;
create table if not exists audit_head (one integer primary key check (one = 1), seq integer not null, hash text not null) strict;
"""
LATER = {
    "tenant": "text not null default ''",
    "encounter": "text not null default ''",
    "detail_sha256": "text",
}
"""Columns that older stores lack."""
COLUMNS = (
    "seq",
    "at",
    "who",
    "action",
    "subject",
    "detail",
    "previous",
    "hash",
    *LATER,
)
HEAD_FILE = "audit.head"
Json = dict[str, Any]


class AuditEntry(Record):
    """One entry as people and programs read it; ``detail`` is None where it was purged."""

    seq: int
    at: str
    who: str
    action: str
    subject: str
    tenant: str
    encounter: str
    detail: Json | None
    hash: str


class AuditVerdict(Record):
    """Does the chain hold: how many entries, the head, and what is wrong (None: nothing)."""

    entries: int
    head: str
    broken_at: int | None = None
    why: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The last entry: its number and hash."""

    seq: int
    hash: str


def has_head(db: sqlite3.Connection) -> bool:
    """Does the store keep the audit's head? An audit of before does not."""
    return db.execute("select 1 from audit_head").fetchone() is not None


def begin_head(db: sqlite3.Connection) -> None:
    """Keep the head of an audit of before; its entries keep the hash they were made with."""
    _set_head(db, _last(db))


def append(
    db: sqlite3.Connection,
    who: str,
    action: str,
    subject: str,
    detail: Json,
    *,
    tenant: str = "",
    encounter: str = "",
    at: datetime | None = None,
) -> Head:
    """Append one entry inside the caller's transaction and return the new head (see ``write_head``)."""
    last = _last(db)
    said = orjson.dumps(detail, option=orjson.OPT_SORT_KEYS, default=str).decode()
    entry: Json = {
        "seq": last.seq + 1,
        "at": (at or datetime.now(UTC)).isoformat(timespec="seconds"),
        "who": who,
        "action": action,
        "subject": subject,
        "detail": said,
        "previous": last.hash,
        "tenant": tenant,
        "encounter": encounter,
        "detail_sha256": _sha256(said),
    }
    entry["hash"] = _entry_hash(entry)
    places = ", ".join(f":{name}" for name in COLUMNS)
    db.execute(f"insert into audit ({', '.join(COLUMNS)}) values ({places})", entry)  # noqa: S608 - constants
    head = Head(seq=entry["seq"], hash=entry["hash"])
    _set_head(db, head)
    return head


def rows(db: sqlite3.Connection) -> list[Json]:
    """The whole audit as it is stored, oldest first."""
    found = db.execute(f"select {', '.join(COLUMNS)} from audit order by seq")  # noqa: S608 - constants
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def entries(db: sqlite3.Connection, tenant: str, encounter: str | None = None) -> tuple[AuditEntry, ...]:
    """A tenant's entries, oldest first, of one encounter or of all."""
    names = COLUMNS[:-1]
    found = db.execute(
        f"select {', '.join(names)} from audit "  # noqa: S608 - constants
        "where tenant = ? and (? is null or encounter = ?) order by seq",
        (tenant, encounter, encounter),
    )
    kept = (dict(zip(names, row, strict=True)) for row in found)
    return tuple(
        AuditEntry(
            **{k: r[k] for k in ("seq", "at", "who", "action", "subject", "tenant", "encounter", "hash")},
            detail=orjson.loads(r["detail"]) if r["detail"] is not None else None,
        )
        for r in kept
    )


def verify(db: sqlite3.Connection, folder: Path, noted: str | None = None) -> AuditVerdict:
    """Prove the chain: every hash, every link, the table's head, the file's head, and a head noted elsewhere.

    Args:
        db: a reading connection.
        folder: the store's folder, which holds ``audit.head``.
        noted: a head hash that someone wrote down earlier; it must still stand in the chain.
    """
    found = rows(db)
    previous = ""
    for number, entry in enumerate(found, 1):
        good = (
            entry["previous"] == previous and entry["seq"] == number and entry["hash"] == _entry_hash(entry)
        )
        if not good or not _detail_holds(entry):
            return _verdict(found, number, f"entry {number} was altered, or the one before it was removed")
        previous = entry["hash"]
    return _check_heads(db, folder, found, noted)


def _check_heads(db: sqlite3.Connection, folder: Path, found: list[Json], noted: str | None) -> AuditVerdict:
    hashes = {entry["seq"]: entry["hash"] for entry in found}
    kept = db.execute("select seq, hash from audit_head").fetchone()
    outside = read_head(folder)
    last = found[-1]["seq"] if found else 0
    if kept and (kept[0] != last or hashes.get(kept[0], "") != kept[1]):
        return _verdict(found, last + 1, f"the tail was cut: {kept[0]} entries were written, {last} are here")
    if outside and hashes.get(outside.seq, "") != outside.hash:
        return _verdict(
            found,
            min(outside.seq, last + 1),
            f"{HEAD_FILE} knows another entry {outside.seq} than this audit",
        )
    if noted is not None and noted not in hashes.values():
        return _verdict(found, last + 1, "the head that was noted is not in this audit")
    return _verdict(found, None, None)


def _verdict(found: list[Json], broken: int | None, why: str | None) -> AuditVerdict:
    return AuditVerdict(
        entries=len(found), head=found[-1]["hash"] if found else "", broken_at=broken, why=why
    )


def write_head(folder: Path, head: Head) -> None:
    """Write the head beside the database, after the transaction; an older one never replaces a newer one for long."""
    handle, name = tempfile.mkstemp(prefix=".audit-", dir=folder)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{head.seq} {head.hash}\n")
    Path(name).replace(folder / HEAD_FILE)


def read_head(folder: Path) -> Head | None:
    """The head beside the database, None when there is none (a store of before)."""
    path = folder / HEAD_FILE
    if not path.is_file():
        return None
    seq, _, digest = path.read_text(encoding="ascii").strip().partition(" ")
    return Head(seq=int(seq) if seq.isdigit() else 0, hash=digest)


def _last(db: sqlite3.Connection) -> Head:
    row = db.execute("select seq, hash from audit order by seq desc limit 1").fetchone()
    return Head(seq=row[0], hash=row[1]) if row else Head(seq=0, hash="")


def _set_head(db: sqlite3.Connection, head: Head) -> None:
    db.execute("insert or replace into audit_head values (1, ?, ?)", (head.seq, head.hash))


def _detail_holds(entry: Json) -> bool:
    """The detail is the one that was hashed, or was purged."""
    return (
        entry["detail_sha256"] is None
        or entry["detail"] is None
        or _sha256(entry["detail"]) == entry["detail_sha256"]
    )


def _entry_hash(entry: Json) -> str:
    names = ["seq", "at", "who", "action", "subject", "previous"]
    names += ["detail"] if entry["detail_sha256"] is None else ["tenant", "encounter", "detail_sha256"]
    return hashlib.sha256(orjson.dumps({k: entry[k] for k in names}, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _sha256(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()
