"""The key at rest: where it comes from, and what is derived from it.

Whoever opens a store or an output asks ``current_key``, so that no path can forget to encrypt. The key itself encrypts
nothing: files and databases get keys derived from it (HKDF-SHA256, RFC 5869), and an id that tells which key was used.
"""

import base64
import binascii
import os
import secrets
import stat
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent.settings import load_key_settings

SIZE = 32
ID_SIZE = 8


class VaultError(Exception):
    """A key can not be used, or what is at rest can not be read with it: says what, where, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What is derived from the 32 bytes of a key: its id (8 bytes), the databases' key and the files' key."""

    id: bytes
    database: bytes = field(repr=False)
    files: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> "Key":
        """Derive all of it.

        Raises:
            VaultError: ``secret`` is not 32 bytes.
        """
        if len(secret) != SIZE:
            raise VaultError(
                f"the key has {len(secret)} bytes, not {SIZE}; make one with superbill key new FILE"
            )
        return cls(
            id=derived(secret, b"superbill key id", length=ID_SIZE),
            database=derived(secret, b"superbill database"),
            files=derived(secret, b"superbill file"),
        )

    @property
    def told(self) -> str:
        """The id as people see it; it does not give the key away."""
        return self.id.hex()


def derived(secret: bytes, purpose: bytes, *, salt: bytes | None = None, length: int = SIZE) -> bytes:
    """HKDF-SHA256 of a secret for one purpose."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(secret)


def current_key() -> Key | None:
    """The configured key (``SUPERBILL_KEY_FILE`` or ``SUPERBILL_KEY``), or None when nothing is encrypted.

    Raises:
        VaultError: it can not be read, is not owner-only, or is no key.
    """
    given = load_key_settings()
    if given.file is not None:
        return read_key(given.file)
    return _of_text(given.text) if given.text is not None else None


def read_key(path: Path) -> Key:
    """The key in an owner-only file of 32 bytes.

    Raises:
        VaultError: see ``current_key``.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise VaultError(
            f"{path}: the key can not be read ({error.strerror}); check SUPERBILL_KEY_FILE"
        ) from None
    if not stat.S_ISREG(found.st_mode):
        raise VaultError(f"{path}: is no file; SUPERBILL_KEY_FILE names a file of {SIZE} bytes")
    if found.st_mode & 0o077 or found.st_uid not in {os.geteuid(), 0}:
        raise VaultError(f"{path}: others may read this key; chown it to yourself and chmod 600 it")
    return _of_file(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=8)
def _of_file(path: Path, _changed: int, _inode: int) -> Key:
    try:
        return Key.of(path.read_bytes())
    except OSError as error:
        raise VaultError(
            f"{path}: the key can not be read ({error.strerror}); check its permissions"
        ) from None
    except VaultError as error:
        raise VaultError(f"{path}: {error}") from None


@lru_cache(maxsize=8)
def _of_text(text: str) -> Key:
    try:
        return Key.of(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise VaultError("SUPERBILL_KEY is not base64; give the base64 of 32 random bytes") from None
    except VaultError as error:
        raise VaultError(f"SUPERBILL_KEY: {error}") from None


def new_key(path: Path) -> Key:
    """Write a new random key into a new owner-only file.

    Raises:
        VaultError: the file exists (a key is never overwritten) or can not be made.
    """
    secret = secrets.token_bytes(SIZE)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise VaultError(f"{path}: exists; a key is never overwritten, name a new file") from None
    except OSError as error:
        raise VaultError(f"{path}: can not be made ({error.strerror}); name another file") from None
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return Key.of(secret)
