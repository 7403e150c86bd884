"""Zips of several files, and zips in zips, unpacked into a folder of their own so that each file is told by content."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import Final

from knowledge.errors import TableError
from knowledge.sources.opened import is_spreadsheet

LARGEST: Final = 4 << 30
"""Most bytes an archive may hold unpacked; the coverage database, the largest, has well under two billion."""
_DEEPEST: Final = 3
_TABLES: Final = (".txt", ".csv", ".xml")
_WANTED: Final = (*_TABLES, ".xlsx", ".zip", ".gz", ".pdf")


def unpacked(path: Path, folder: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the files to import of one file: itself, or what its archive holds.

    A zip with one text and nothing else of interest is left packed: it is read as it is. Of twins that differ in
    their ending only, the text is taken.

    Raises:
        TableError: a damaged or locked archive, one larger than LARGEST, or zips nested too deep.
    """
    if not zipfile.is_zipfile(path) or is_spreadsheet(path):
        yield path
        return
    if depth == _DEEPEST:
        raise TableError(f"{path.name}: archives within archives, more than {_DEEPEST} deep")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path.name)
            if len(members) == 1 and members[0].filename.lower().endswith(_TABLES):
                yield path
                return
            for number, member in enumerate(members):
                yield from unpacked(
                    _extract(archive, member, folder / f"{depth}-{number}"), folder, depth + 1
                )
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise TableError(f"{path.name}: can not be read or is cut off: {error}") from error


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    found = [m for m in archive.infolist() if not m.is_dir() and m.filename.lower().endswith(_WANTED)]
    if not found:
        raise TableError(f"{name}: holds no file that could be imported")
    if sum(member.file_size for member in found) > LARGEST:
        raise TableError(f"{name}: holds more than {LARGEST >> 30} GB; unpack it first")
    texts = {_stem(m) for m in found if m.filename.lower().endswith(_TABLES)}
    return [m for m in found if m.filename.lower().endswith((*_TABLES, ".zip")) or _stem(m) not in texts]


def _stem(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).stem.lower()


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> Path:
    """Write a member under its bare name, so that no name can lead out of the folder."""
    while folder.exists():
        folder = folder.with_name(f"{folder.name}_")
    folder.mkdir(parents=True)
    target = folder / (PurePosixPath(member.filename.replace("\\", "/")).name or "file")
    with archive.open(member) as source, target.open("wb") as out:
        copyfileobj(source, out)
    return target
