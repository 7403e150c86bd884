"""The ledger: every claim's state, and every change of it with who, when and why.

All methods that take a :class:`Session` run inside the caller's transaction, so that a step (an interchange
prepared, a reply read) is kept whole or not at all.
"""

from datetime import UTC, datetime
from pathlib import Path

from agent.ledger.database import Database, PostgresDatabase, Row, Session, SqliteDatabase
from agent.ledger.states import LedgerError, State, legal
from agent.store import Store
from knowledge.records import Record

LAST_NUMBER = 999_999_999
SCHEMA = (
    "create table if not exists control_number (partner text primary key, last bigint not null)",
    """create table if not exists ledger_claim (
      tenant text not null, claim_id text not null, state text not null, claim_sha256 text not null,
      encounter text not null, payer_id text not null, payer text not null, pack text not null,
      frequency text not null, charge text not null, service_on text not null, findings text not null,
      payer_number text not null, first_outcome text not null, submitted_at text not null,
      adjudicated_at text not null, interchange text not null, primary key (tenant, claim_id))""",
    """create table if not exists ledger_event (
      seq bigint primary key, tenant text not null, claim_id text not null, at text not null,
      who text not null, old text not null, new text not null, why text not null)""",
    """create table if not exists ledger_interchange (
      id text primary key, tenant text not null, sender text not null, receiver text not null,
      control bigint not null, reference text not null, name text not null, destination text not null,
      status text not null, staged text not null, content text not null, created text not null,
      unique (sender, receiver, control))""",
    """create table if not exists ledger_sent (
      interchange text not null, transaction_control text not null, part text not null, tenant text not null,
      claim_id text not null, claim_sha256 text not null, billing text not null,
      primary key (interchange, part))""",
    """create table if not exists ledger_reply (
      sha256 text not null, tenant text not null, kind text not null, name text not null, at text not null,
      content text not null, primary key (tenant, sha256))""",
    """create table if not exists ledger_unmatched (
      tenant text not null, sha256 text not null, item bigint not null, what text not null, why text not null,
      primary key (tenant, sha256, item))""",
    """create table if not exists ledger_remit (
      tenant text not null, sha256 text not null, item bigint not null, claim_id text not null,
      status text not null, line bigint not null, code text not null, charge text not null, paid text not null,
      denied bigint not null, codes text not null, primary key (tenant, sha256, item))""",
)
_CLAIM = (
    "claim_id",
    "state",
    "claim_sha256",
    "encounter",
    "payer_id",
    "payer",
    "pack",
    "frequency",
    "charge",
    "service_on",
    "findings",
    "payer_number",
    "first_outcome",
    "submitted_at",
    "adjudicated_at",
    "interchange",
)


class LedgerClaim(Record):
    """One claim as the ledger knows it; empty text where nothing is known yet.

    ``findings`` is the self-check's JSON at emission, ``first_outcome`` what the first answer said (accepted
    or rejected), ``interchange`` the last one that carries the claim, ``charge`` the total in dollars.
    """

    claim_id: str
    state: State
    claim_sha256: str
    encounter: str
    payer_id: str
    payer: str
    pack: str
    frequency: str
    charge: str
    service_on: str
    findings: str
    payer_number: str = ""
    first_outcome: str = ""
    submitted_at: str = ""
    adjudicated_at: str = ""
    interchange: str = ""


class Event(Record):
    """One change of a claim's state (``old`` == ``new``: something was noted)."""

    seq: int
    claim_id: str
    at: str
    who: str
    old: str
    new: str
    why: str


