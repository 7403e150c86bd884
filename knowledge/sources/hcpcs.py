"""HCPCS Level II as CMS publishes it (fixed width, CSV) and the licensed CPT file a practice may own.

Dental (D) codes are the ADA's and are left out.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from re import fullmatch, search
from typing import Final, Literal

from knowledge.errors import TableError

OPEN: Final = 99991231
_NEEDED: Final = (
    "HCPC",
    "SEQNUM",
    "RECID",
    "LONG DESCRIPTION",
    "SHORT DESCRIPTION",
    "COV",
    "ADD DT",
    "TERM DT",
)
_COLUMNS: Final = 48
_KINDS: Final = {"3": "code", "4": "more", "7": "modifier", "8": "more"}
_MONTHS: Final = {"JAN": 1, "APR": 4, "JUL": 7, "OCT": 10}
_LICENSED: Final = ["code", "short", "long"]

_LIST: Final = ("code", "short_desc", "long_desc", "coverage_code")

Form = Literal["fixed", "csv", "list"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HcpcsRow:
    """A code or modifier with its titles and the first and last day it is valid (YYYYMMDD, OPEN: no end)."""

    code: str
    kind: Literal["code", "modifier"]
    short: str
    long: str
    coverage: str
    first: int
    last: int


def form_of(head: str) -> Form | None:
    """Tell the form by the first lines, or None where they are of something else."""
    lines = head.splitlines()
    if not lines:
        return None
    rows = [line.split(",") for line in lines[:12]]
    if any(len(names) == _COLUMNS and names[:3] == list(_NEEDED[:3]) for names in rows):
        return "csv"
    if tuple(rows[0][:4]) == _LIST:
        return "list"
    line = lines[0]
    shaped = fullmatch(r"(?:[A-Z]\d{4}|   [0-9A-Z]{2})\d{5}[37].{201,}", line)
    return "fixed" if shaped and fullmatch(r"\d{8}", line[268:276]) else None


def release_of(name: str) -> date | None:
    """First day in force that a file name tells ("HCPC2026_OCT_ANWEB..."); the text itself has none."""
    found = search(r"HCPC(20\d\d)_([A-Z]{3})_", name.upper())
    if found is not None and found[2] in _MONTHS:
        return date(int(found[1]), _MONTHS[found[2]], 1)
    quarter = search(r"(20\d\d)Q([1-4])", name.upper())
    return date(int(quarter[1]), int(quarter[2]) * 3 - 2, 1) if quarter else None


def read_hcpcs(lines: Iterable[str], form: Form, name: str) -> Iterator[HcpcsRow]:
    """Read codes and modifiers in file order, continuation records joined, dental codes left out.

    Raises:
        TableError: columns in another order, a record that can not be read, a continuation without its first
            record, or a code that occurs twice (file, line, reason).
    """
    if form == "list":
        yield from _list(lines, name)
        return
    records = _fixed(lines) if form == "fixed" else _comma(lines, name)
    seen: set[str] = set()
    held: dict[str, str] | None = None
    number = 0
    try:
        for number, record in records:  # noqa: B007 - told by the error below
            kind = _KINDS.get(record["RECID"])
            if kind is None:
                raise ValueError(f"record id {record['RECID']!r} is not 3, 4, 7 or 8")
            if kind == "more":
                held = _joined(held, record)
                continue
            if held is not None:
                yield from _row(held, seen)
            held = record
        if held is None:
            raise ValueError("holds no code")
        yield from _row(held, seen)
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {number}: {error}") from error


def _list(lines: Iterable[str], name: str) -> Iterator[HcpcsRow]:
    """A plain list: code, short and long title, coverage, and the first day where it is told; none has ended."""
    reader = csv.DictReader(lines, strict=True, restkey="", restval=None)
    seen: set[str] = set()
    try:
        for cells in reader:
            if None in cells.values() or "" in cells:
                raise ValueError("another number of cells than the header: cut off or shuffled")
            code = cells["code"]
            if not fullmatch(r"[A-Z]\d{4}", code) or code in seen:
                raise ValueError(f"{code!r} is no HCPCS code or occurs twice")
            seen.add(code)
            first = _day(cells["add_date"]) if cells.get("add_date") else 0
            short = cells["short_desc"] or cells["long_desc"]
            if not code.startswith("D"):
                yield HcpcsRow(
                    code=code, kind="code", short=short, long=cells["long_desc"] or short,
                    coverage=cells["coverage_code"], first=first, last=OPEN,
                )  # fmt: skip
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from error


def is_licensed(head: str) -> bool:
    """Whether the first line is that of a licensed CPT file: code, short, long."""
    return head.splitlines()[:1] == [",".join(_LICENSED)]


def read_licensed(lines: Iterable[str], name: str) -> Iterator[tuple[str, str, str]]:
    """Read a licensed CPT file: five-character code, short and long text, as the practice's licence gives it.

    Raises:
        TableError: another header, a row of another width, a code that is none or occurs twice.
    """
    reader = csv.reader(lines, strict=True)
    seen: set[str] = set()
    try:
        if next(reader, []) != _LICENSED:
            raise ValueError("the header is not code,short,long")
        for cells in reader:
            if len(cells) != len(_LICENSED) or not fullmatch(r"\d{4}[0-9A-Z]", cells[0]):
                raise ValueError(f"{cells[:1]} is no CPT code with a short and a long text")
            if cells[0] in seen:
                raise ValueError(f"{cells[0]} occurs twice")
            seen.add(cells[0])
            yield cells[0], cells[1], cells[2]
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from error


def _fixed(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the record layout of the file.

    1-based columns: code 1-5, sequence 6-10, record id 11, long 12-91, short 92-119, coverage 230, added
    269-276, ended 285-292.
    """
    for number, text in enumerate(lines, start=1):
        line = text.rstrip("\r\n")
        if len(line) < 91:
            raise ValueError(f"line {number} has {len(line)} characters: cut off")
        yield number, {
            "HCPC": line[0:5].strip(), "SEQNUM": line[5:10], "RECID": line[10], "LONG DESCRIPTION": line[11:91],
            "SHORT DESCRIPTION": line[91:119].strip(), "COV": line[229:230].strip(),
            "ADD DT": line[268:276].strip(), "TERM DT": line[284:292].strip(),
        }  # fmt: skip


