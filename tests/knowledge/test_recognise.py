"""Importing files of any table: told by content, refused with the reason, then used by look-ups."""

from datetime import date
from pathlib import Path

import pytest

import knowledge
from knowledge.edits import EditTables
from knowledge.errors import TableError
from knowledge.imported import ImportedTables
from knowledge.sources.recognise import import_files

DATA = Path(knowledge.__file__).parent / "data"
KNOWN = EditTables.load(DATA)


def _add_ons(path: Path) -> Path:
    rows = [(r, p) for r in KNOWN.starter_add_ons() for p in r.primaries]
    lines = [f"{r.code},{p},{r.kind},2013-04-01,\n" for r, p in rows]
    lines += [f"0{n:03d}T,00001,1,2013-04-01,\n" for n in range(1000)]
    lines += [f"1{n:04d},00001,1,2013-04-01,\n" for n in range(6000)]
    path.write_text(
        "addon_code,primary_code,aoc_type,effective_date,deletion_date\n" + "".join(lines), encoding="ascii"
    )
    return path


def test_a_file_under_any_name_with_its_quarter_is_told_by_content(tmp_path: Path) -> None:
    path = _add_ons(tmp_path / "something 2026Q3.dat")
    assert [p.name for p in import_files([path], tmp_path / "home", KNOWN)] == ["2026Q3.sqlite"]
    found = ImportedTables(tmp_path / "home").pick("ncci_add_on", date(2026, 7, 1))
    assert found is not None
    assert found[0] == "2026Q3"
    before = ImportedTables(tmp_path / "home").pick("ncci_add_on", date(2026, 6, 30))
    assert before is not None  # the nearest answers; the bookshelf's editions tell that it is not in force
    assert before[0] == "2026Q3"


@pytest.mark.parametrize("content", ["", "code,what\n1,2\n", "\x00\x01\x02"])
def test_a_file_of_no_known_table_stops_the_import_before_it_begins(tmp_path: Path, content: str) -> None:
    good, bad = _add_ons(tmp_path / "aoc_2026Q3.csv"), tmp_path / "bad.csv"
    bad.write_text(content, encoding="latin-1")
    with pytest.raises(TableError, match=r"bad\.csv: is none of the official files"):
        list(import_files([good, bad], tmp_path / "home", KNOWN))
    assert not (tmp_path / "home").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"no\.csv: can not be read"):
        list(import_files([tmp_path / "no.csv"], tmp_path / "home", KNOWN))
