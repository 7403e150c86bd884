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

    def find(self, given: str | None, *, active: bool = True) -> Session | None:
        """The live session of this id, or None.

        Args:
            given: what the browser's cookie holds.
            active: a person does something; False for what a page does by itself, which must not keep a session alive.
        """
        if not given:
            return None
        hashed, now = _hash(given), int(self._clock())
        with self._database.reading() as db:
            row = db.execute(
                "select name, tenant, role, csrf, created, seen from session where hash = ?", (hashed,)
            ).fetchone()
        if row is None or now - row[5] >= IDLE or now - row[4] >= ABSOLUTE:
            return None
        if active and now - row[5] >= _TOUCH:
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

    def attempt(self, name: str, address: str) -> int | None:
        """Count an attempt as failed until it succeeds, so that many at once can not slip through.

        Returns:
            A mark for ``succeeded``; None when refused: then not even a right password is looked at.
        """
        now = int(self._clock())
        by_name, by_address = _hash(f"user {name}"), _hash(f"address {address}")
        with self._database.writing() as db:
            db.execute("delete from failure where at <= ?", (now - WINDOW,))
            counted = "select count(*) from failure where key = ?"
            failed = [db.execute(counted, (key,)).fetchone()[0] for key in (by_name, by_address)]
            if failed[0] >= PER_USER or failed[1] >= PER_ADDRESS:
                return None
            db.execute("insert into failure values (?, ?)", (by_name, now))
            return db.execute("insert into failure values (?, ?)", (by_address, now)).lastrowid

    def succeeded(self, name: str, attempt: int) -> None:
        """The attempt was none to count, and the name's count begins anew; the address keeps its other failures."""
        with self._database.writing() as db:
            db.execute("delete from failure where key = ? or rowid = ?", (_hash(f"user {name}"), attempt))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
