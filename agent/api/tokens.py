"""Tokens of programs: 256 random bits shown once, kept as a hash; each acts in one role for one practice."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from agent.desk.people import Person, Role
from agent.workbench.database import Database
from agent.workbench.errors import UserError
from agent.workbench.users import as_role

SCHEMA = """
create table if not exists token (
  hash text primary key, name text not null unique, tenant text not null, role text not null, created integer not null,
  revoked integer not null default 0) strict;
"""
_PREFIX = "sb_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token as it is listed: never the secret itself."""

    name: str
    tenant: str
    role: Role
    revoked: bool


class Tokens:
    """The token table of a store, in ``tokens.sqlite``."""

    def __init__(self, folder: Path) -> None:
        """Open or create it.

        Raises:
            StoreError: the folder can not be written.
        """
        self._database = Database(folder, "tokens.sqlite", SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def make(self, name: str, *, role: str, tenant: str) -> str:
        """A new token; its secret is returned here and nowhere else.

        Raises:
            UserError: the name is taken or unusable, or the role unknown.
        """
        plain = name.strip()
        if not plain or len(plain) > 64 or not all(c.isalnum() or c in "._-" for c in plain):
            raise UserError(f"{name!r}: a token's name is 1 to 64 letters, digits, '.', '_' or '-'")
        secret = _PREFIX + secrets.token_urlsafe(32)
        with self._database.writing() as db:
            if db.execute("select 1 from token where name = ?", (plain,)).fetchone():
                raise UserError(f"{plain}: there is such a token; revoke it, and choose another name")
            row = (_hash(secret), plain, tenant, as_role(role), int(time.time()))
            db.execute("insert into token (hash, name, tenant, role, created) values (?, ?, ?, ?, ?)", row)
        return secret

    def revoke(self, name: str) -> None:
        """Let a token in no more.

        Raises:
            UserError: there is none of this name.
        """
        with self._database.writing() as db:
            if db.execute("update token set revoked = 1 where name = ?", (name,)).rowcount == 0:
                raise UserError(f"{name}: no such token; see 'superbill token list'")

    def all(self) -> tuple[Token, ...]:
        """Every token by name."""
        with self._database.reading() as db:
            rows = db.execute("select name, tenant, role, revoked from token order by name").fetchall()
        return tuple(Token(name=r[0], tenant=r[1], role=as_role(r[2]), revoked=bool(r[3])) for r in rows)

    def person(self, secret: str) -> Person | None:
        """Who acts with this secret, or None."""
        with self._database.reading() as db:
            row = db.execute(
                "select name, role, tenant from token where hash = ? and revoked = 0", (_hash(secret),)
            ).fetchone()
        return Person(name=row[0], role=as_role(row[1]), tenant=row[2]) if row else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
