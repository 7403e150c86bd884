"""The embedded FHIR store: SQLite, one row a resource with the very bytes that came, and what it is found by."""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.fhir.rest.guard import OWNER
from tools.fhir.server.parameters import values_of
from tools.fhir.views import JsonObject, text

_SCHEMA = Path(__file__).with_name("store.sql")
_INDEXES = ("tok", "ref", "dt", "str")
_COLUMNS = "rid, type, id, version, deleted, updated, body, sha256"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One stored resource; ``body`` is empty once it is deleted."""

    rid: int
    type: str
    id: str
    version: int
    deleted: bool
    updated: float
    body: bytes
    sha256: str

    @property
    def reference(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"


class FhirStore:
    """A file (or memory) of resources. Calls from several threads are taken one after the other."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        clock: Callable[[], float] = time.time,
        connect: Callable[[Path], sqlite3.Connection] | None = None,
    ) -> None:
        """Open or create a store.

        Args:
            path: its file, None for memory.
            clock: seconds since 1970, of what is written.
            connect: opens the file in place of plain SQLite (for a store that is encrypted); usable from any thread,
                without transactions of its own.
        """
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        self._db = (
            connect(path)
            if connect and path
            else sqlite3.connect(
                path or ":memory:", check_same_thread=False, isolation_level=None, timeout=30
            )
        )
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._db.executescript(_SCHEMA.read_text(encoding="utf-8"))
        self._lock = threading.RLock()
        self._depth = 0
        self.clock = clock

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens inside happens, or none of it. Nested calls join the outer one."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def put(self, kind: str, own_id: str, body: bytes, parsed: JsonObject) -> tuple[Row, bool]:
        """Write a resource under its id; True when it was not there before.

        Args:
            kind: resource type.
            own_id: its id.
            body: the bytes to keep.
            parsed: the same, parsed.
        """
        with self.transaction():
            old = self.get(kind, own_id)
            version = old.version + 1 if old else 1
            digest = hashlib.sha256(body).hexdigest()
            given = (version, 0, _patient(kind, own_id, parsed), self.clock(), body, digest)
            if old:
                self._db.execute(
                    "UPDATE res SET version=?, deleted=?, patient=?, updated=?, body=?, sha256=? WHERE rid=?",
                    (*given, old.rid),
                )
                self._unindex(old.rid)
            else:
                self._db.execute(
                    "INSERT INTO res (version, deleted, patient, updated, body, sha256, type, id)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*given, kind, own_id),
                )
            new = self.get(kind, own_id)
            if new is None:
                raise sqlite3.DatabaseError("the resource that was just written is not there")
            self._index(new.rid, kind, parsed)
            return new, old is None or old.deleted

    def delete(self, kind: str, own_id: str) -> bool:
        """Mark a resource as deleted; False when it was never there."""
        with self.transaction():
            old = self.get(kind, own_id)
            if old is None:
                return False
            self._db.execute(
                "UPDATE res SET deleted=1, version=version+1, body=?, updated=? WHERE rid=?",
                (b"", self.clock(), old.rid),
            )
            self._unindex(old.rid)
            return True

    def get(self, kind: str, own_id: str) -> Row | None:
        """The stored resource (deleted or not), or None."""
        sql = f"SELECT {_COLUMNS} FROM res WHERE type=? AND id=?"  # noqa: S608 # our own columns
        return next(iter(self.rows(sql, (kind, own_id))), None)

    def select(self, where: str, given: Sequence[object], order: str = "rid") -> list[Row]:
        """Living resources that fulfil a condition over ``res``."""
        return self.rows(f"SELECT {_COLUMNS} FROM res WHERE deleted=0 AND {where} ORDER BY {order}", given)  # noqa: S608 # conditions come from query.py, values are bound

    def rows(self, sql: str, given: Sequence[object]) -> list[Row]:
        """Rows of a query over the columns of ``res``."""
        with self._lock:
            return [
                Row(
                    rid=r[0],
                    type=r[1],
                    id=r[2],
                    version=r[3],
                    deleted=bool(r[4]),
                    updated=r[5],
                    body=bytes(r[6]),
                    sha256=r[7],
                )
                for r in self._db.execute(sql, tuple(given))
            ]

    def targets(self, rid: int, name: str) -> list[str]:
        """What a resource refers to by a reference parameter."""
        with self._lock:
            found = self._db.execute("SELECT target FROM ref WHERE rid=? AND name=?", (rid, name))
            return [one[0] for one in found]

    def counts(self) -> dict[str, int]:
        """Living resources by type."""
        with self._lock:
            return dict(
                self._db.execute("SELECT type, count(*) FROM res WHERE deleted=0 GROUP BY type ORDER BY type")
            )

    def _unindex(self, rid: int) -> None:
        for name in _INDEXES:
            self._db.execute(f"DELETE FROM {name} WHERE rid=?", (rid,))  # noqa: S608 # names of our own tables

    def _index(self, rid: int, kind: str, body: JsonObject) -> None:
        found = values_of(kind, body)
        put = self._db.executemany
        put("INSERT INTO tok VALUES (?, ?, ?, ?)", [(rid, *one) for one in found.tokens])
        put("INSERT INTO ref VALUES (?, ?, ?)", [(rid, n, relative(r)) for n, r in found.references])
        put("INSERT INTO dt VALUES (?, ?, ?, ?)", [(rid, n, *s) for n, s in found.dates])
        put("INSERT INTO str VALUES (?, ?, ?)", [(rid, *one) for one in found.strings])


def relative(reference: str) -> str:
    """``Type/id`` of an absolute or versioned reference; anything else as it is."""
    parts = reference.split("/_history/", maxsplit=1)[0].split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 else reference


def _patient(kind: str, own_id: str, body: JsonObject) -> str | None:
    if kind == "Patient":
        return own_id
    for member in OWNER.get(kind, ("subject", "patient")):
        target = relative(text(body, member, "reference") or "")
        if target.startswith("Patient/"):
            return target.removeprefix("Patient/")
    return None
