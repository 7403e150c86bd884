"""Importing what places Medicare's payment: geographic indices by locality, and counties of the localities."""

import csv
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from re import fullmatch, search
from typing import Final

from knowledge.errors import TableError
from knowledge.imported import Release, write_edition
from knowledge.sources.complete import refuse_part
from knowledge.sources.fee_schedule import gpci_year, read_gpci
from knowledge.sources.format import Format, Into
from knowledge.sources.opened import head_of, open_text, sha256_of

INDICES: Final = "gpci"
COUNTIES: Final = "localities"
LEAST: Final = {INDICES: 100, COUNTIES: 100}
"""Fewest localities of a whole file (109 since 2020)."""
_PLAIN: Final = ["mac", "locality", "state_name", "fee_schedule_area", "counties"]
CountyTuple = tuple[str, str, str, str, str]
"""MAC, locality, state, fee schedule area, counties."""


def import_indices(path: Path, home: Path, *, least: int = LEAST[INDICES]) -> Path:
    """Import the geographic practice cost indices of one calendar year.

    Raises:
        TableError: not such a table, damaged or not whole.
    """
    name, head = head_of(path)
    year = gpci_year(head)
    if year is None:
        raise TableError(f"{name}: its title is not that of a table of geographic indices")
    with open_text(path) as (name, text):
        rows = list(read_gpci(text, name))

    def fill(connection: sqlite3.Connection) -> int:
        columns = "mac, state, locality, name, work, pe, mp, PRIMARY KEY (mac, locality)"
        connection.execute(f"CREATE TABLE gpci ({columns}) WITHOUT ROWID")
        connection.executemany("INSERT INTO gpci VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return len(rows)

    refuse_part(len(rows), least, name, what="localities", whole="table")
    return write_edition(home, Release.of_year(INDICES, year, name, sha256_of([path])), fill)


def is_counties(head: str) -> bool:
    """Whether a text lists the counties of each locality, as CMS writes it or in comma form."""
    first = next(csv.reader(head.splitlines()), [])
    return first == _PLAIN or bool(search(r"Locality Number.*Fee Schedule Area.*Count", head))


def read_counties(lines: Iterable[str], name: str) -> Iterator[CountyTuple]:
    """Read the localities; a state is told on its first row only and holds until the next.

    Raises:
        TableError: no heading, a row that can not be read, or a locality that occurs twice with other words (CMS repeats one
            row of Missouri as it is).
    """
    reader = csv.reader(lines, strict=True)
    seen: dict[tuple[str, str, str], CountyTuple] = {}
    state = ""
    try:
        _find_heading(reader, name)
        for cells in reader:
            if not any(cells) or cells[0].startswith("*") or not any(cell.strip() for cell in cells):
                continue
            mac, locality, told, area, counties = (" ".join(cell.split()) for cell in _five(cells))
            state = told or state
            if not fullmatch(r"\d{5}", mac) or not fullmatch(r"\d{2}", locality) or not state:
                raise ValueError(f"{mac!r} {locality!r} {state!r} is no contractor, locality and state")
            row = (mac, locality, state, area, counties)
            held = seen.setdefault((mac, locality, state), row)
            if held is row:
                yield row
            elif held != row:
                raise ValueError(f"{mac}-{locality} {state} occurs twice, not alike")
    except (ValueError, csv.Error) as error:
        raise TableError(f"{name}, line {reader.line_num}: {error}") from error


def _find_heading(reader: Iterator[list[str]], name: str) -> None:
    for _, cells in zip(range(8), reader, strict=False):
        if cells[:5] == _PLAIN or any("Locality Number" in cell for cell in cells[1:2]):
            return
    raise TableError(f"{name}: no heading of a table of localities and counties")


def _five(cells: list[str]) -> list[str]:
    if len(cells) < 5 or any(cell.strip() for cell in cells[5:]):
        raise ValueError(f"{len(cells)} cells, expected 5: cut off or shuffled")
    return cells[:5]


def import_counties(path: Path, home: Path, *, least: int = LEAST[COUNTIES]) -> Path:
    """Import which counties belong to which payment locality.

    Raises:
        TableError: not such a table, damaged, not whole, or of no known year.
    """
    with open_text(path) as (name, text):
        rows = list(read_counties(text, name))
    found = search(r"(20\d\d)", name) or search(r"(?:^|\D)(\d\d)LOCCO", name.upper())
    if found is None:
        raise TableError(f"{name}: its year is told by the file name only; keep the official name (26LOCCO)")
    year = int(found[1]) if len(found[1]) == 4 else 2000 + int(found[1])

    def fill(connection: sqlite3.Connection) -> int:
        columns = "mac, locality, state, area, counties, PRIMARY KEY (mac, locality, state)"
        connection.execute(f"CREATE TABLE localities ({columns}) WITHOUT ROWID")
        connection.executemany("INSERT INTO localities VALUES (?, ?, ?, ?, ?)", rows)
        return len(rows)

    refuse_part(len(rows), least, name, what="localities", whole="table")
    return write_edition(home, Release.of_year(COUNTIES, year, name, sha256_of([path])), fill)


def _load_indices(paths: Sequence[Path], into: Into) -> Path:
    return import_indices(paths[0], into.home)


def _load_counties(paths: Sequence[Path], into: Into) -> Path:
    return import_counties(paths[0], into.home)


GPCI: Final = Format(
    name="geographic practice cost indices", told=lambda head: gpci_year(head) is not None, load=_load_indices
)
LOCALITIES: Final = Format(name="localities and their counties", told=is_counties, load=_load_counties)
