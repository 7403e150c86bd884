"""The one way to open a SQLite file that holds encounters: plain without a key, SQLCipher (AES-256, every page, WAL too) with one."""

import sqlite3
import sys
from pathlib import Path
from typing import Any

from agent.vault.keys import Key, VaultError, current_key

PLAIN = b"SQLite format 3\x00"
PAGE = 4096


def connect(
    path: Path, *, isolation_level: str | None = None, check_same_thread: bool = True, timeout: float = 30
) -> sqlite3.Connection:
    """Open (or create) a database under the configured key; the answer is a DB-API connection either way.

    Raises:
        VaultError: the key does not fit the file, the file is plain and a key is set, or the other way round.
    """
    return connect_with(
        current_key(),
        path,
        isolation_level=isolation_level,
        check_same_thread=check_same_thread,
        timeout=timeout,
    )


def connect_with(key: Key | None, path: Path, **options: Any) -> sqlite3.Connection:
    """``connect`` under a named key; ``options`` are those of ``sqlite3.connect``. A new file is for its owner only."""
    kind = kind_of(path)
    if kind == "new":
        path.touch(mode=0o600)
    if key is None:
        if kind == "sealed":
            raise VaultError(f"{path}: is encrypted (or damaged); set SUPERBILL_KEY_FILE to its key")
        plain: sqlite3.Connection = sqlite3.connect(path, **options)
        return plain
    if kind == "plain":
        raise VaultError(
            f"{path}: is not encrypted yet; run superbill key rotate without SUPERBILL_KEY_FILE first"
        )
    return _keyed(key, path, options)


def _keyed(key: Key, path: Path, options: dict[str, Any]) -> sqlite3.Connection:
    import sqlcipher3.dbapi2 as cipher

    db = cipher.connect(str(path), **options)
    try:
        db.execute("pragma cipher_log_level = none")  # its complaints of a wrong key go to stderr otherwise
        db.execute(f'pragma key = "{raw(key)}"')
        db.execute("select count(*) from sqlite_master").fetchone()
    except cipher.OperationalError:
        db.close()
        raise
    except cipher.DatabaseError:
        db.close()
        raise VaultError(
            f"{path}: key {key.told} does not open it; set the key it was encrypted with"
        ) from None
    opened: sqlite3.Connection = db
    return opened


def raw(key: Key | None) -> str:
    """The key as SQLCipher takes it without stretching: it is 32 random bytes already."""
    return f"x'{key.database.hex()}'" if key else ""


def kind_of(path: Path) -> str:
    """``new`` (absent or empty), ``plain``, ``sealed`` (whole pages that are no plain SQLite) or ``other``."""
    if not path.exists() or (size := path.stat().st_size) == 0:
        return "new"
    with path.open("rb") as file:
        if file.read(len(PLAIN)) == PLAIN:
            return "plain"
    return "sealed" if size % PAGE == 0 else "other"


def operational_errors() -> tuple[type[Exception], ...]:
    """What a database of either kind raises when it is locked, full or can not be opened."""
    cipher = sys.modules.get("sqlcipher3.dbapi2")
    return (
        (sqlite3.OperationalError,) if cipher is None else (sqlite3.OperationalError, cipher.OperationalError)
    )


def database_errors() -> tuple[type[Exception], ...]:
    """What a database of either kind raises when it can not be used."""
    cipher = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.DatabaseError,) if cipher is None else (sqlite3.DatabaseError, cipher.DatabaseError)
