"""Sealed files: AES-256-GCM in a small container that tells what it is.

``SBSEAL`` + version (2 bytes), key id (8), salt (16), nonce (12), then the ciphertext with its tag (16). Every file has a
key of its own (HKDF of the practice's key and the salt). The header and the file's name are authenticated too, so
that no output can be passed off as another kind.
"""

import base64
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.vault.keys import ID_SIZE, Key, VaultError, current_key, derived

MAGIC = b"SBSEAL\x00\x01"
SALT = 16
NONCE = 12
HEADER = len(MAGIC) + ID_SIZE + SALT + NONCE
TAG = 16


def is_sealed(data: bytes) -> bool:
    """Do these bytes begin like a sealed file?"""
    return data[: len(MAGIC)] == MAGIC


def key_id(data: bytes) -> bytes:
    """With which key a sealed file was sealed."""
    return data[len(MAGIC) : len(MAGIC) + ID_SIZE]


def seal(name: str, data: bytes, key: Key) -> bytes:
    """The sealed form of a file that will be called ``name``."""
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    header = MAGIC + key.id + salt + nonce
    return header + _cipher(key, salt).encrypt(nonce, data, header + name.encode())


def unseal(name: str, data: bytes, key: Key | None, where: str = "") -> bytes:
    """What was sealed under ``name``; bytes that are not sealed come back as they are. ``where`` is told in complaints.

    Raises:
        VaultError: no key, another key, or the bytes were altered, cut or given another name.
    """
    if not is_sealed(data):
        return data
    where = where or name
    if key is None:
        raise VaultError(
            f"{where}: is sealed with key {key_id(data).hex()}; set SUPERBILL_KEY_FILE to that key"
        )
    if key_id(data) != key.id:
        raise VaultError(
            f"{where}: is sealed with key {key_id(data).hex()}, the key set is {key.told}; set the right one"
        )
    header = data[:HEADER]
    salt, nonce = header[-SALT - NONCE : -NONCE], header[-NONCE:]
    try:
        if len(data) < HEADER + TAG:
            raise InvalidTag
        return _cipher(key, salt).decrypt(nonce, data[HEADER:], header + name.encode())
    except InvalidTag:
        raise VaultError(f"{where}: was altered, cut or renamed since it was sealed; make it again") from None


def _cipher(key: Key, salt: bytes) -> AESGCM:
    return AESGCM(derived(key.files, b"one file", salt=salt))


def read(path: Path) -> bytes:
    """The content of a file, sealed or not.

    Raises:
        OSError: it can not be read; VaultError: see ``unseal``.
    """
    data = path.read_bytes()
    return unseal(path.name, data, current_key(), str(path)) if is_sealed(data) else data


def write(path: Path, data: bytes) -> None:
    """Write a file for its owner only, sealed when a key is configured.

    Raises:
        OSError: it can not be written; VaultError: the key can not be used.
    """
    key = current_key()
    path.touch(mode=0o600)
    path.write_bytes(data if key is None else seal(path.name, data, key))


def seal_text(name: str, text: str) -> str:
    """A short text as it is kept in a place that is not encrypted itself: base64 of its sealed form under a key."""
    key = current_key()
    return text if key is None else base64.b64encode(seal(name, text.encode(), key)).decode()


def unseal_text(name: str, text: str) -> str:
    """What ``seal_text`` was given.

    Raises:
        VaultError: see ``unseal``.
    """
    key = current_key()
    return text if key is None else unseal(name, base64.b64decode(text), key).decode()


def blind(text: str) -> str:
    """A name under which something is found again without giving it away; itself without a key."""
    key = current_key()
    return text if key is None else hmac.new(key.files, text.encode(), "sha256").hexdigest()
