"""The store: control numbers, emissions, worklist and an append-only, hash-chained audit, in one SQLite file.

Owner-only on disk. Writers take an immediate transaction, so several processes may share a store.
"""

import fcntl
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import audit, emissions, vault, worklist
from agent.audit import AuditVerdict
from agent.doubles import refuse_unseen
from agent.emissions import Emission
from agent.identity import claim_sha256
from agent.worklist import Summary
from tools.claim.model import Claim

if TYPE_CHECKING:
    from agent.aws.place import Place

LATER = {"emission": emissions.LATER, "worklist": worklist.LATER, "audit": audit.LATER}
"""Columns that older stores lack, by table."""
LOCKS = 64


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
        self._held = threading.local()
        self._idle: list[sqlite3.Connection] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.reading() as db:
                db.executescript(emissions.SCHEMA + worklist.SCHEMA + audit.SCHEMA)
                if _lacks(db):
                    with self.writing() as mending:
                        _mend(mending)
        except OSError as error:
            raise StoreError(
                f"{folder}: no store can be kept here ({error.strerror}); give --store"
            ) from error
        except vault.database_errors() as error:
            raise StoreError(
                f"{self._path}: no usable store ({error}); restore it or give --store"
            ) from error

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Connections are used again and not closed after each use, until the end; for a process that serves many calls."""
        self._idle = []
        try:
            yield
        finally:
            idle, self._idle = self._idle, None
            for db in idle:
                db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own; at the end nothing of it is left open but the file."""
        db = self._connection()
        try:
            yield db
        except BaseException:
            db.close()
            raise
        if db.in_transaction:
            db.execute("rollback")
        if (idle := self._idle) is None:
            db.close()
        else:
            idle.append(db)

    def _connection(self) -> sqlite3.Connection:
        """An idle one, or a new one; a list's ``pop`` gives each to one thread only."""
        idle = self._idle
        try:
            return idle.pop() if idle else self._connect()
        except IndexError:  # another thread took the last one
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = vault.connect(self._path, check_same_thread=False)
        db.execute("pragma journal_mode=wal")
        return db

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction that no other writer interleaves; an exception undoes all of it.

        ``lasting`` False: a power failure may undo it (a killed process does not), and it does not wait for the disk.
        """
        with self.reading() as db:
            db.execute(f"pragma synchronous={'full' if lasting else 'normal'}")
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    def next_control_number(self, partner: str) -> int:
        """A control number (1..999999999) that was never given to this partner before."""
        with self.writing() as db:
            return emissions.next_number(db, partner)

    def live_original(self, claim: Claim) -> str | None:
        """Hash of the emitted original of this tenant, encounter and payer, or None."""
        with self.reading() as db:
            return emissions.live(db, claim)

    def billed_elsewhere(self, claim: Claim) -> tuple[str, ...]:
        """Codes of lines that went out before under another encounter of the same patient and day."""
        with self.reading() as db:
            return emissions.billed_elsewhere(db, claim)

    def emission(self, claim: Claim) -> Emission | None:
        """Under what exactly this claim was emitted before (its creation day apart), or None."""
        with self.reading() as db:
            return emissions.find(db, claim)

    def reserve_block(self, size: int) -> int:
        """First of ``size`` control numbers that no other block and no single claim gets, for any partner.

        A batch gives its members numbers by their place in the manifest, whatever the order they are done in.

        Raises:
            StoreError: the nine digits of a control number are used up.
        """
        with self.writing() as db:
            first = emissions.take_block(db, size)
        if first is None:
            raise StoreError(f"{self._path}: no {size} control numbers are left; begin a new store")
        return first

    def reserve_emission(
        self,
        claim: Claim,
        partner: str,
        out: "Place | None",
        number: int | None = None,
        accepted: tuple[str, ...] = (),
    ) -> Emission:
        """The control number and the creation day under which this claim goes out.

        ``number`` comes from a reserved block; without it the partner's next one is taken. ``accepted`` are codes known
        to have gone out under another encounter of the same visit.

        Exactly this claim emitted before (or reserved by a run that was killed) keeps both, so that a repeated
        emission writes the same bytes on any later day; an approved correction takes the place of the original under a new number.

        Raises:
            BilledElsewhereError: lines went out meanwhile that are not ``accepted``; nothing is kept.
        """
        with self.writing() as db:
            if (before := emissions.find(db, claim)) is not None:
                return before
            refuse_unseen(emissions.billed_elsewhere(db, claim), accepted)
            number = number or emissions.next_number(db, partner)
            emissions.put(db, claim, number, out)
            head = audit.append(
                db, "superbill", "emitted", claim.claim_id,
                {"claim_sha256": claim_sha256(claim), "control_number": number},
                tenant=claim.tenant, encounter=claim.encounter_id,
            )  # fmt: skip
        audit.write_head(self.folder, head)
        return Emission(number=number, created=claim.created)

    def put_worklist(
        self,
        tenant: str,
        encounter: str,
        thread: str,
        status: str,
        reasons: Any,
        out: "Place | None",
        summary: Summary | None = None,
    ) -> None:
        """Set where an encounter stands."""
        with self.writing() as db:
            worklist.put(db, tenant, encounter, thread, status, reasons, out, summary or Summary())

    def worklist(self, tenant: str, status: str | None = None) -> list[dict[str, Any]]:
        """Encounters with their status and reasons, held first."""
        with self.reading() as db:
            return worklist.find(db, tenant, worklist.Filter(status=status))

    def work(self, tenant: str, encounter: str) -> dict[str, Any] | None:
        """Where one encounter stands, None when it is not known."""
        with self.reading() as db:
            return worklist.one(db, tenant, encounter)

    @contextmanager
    def alone(self, tenant: str, encounter: str) -> Iterator[None]:
        """Work on one encounter while no other thread or process does; a killed holder lets go at once.

        Within one thread it may be nested for one encounter, not for two: encounters share a fixed number of locks.
        """
        stripe = int.from_bytes(hashlib.sha256(f"{tenant}\0{encounter}".encode()).digest()[:4]) % LOCKS
        mine: set[int] = self._held.__dict__.setdefault("stripes", set())
        if stripe in mine:
            yield
            return
        folder = self.folder / "locks"
        folder.mkdir(exist_ok=True, mode=0o700)
        handle = os.open(folder / f"{stripe:02}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            mine.add(stripe)
            yield
        finally:
            mine.discard(stripe)
            os.close(handle)

    def audit(
        self,
        who: str,
        action: str,
        subject: str,
        detail: dict[str, Any],
        *,
        tenant: str = "",
        encounter: str = "",
    ) -> None:
        """Append one entry to the audit."""
        with self.writing() as db:
            head = audit.append(db, who, action, subject, detail, tenant=tenant, encounter=encounter)
        audit.write_head(self.folder, head)

    def audit_entries(self) -> list[dict[str, Any]]:
        """The whole audit as it is stored, oldest first."""
        with self.reading() as db:
            return audit.rows(db)

    def verify_audit(self, noted: str | None = None) -> AuditVerdict:
        """Prove the audit (see ``agent.audit.verify``); ``noted`` is a head that was written down elsewhere."""
        with self.reading() as db:
            db.execute("begin")
            return audit.verify(db, self.folder, noted)


def _lacks(db: sqlite3.Connection) -> bool:
    """Was this store made by an older version?"""
    old = any(set(columns) - _columns(db, table) for table, columns in LATER.items())
    return old or not audit.has_head(db)


def _mend(db: sqlite3.Connection) -> None:
    """Give an older store what it lacks; another process may have been first."""
    for table, columns in LATER.items():
        for name in columns.keys() - _columns(db, table):
            db.execute(f"alter table {table} add column {name} {columns[name]}")
    if not audit.has_head(db):
        audit.begin_head(db)


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"pragma table_info({table})")}
