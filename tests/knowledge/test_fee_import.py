"""The relative value file: read by position, refused where it is not as published, values kept exactly."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import knowledge
from knowledge.edits import EditTables
from knowledge.errors import TableError, UnknownCodeError
from knowledge.fees import FeeSchedule
from knowledge.imported import ImportedTables
from knowledge.procedures import ProcedureTable
from knowledge.sources.fee_import import import_values, is_values
from knowledge.sources.fee_schedule import read_gpci
from knowledge.sources.opened import head_of
from knowledge.sources.recognise import import_files

DATA = Path(knowledge.__file__).parent / "data"
KNOWN = ProcedureTable.load(DATA)
TITLE = ",,2026 National Physician Fee Schedule Relative Value File July Release" + "," * 29 + "\r\n"
HEADER = (
    "HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,RVU,TOTAL,TOTAL,IND,DAYS,OP,OP,OP,"
    "PROC,SURG,SURG,SURG,SURG,IND,BASE,FACTOR,PROCEDURES,FLAG,INDICATOR,AMOUNT,AMOUNT,AMOUNT\r\n"
)
VALUES = (
    "A,,1.00,1.50,,0.50,NA,0.10,2.60,1.60,0,090,0.10,0.70,0.20,2,1,1,0,0,9,,33.4009,09,0,99,0.00,0.00,0.00"
)


def _file(folder: Path, change: Callable[[str], str] = str) -> Path:
    path = folder / "values.csv"
    body = "".join(f"{code},,A SECRET DESCRIPTOR,{VALUES}\r\n" for code in KNOWN.codes)
    path.write_text(change(TITLE + HEADER + body), encoding="latin-1", newline="")
    return path


def test_values_are_kept_exactly_and_descriptors_are_dropped(tmp_path: Path) -> None:
    path = _file(tmp_path)
    assert is_values(head_of(path)[1])
    made = import_values(path, tmp_path, KNOWN, least=1000)
    assert made.name == "2026Q3.sqlite"
    assert b"SECRET" not in made.read_bytes()
    edition = ImportedTables(tmp_path).editions("mpfs_values")[0]
    assert (edition.rows, str(edition.effective_to)) == (len(KNOWN), "2026-12-31")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t[: len(t) // 2], "cells, expected 32|cut off"),
        (lambda t: t.replace("HCPCS,MOD,DESC", "MOD,HCPCS,DESC"), "no heading"),
        (lambda t: t.replace("CODE,PAYMENT", "PAYMENT,CODE"), "not in the order"),
        (lambda t: t.replace("A,,1.00,1.50", "A,,1.50,1.00", 1).replace("2.60", "2.61", 1), "not the sum"),
        (lambda t: t.replace(",090,", ",90,", 1), "global_days is '90'"),
        (lambda t: t.replace("33.4009", "", 1), "factor is ''"),
        (lambda t: t.replace("July", "Sample"), "preamble"),
        (lambda t: t + t.splitlines(keepends=True)[-1], "occurs twice"),
    ],
)
def test_a_damaged_value_file_is_refused(tmp_path: Path, change: Callable[[str], str], says: str) -> None:
    path = _file(tmp_path, change)
    with pytest.raises(TableError, match=says):
        import_values(path, tmp_path / "home", KNOWN, least=1000)
    assert not list(tmp_path.rglob("*.sqlite*"))


def test_indices_end_at_the_footnotes_and_stars_are_dropped() -> None:
    head = "Medicare Administrative Contractor (MAC),State,Locality Number,Locality Name,2026 PW GPCI,2026 PE GPCI,2026 MP GPCI\n"
    row = "02102,AK,01,ALASKA*,1.500,1.065,0.551\n"
    note = "*Work index floor,,,,,,\n"
    assert list(read_gpci([head, row, note], "g")) == [
        ("02102", "AK", "01", "ALASKA", "1.500", "1.065", "0.551")
    ]
    with pytest.raises(TableError, match="shuffled"):
        list(read_gpci([head, row, note, row], "g"))
    with pytest.raises(TableError, match="occurs twice"):
        list(read_gpci([head, row, row], "g"))
    with pytest.raises(TableError, match="order"):
        list(read_gpci([head.replace("PW", "PE", 1), row], "g"))


def test_a_code_beyond_the_starter_is_priced_from_the_imported_values(tmp_path: Path) -> None:
    path = _file(tmp_path, lambda t: t + f"33533,,x,{VALUES}\r\n")
    import_values(path, tmp_path, KNOWN, least=1000)
    fees = FeeSchedule.load(DATA, KNOWN, ImportedTables(tmp_path).pick)
    on = date(2026, 8, 1)
    found = fees.amount("33533", on=on)
    assert (found.amount, found.basis, found.source.edition) == (Decimal("86.84"), "schedule", "2026Q3")
    assert fees.amount("33533", ("50",), facility=True, on=on).amount == Decimal("80.16")
    assert fees.amount("99213", on=on).source.edition == "2026 starter"
    assert fees.amount("33533", on=date(2026, 6, 30)).source.edition == "2026Q3"  # the nearest answers
    with pytest.raises(UnknownCodeError):
        fees.amount("33534", on=on)


@pytest.mark.shared
def test_the_reference_values_and_indices_are_read_whole(shared: Path, tmp_path: Path) -> None:
    folder = shared / "reference" / "mpfs"
    path = folder / "PPRRVU2026_Jul_nonQPP.descriptors_blanked.csv"
    assert [made.parent.name for made in import_files([path], tmp_path, EditTables.load(DATA))] == [
        "mpfs_values"
    ]
    assert ImportedTables(tmp_path).editions("mpfs_values")[0].rows == 19_356
    with (folder / "GPCI2026.csv").open(encoding="latin-1") as lines:
        assert len(list(read_gpci(lines, "GPCI2026.csv"))) == 109
