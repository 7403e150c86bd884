"""The store: control numbers, emissions, worklist and an append-only, hash-chained audit, in one SQLite file.

Owner-only on disk. Writers take an immediate transaction, so several processes may share a store.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from agent.identity import claim_sha256
from tools.claim.model import Claim

SCHEMA = """
create table if not exists control_number (partner text primary key, last integer not null) strict;
create table if not exists emission (
  tenant text not null, encounter text not null, payer text not null, claim_sha256 text not null,
  claim_id text not null, control_number integer not null, out text, emitted_at text not null, created text,
  primary key (tenant, encounter, payer)) strict;
create table if not exists worklist (
  tenant text not null, encounter text not null, thread text not null, status text not null,
  reasons text not null, out text, updated_at text not null, primary key (tenant, encounter)) strict;
create table if not exists audit (
  seq integer primary key, at text not null, who text not null, action text not null,
  subject text not null, detail text not null, previous text not null, hash text not null) strict;
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Emission:
    """Under which control number a claim goes out, and the day it was first made (the date of its 837P)."""

    number: int
    created: date


class StoreError(Exception):
    """The store's folder or file can not be used: says where, and what to do."""


class Store:
    """One practice's (or demo's) state on disk."""

    def __init__(self, folder: Path) -> None:
        """Open or create ``folder/store.sqlite``, readable by its owner only.

        Raises:
            StoreError: the folder can not be made or written, or the file is no store.
        """
        self.folder = folder
        self._path = folder / "store.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._path.exists():
                self._path.touch(mode=0o600)
            with self._connection() as db:
                db.executescript(SCHEMA)
                _add_created(db)
        except OSError as error:
            raise StoreError(
                f"{folder}: no store can be kept here ({error.strerror}); give --store"
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._path}: no usable store ({error}); restore it or give --store"
            ) from error

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            db.execute("pragma journal_mode=wal")
            yield db
        finally:
            db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    def next_control_number(self, partner: str) -> int:
        """A control number (1..999999999) that was never given to this partner before."""
        with self._writing() as db:
            return _next_number(db, partner)

    def live_original(self, claim: Claim) -> str | None:
        """Hash of the emitted original of this tenant, encounter and payer, or None."""
        with self._connection() as db:
            row = db.execute(
                "select claim_sha256 from emission where tenant = ? and encounter = ? and payer = ?",
                _emission_key(claim),
            ).fetchone()
        return row[0] if row else None

    def emission(self, claim: Claim) -> Emission | None:
        """Under what exactly this claim was emitted before (its creation day apart), or None."""
        with self._connection() as db:
            return _emission(db, claim)

    def reserve_emission(self, claim: Claim, partner: str, out: Path | None) -> Emission:
        """The control number and the creation day under which this claim goes out.

        Exactly this claim emitted before (or reserved by a run that was killed) keeps both, so that a repeated
        emission writes the same bytes on any later day; an approved correction takes the place of the original under a new number.
        """
        sha256 = claim_sha256(claim)
        with self._writing() as db:
            if (before := _emission(db, claim)) is not None:
                return before
            number = _next_number(db, partner)
            db.execute(
                "insert or replace into emission values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *_emission_key(claim),
                    sha256,
                    claim.claim_id,
                    number,
                    _text(out),
                    _now(),
                    claim.created.isoformat(),
                ),
            )
            _audit(
                db, "superbill", "emitted", claim.claim_id, {"claim_sha256": sha256, "control_number": number}
            )
        return Emission(number=number, created=claim.created)

    def put_worklist(
        self, tenant: str, encounter: str, thread: str, status: str, reasons: Any, out: Path | None
    ) -> None:
        """Set where an encounter stands."""
        with self._writing() as db:
            db.execute(
                "insert or replace into worklist values (?, ?, ?, ?, ?, ?, ?)",
                (tenant, encounter, thread, status, orjson.dumps(reasons).decode(), _text(out), _now()),
            )

    def worklist(self, tenant: str, status: str | None = None) -> list[dict[str, Any]]:
        """Encounters with their status and reasons, held first."""
        with self._connection() as db:
            rows = db.execute(
                "select encounter, thread, status, reasons, out, updated_at from worklist "
                "where tenant = ? and (? is null or status = ?) order by status <> 'held', encounter",
                (tenant, status, status),
            ).fetchall()
        names = ("encounter", "thread", "status", "reasons", "out", "updated_at")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [{**row, "reasons": orjson.loads(row["reasons"])} for row in found]

    def audit(self, who: str, action: str, subject: str, detail: dict[str, Any]) -> None:
        """Append one entry to the audit."""
        with self._writing() as db:
            _audit(db, who, action, subject, detail)

    def audit_entries(self) -> list[dict[str, Any]]:
        """The whole audit, oldest first."""
        names = ("seq", "at", "who", "action", "subject", "detail", "previous", "hash")
        with self._connection() as db:
            rows = db.execute(f"select {', '.join(names)} from audit order by seq").fetchall()  # noqa: S608 - constants
        return [dict(zip(names, row, strict=True)) for row in rows]

    def verify_audit(self) -> int | None:
        """Sequence number of the first entry that was altered, or None when the chain holds."""
        previous = ""
        for number, entry in enumerate(self.audit_entries(), 1):
            good = (
                entry["previous"] == previous
                and entry["seq"] == number
                and entry["hash"] == _entry_hash(entry)
            )
            if not good:
                return number
            previous = entry["hash"]
        return None


