"""NCCI look-ups: direction, indicator, partial cover, units, add-ons."""

import gzip
import shutil
from datetime import date
from pathlib import Path

import pytest

import knowledge
from knowledge.edits import EditTables
from knowledge.errors import TableError
from knowledge.procedures import ProcedureTable

DATA = Path(knowledge.__file__).parent / "data"
EDITS = EditTables.load(DATA)
PROCEDURES = ProcedureTable.load(DATA)
ON = date(2026, 7, 10)


def test_a_pair_is_found_in_either_order_and_says_which_is_column_1() -> None:
    found = EDITS.ptp_between("99213", "20610", ON)
    assert found is not None
    assert (found.column1, found.column2, found.modifier_indicator) == ("20610", "99213", "1")
    assert found == EDITS.ptp_between("20610", "99213", ON)
    assert EDITS.ptp("99213", "20610", ON) is None
    assert found.source.edition == "2024Q3 starter"
    assert found.source.row == "20610/99213"


def test_indicator_0_is_kept_apart_from_1() -> None:
    never = EDITS.ptp_between("80053", "80048", ON)
    assert never is not None
    assert never.modifier_indicator in {"0", "1"}
    zeros = [
        EDITS.ptp_between("93000", "93005", ON),
        EDITS.ptp_between("93000", "93010", ON),
    ]
    assert all(row is not None for row in zeros)


def test_no_pair_is_only_an_answer_where_both_are_covered() -> None:
    assert EDITS.ptp_between("99213", "36415", ON) is None
    assert EDITS.covers("99213")
    assert EDITS.covers("36415")
    assert not EDITS.covers("98005")  # newer than the loaded edition
    assert not EDITS.covers("33533")  # outside the starter


def test_unit_limits_agree_with_the_procedure_table() -> None:
    assert EDITS.mue("33533") is None
    for code in PROCEDURES.codes:
        row, procedure = EDITS.mue(code), PROCEDURES.get(code)
        assert (row.mue if row else None) == procedure.mue, code
        assert (row.mai if row else "") == procedure.mai, code


def test_add_ons_and_their_primaries() -> None:
    assert EDITS.add_on_primaries("90472") == ("90460", "90471", "90473", "G0008", "G0009", "G0010")
    assert EDITS.add_on_primaries("90471") is None
    row = EDITS.add_on("99417")
    assert row is not None
    assert "99215" in row.primaries
    assert row.source.table == "ncci_add_on"


@pytest.mark.parametrize(
    ("line", "says"), [("99213,2,20610\n", "malformed group"), ("99213,1,2061\n", "malformed group")]
)
def test_a_malformed_group_is_refused(tmp_path: Path, line: str, says: str) -> None:
    shutil.copytree(DATA / "2026", tmp_path / "2026")
    path = tmp_path / "2026" / "ptp.csv"
    path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
    with pytest.raises(TableError, match=says):
        EditTables.load(tmp_path)


@pytest.mark.shared
@pytest.mark.slow
def test_the_pairs_are_the_official_ones(shared: Path) -> None:
    path = shared / "reference" / "ncci" / "ncci_ptp_practitioner_2024-07-01.csv.gz"
    known = set(PROCEDURES.codes)
    wanted = {}
    with gzip.open(path, "rt") as handle:
        next(handle)
        for line in handle:
            one, two, ended, indicator, _ = line.split(",", 4)
            if not ended and indicator != "9" and one in known and two in known:
                wanted[one, two] = indicator
    assert len(wanted) > 60_000
    for (one, two), indicator in wanted.items():
        found = EDITS.ptp(one, two)
        assert found is not None
        assert found.modifier_indicator == indicator
