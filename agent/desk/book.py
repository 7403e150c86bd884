"""The desk's own tables in the store: leases, sources, decisions, queries, opportunities; and how they are read and written."""

import sqlite3
import zlib
from datetime import UTC, datetime
from typing import Any

import orjson

from agent import audit
from agent.store import Store

SCHEMA = """
create table if not exists lease (
  tenant text not null, encounter text not null, by text not null, role text not null, until text not null,
  primary key (tenant, encounter)) strict;
create table if not exists source (
  tenant text not null, encounter text not null, sha256 text not null, at text not null, data blob not null,
  primary key (tenant, encounter, sha256)) strict;
create table if not exists intake (
  tenant text not null, encounter text not null, sha256 text not null, out text not null,
  primary key (tenant, encounter)) strict;
create table if not exists decision (
  id integer primary key, tenant text not null, encounter text not null, at text not null, by text not null,
  role text not null, action text not null, reason text not null, claim_before text, claim_after text,
  status_after text not null default '', edits text not null default '[]', before text, after text,
  difference text, model text not null default '', state text not null) strict;
create index if not exists decision_of on decision (tenant, encounter, state);
create table if not exists query (
  id text primary key, tenant text not null, encounter text not null, question text not null, why text not null,
  evidence text not null, status text not null, asked_at text not null, answer text, answered_by text,
  answered_at text, effect text) strict;
create index if not exists query_of on query (tenant, encounter, status);
create table if not exists opportunity (
  id integer primary key, tenant text not null, encounter text not null, code text not null, accepted integer not null,
  by text not null, at text not null, reason text not null, query text) strict;
"""
Row = dict[str, Any]
Change = tuple[str, tuple[Any, ...]]
"""A statement and its values."""
LEASE = ("encounter", "by", "role", "until")
QUERY = (
    "id", "encounter", "question", "why", "evidence", "status", "asked_at",
    "answer", "answered_by", "answered_at", "effect",
)  # fmt: skip
DECISION = (
    "id", "encounter", "at", "by", "role", "action", "reason", "claim_before", "claim_after",
    "status_after", "edits", "before", "after", "difference", "model", "state",
)  # fmt: skip
OPPORTUNITY = ("encounter", "code", "accepted", "by", "at", "reason", "query")


