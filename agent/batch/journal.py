"""The journal of a batch: which member is done and how it went. One SQLite file, so that it resumes and stays flat in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent import vault
from knowledge.records import Record

SCHEMA = """
create table if not exists member (
  id text primary key, manifest text not null, line integer not null, digest text not null, exit integer not null, status text not null,
  encounter text not null, reason text not null, out text not null, seconds real not null) strict;
create table if not exists block (manifest text primary key, first integer not null, size integer not null) strict;
"""


class Outcome(Record):
    """How one member went: ``exit`` as the command would return it, ``out`` where its files are, ``reason`` why not emitted."""

    id: str
    line: int
    exit: int
    status: str
    encounter: str = ""
    reason: str = ""
    out: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """In which manifest and line a member was done, from which text, and its exit code."""

    manifest: str
    line: int
    digest: str
    exit: int


class Journal:
    """Rows of the members that are done."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, readable by its owner only."""
        path.touch(mode=0o600)
        self._db = vault.connect(path)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def block(self, manifest: str) -> int | None:
        """First control number reserved for this manifest (by its digest), or None."""
        row = self._db.execute("select first from block where manifest = ?", (manifest,)).fetchone()
        return int(row[0]) if row else None

    def put_block(self, manifest: str, first: int, size: int) -> None:
        """Remember the control numbers of a manifest."""
        self._db.execute("insert into block values (?, ?, ?)", (manifest, first, size))

    def done(self, member: str) -> Done | None:
        """Where a member that is done stood, or None."""
        row = self._db.execute(
            "select manifest, line, digest, exit from member where id = ?", (member,)
        ).fetchone()
        return Done(manifest=row[0], line=row[1], digest=row[2], exit=row[3]) if row else None

    def put(self, outcome: Outcome, manifest: str, digest: str) -> None:
        """A member of this manifest is done."""
        o = outcome
        self._db.execute(
            "insert or replace into member values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (o.id, manifest, o.line, digest, o.exit, o.status, o.encounter, o.reason, o.out, o.seconds),
        )

    def keep(self, member: str, manifest: str, line: int) -> None:
        """A member that another manifest had done already belongs to this one too."""
        self._db.execute("update member set manifest = ?, line = ? where id = ?", (manifest, line, member))

    def outcomes(self, manifest: str) -> Iterator[Outcome]:
        """Every member of this manifest that is done, in its order."""
        names = ("id", "line", "exit", "status", "encounter", "reason", "out", "seconds")
        sql = f"select {', '.join(names)} from member where manifest = ? order by line"  # noqa: S608 - constants
        for row in self._db.execute(sql, (manifest,)):
            yield Outcome(**dict(zip(names, row, strict=True)))
