"""The starter procedure table: what it holds, what it does not know, and that its figures are the official ones."""

import csv
import shutil
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

import knowledge
from knowledge.errors import TableError, UnknownCodeError
from knowledge.procedures import ProcedureTable
from knowledge.records import CodeSystem

DATA = Path(knowledge.__file__).parent / "data"
TABLE = ProcedureTable.load(DATA)
ON = date(2026, 7, 10)
NEVER_QW = ("81002", "81025", "82270", "82272", "82962", "83026", "84830", "85013", "85651")


def test_it_is_large_and_every_title_is_short_and_plain() -> None:
    assert len(TABLE) >= 1500
    for code in TABLE.codes:
        row = TABLE.get(code, ON)
        assert len(code) == 5
        assert 4 <= len(row.title) <= 110, code
        assert row.category, code
        assert row.family, code
        assert row.edition == TABLE.edition


@pytest.mark.parametrize(
    ("code", "category", "system"),
    [
        ("99204", "em_new", CodeSystem.CPT),
        ("99214", "em_established", CodeSystem.CPT),
        ("G0439", "wellness", CodeSystem.HCPCS),
        ("98005", "telehealth", CodeSystem.CPT),
        ("90662", "vaccine", CodeSystem.CPT),
        ("J3301", "drug", CodeSystem.HCPCS),
        ("3044F", "quality", CodeSystem.CPT),
        ("73610", "imaging", CodeSystem.CPT),
    ],
)
def test_category_and_code_set(code: str, category: str, system: CodeSystem) -> None:
    row = TABLE.get(code, ON)
    assert (row.category, row.system) == (category, system)
    assert row in TABLE.in_category(category)
    assert row in TABLE.in_family(row.family)


def test_the_figures_of_a_visit() -> None:
    row = TABLE.get("99213", ON)
    assert (row.status, row.work_rvu, row.total_nonfacility, row.total_facility) == (
        "A",
        Decimal("1.30"),
        Decimal("2.85"),
        Decimal("1.72"),
    )
    assert (row.min_minutes, row.max_minutes, row.is_em, row.surgical) == (20, 29, True, False)


@pytest.mark.parametrize(
    "ladder",
    [
        ("99202", "99203", "99204", "99205"),
        ("99212", "99213", "99214", "99215"),
        ("99341", "99342", "99344", "99345"),
    ],
)
def test_visit_times_meet_without_gap(ladder: tuple[str, ...]) -> None:
    rows = [TABLE.get(code, ON) for code in ladder]
    for lower, upper in pairwise(rows):
        assert lower.max_minutes is not None
        assert lower.max_minutes + 1 == upper.min_minutes


def test_components_belong_to_their_code() -> None:
    professional, technical = TABLE.component("93306", "26"), TABLE.component("93306", "TC")
    whole = TABLE.get("93306", ON)
    assert professional is not None
    assert technical is not None
    assert professional.work_rvu == whole.work_rvu
    assert professional.total_nonfacility + technical.total_nonfacility == whole.total_nonfacility
    assert TABLE.component("93000", "26") is None


def test_qw_only_where_it_belongs() -> None:
    assert all(not TABLE.get(code, ON).qw for code in NEVER_QW if TABLE.find(code))
    assert all(TABLE.get(code, ON).clia == "waived" for code in NEVER_QW if TABLE.find(code))
    assert TABLE.get("87880", ON).qw
    assert TABLE.get("85025", ON).qw
    assert not TABLE.get("80175", ON).qw
    assert TABLE.get("81001", ON).clia == "ppm"
    assert not TABLE.get("36415", ON).clia


@pytest.mark.parametrize(("code", "successor"), [("J1030", "J1010"), ("99441", "98012"), ("99354", "99417")])
def test_an_ended_code_is_named_with_its_successor(code: str, successor: str) -> None:
    ended = TABLE.terminated(code)
    assert ended is not None
    assert TABLE.find(code, ON) is None
    with pytest.raises(UnknownCodeError, match=rf"{code} was valid until .*use {successor}"):
        TABLE.get(code, ON)
    assert TABLE.find(successor, ON) is not None