class Book:
    """One tenant's rows; every method is one transaction, and what people do is audited in the same one."""

    def __init__(self, store: Store, tenant: str) -> None:
        self.store = store
        self.tenant = tenant
        with store.reading() as db:
            db.executescript(SCHEMA)

    def write(self, *changes: Change, entry: "Entry | None" = None, lasting: bool = True) -> None:
        """Statements in one transaction, with the audit entry that tells of them; ``lasting`` as ``Store.writing`` has it."""
        with self.store.writing(lasting=lasting) as db:
            for statement, values in changes:
                db.execute(statement, values)
            head = entry.append(db, self.tenant) if entry else None
        if head:
            audit.write_head(self.store.folder, head)

    def rows(self, columns: tuple[str, ...], rest: str, values: tuple[Any, ...]) -> list[Row]:
        """Rows of a table as dictionaries; ``rest`` begins with the table's name."""
        with self.store.reading() as db:
            found = db.execute(f"select {', '.join(columns)} from {rest}", values).fetchall()  # noqa: S608 - constants
        return [dict(zip(columns, row, strict=True)) for row in found]

    def leases(self, now: datetime) -> dict[str, Row]:
        """The leases in force by encounter."""
        found = self.rows(LEASE, "lease where tenant = ? and until > ?", (self.tenant, now.isoformat()))
        return {r["encounter"]: r for r in found}

    def next_held(self, after: str, by: str, now: datetime) -> str | None:
        """The first held encounter after another one, in the worklist's order, that nobody else has in hand."""
        with self.store.reading() as db:
            row = db.execute(
                "select encounter from worklist w where tenant = ? and (status <> 'held') = 0 and encounter > ? "
                "and not exists (select 1 from lease where tenant = w.tenant and encounter = w.encounter "
                "and until > ? and by <> ?) order by encounter limit 1",
                (self.tenant, after, now.isoformat(), by),
            ).fetchone()
        return row[0] if row else None

    def take_lease(self, encounter: str, by: str, role: str, now: datetime, until: datetime) -> Row:
        """The lease in force after asking for it: one's own (new or renewed), or the other person's."""
        with self.store.writing(lasting=False) as db:
            other = db.execute(
                "select by, role, until from lease where tenant = ? and encounter = ? and until > ? and by <> ?",
                (self.tenant, encounter, now.isoformat(), by),
            ).fetchone()
            if other:
                return {"encounter": encounter, "by": other[0], "role": other[1], "until": other[2]}
            db.execute(
                "insert or replace into lease values (?, ?, ?, ?, ?)",
                (self.tenant, encounter, by, role, until.isoformat()),
            )
        return {"encounter": encounter, "by": by, "role": role, "until": until.isoformat()}

    def drop_lease(self, encounter: str, by: str) -> None:
        """Let go of one's own lease; somebody else's stays."""
        self.write(
            ("delete from lease where tenant = ? and encounter = ? and by = ?", (self.tenant, encounter, by)),
            lasting=False,
        )

    def take_in(self, encounter: str, sha256: str, data: bytes, out: str) -> None:
        """Keep an encounter that came in before it is coded, so that a kill can not lose it."""
        own = (self.tenant, encounter, sha256)
        self.write(
            keeping(*own, data),
            ("insert or replace into intake values (?, ?, ?, ?)", (*own, out)),
        )

    def waiting(self) -> list[Row]:
        """Encounters that came in and are not coded yet."""
        return self.rows(
            ("encounter", "sha256", "out"), "intake where tenant = ? order by rowid", (self.tenant,)
        )

    def turn_away(self, encounter: str, sha256: str) -> None:
        """Forget what came in and can not be read."""
        own = (self.tenant, encounter, sha256)
        self.write(
            coded(*own),
            ("delete from source where tenant = ? and encounter = ? and sha256 = ?", own),
        )

    def source(self, encounter: str) -> bytes | None:
        """The encounter as it came in last (see ``agent.desk.source``)."""
        found = self.rows(
            ("data",),
            "source where tenant = ? and encounter = ? order by rowid desc limit 1",
            (self.tenant, encounter),
        )
        return zlib.decompress(found[0]["data"]) if found else None

    def ask(self, decision: Row, entry: "Entry") -> int:
        """Keep a decision before it is carried out; its number."""
        names = (
            "encounter",
            "at",
            "by",
            "role",
            "action",
            "reason",
            "claim_before",
            "edits",
            "before",
            "model",
        )
        with self.store.writing() as db:
            made = db.execute(
                f"insert into decision (tenant, state, {', '.join(names)}) "  # noqa: S608 - constants
                f"values (?, 'asked', {', '.join('?' * len(names))})",
                (self.tenant, *(decision[n] for n in names)),
            )
            head = entry.append(db, self.tenant)
        audit.write_head(self.store.folder, head)
        return int(made.lastrowid or 0)

    def asked(self, encounter: str | None = None) -> list[Row]:
        """Decisions that were kept and whose outcome was not: the process was killed between."""
        return self.rows(
            DECISION,
            "decision where tenant = ? and (? is null or encounter = ?) and state = 'asked' order by id",
            (self.tenant, encounter, encounter),
        )

    def decisions(self, encounter: str | None = None) -> list[Row]:
        """Decisions that were carried out, oldest first."""
        return self.rows(
            DECISION,
            "decision where tenant = ? and (? is null or encounter = ?) and state = 'done' order by id",
            (self.tenant, encounter, encounter),
        )

    def queries(self, status: str | None = None, encounter: str | None = None) -> list[Row]:
        """Queries, oldest first."""
        return self.rows(
            QUERY,
            "query where tenant = ? and (? is null or status = ?) and (? is null or encounter = ?) order by asked_at, id",
            (self.tenant, status, status, encounter, encounter),
        )

    def opportunities(self, encounter: str | None = None) -> list[Row]:
        """What people made of opportunities, oldest first."""
        return self.rows(
            OPPORTUNITY,
            "opportunity where tenant = ? and (? is null or encounter = ?) order by id",
            (self.tenant, encounter, encounter),
        )


class Entry:
    """An audit entry that is still to be written."""

    def __init__(
        self, who: str, action: str, subject: str, encounter: str, detail: Row, at: datetime | None = None
    ) -> None:
        self._said = (who, action, subject, detail)
        self._encounter = encounter
        self._at = at

    def append(self, db: sqlite3.Connection, tenant: str) -> audit.Head:
        """Write it inside the caller's transaction."""
        return audit.append(db, *self._said, tenant=tenant, encounter=self._encounter, at=self._at)


def keeping(tenant: str, encounter: str, sha256: str, data: bytes) -> Change:
    """What keeps an encounter as it came in."""
    return (
        "insert or replace into source values (?, ?, ?, ?, ?)",
        (tenant, encounter, sha256, moment(), data),
    )


def coded(tenant: str, encounter: str, sha256: str) -> Change:
    """What ends the waiting of an encounter that came in."""
    return (
        "delete from intake where tenant = ? and encounter = ? and sha256 = ?",
        (tenant, encounter, sha256),
    )


def moment() -> str:
    """Now, so fine that rows keep their order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def dumped(value: Any) -> str:
    """JSON text of records and plain values."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
