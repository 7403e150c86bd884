"""The strict reader: what it takes, and that every damaged file is refused with file, line and reason."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge.errors import TableError
from knowledge.tables import edition_folder, read_csv, read_toml, unique

HEADER = "name,number,amount,yes,day,many,maybe"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    name: str
    number: int
    amount: Decimal
    yes: bool
    day: date
    many: tuple[str, ...]
    maybe: int | None


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_every_kind_of_cell_and_skips_the_provenance(tmp_path: Path) -> None:
    path = table(
        tmp_path, f'# from here\n{HEADER}\n"a, b",1,2.50,yes,2026-07-01,x|y,\nc,2,3,no,2026-07-02,,4\n'
    )
    one, two = read_csv(path, Row)
    assert one == Row(
        name="a, b",
        number=1,
        amount=Decimal("2.50"),
        yes=True,
        day=date(2026, 7, 1),
        many=("x", "y"),
        maybe=None,
    )
    assert (two.many, two.maybe, two.yes) == ((), 4, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: columns are"),
        ("name,number\na,1\n", "line 1: columns are"),
        (f"{HEADER},extra\n", "line 1: columns are"),
        (f"{HEADER}\na,1,2,yes,2026-07-01,x\n", "line 2: 6 cells, expected 7"),
        (f"# p\n{HEADER}\na,1,2,yes,2026-07-01,x,\na,one,2,yes,2026-07-01,x,\n", "line 4: invalid literal"),
        (f"{HEADER}\na,1,two,yes,2026-07-01,x,\n", "line 2: a number can not be read"),
        (f"{HEADER}\na,1,2,true,2026-07-01,x,\n", "line 2: 'true' is neither yes nor no"),
        (f"{HEADER}\na,1,2,yes,01/07/2026,x,\n", "line 2: Invalid isoformat"),
        (f"{HEADER}\na,,2,yes,2026-07-01,x,\n", "line 2: invalid literal"),
        (f'{HEADER}\n"a,1,2,yes,2026-07-01,x,\n', "line 2: unexpected end of data"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TableError, match=says) as raised:
        read_csv(table(tmp_path, text), Row)
    assert str(raised.value).startswith("t.csv")


def test_missing_and_undecodable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"none\.csv"):
        read_csv(tmp_path / "none.csv", Row)
    path = tmp_path / "latin.csv"
    path.write_bytes(HEADER.encode() + b"\n\xe9,1,2,yes,2026-07-01,x,\n")
    with pytest.raises(TableError, match=r"latin\.csv"):
        read_csv(path, Row)


def test_toml_takes_exactly_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text("a = 1\nb = 2\n", encoding="utf-8")
    assert read_toml(path, required=["a"], optional=["b"]) == {"a": 1, "b": 2}
    with pytest.raises(TableError, match=r"missing \['c'\], unknown \['b'\]"):
        read_toml(path, required=["a", "c"])
    path.write_text("a = ", encoding="utf-8")
    with pytest.raises(TableError, match=r"t\.toml"):
        read_toml(path, required=["a"])


def test_a_key_may_occur_once() -> None:
    unique(Path("t.csv"), ["a", "b"])
    with pytest.raises(TableError, match="a occurs twice"):
        unique(Path("t.csv"), ["a", "b", "a"])


def test_the_edition_folder_is_found_from_either_side(tmp_path: Path) -> None:
    inner = tmp_path / "2026"
    assert edition_folder(tmp_path) == tmp_path
    inner.mkdir()
    assert edition_folder(tmp_path) == inner == edition_folder(inner)
