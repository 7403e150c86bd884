"""Imported quarterly editions: the nearest one answers and is told, until the one of the quarter is imported."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest

from knowledge.editions import Editions, quarter_end
from knowledge.imported import ImportedTables, Release, write_edition


def _import(home: Path, edition: str, begins: date, value: int) -> None:
    release = Release(
        table="ncci_mue",
        edition=edition,
        effective_from=begins,
        effective_to=quarter_end(begins),
        source="s",
        sha256="0",
    )

    def fill(connection: sqlite3.Connection) -> int:
        connection.execute("CREATE TABLE ncci_mue AS SELECT '99213' AS code, ? AS mue", (value,))
        return 1

    write_edition(home, release, fill)


@pytest.mark.parametrize(
    ("on", "answers", "mismatch"),
    [
        (date(2024, 8, 1), "2024Q3", False),
        (date(2024, 9, 30), "2024Q3", False),
        (date(2024, 10, 1), "2024Q3", True),
        (date(2026, 8, 1), "2026Q2", True),
        (date(2026, 6, 30), "2026Q2", False),
        (date(2020, 1, 1), "2024Q3", True),
    ],
)
def test_look_ups_and_editions_agree_on_which_one_answers(
    tmp_path: Path, on: date, answers: str, mismatch: bool
) -> None:
    _import(tmp_path, "2024Q3", date(2024, 7, 1), 1)
    _import(tmp_path, "2026Q2", date(2026, 4, 1), 2)
    imported = ImportedTables(tmp_path)
    picked = imported.pick("ncci_mue", on)
    choice = Editions(imported.editions("ncci_mue")).choose("ncci_mue", on)
    assert picked is not None
    assert (picked[0], choice.edition.edition, choice.mismatch) == (answers, answers, mismatch)


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 1, 1), date(2026, 3, 31)),
        (date(2024, 2, 29), date(2024, 3, 31)),
        (date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_quarter_ends_with_its_third_month(day: date, end: date) -> None:
    assert quarter_end(day) == end
