"""The four index files: what they are, what their entries say, and which damage is refused."""

from pathlib import Path

import pytest

from knowledge.errors import TableError
from knowledge.sources.index_xml import IndexRow, read_index
from tests.knowledge.sources.index_files import DRUG, EXTERNAL, INDEX, NEOPLASM, written


def by_path(rows: tuple[IndexRow, ...]) -> dict[str, IndexRow]:
    return {" > ".join(row.path): row for row in rows}


@pytest.mark.parametrize(
    ("text", "kind", "version", "count"),
    [
        (INDEX, "index", "2025", 8),
        (NEOPLASM, "neoplasm", "2026", 4),
        (DRUG, "drug", "2026", 3),
        (EXTERNAL, "external", "2026", 3),
    ],
)
def test_a_file_is_known_by_its_content(
    tmp_path: Path, text: str, kind: str, version: str, count: int
) -> None:
    found = read_index(written(tmp_path, text, "whatever.bin"))
    assert (found.kind, found.version, len(found.rows)) == (kind, version, count)


def test_entries_of_the_index(tmp_path: Path) -> None:
    rows = by_path(read_index(written(tmp_path, INDEX)).rows)
    assert rows["Ache, aching"].see_also == "Pain"
    assert rows["Aqueous ache"].see == "Pain, thigh"
    tail = rows["Pain(s) (plain) (see also Painful) > with > sugar (high) NEC"]
    assert (tail.code, tail.level) == ("E11.9", 2)
    assert rows["Pain(s) (plain) (see also Painful) > thigh"].code == "M79.65-"


def test_cells_of_the_tables(tmp_path: Path) -> None:
    wall = by_path(read_index(written(tmp_path, NEOPLASM)).rows)["Neoplasm, neoplastic > wall of chest"]
    assert wall.cells == ("C76.1", "", "", "", "", "")
    petrol = by_path(read_index(written(tmp_path, DRUG)).rows)["Petrol vapor"]
    assert petrol.cells[3:] == ("T52.0X4", "", "")


def test_a_subcategory_to_see_is_where_the_entry_ends(tmp_path: Path) -> None:
    rows = by_path(read_index(written(tmp_path, EXTERNAL)).rows)
    assert rows["Fall, falling (accidental) > lightning"].code == "T75.0"


DAMAGE = {
    "cut off": (INDEX[: len(INDEX) // 2], "cut off"),
    "another root": (INDEX.replace("ICD10CM.index", "ICD10CM.tabular"), "no index"),
    "no year": (INDEX.replace("2025", "draft"), "not a fiscal year"),
    "another title": (INDEX.replace("DISEASES and INJURIES", "PROCEDURES"), "names neither"),
    "no letters": (INDEX[: INDEX.index("<letter>")] + "</ICD10CM.index>", "no letter"),
    "letters swapped": (INDEX.replace("<letter><title>A", "<letter><title>Q"), "not in order"),
    "a letter twice": (INDEX.replace("<letter><title>P", "<letter><title>A"), "not in order, or twice"),
    "a wrong level": (INDEX.replace('level="2"', 'level="3"'), "level 3 stands at depth 2"),
    "no title": (INDEX.replace("<title>thigh</title>", ""), "without a title"),
    "a code that is none": (INDEX.replace("R52", "R5Z2.99999"), "is not a code"),
    "an unknown element": (
        INDEX.replace("<see>", "<look>").replace("</see>", "</look>"),
        "unknown element look",
    ),
    "cells in the index": (INDEX.replace("<code>R52</code>", '<cell col="2">R52</cell>'), "index of words"),
    "columns swapped": (
        NEOPLASM.replace("Malignant Primary", "X")
        .replace("Malignant Secondary", "Malignant Primary")
        .replace(">X<", ">Malignant Secondary<"),
        "not those of the neoplasm table",
    ),
    "a column too many": (NEOPLASM.replace('<cell col="7">', '<cell col="9">'), "column 9 does not exist"),
    "cells of a drug shifted": (
        DRUG.replace('<cell col="2">T36.0X1', '<cell col="2">T36.0X3'),
        "columns are shifted",
    ),
    "headings of another table": (
        DRUG.replace("Poisoning ", "").replace("<head col", "<head row"),
        "of neither",
    ),
    "a bomb of entities": (
        INDEX.replace("<ICD10CM.index>", '<!DOCTYPE x [<!ENTITY a "aaaa">]><ICD10CM.index>', 1),
        "not readable as XML",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    text, reason = DAMAGE[name]
    with pytest.raises(TableError, match=reason):
        read_index(written(tmp_path, text))


COUNTS = {
    "icd10cm-index-2025.xml": ("index", 81_024, 8_100, 62_721, 12_136, 2_057),
    "icd10cm-eindex-April-1-2026-XML.xml": ("external", 8_090, 314, 6_686, 791, 98),
    "icd10cm-neoplasm-April-1-2026-XML.xml": ("neoplasm", 1_940, 1, 0, 67, 120),
    "icd10cm-drug-April-1-2026-XML.xml": ("drug", 7_430, 5_179, 0, 97, 35),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", COUNTS)
def test_the_official_files_are_read_whole(shared: Path, name: str) -> None:
    found = read_index(shared / "reference/icd10cm" / name)
    rows = found.rows
    counts = (
        len(rows),
        sum(row.level == 0 for row in rows),
        sum(bool(row.code) for row in rows),
        sum(bool(row.see) for row in rows),
        sum(bool(row.see_also) for row in rows),
    )
    assert (found.kind, *counts) == COUNTS[name]
