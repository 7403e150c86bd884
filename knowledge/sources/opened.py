"""Official files as they come: plain text, gzip, or a zip that holds one text; decoded as Latin-1."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from knowledge.errors import TableError
from knowledge.store import file_sha256

HEAD = 8_192


@contextmanager
def open_text(path: Path) -> Iterator[tuple[str, TextIO]]:
    """Open the one text of a file; yields its own name (the member's in a zip) and the decoded text.

    Raises:
        TableError: no such file, a damaged archive, or a zip without exactly one text or CSV file.
    """
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
            raw.seek(0)
            name, binary = _unpacked(path, magic, raw)
            with io.TextIOWrapper(binary, encoding="latin-1", newline="") as text:
                yield name, text
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise TableError(f"{path.name}: can not be read or is cut off: {error}") from error


def head_of(path: Path) -> tuple[str, str]:
    """Return the name and the first characters of the text of a file.

    Raises:
        TableError: as ``open_text``.
    """
    with open_text(path) as (name, text):
        return name, text.read(HEAD)


def sha256_of(paths: list[Path]) -> str:
    """Checksum of a file, or of the checksums of several, in hexadecimal."""
    digests = [file_sha256(path) for path in paths]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _unpacked(path: Path, magic: bytes, raw: BinaryIO) -> tuple[str, BinaryIO]:
    if magic.startswith(b"\x1f\x8b"):
        return path.name, cast("BinaryIO", gzip.open(raw))
    if magic.startswith(b"PK"):
        archive = zipfile.ZipFile(raw)
        texts = [n for n in archive.namelist() if n.lower().endswith((".txt", ".csv"))]
        if len(texts) != 1:
            raise TableError(f"{path.name}: holds {len(texts)} text files, expected one; unpack it first")
        return texts[0], cast("BinaryIO", archive.open(texts[0]))
    return path.name, raw
