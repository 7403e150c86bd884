"""people.sqlite in the store folder: users, sessions and failed sign-ins. Owner-only; safe from several threads."""

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from agent import vault
from agent.store import StoreError

SCHEMA = """
create table if not exists user (
  name text primary key, tenant text not null, role text not null, password text not null,
  disabled integer not null default 0, origin text not null default 'local') strict;
create table if not exists session (
  hash text primary key, name text not null, tenant text not null, role text not null, origin text not null,
  csrf text not null, created integer not null, seen integer not null) strict;
create table if not exists failure (key text not null, at integer not null) strict;
create index if not exists failure_key on failure (key, at);
"""


class Database:
    """One connection behind a lock; every write is a transaction."""

    def __init__(self, folder: Path, name: str = "people.sqlite", schema: str = SCHEMA) -> None:
        """Open or create the file.

        Raises:
            StoreError: the folder can not be written, or the file is no database of ours.
        """
        path = folder / name
        self._lock = RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            self._db = vault.connect(path, check_same_thread=False)
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=normal")
            self._db.executescript(schema)
        except OSError as error:
            raise StoreError(f"{path}: can not be kept here ({error.strerror}); give --store") from error
        except vault.database_errors() as error:
            raise StoreError(f"{path}: can not be kept here ({error}); give --store") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for a read."""
        with self._lock:
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside an immediate transaction."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")


def secret_key(folder: Path) -> bytes:
    """The 32-byte key of this store (``workbench.key``, owner-only), made on first use; several processes get the same.

    Raises:
        StoreError: the file holds something else.
    """
    path = folder / "workbench.key"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make_key(path)
    kept = path.read_bytes()
    if len(kept) != _KEY:
        raise StoreError(f"{path}: holds {len(kept)} bytes, not {_KEY}; remove it (signs everybody out)")
    return kept


def _make_key(path: Path) -> None:
    """Whole or not at all, and never over another process's: a link to a finished file is made only once."""
    handle, made = tempfile.mkstemp(prefix=".workbench-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_KEY))
    try:
        path.hardlink_to(made)
    except FileExistsError:
        return  # another process was first; its key counts
    finally:
        Path(made).unlink()


_KEY = 32
