"""NCCI unit limits (MUE) and add-on code edits as CMS publishes them, and in their comma forms."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from re import compile as pattern
from re import fullmatch, search
from typing import Final

from knowledge.errors import TableError

MueTuple = tuple[str, int, str]
"""code, most units, adjudication indicator 1, 2 or 3."""
AddOnTuple = tuple[str, str, str, int, int]
"""add-on code, primary code, kind 1 to 3, first and last day in force (OPEN: none)."""

OPEN: Final = 99991231
CONTRACTOR: Final = "CCCCC"
_MUE_PLAIN: Final = ["code", "mue_value", "mai", "mai_text", "rationale"]
_AOC_PLAIN: Final = ["addon_code", "primary_code", "aoc_type", "effective_date", "deletion_date"]
FIXED: Final = pattern(
    r"([123])([0-9A-Z]{5})(\d{7}|\s{7})([0-9A-Z]{5}|\s{5})(\d{7}|\s{7})(\d{7})(\d{7}|\s{7}|\s{0,6}$)"
)
_MAI: Final = {
    "1": ("Line Edit",),
    "2": ("Date of Service Edit: Policy",),
    "3": ("Date of Service Edit: Clinical",),
}


def is_mue(head: str) -> bool:
    """Whether the first characters of a text are of a practitioner unit table, in either form."""
    if head.splitlines()[:1] == [",".join(_MUE_PLAIN)]:
        return True
    return "Practitioner Services MUE Values" in head and "MUE Adjudication Indicator" in head


def is_add_on(head: str) -> bool:
    """Whether the first characters of a text are of the add-on edits, in either form."""
    lines = head.splitlines()
    return bool(lines) and (lines[0] == ",".join(_AOC_PLAIN) or FIXED.match(lines[0]) is not None)


def mue_date(name: str) -> date | None:
    """First day in force that a file name tells ("Eff_07-01-2026", "eff_2026-04-01"); the text has none."""
    found = search(r"(\d\d)-(\d\d)-(20\d\d)", name)
    if found:
        return date(int(found[3]), int(found[1]), int(found[2]))
    found = search(r"(20\d\d)-(\d\d)-(\d\d)", name)
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None


def read_mue(lines: Iterable[str], name: str) -> Iterator[MueTuple]:
    """Read unit limits: the official form starts with a notice of several lines and a header of two.

    Raises:
        TableError: another header, a row that can not be read, or a code that occurs twice.
    """
    seen: set[str] = set()
    records = _records(lines, name)
    plain = _mue_header(records, name)
    for number, cells in records:
        code = cells[0]
        if code in seen:
            raise TableError(f"{name}, line {number}: {code} occurs twice")
        seen.add(code)
        try:
            yield _mue(cells, plain)
        except ValueError as error:
            raise TableError(f"{name}, line {number}: {error}") from error


def read_add_ons(lines: Iterable[str], name: str) -> Iterator[AddOnTuple]:
    """Read add-on edits: official fixed width (dates as year and day of the year) or comma form.

    Raises:
        TableError: another header, or a row that can not be read (file, line, reason).
    """
    texts = iter(lines)
    first = next(texts, "").rstrip("\r\n")
    plain = first == ",".join(_AOC_PLAIN)
    rest = texts if plain else _chain(first, texts)
    for number, text in enumerate(rest, start=2 if plain else 1):
        line = text.rstrip("\r\n")
        try:
            yield _plain_add_on(line) if plain else _fixed_add_on(line)
        except ValueError as error:
            raise TableError(f"{name}, line {number}: {error}") from error


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _records(lines: Iterable[str], name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from error


def _mue_header(records: Iterator[tuple[int, list[str]]], name: str) -> bool:
    for _, cells in zip(range(3), (cells for _, cells in records), strict=False):
        if cells == _MUE_PLAIN:
            return True
        joined = [" ".join(cell.split()) for cell in cells[:4]]
        if joined == [
            "HCPCS/ CPT Code",
            "Practitioner Services MUE Values",
            "MUE Adjudication Indicator",
            "MUE Rationale",
        ]:
            return False
    raise TableError(f"{name}, line 1: the header is not that of practitioner unit limits")


def _mue(cells: list[str], plain: bool) -> MueTuple:
    if len(cells) != (5 if plain else 4):
        raise ValueError(f"{len(cells)} cells, expected {5 if plain else 4}")
    code, units = cells[:2]
    mai, _, words = (cells[2], "", cells[3]) if plain else cells[2].partition(" ")
    _procedure(code)
    if not fullmatch(r"\d{1,5}", units):
        raise ValueError(f"{code}: {units!r} is no number of units")
    if words.strip() not in _MAI.get(mai, ()):
        raise ValueError(f"{code}: adjudication indicator {mai} {words!r} is unknown")
    return code, int(units), mai


def _plain_add_on(line: str) -> AddOnTuple:
    cells = line.split(",")
    if len(cells) != 5:
        raise ValueError(f"{len(cells)} cells, expected 5")
    code, primary, kind, first, last = cells
    begins = _iso(first)
    return _add_on(code, primary, kind, begins, _iso(last) if last else OPEN)


def _fixed_add_on(line: str) -> AddOnTuple:
    """Type 1, add-on 2-6 and its end 7-13, primary 14-18 and its end 19-25, edit from 26-32 to 33-39, text.

    Dates are year and day of the year (YYYYDDD); the edit ends with whichever ends first.
    """
    found = FIXED.match(line)
    if found is None:
        raise ValueError("is not laid out as an add-on edit")
    kind, code, ended, primary, primary_ended, first, last = (part.strip() for part in found.groups(""))
    ends = [_julian(day) for day in (ended, primary_ended, last) if day]
    return _add_on(code, primary or CONTRACTOR, kind, _julian(first), min(ends, default=OPEN))


def _add_on(code: str, primary: str, kind: str, first: int, last: int) -> AddOnTuple:
    _procedure(code)
    if primary != CONTRACTOR:
        _procedure(primary)
    if kind not in {"1", "2", "3"}:
        raise ValueError(f"{code}: type {kind!r} is not 1, 2 or 3")
    if last < first:
        raise ValueError(f"{code}: ends {last} before it begins {first}")
    return code, primary, kind, first, last


def _procedure(code: str) -> None:
    if not fullmatch(r"[0-9A-Z]\d{3}[0-9A-Z]", code):
        raise ValueError(f"{code!r} is not a procedure code")


def _iso(text: str) -> int:
    return int(date.fromisoformat(text).strftime("%Y%m%d"))


def _julian(text: str) -> int:
    """Year and day of the year to YYYYMMDD."""
    year, day = int(text[:4]), int(text[4:])
    found = date(year, 1, 1) + timedelta(days=day - 1)
    if not day or found.year != year:
        raise ValueError(f"{text} is no day of its year")
    return int(found.strftime("%Y%m%d"))
