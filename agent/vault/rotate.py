"""Key rotation: everything at rest is encrypted anew under another key (or for the first time, or no longer at all).

Each file is whole under the old key or whole under the new one at every moment, so it may be killed and run again: what
is under the new key already is passed over. Outputs go first: the store that knows where they lie goes last.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.outputs import FILES
from agent.vault.database import connect_with, database_errors, kind_of, raw
from agent.vault.keys import Key, VaultError
from agent.vault.seal import is_sealed, key_id, seal, unseal

DRAFT = ".vault-"
EXAMPLES = "examples"
SEALED_NAMES = FILES | {"what-if.json", "correction.json"}
"""Files of an output folder; any other file is left alone unless it is sealed already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotated:
    """What a rotation did: files encrypted anew, files that were already, and whether the examples were dropped."""

    done: int
    already: int
    examples_dropped: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """From one key to another; None stands for plain."""

    old: Key | None
    new: Key | None

    def file(self, path: Path) -> bool:
        """Seal one output file under the new key; False when it was already.

        Raises:
            VaultError: it is sealed with a third key, or was altered.
        """
        data = path.read_bytes()
        has = key_id(data) if is_sealed(data) else None
        if has == (self.new.id if self.new else None):
            return False
        clear = unseal(path.name, data, self.old, str(path))
        _replace(path, seal(path.name, clear, self.new) if self.new else clear)
        return True

    def database(self, path: Path) -> bool:
        """Encrypt one database under the new key; False when it was already.

        Raises:
            VaultError: neither key opens it, or another process has it open.
        """
        if kind_of(path) == "new" or _opens(self.new, path):
            return False
        with closing(connect_with(self.old, path, isolation_level=None, timeout=1)) as db:
            _alone(db, path)
        with _draft(path) as made, closing(_any(self.old, path)) as db:
            db.execute(f'attach database ? as fresh key "{raw(self.new)}"', (str(made),))
            db.execute("begin exclusive")
            db.execute("select sqlcipher_export('fresh')").fetchall()
            (version,) = db.execute("pragma main.user_version").fetchone()
            db.execute(f"pragma fresh.user_version = {int(version)}")
            db.execute("commit")
            db.execute("detach database fresh")
            _swap(made, path)
        return True


def targets(store: Path, also: Iterable[Path], turn: Turn) -> tuple[Path, ...]:
    """Every file a rotation has to look at, in its order: outputs, then databases, those of the store last.

    Args:
        store: the store's folder; output folders elsewhere are known from its worklist.
        also: further files or folders.
        turn: the two keys.
    """
    places = list(dict.fromkeys(p.resolve() for p in (*_known(store, turn), *also, store)))
    _sweep(places)
    files = dict.fromkeys(f for place in places for f in _files(place))
    databases = dict.fromkeys(d for place in places for d in _databases(place))
    return (*files, *databases)


def rotate(store: Path, found: Iterable[Path], turn: Turn, step: Callable[[str], None]) -> Rotated:
    """Bring what ``targets`` found under the new key; ``step`` is called with the name of each file.

    Raises:
        VaultError: a file fits neither key, or a process has a database open; what is done stays done.
    """
    done = already = 0
    dropped = _drop_examples(store)
    for path in found:
        turned = turn.database(path) if path.suffix == ".sqlite" else turn.file(path)
        done, already = done + turned, already + (not turned)
        step(path.name)
    return Rotated(done=done, already=already, examples_dropped=dropped)


def _known(store: Path, turn: Turn) -> list[Path]:
    """Output folders that the worklist names."""
    path = store / "store.sqlite"
    if kind_of(path) == "new":
        return []
    key = turn.new if _opens(turn.new, path) else turn.old
    with closing(connect_with(key, path, isolation_level=None, timeout=30)) as db:
        if db.execute("select 1 from sqlite_master where name = 'worklist'").fetchone() is None:
            return []
        rows = db.execute("select distinct out from worklist where out is not null").fetchall()
    return [Path(out) for (out,) in rows if not out.startswith("s3://") and Path(out).is_dir()]


def _files(place: Path) -> Iterator[Path]:
    """What is sealed, or would be, below a place."""
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if not path.is_symlink() and path.is_file() and (path.name in SEALED_NAMES or _begins_sealed(path)):
            yield path


def _databases(place: Path) -> list[Path]:
    found = sorted(place.rglob("*.sqlite")) if place.is_dir() else [place]
    return [p for p in found if p.suffix == ".sqlite"]


def _begins_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return is_sealed(file.read(16))


def _sweep(places: Iterable[Path]) -> None:
    """Remove what a killed rotation left."""
    for place in places:
        for path in place.rglob(f"{DRAFT}*"):
            path.unlink()


def _drop_examples(store: Path) -> bool:
    """The approved cases can be made again from the store; under another key nobody could read them."""
    folder = store / EXAMPLES
    if not folder.is_dir():
        return False
    shutil.rmtree(folder)
    return True


def _opens(key: Key | None, path: Path) -> bool:
    try:
        connect_with(key, path, isolation_level=None, timeout=30).close()
    except VaultError:
        return False
    except database_errors():
        return False
    return kind_of(path) == ("plain" if key is None else "sealed")


def _any(key: Key | None, path: Path) -> sqlite3.Connection:
    """A connection that can attach encrypted databases, over a database that may be plain."""
    import sqlcipher3.dbapi2 as cipher

    db: sqlite3.Connection = cipher.connect(str(path), isolation_level=None, timeout=1)
    if key is not None:
        db.execute(f'pragma key = "{raw(key)}"')
    return db


def _alone(db: sqlite3.Connection, path: Path) -> None:
    """Fold the journal into the file; that works only when nobody else has it open."""
    try:
        db.execute("pragma wal_checkpoint(truncate)")
        (mode,) = db.execute("pragma journal_mode = delete").fetchone()
    except database_errors():
        mode = "wal"
    if mode != "delete":
        raise VaultError(f"{path}: is in use; stop every superbill process, then rotate again")


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A name beside ``path`` for its successor, readable by its owner only; removed when it was not put in place."""
    handle, name = tempfile.mkstemp(prefix=DRAFT, dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)
        made.with_name(f"{made.name}-journal").unlink(missing_ok=True)


def _replace(path: Path, data: bytes) -> None:
    with _draft(path) as made:
        made.write_bytes(data)
        _swap(made, path)


def _swap(made: Path, path: Path) -> None:
    """Put the successor in place and wipe what was there: a process that still has it open must not write into the void."""
    with path.open("r+b") as old:
        with made.open("rb") as new:
            os.fsync(new.fileno())
        made.replace(path)
        left = os.fstat(old.fileno()).st_size
        while left > 0:
            left -= old.write(bytes(min(left, 1 << 20)))
        old.flush()
        os.fsync(old.fileno())
        old.truncate(0)
