"""The addenda of the Index: read strictly, and applied to the Index of the year before."""

from pathlib import Path

import pytest

from knowledge.errors import TableError
from knowledge.sources.index_addenda import apply, parse_addenda, read_addenda
from knowledge.sources.index_xml import read_index
from tests.knowledge.sources.index_files import ADDENDA, INDEX, written


def test_lines_are_read_with_their_level_code_and_reference() -> None:
    changes = parse_addenda(ADDENDA, "a.txt").changes
    assert [change.level for change in changes] == [0, 1, 1, 1, 1, 2, 0]
    assert (changes[2].title, changes[2].code) == ("thigh (upper leg)", "M79.651")
    assert (changes[-1].title, changes[-1].see) == ("Quuxitis (a long title that goes on)", "Pain, elbow")


def test_addenda_bring_the_index_to_the_next_year(tmp_path: Path) -> None:
    before = read_index(written(tmp_path, INDEX)).rows
    applied = apply(before, parse_addenda(ADDENDA, "a.txt"))
    after = {row.path[-1]: row for row in applied.rows}
    assert after["thigh (upper leg)"].code == "M79.651"
    assert after["elbow"].path[0] == "Pain(s) (plain) (see also Painful)"
    assert after["Quuxitis (a long title that goes on)"].see == "Pain, elbow"
    assert "sugar (high) NEC" not in after
    assert (applied.made, applied.unplaced) == (4, ())
    assert [row.number for row in applied.rows] == list(range(1, len(before) + 2))


def test_a_change_without_its_place_is_given_back(tmp_path: Path) -> None:
    text = ADDENDA.replace("No Change     Pain (plain)", "No Change     Grief")
    applied = apply(read_index(written(tmp_path, INDEX)).rows, parse_addenda(text, "a.txt"))
    assert {change.title for change in applied.unplaced} == {"thigh", "elbow", "sugar (high) NEC"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("DISEASES and INJURIES", "PROCEDURES", "not the addenda"),
        ("2026 Addenda", "Addenda", "not the addenda"),
        ("Add           - elbow", "Append        - elbow", "none of the actions"),
        ("Revise to     - thigh (upper leg) M79.651\n", "", "needs both its lines"),
        ("Revise to     - thigh", "Revise to     - - thigh", "changes its level"),
        ("- - sugar", "- - - sugar", "level 3 follows level 1"),
    ],
)
def test_damaged_addenda_are_refused(old: str, new: str, reason: str) -> None:
    damaged = ADDENDA.replace(old, new)
    assert damaged != ADDENDA
    with pytest.raises(TableError, match=reason):
        parse_addenda(damaged, "a.txt")


def test_addenda_cut_off_are_refused() -> None:
    with pytest.raises(TableError, match="holds no change"):
        parse_addenda("\n".join(ADDENDA.splitlines()[:2]), "a.txt")
    with pytest.raises(TableError, match="cut off"):
        parse_addenda("\n".join(ADDENDA.splitlines()[:4]), "a.txt")


@pytest.mark.shared
def test_the_official_addenda_find_their_places(shared: Path) -> None:
    folder = shared / "reference/icd10cm"
    applied = apply(
        read_index(folder / "icd10cm-index-2025.xml").rows,
        read_addenda(folder / "icd10cm-index-addenda-2026.txt"),
    )
    assert applied.made >= 919
    assert len(applied.unplaced) <= 27
    codes = {row.path: row.code for row in applied.rows}
    assert codes["Acariasis",] == "B88.09"
