"""Codes beyond the starter: values, titles of HCPCS and of a licensed CPT file, days of validity."""

import sqlite3
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.beyond import BeyondStarter
from knowledge.bookshelf import DATA
from knowledge.errors import UnknownCodeError
from knowledge.fees import FeeSchedule
from knowledge.imported import ImportedTables, Release, write_edition
from knowledge.procedures import ProcedureTable
from knowledge.sources.fee_schedule import VALUE_COLUMNS

ON = date(2026, 8, 1)
STARTER = ProcedureTable.load(DATA)


def _write(home: Path, table: str, fill: Callable[[sqlite3.Connection], int]) -> None:
    write_edition(home, Release.of_quarter(table, date(2026, 7, 1), "s", "0"), fill)


def _values(connection: sqlite3.Connection) -> int:
    connection.execute(f"CREATE TABLE mpfs_values ({', '.join(VALUE_COLUMNS)})")
    row = (
        "A",
        "32.91",
        "11.00",
        1,
        "10.00",
        0,
        "7.00",
        "50.91",
        "49.91",
        "0",
        "090",
        "2",
        "1",
        "2",
        "09",
        "33.4009",
    )
    for code, modifier in (("33533", ""), ("33533", "26"), ("99213", "")):
        connection.execute(f"INSERT INTO mpfs_values VALUES ({', '.join('?' * 18)})", (code, modifier, *row))
    return 3


def _hcpcs(connection: sqlite3.Connection) -> int:
    connection.execute("CREATE TABLE hcpcs (code, kind, short, long, coverage, first, last)")
    rows = [
        ("A0428", "code", "s", "Ground ambulance, own words", "C", 20010101, 99991231),
        ("A0999", "code", "s", "Ended in July, own words", "C", 20010101, 20260731),
        ("XQ", "modifier", "s", "A modifier", "", 20010101, 99991231),
    ]
    connection.executemany("INSERT INTO hcpcs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return 3


def _cpt(connection: sqlite3.Connection) -> int:
    connection.execute("CREATE TABLE cpt (code, short, long)")
    connection.execute("INSERT INTO cpt VALUES ('33533', 's', 'Words of the licence')")
    return 1


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beyond")
    _write(folder, "mpfs_values", _values)
    _write(folder, "hcpcs", _hcpcs)
    return folder


@pytest.fixture
def table(home: Path) -> ProcedureTable:
    return STARTER.with_imported(BeyondStarter(ImportedTables(home).pick))


def test_a_code_of_the_values_has_figures_and_no_title(table: ProcedureTable) -> None:
    found = table.get("33533", ON)
    assert (found.edition, found.title, found.status, found.global_days) == ("2026Q3", "", "A", "090")
    assert (found.work_rvu, found.total_facility, found.bilateral) == (
        Decimal("32.91"),
        Decimal("49.91"),
        "1",
    )
    assert found.nonfacility_na
    assert not found.facility_na
    part = table.component("33533", "26")
    assert part is not None
    assert part.work_rvu == Decimal("32.91")
    assert table.component("33533", "TC") is None


def test_the_parts_of_a_code_are_those_of_the_date(tmp_path: Path) -> None:
    _write(tmp_path, "mpfs_values", _values)
    earlier = Release.of_quarter("mpfs_values", date(2025, 7, 1), "s", "0")

    def changed(connection: sqlite3.Connection) -> int:
        rows = _values(connection)
        connection.execute("UPDATE mpfs_values SET work = '30.00'")
        return rows

    write_edition(tmp_path, earlier, changed)
    table = STARTER.with_imported(BeyondStarter(ImportedTables(tmp_path).pick))
    then, now = table.component("33533", "26", date(2025, 8, 1)), table.component("33533", "26", ON)
    assert then is not None
    assert now is not None
    assert (then.work_rvu, now.work_rvu) == (Decimal("30.00"), Decimal("32.91"))


def test_the_starter_answers_first_and_alone_without_imports(table: ProcedureTable) -> None:
    assert table.get("99213", ON) == STARTER.get("99213", ON)
    assert STARTER.find("33533", ON) is None
    with pytest.raises(UnknownCodeError, match="unknown to the loaded procedure table"):
        table.get("33534", ON)


def test_hcpcs_codes_have_their_title_until_they_end(table: ProcedureTable) -> None:
    assert table.get("A0428", ON).title == "Ground ambulance, own words"
    assert table.get("A0999", date(2026, 7, 31)).title == "Ended in July, own words"
    with pytest.raises(UnknownCodeError, match="A0999 was valid until 2026-07-31"):
        table.get("A0999", ON)
    assert table.find("XQ", ON) is None
    assert [code for code, _ in table.titles_beyond()] == ["A0428"]


def test_a_licensed_file_gives_the_title(home: Path) -> None:
    _write(home, "cpt_licensed", _cpt)
    table = STARTER.with_imported(BeyondStarter(ImportedTables(home).pick))
    assert table.get("33533", ON).title == "Words of the licence"


def test_fees_of_codes_beyond_are_priced_by_setting(home: Path, table: ProcedureTable) -> None:
    fees = FeeSchedule.load(DATA, table, ImportedTables(home).pick)
    assert fees.amount("33533", facility=True, on=ON).amount == Decimal("1667.04")
    assert "outside a facility" in fees.amount("33533", on=ON).note
