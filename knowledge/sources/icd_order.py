"""The ICD-10-CM order file of CDC and CMS: every code of one fiscal year, headers and billable ones, by position.

Layout (1-based): 1-5 order number, 7-13 code without its dot, 15 flag (1 billable, 0 header), 17-76 short and 78 on
long title. It has no heading and names no year: the year is told by the file name and held against the codes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from knowledge.errors import TableError

_LINE: Final = re.compile(r"(\d{5}) ([A-Z][0-9A-Z]{2}[0-9A-Z ]{4}) ([01]) (.{60}) (\S.*)")
_START: Final = re.compile(r"\d{5} [A-Z][0-9A-Z]{2}[0-9A-Z ]{4} [01] \S")
_YEAR: Final = re.compile(r"order[-_ ](20\d\d)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """One line: the dotted code, its long title (ASCII), whether it may be billed, and the header above it."""

    code: str
    display: str
    billable: bool
    parent: str


def is_order(head: str) -> bool:
    """Tell by the first characters whether a text is an order file."""
    return bool(_START.match(head))


def year_of(name: str) -> int | None:
    """Read the fiscal year out of an official file name (``icd10cm-order-2025.txt``)."""
    found = _YEAR.search(name)
    return int(found[1]) if found else None


def read_order(lines: Iterable[str], name: str) -> Iterator[OrderRow]:
    """Read an order file strictly.

    Args:
        lines: its lines, with their ends.
        name: how to call the file in an error.

    Raises:
        TableError: a line out of its layout, cut off, not ASCII, out of order, a code that occurs twice, stands
            below a billable code, or has no header above it (file, line, reason).
    """
    flags: dict[str, bool] = {}
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        bare, billable, title = _fields(line, number, where)
        if bare in flags:
            raise TableError(f"{where}: {bare} occurs twice")
        yield OrderRow(
            code=_dotted(bare), display=title, billable=billable, parent=_above(bare, flags, where)
        )
        flags[bare] = billable


def _fields(line: str, number: int, where: str) -> tuple[str, bool, str]:
    text = line.rstrip("\r\n")
    if not text.isascii() or "\0" in text:
        raise TableError(f"{where}: holds characters that are not ASCII: wrong encoding?")
    if text == line:
        raise TableError(f"{where}: the line has no end: cut off?")
    found = _LINE.fullmatch(text)
    if found is None:
        raise TableError(f"{where}: not in the columns of an order file")
    if int(found[1]) != number:
        raise TableError(f"{where}: order number {found[1]}, expected {number:05}: lines lost or shuffled?")
    bare = found[2].rstrip()
    if " " in bare:
        raise TableError(f"{where}: {bare!r} is not the form of an ICD-10-CM code")
    return bare, found[3] == "1", found[5].rstrip()


def _above(bare: str, flags: Mapping[str, bool], where: str) -> str:
    if len(bare) == 3:
        return ""
    for length in range(len(bare) - 1, 2, -1):
        billable = flags.get(bare[:length])
        if billable:
            raise TableError(f"{where}: {bare} stands below {bare[:length]}, which is billable")
        if billable is not None:
            return _dotted(bare[:length])
    raise TableError(f"{where}: {bare} has no header above it")


def _dotted(bare: str) -> str:
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare
