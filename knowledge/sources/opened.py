"""Official files as they come: plain text, gzip, PDF, a spreadsheet, or a zip that holds one text; as decoded text."""

import csv
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from knowledge.errors import TableError
from knowledge.store import file_sha256

HEAD = 8_192
_HEAD_PAGES: Final = 2
_HEAD_ROWS: Final = 30
_DAMAGED: Final = (OSError, EOFError, zipfile.BadZipFile, zlib.error)


@contextmanager
def open_text(path: Path) -> Iterator[tuple[str, TextIO]]:
    """Open the one text of a file; yields its own name (the member's in a zip) and the decoded text.

    Text is decoded as Latin-1, as CMS writes it. A spreadsheet is given as the CSV text of its first sheet, a PDF as
    the text of its pages.

    Raises:
        TableError: no such file, a damaged archive, or a zip without exactly one text or CSV file.
    """
    with _opened(path, whole=True) as given:
        yield given


def head_of(path: Path) -> tuple[str, str]:
    """Return the name and the first characters of the text of a file.

    Raises:
        TableError: as ``open_text``.
    """
    with _opened(path, whole=False) as (name, text):
        return name, text.read(HEAD)


@contextmanager
def _opened(path: Path, *, whole: bool) -> Iterator[tuple[str, TextIO]]:
    try:
        with path.open("rb") as raw:
            magic = raw.read(5)
            raw.seek(0)
            told = _converter(path, magic)
            if told is not None:
                with told(raw, path.name, whole) as text:
                    yield path.name, text
                return
            name, binary = _unpacked(path, magic, raw)
            with io.TextIOWrapper(binary, encoding="latin-1", newline="") as text:
                yield name, text
    except _DAMAGED as error:
        raise TableError(f"{path.name}: can not be read or is cut off: {error}") from error


def sha256_of(paths: list[Path]) -> str:
    """Checksum of a file, or of the checksums of several, in hexadecimal."""
    digests = [file_sha256(path) for path in paths]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def is_spreadsheet(path: Path) -> bool:
    """Whether a file is an XLSX workbook, by its content."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


_Converter = Callable[[BinaryIO, str, bool], "io.StringIO"]


def _converter(path: Path, magic: bytes) -> _Converter | None:
    if magic.startswith(b"%PDF-"):
        return _pdf_text
    return _sheet_text if magic.startswith(b"PK") and is_spreadsheet(path) else None


def _pdf_text(raw: BinaryIO, name: str, whole: bool) -> io.StringIO:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages = PdfReader(raw).pages
        wanted = pages if whole else islice(pages, _HEAD_PAGES)
        return io.StringIO("\n".join(page.extract_text() for page in wanted))
    except (PyPdfError, ValueError, KeyError) as error:
        raise TableError(f"{name}: can not be read or is cut off: {error}") from error


def _sheet_text(raw: BinaryIO, name: str, whole: bool) -> io.StringIO:
    """Give the first sheet as CSV; rows without any value before the first one that has some are left out."""
    from xml.etree.ElementTree import ParseError  # noqa: TID251 - the exception only

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    try:
        book = load_workbook(raw, read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        for cells in rows if whole else islice(rows, _HEAD_ROWS):
            texts = ["" if cell is None else str(cell) for cell in cells]
            if any(texts):
                writer.writerow(texts)
    except (InvalidFileException, ParseError, KeyError, ValueError, IndexError) as error:
        raise TableError(f"{name}: can not be read or is cut off: {error}") from error
    out.seek(0)
    return out


def _unpacked(path: Path, magic: bytes, raw: BinaryIO) -> tuple[str, BinaryIO]:
    if magic.startswith(b"\x1f\x8b"):
        return path.name, cast("BinaryIO", gzip.open(raw))
    if magic.startswith(b"PK"):
        archive = zipfile.ZipFile(raw)
        texts = [n for n in archive.namelist() if n.lower().endswith((".txt", ".csv", ".xml"))]
        if len(texts) != 1:
            raise TableError(f"{path.name}: holds {len(texts)} text files, expected one; unpack it first")
        return texts[0], cast("BinaryIO", archive.open(texts[0]))
    return path.name, raw
