"""Where the ledger's rows live: a SQLite file by default, PostgreSQL by URL. Same SQL, one writer at a time."""

import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from agent import vault
from agent.ledger.states import LedgerError

Row = tuple[Any, ...]
WRITER_LOCK = 8372026
"""Key of the PostgreSQL advisory lock that a writing transaction holds."""


class Session(Protocol):
    """One open transaction."""

    def run(self, sql: str, **values: Any) -> list[Row]:
        """Rows of one statement; ``:name`` in it stands for a value."""


class Database(Protocol):
    """What the ledger needs of a database."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A writing transaction: nobody else writes meanwhile, all of it is kept or nothing."""


class _SqliteSession:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def run(self, sql: str, **values: Any) -> list[Row]:
        return self._db.execute(sql, values).fetchall()


class SqliteDatabase:
    """One file, readable by its owner only; a writer takes an immediate transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """See :class:`Database`.

        Raises:
            LedgerError: the file is no usable SQLite database, or stays locked for 30 seconds.
        """
        db = vault.connect(self._path)
        try:
            db.execute("pragma journal_mode=wal")
            db.execute("begin immediate")
            try:
                yield _SqliteSession(db)
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")
        except vault.operational_errors() as error:
            raise LedgerError(f"{self._path}: the ledger can not be used ({error}); try again") from error
        finally:
            db.close()


class PostgresDatabase:
    """A PostgreSQL database by URL; a writer holds an advisory lock until its transaction ends."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"postgres", "postgresql"} or not parts.hostname or not parts.path.strip("/"):
            raise LedgerError(
                "the ledger's URL is not postgresql://user:password@host:port/database; mend it"
            )
        self._where: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 5432,
            "user": unquote(parts.username or "postgres"),
            "password": unquote(parts.password) if parts.password else None,
            "database": unquote(parts.path.strip("/")),
            "ssl_context": _tls(parts.hostname, parse_qs(parts.query).get("sslmode", [""])[-1]),
        }

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """See :class:`Database`.

        Raises:
            LedgerError: the server can not be reached.
        """
        import pg8000.native

        try:
            db = pg8000.native.Connection(**self._where)
        except (pg8000.native.InterfaceError, pg8000.native.DatabaseError, OSError) as error:
            where = f"{self._where['host']}:{self._where['port']}"
            raise LedgerError(f"{where}: PostgreSQL can not be reached ({type(error).__name__})") from None
        try:
            db.run("begin")
            try:
                db.run("select pg_advisory_xact_lock(:key)", key=WRITER_LOCK)
                yield _PostgresSession(db)
            except BaseException:
                db.run("rollback")
                raise
            db.run("commit")
        finally:
            db.close()


def _tls(host: str, mode: str) -> ssl.SSLContext | bool:
    """Verified TLS, except on this machine or with ``?sslmode=disable``."""
    if mode == "disable" or (not mode and host in {"127.0.0.1", "::1", "localhost"}):
        return False
    if mode not in {"", "verify-full"}:
        raise LedgerError(f"sslmode {mode!r} is not supported; give verify-full (the default) or disable")
    return ssl.create_default_context()


class _PostgresSession:
    def __init__(self, db: Any) -> None:
        self._db = db

    def run(self, sql: str, **values: Any) -> list[Row]:
        return [tuple(row) for row in self._db.run(sql, **values) or ()]
