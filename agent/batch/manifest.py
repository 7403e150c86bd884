"""The manifest of a batch: one JSON object a line, ``{"id", "encounter", "options"}``; read as a stream, never whole.

A line that can not be used is a member that fails with its reason; it stops nobody else. A dead-letter file is a manifest
too: the ``reason`` it adds to each line is ignored.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from pydantic import Field

from agent.batch.errors import ManifestError
from knowledge.records import Record

PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
KEYS = {"id", "encounter", "options", "reason", "exit"}


class Item(Record):
    """One member: ``line`` counts from 1; ``fault`` says why the line can not be used (the rest is empty then)."""

    line: int
    digest: str
    id: str
    encounter: str | dict[str, Any] = ""
    options: dict[str, Any] = Field(default_factory=dict)
    fault: str = ""


def measure(path: Path) -> tuple[int, str]:
    """Number of lines that hold something, and the SHA-256 of the whole file.

    Raises:
        ManifestError: it can not be read, or is empty.
    """
    digest, lines = hashlib.sha256(), 0
    for raw in _lines(path):
        digest.update(raw)
        lines += bool(raw.strip())
    if not lines:
        raise ManifestError(f"{path.name}: holds no line; give one JSON object a line")
    return lines, digest.hexdigest()


def items(path: Path) -> Iterator[Item]:
    """Every member in order.

    Raises:
        ManifestError: the file can not be read.
    """
    for number, raw in enumerate((r for r in _lines(path) if r.strip()), 1):
        yield item_of(raw, number)


def item_of(raw: bytes, line: int) -> Item:
    """One line as a member, with a fault where it can not be used."""
    digest = hashlib.sha256(raw.strip()).hexdigest()
    try:
        said = orjson.loads(raw)
    except ValueError:
        return Item(line=line, digest=digest, id=f"line-{line}", fault=f"line {line}: not JSON")
    fault = _fault(said, line)
    own = said.get("id") if isinstance(said, dict) else None
    if fault:
        plain = isinstance(own, str) and PLAIN_ID.fullmatch(own)
        return Item(line=line, digest=digest, id=str(own) if plain else f"line-{line}", fault=fault)
    return Item(
        line=line,
        digest=digest,
        id=str(own),
        encounter=said["encounter"],
        options=said.get("options") or {},
    )


def _fault(said: Any, line: int) -> str:
    if not isinstance(said, dict):
        return f"line {line}: not a JSON object"
    if unknown := sorted(set(said) - KEYS):
        return f"line {line}: unknown key {unknown[0][:40]!r}; known are id, encounter, options"
    if not isinstance(said.get("id"), str) or not PLAIN_ID.fullmatch(said["id"]):
        return f"line {line}: id must be 1 to 128 letters, digits, '-', '_' or '.', for it names a folder"
    if not isinstance(said.get("encounter"), str | dict) or not said["encounter"]:
        return f"line {line}: encounter must be a path, an s3:// address, Encounter/<id> or a Bundle"
    if not isinstance(said.get("options") or {}, dict):
        return f"line {line}: options must be an object"
    return ""


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as fault:
        raise ManifestError(f"{path.name}: can not be read ({fault.strerror}); check the path") from None