class Ledger:
    """One practice's claims, over any :class:`Database`."""

    def __init__(self, database: Database, *, tenant: str, who: str = "superbill") -> None:
        self.database = database
        self.tenant = tenant
        self.who = who
        with database.transaction() as session:
            for statement in SCHEMA:
                session.run(statement)

    def claim(self, session: Session, claim_id: str) -> LedgerClaim | None:
        """A claim by its CLM01, or None."""
        rows = session.run(
            f"select {', '.join(_CLAIM)} from ledger_claim where tenant = :tenant and claim_id = :claim",  # noqa: S608 - constants
            tenant=self.tenant,
            claim=claim_id,
        )
        return _claim(rows[0]) if rows else None

    def claims(self, session: Session) -> list[LedgerClaim]:
        """Every claim, by id."""
        rows = session.run(
            f"select {', '.join(_CLAIM)} from ledger_claim where tenant = :tenant order by claim_id",  # noqa: S608 - constants
            tenant=self.tenant,
        )
        return [_claim(row) for row in rows]

    def put(self, session: Session, claim: LedgerClaim) -> None:
        """Keep a claim's row; its state changes only through :meth:`move`."""
        names = ("tenant", *_CLAIM)
        marks = ", ".join(f":{name}" for name in names)
        changed = ", ".join(f"{name} = excluded.{name}" for name in _CLAIM[2:])
        session.run(
            f"insert into ledger_claim ({', '.join(names)}) values ({marks}) "  # noqa: S608 - constants
            f"on conflict (tenant, claim_id) do update set {changed}",
            tenant=self.tenant,
            **claim.model_dump(),
        )

    def move_new(self, session: Session, claim: LedgerClaim, why: str) -> None:
        """Enter a claim that is not known yet, in the state its row says."""
        self.put(session, claim)
        self.note(session, claim.claim_id, "", claim.state, why)

    def move(self, session: Session, claim_id: str, new: State, why: str) -> bool:
        """Change a claim's state; False (and nothing done) when the change is not legal.

        A claim that is in the state already gets the reason noted.
        """
        known = self.claim(session, claim_id)
        old = known.state if known else None
        if old != new and not legal(old, new):
            return False
        self.note(session, claim_id, old or "", new, why)
        session.run(
            "update ledger_claim set state = :new where tenant = :tenant and claim_id = :claim",
            new=new,
            tenant=self.tenant,
            claim=claim_id,
        )
        return True

    def note(self, session: Session, claim_id: str, old: str, new: str, why: str) -> None:
        """Append one event."""
        session.run(
            "insert into ledger_event select coalesce(max(seq), 0) + 1, :tenant, :claim, :at, :who, :old, :new, :why "
            "from ledger_event",
            tenant=self.tenant,
            claim=claim_id,
            at=now(),
            who=self.who,
            old=old,
            new=new,
            why=why,
        )

    def history(self, session: Session, claim_id: str) -> list[Event]:
        """Every change of one claim, oldest first."""
        rows = session.run(
            "select seq, claim_id, at, who, old, new, why from ledger_event "
            "where tenant = :tenant and claim_id = :claim order by seq",
            tenant=self.tenant,
            claim=claim_id,
        )
        return [Event(**dict(zip(Event.model_fields, row, strict=True))) for row in rows]

    def next_number(self, session: Session, sender: str, receiver: str) -> int:
        """A control number never given before between these two, by any tenant; shared with emission on SQLite.

        Raises:
            LedgerError: all 999,999,999 numbers are used up.
        """
        used = session.run(
            "select max(control) from ledger_interchange where sender = :sender and receiver = :receiver",
            sender=sender,
            receiver=receiver,
        )[0][0]
        partner = f"{self.tenant}:{receiver}"
        given = session.run("select last from control_number where partner = :partner", partner=partner)
        number = max(used or 0, given[0][0] if given else 0) + 1
        if number > LAST_NUMBER:
            raise LedgerError(f"all control numbers towards {receiver} are used up; agree on a new sender id")
        session.run(
            "insert into control_number (partner, last) values (:partner, :last) "
            "on conflict (partner) do update set last = excluded.last",
            partner=partner,
            last=number,
        )
        return int(number)


def open_ledger(where: Path | str, *, tenant: str, who: str = "superbill") -> Ledger:
    """The ledger of a store folder (SQLite), or of a ``postgresql://`` URL.

    Raises:
        StoreError: the folder can not be used.
        LedgerError: the URL is malformed or its server can not be reached.
    """
    if isinstance(where, str):
        return Ledger(PostgresDatabase(where), tenant=tenant, who=who)
    Store(where)  # makes the file, for its owner only
    return Ledger(SqliteDatabase(where / "store.sqlite"), tenant=tenant, who=who)


def now() -> str:
    """This moment in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _claim(row: Row) -> LedgerClaim:
    return LedgerClaim(**dict(zip(_CLAIM, row, strict=True)))