def _next_number(db: sqlite3.Connection, partner: str) -> int:
    db.execute(
        "insert into control_number values (?, 1) on conflict (partner) do update set last = last + 1",
        (partner,),
    )
    number: int = db.execute("select last from control_number where partner = ?", (partner,)).fetchone()[0]
    return number


def _add_created(db: sqlite3.Connection) -> None:
    """A store of before creation days were kept gets the column; its rows answer with the day of emission."""
    if _has_created(db):
        return
    db.execute("begin immediate")
    if not _has_created(db):  # another process may have been first
        db.execute("alter table emission add column created text")
    db.execute("commit")


def _has_created(db: sqlite3.Connection) -> bool:
    return "created" in {row[1] for row in db.execute("pragma table_info(emission)")}


def _emission(db: sqlite3.Connection, claim: Claim) -> Emission | None:
    row = db.execute(
        "select control_number, coalesce(created, substr(emitted_at, 1, 10)) from emission "
        "where tenant = ? and encounter = ? and payer = ? and claim_sha256 = ?",
        (*_emission_key(claim), claim_sha256(claim)),
    ).fetchone()
    return Emission(number=int(row[0]), created=date.fromisoformat(row[1])) if row else None


def _emission_key(claim: Claim) -> tuple[str, str, str]:
    return (
        claim.tenant,
        claim.encounter_id,
        (claim.billed.payer_id or claim.billed.payer_name) if claim.billed else "",
    )


def _audit(db: sqlite3.Connection, who: str, action: str, subject: str, detail: dict[str, Any]) -> None:
    row = db.execute("select seq, hash from audit order by seq desc limit 1").fetchone() or (0, "")
    entry = {
        "seq": row[0] + 1,
        "at": _now(),
        "who": who,
        "action": action,
        "subject": subject,
        "detail": orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode(),
        "previous": row[1],
    }
    db.execute(
        "insert into audit values (:seq, :at, :who, :action, :subject, :detail, :previous, :hash)",
        {**entry, "hash": _entry_hash(entry)},
    )


def _entry_hash(entry: dict[str, Any]) -> str:
    said = {k: entry[k] for k in ("seq", "at", "who", "action", "subject", "detail", "previous")}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _text(path: Path | None) -> str | None:
    return str(path) if path else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
