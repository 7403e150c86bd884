"""The Medicare physician fee schedule as CMS publishes it: relative values, geographic indices, counties.

The relative value file is read by position, because its column names repeat; the descriptor column is
dropped here and never leaves this module (it is the AMA's text).
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from re import fullmatch, search
from typing import Final

from knowledge.errors import TableError

ValueTuple = tuple[str | int, ...]
"""One relative value row; the columns are VALUE_COLUMNS, values as text to stay exact."""
PlaceTuple = tuple[str, str, str, str, str, str, str]
"""MAC, state, locality, name, work, practice expense and malpractice index."""

VALUE_COLUMNS: Final = (
    "code", "modifier", "status", "work", "pe_nonfac", "nonfac_na", "pe_fac", "fac_na", "mp", "total_nonfac",
    "total_fac", "pctc", "global_days", "mult_proc", "bilateral", "assistant", "supervision", "factor",
)  # fmt: skip
_AT: Final = (0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18, 19, 20, 26, 25)
_WIDTH: Final = 32
_NUMBERS: Final = frozenset({"work", "pe_nonfac", "pe_fac", "mp", "total_nonfac", "total_fac", "factor"})
_SHAPES: Final = {
    "code": r"[0-9A-Z]\d{3}[0-9A-Z]|GXXX\d",  # the July 2026 file holds a placeholder GXXX1
    "modifier": r"|26|TC|53",
    "status": r"[A-Z]",
    "nonfac_na": r"|NA",
    "fac_na": r"|NA",
    "pctc": r"\d",
    "global_days": r"000|010|090|XXX|YYY|ZZZ|MMM",
    "mult_proc": r"\d",
    "bilateral": r"\d",
    "assistant": r"\d",
    "supervision": r"[0-9A-Z]{2}",
}
_HEADING: Final = ("HCPCS", "MOD", "DESCRIPTION", "CODE", "PAYMENT", "RVU", "PE RVU", "INDICATOR")
_FULL_HEADING: Final = {
    10: "RVU",
    13: "IND",
    14: "DAYS",
    18: "PROC",
    19: "SURG",
    25: "FACTOR",
    26: "PROCEDURES",
}
_PLAIN: Final = (
    "code", "modifier", "status", "work_rvu", "nonfac_pe_rvu", "nonfac_na", "fac_pe_rvu", "fac_na", "mp_rvu",
    "total_nonfac_rvu", "total_fac_rvu", "pctc_ind", "global_days", "mult_proc", "bilat_surg", "asst_surg",
    "phys_supervision", "conversion_factor",
)  # fmt: skip
_RELEASES: Final = {"January": 1, "April": 4, "July": 7, "October": 10}


def values_release(head: str) -> tuple[int, date] | None:
    """Year and first day in force that the preamble of a relative value file tells, or None.

    "2026 National Physician Fee Schedule Relative Value File July Release" is in force from 1 July 2026.
    """
    found = search(
        r"(20\d\d) National Physician Fee Schedule Relative Value File (January|April|July|October)", head
    )
    return None if found is None else (int(found[1]), date(int(found[1]), _RELEASES[found[2]], 1))


def is_plain_values(head: str) -> bool:
    """Whether a text is the comma form of the relative values, with each column named once."""
    names = set(head.split("\n", 1)[0].strip().split(","))
    return names.issuperset(_PLAIN)


def read_values(lines: Iterable[str], name: str) -> Iterator[ValueTuple]:
    """Read the relative values; ``global_days`` and codes stay text, "NA" becomes 1 and nothing 0.

    Raises:
        TableError: no heading within the first 15 lines, columns in another order, a row that can not be
            read, a total that is not the sum of its parts, or a (code, modifier) that occurs twice.
    """
    reader = csv.reader(lines, strict=True)
    seen: set[tuple[str, str]] = set()
    try:
        at, width = _find_heading(reader, name)
        for cells in reader:
            row = _values(cells, at, width)
            key = (str(row[0]), str(row[1]))
            if key in seen:
                raise ValueError(f"{key[0]} {key[1]} occurs twice")
            seen.add(key)
            yield row
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from error


def _find_heading(reader: Iterator[list[str]], name: str) -> tuple[tuple[int, ...], int]:
    """Return where the columns stand and how many there are."""
    for _, cells in zip(range(15), reader, strict=False):
        if set(cells).issuperset(_PLAIN):
            return tuple(cells.index(column) for column in _PLAIN), len(cells)
        if cells and cells[0] == "HCPCS":
            right = tuple(cells[:8]) == _HEADING and len(cells) == _WIDTH
            if right and all(cells[at] == title for at, title in _FULL_HEADING.items()):
                return _AT, _WIDTH
            raise TableError(f"{name}: the columns are not in the order of a relative value file")
    raise TableError(f"{name}: no heading that starts with HCPCS in the first 15 lines")


def _values(cells: list[str], places: tuple[int, ...], width: int) -> ValueTuple:
    if len(cells) != width:
        raise ValueError(f"{len(cells)} cells, expected {width}: cut off or shuffled")
    row = dict(zip(VALUE_COLUMNS, (cells[at].strip() for at in places), strict=True))
    for column, shape in _SHAPES.items():
        if not fullmatch(shape, row[column]):
            raise ValueError(f"{row['code']}: {column} is {row[column]!r}")
    for column in _NUMBERS:
        if not fullmatch(r"\d+\.\d{1,4}", row[column]):
            raise ValueError(f"{row['code']}: {column} is {row[column]!r}, not a number")
    _check_sum(row, "pe_nonfac", "total_nonfac")
    _check_sum(row, "pe_fac", "total_fac")
    return tuple(int(v == "NA") if c in {"nonfac_na", "fac_na"} else v for c, v in row.items())


def _check_sum(row: dict[str, str], expense: str, total: str) -> None:
    """Totals are the sum of work, practice expense and malpractice: a shifted column shows at once."""
    parts = Decimal(row["work"]) + Decimal(row[expense]) + Decimal(row["mp"])
    if parts != Decimal(row[total]):
        raise ValueError(f"{row['code']}: {total} {row[total]} is not the sum {parts} of its parts")


def gpci_year(head: str) -> int | None:
    """The calendar year a table of geographic indices says in its title, or None where it is none."""
    found = search(r"CY (20\d\d) GEOGRAPHIC PRACTICE COST INDICES", head)
    return int(found[1]) if found else None


def read_gpci(lines: Iterable[str], name: str) -> Iterator[PlaceTuple]:
    """Read the localities; the footnotes that follow the table end it, stars at names are dropped.

    Raises:
        TableError: no heading, a row that can not be read, a locality that occurs twice, or none at all.
    """
    reader = csv.reader(lines, strict=True)
    seen: set[tuple[str, str]] = set()
    try:
        _find_gpci_heading(reader, name)
        for cells in reader:
            if not fullmatch(r"\d{5}", cells[0]) if cells else True:
                break
            place = _place(cells)
            if (place[0], place[2]) in seen:
                raise ValueError(f"{place[0]}-{place[2]} occurs twice")
            seen.add((place[0], place[2]))
            yield place
        _only_notes(reader)
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from error


def _find_gpci_heading(reader: Iterator[list[str]], name: str) -> None:
    titles = ("Medicare Administrative Contractor", "State", "Locality Number", "Locality Name")
    for _, cells in zip(range(6), reader, strict=False):
        if cells[:1] and cells[0].startswith(titles[0]):
            values = [found[1] for c in cells[4:7] if (found := search(r"\d{4} (PW|PE|MP) GPCI", c))]
            if tuple(cells[1:4]) == titles[1:] and values == ["PW", "PE", "MP"]:
                return
            raise TableError(f"{name}: the columns are not in the order of a table of geographic indices")
    raise TableError(f"{name}: no heading of a table of geographic indices")


def _place(cells: list[str]) -> PlaceTuple:
    if len(cells) != 7:
        raise ValueError(f"{len(cells)} cells, expected 7")
    mac, state, locality, place, work, expense, malpractice = (cell.strip() for cell in cells)
    if not fullmatch(r"[A-Z]{2}", state) or not fullmatch(r"\d{2}", locality):
        raise ValueError(f"{state!r} {locality!r} is no state and locality")
    for value in (work, expense, malpractice):
        if not fullmatch(r"[0-3]\.\d{3}", value):
            raise ValueError(f"{mac}-{locality}: {value!r} is no index")
    return mac, state, locality, place.rstrip("*"), work, expense, malpractice


def _only_notes(reader: Iterator[list[str]]) -> None:
    for cells in reader:
        if cells and fullmatch(r"\d{5}", cells[0]):
            raise ValueError("a locality follows the footnotes: the rows are shuffled")