def test_a_code_outside_the_starter_is_unknown_not_invalid() -> None:
    assert TABLE.terminated("33533") is None
    with pytest.raises(UnknownCodeError, match=r"unknown to the loaded procedure table .*starter"):
        TABLE.get("33533", ON)


def test_every_drug_has_a_unit_and_some_are_up_to() -> None:
    assert all(TABLE.drug_unit(row.code) for row in TABLE.in_category("drug"))
    unit = TABLE.drug_unit("J3301")
    assert unit is not None
    assert (unit.amount, unit.unit, unit.up_to) == (Decimal(10), "mg", False)
    vitamin = TABLE.drug_unit("J3420")
    assert vitamin is not None
    assert (vitamin.amount, vitamin.unit, vitamin.up_to) == (Decimal(1000), "mcg", True)
    assert TABLE.drug_unit("99213") is None


def test_every_vaccine_has_an_administration() -> None:
    for row in TABLE.in_category("vaccine"):
        given = TABLE.vaccine_admin(row.code)
        assert given is not None, row.code
        assert all(TABLE.find(code) for code in given.codes)
        assert not given.medicare or TABLE.find(given.medicare)
    flu, covid = TABLE.vaccine_admin("90662"), TABLE.vaccine_admin("91320")
    assert flu is not None
    assert covid is not None
    assert flu.medicare == "G0008"
    assert covid.codes == ("90480",)
    assert TABLE.vaccine_admin("99213") is None


@pytest.mark.parametrize(
    ("code", "age", "sex", "side"),
    [
        ("99396", (40, 64), "", ""),
        ("G0101", (None, None), "female", ""),
        ("73630", (None, None), "", "paired"),
    ],
)
def test_age_sex_and_side(code: str, age: tuple[int | None, int | None], sex: str, side: str) -> None:
    row = TABLE.get(code, ON)
    assert ((row.age_min, row.age_max), row.sex, row.side) == (age, sex, side)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(DATA / "2026", tmp_path / "2026")
    return tmp_path


def test_a_double_code_is_refused(copied: Path) -> None:
    path = copied / "2026" / "procedures.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + text.splitlines()[-1] + "\n", encoding="utf-8")
    with pytest.raises(TableError, match="occurs twice"):
        ProcedureTable.load(copied)


def test_a_component_without_its_code_is_refused(copied: Path) -> None:
    path = copied / "2026" / "procedure_components.csv"
    path.write_text(path.read_text(encoding="utf-8") + "33533,26,A,1,1,1,1,3,3\n", encoding="utf-8")
    with pytest.raises(TableError, match="33533 is not in procedures"):
        ProcedureTable.load(copied)


def test_the_same_folder_is_read_once() -> None:
    assert ProcedureTable.load(DATA) is ProcedureTable.load(DATA / "2026")


@pytest.mark.shared
def test_every_figure_is_the_official_one(shared: Path) -> None:
    path = shared / "reference" / "mpfs" / "PPRRVU2026_Jul_nonQPP.descriptors_blanked.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        official = {(row[0], row[1]): row for row in csv.reader(handle) if len(row) > 30}
    compared = 0
    for code in TABLE.codes:
        row, found = TABLE.get(code, ON), official.get((code, ""))
        if found is None:
            assert row.status == "", code
            continue
        compared += 1
        assert (row.status, str(row.work_rvu), str(row.total_nonfacility), str(row.total_facility)) == (
            found[3], found[5], found[11], found[12],
        )  # fmt: skip
        assert (row.pctc, row.global_days, row.mult_proc, row.bilateral) == (
            found[13], found[14], found[18], found[19],
        )  # fmt: skip
        assert (code, "26") not in official or TABLE.component(code, "26") is not None
    assert compared > 1500
