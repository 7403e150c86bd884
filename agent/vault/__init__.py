"""Encryption at rest: one key of the practice, one way to open a SQLite file, one way to write and read an output file.

Without a key nothing changes: plain SQLite, plain files, readable by their owner only.
"""

from agent.vault.database import connect, database_errors, operational_errors
from agent.vault.keys import Key, VaultError, current_key, new_key, read_key
from agent.vault.seal import blind, is_sealed, read, seal, seal_text, unseal, unseal_text, write

__all__ = [
    "Key",
    "VaultError",
    "blind",
    "connect",
    "current_key",
    "database_errors",
    "is_sealed",
    "new_key",
    "operational_errors",
    "read",
    "read_key",
    "seal",
    "seal_text",
    "unseal",
    "unseal_text",
    "write",
]