def _comma(lines: Iterable[str], name: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(lines, strict=True)
    header = next((cells for _, cells in zip(range(12), reader, strict=False) if len(cells) == _COLUMNS), [])
    if any(column not in header for column in _NEEDED):
        raise TableError(f"{name}, line 1: the columns are not those of the HCPCS file")
    for cells in reader:
        if len(cells) != _COLUMNS:
            raise ValueError(f"{len(cells)} cells, expected {_COLUMNS}: cut off or shuffled")
        yield reader.line_num, {c: v.strip() for c, v in zip(header, cells, strict=True) if c in _NEEDED}


def _joined(held: dict[str, str] | None, more: dict[str, str]) -> dict[str, str]:
    if held is None or held["HCPC"] != more["HCPC"]:
        raise ValueError(f"{more['HCPC']}: continues a record that does not stand before it")
    held["LONG DESCRIPTION"] += more["LONG DESCRIPTION"]
    return held


def _row(record: dict[str, str], seen: set[str]) -> Iterator[HcpcsRow]:
    code, is_code = record["HCPC"], record["RECID"] == "3"
    if not fullmatch(r"[A-Z]\d{4}" if is_code else r"[0-9A-Z]{2}", code):
        raise ValueError(f"{code!r} is no HCPCS {'code' if is_code else 'modifier'}")
    if code in seen:
        raise ValueError(f"{code} occurs twice")
    seen.add(code)
    long = " ".join(record["LONG DESCRIPTION"].split())
    if not long or not record["SHORT DESCRIPTION"]:
        raise ValueError(f"{code} has no title")
    first, last = _day(record["ADD DT"]), _day(record["TERM DT"]) if record["TERM DT"] else OPEN
    if is_code and code.startswith("D"):
        return
    yield HcpcsRow(
        code=code,
        kind="code" if is_code else "modifier",
        short=record["SHORT DESCRIPTION"],
        long=long,
        coverage=record["COV"],
        first=first,
        last=last,
    )


def _day(text: str) -> int:
    if not fullmatch(r"\d{8}", text):
        raise ValueError(f"{text!r} is not a date (YYYYMMDD)")
    date(int(text[:4]), int(text[4:6]), int(text[6:]))
    return int(text)
