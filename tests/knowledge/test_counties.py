"""The payment locality of a county."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest

from knowledge.counties import localities_of
from knowledge.edits import Pick
from knowledge.errors import EditionError
from knowledge.imported import ImportedTables, Release, write_edition

ON = date(2026, 8, 1)
ROWS = [
    ("09102", "03", "FLORIDA", "FORT LAUDERDALE", "BROWARD, COLLIER, AND ST. LUCIE"),
    ("09102", "99", "FLORIDA", "REST OF STATE", "ALL OTHER COUNTIES"),
    ("12202", "01", "DISTRICT OF COLUMBIA", "SUBURBS", "DISTRICT OF COLUMBIA; FAIRFAX IN VIRGINIA; MONTGOMERY IN MARYLAND"),
    ("11302", "00", "VIRGINIA", "STATEWIDE", "ALL OTHER COUNTIES"),
    ("01212", "01", "HAWAII/GUAM", "STATEWIDE", "ALL COUNTIES"),
]  # fmt: skip


@pytest.fixture
def pick(tmp_path: Path) -> Pick:
    def fill(connection: sqlite3.Connection) -> int:
        connection.execute("CREATE TABLE localities (mac, locality, state, area, counties)")
        connection.executemany("INSERT INTO localities VALUES (?, ?, ?, ?, ?)", ROWS)
        return len(ROWS)

    release = Release(
        table="localities", edition="2026", effective_from=date(2026, 1, 1), effective_to=date(2026, 12, 31),
        source="s", sha256="0",
    )  # fmt: skip
    write_edition(tmp_path, release, fill)
    return ImportedTables(tmp_path).pick


@pytest.mark.parametrize(
    ("state", "county", "keys", "named"),
    [
        ("Florida", "Broward", ["09102-03"], True),
        ("florida", "Saint Lucie", ["09102-03"], True),
        ("Florida", "Alachua", ["09102-99"], False),
        ("Virginia", "Fairfax", ["12202-01"], True),
        ("Virginia", "Roanoke", ["11302-00"], False),
        ("Guam", "Guam", ["01212-01"], False),
        ("Ontario", "Peel", [], False),
    ],
)
def test_a_county_finds_its_locality(
    pick: Pick, state: str, county: str, keys: list[str], named: bool
) -> None:
    found = localities_of(pick, state, county, ON)
    assert [row.key for row in found] == keys
    assert all(row.named == named for row in found)


def test_without_the_table_the_import_is_named(tmp_path: Path) -> None:
    with pytest.raises(EditionError, match="superbill knowledge import"):
        localities_of(ImportedTables(tmp_path).pick, "Florida", "Broward", ON)
