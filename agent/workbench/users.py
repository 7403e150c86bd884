"""Local users: argon2id passwords, one role and one tenant each; failures take as long as successes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, get_args

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from agent.desk.people import Role
from agent.workbench.database import Database
from agent.workbench.errors import UserError

ROLES: Final[tuple[Role, ...]] = get_args(Role)
SHORTEST, LONGEST = 10, 256


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Who signs in; ``origin`` is ``local`` or the issuer that vouches for the name."""

    name: str
    tenant: str
    role: Role
    disabled: bool = False
    origin: str = "local"


class Users:
    """The user table."""

    def __init__(self, database: Database, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash("nobody has this password")

    def add(self, name: str, *, role: str, tenant: str, password: str) -> User:
        """Make a user.

        Raises:
            UserError: the name is taken or unusable, the role unknown, the password too short or too long.
        """
        user = User(name=_name(name), role=as_role(role), tenant=tenant.strip() or "default")
        hashed = self._hasher.hash(_password(password))
        with self._database.writing() as db:
            if db.execute("select 1 from user where name = ?", (user.name,)).fetchone():
                raise UserError(
                    f"{user.name}: there is such a user; use 'superbill user password' to change it"
                )
            db.execute(
                "insert into user (name, tenant, role, password) values (?, ?, ?, ?)",
                (user.name, user.tenant, user.role, hashed),
            )
        return user

    def all(self) -> tuple[User, ...]:
        """Every user by name."""
        with self._database.reading() as db:
            rows = db.execute("select name, tenant, role, disabled from user order by name").fetchall()
        return tuple(_user(row) for row in rows)

    def find(self, name: str) -> User | None:
        """The user of this name, or None."""
        with self._database.reading() as db:
            row = db.execute(
                "select name, tenant, role, disabled from user where name = ?", (name,)
            ).fetchone()
        return _user(row) if row else None

    def check(self, name: str, password: str) -> User | None:
        """The user when the password is right and the user may sign in; the same work is done either way."""
        with self._database.reading() as db:
            row = db.execute("select password from user where name = ?", (name,)).fetchone()
        right = self._verify(row[0] if row else self._decoy, password[:LONGEST])
        user = self.find(name)
        return user if right and user is not None and not user.disabled else None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False

    def set_password(self, name: str, password: str) -> None:
        """Give another password and sign the user out everywhere.

        Raises:
            UserError: no such user, or the password is too short or too long.
        """
        hashed = self._hasher.hash(_password(password))
        self._change(name, "update user set password = ? where name = ?", hashed)

    def disable(self, name: str, *, disabled: bool = True) -> None:
        """Let a user sign in no more (or again); open sessions end.

        Raises:
            UserError: no such user.
        """
        self._change(name, "update user set disabled = ? where name = ?", int(disabled))

    def _change(self, name: str, statement: str, value: object) -> None:
        with self._database.writing() as db:
            if db.execute(statement, (value, name)).rowcount == 0:
                raise UserError(f"{name}: no such user; see 'superbill user list'")
            db.execute("delete from session where name = ? and origin = 'local'", (name,))


def as_role(text: str) -> Role:
    """The role of this name.

    Raises:
        UserError: there is none.
    """
    for role in ROLES:
        if role == text:
            return role
    raise UserError(f"{text}: no role; one of {', '.join(ROLES)}")


def _user(row: tuple[str, str, str, int]) -> User:
    return User(name=row[0], tenant=row[1], role=as_role(row[2]), disabled=bool(row[3]))


def _name(given: str) -> str:
    name = given.strip()
    if not name or len(name) > 64 or not all(c.isalnum() or c in "._-@" for c in name):
        raise UserError(f"{given!r}: a user name is 1 to 64 letters, digits, '.', '_', '-' or '@'")
    return name


def _password(given: str) -> str:
    if not SHORTEST <= len(given) <= LONGEST:
        raise UserError(f"a password has {SHORTEST} to {LONGEST} characters")
    return given
