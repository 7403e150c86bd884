"""Server-side sessions and the limit on sign-in. Ids are random and kept as hashes; expiry is idle and absolute."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agent.desk.people import Role
from agent.workbench.database import Database
from agent.workbench.users import User, as_role

IDLE: Final = 30 * 60
ABSOLUTE: Final = 10 * 60 * 60
_TOUCH: Final = 60

WINDOW: Final = 15 * 60
PER_USER: Final = 5
PER_ADDRESS: Final = 20

Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One signed-in browser."""

    hash: str
    name: str
    tenant: str
    role: Role
    csrf: str


class Sessions:
    """The session table."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        self._database, self._clock = database, clock

    def open(self, user: User) -> str:
        """Begin a session and return its id, which is kept nowhere but in the browser's cookie."""
        made, now = secrets.token_urlsafe(32), int(self._clock())
        with self._database.writing() as db:
            db.execute("delete from session where seen < ? or created < ?", (now - IDLE, now - ABSOLUTE))
            db.execute(
                "insert into session values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    _hash(made),
                    user.name,
                    user.tenant,
                    user.role,
                    user.origin,
                    secrets.token_urlsafe(32),
                    now,
                    now,
                ),
            )
        return made

    def find(self, given: str | None) -> Session | None:
        """The live session of this id, or None; a find counts as activity."""
        if not given:
            return None
        hashed, now = _hash(given), int(self._clock())
        with self._database.reading() as db:
            row = db.execute(
                "select name, tenant, role, csrf, created, seen from session where hash = ?", (hashed,)
            ).fetchone()
        if row is None or now - row[5] >= IDLE or now - row[4] >= ABSOLUTE:
            return None
        if now - row[5] >= _TOUCH:
            with self._database.writing() as db:
                db.execute("update session set seen = ? where hash = ?", (now, hashed))
        return Session(hash=hashed, name=row[0], tenant=row[1], role=as_role(row[2]), csrf=row[3])

    def close(self, session: Session) -> None:
        """End a session."""
        with self._database.writing() as db:
            db.execute("delete from session where hash = ?", (session.hash,))


class SignInLimit:
    """Refuses sign-in after too many failures of one name or from one address within the window."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        self._database, self._clock = database, clock

    def refused(self, name: str, address: str) -> bool:
        """Too many failures: not even a right password is looked at."""
        since = int(self._clock()) - WINDOW
        with self._database.reading() as db:
            counts = [
                db.execute(
                    "select count(*) from failure where key = ? and at > ?", (_hash(key), since)
                ).fetchone()[0]
                for key in (f"user {name}", f"address {address}")
            ]
        return bool(counts[0] >= PER_USER or counts[1] >= PER_ADDRESS)

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        now = int(self._clock())
        with self._database.writing() as db:
            db.execute("delete from failure where at <= ?", (now - WINDOW,))
            rows = [(_hash(f"user {name}"), now), (_hash(f"address {address}"), now)]
            db.executemany("insert into failure values (?, ?)", rows)

    def succeeded(self, name: str) -> None:
        """A right password clears the name's count (the address keeps its own)."""
        with self._database.writing() as db:
            db.execute("delete from failure where key = ?", (_hash(f"user {name}"),))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
