"""The check's own tables: strict readers, and rows that name codes which exist."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from tools.checks import cues, tables, tables_services

DAY = date(2026, 8, 12)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,c\n", "1: the columns must be a,b"),
        ("a,b\n1\n", "2: 1 cells, 2 wanted"),
        ("a,b\n1,2,3\n", "2: 3 cells, 2 wanted"),
        ("a,b\n1,(\n", "2: "),
    ],
)
def test_a_malformed_table_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=r"rows\.csv:" + reason.replace("(", r"\(")):
        tables.read_rows(path, ("a", "b"), lambda cells: tables.groups(f"/{cells['b']}/"))


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(ValueError, match="empty group"):
        tables.groups("asthma &  & wheeze")


def test_a_cue_file_without_a_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cues.toml"
    path.write_text("[sections]\n[negation]\nbefore = []\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"cues\.toml"):
        cues.load(path)


def test_limits_name_codes_of_the_tabular_list(shelf: Bookshelf) -> None:
    for rows in tables.dx_limits().rows.values():
        for row in rows:
            for end in row.codes.split("-"):
                assert len(end) < 3 or shelf.icd.find(end, DAY) is not None, row


def test_pairs_name_codes_of_the_tabular_list(shelf: Bookshelf) -> None:
    for row in tables.dx_pairs():
        for span in (*row.first, *row.second, *row.unless):
            low, _, high = span.partition("-")
            assert shelf.icd.find(low, DAY) is not None, (row, low)
            assert row.kind in {"contradiction", "combination"}
            assert not high or low < high


def test_exclusive_rows_are_named_once() -> None:
    ids = [row.id for row in tables_services.exclusives()]
    assert len(ids) == len(set(ids))


def test_places_of_the_place_rules_are_assigned(shelf: Bookshelf) -> None:
    for selector in ("em_new", "em_hospital", "em_nursing", "supply"):
        row = tables_services.place_rule(selector, "")
        assert row is not None
        assert all(shelf.places.find(place) is not None for place in row.places)


@pytest.mark.parametrize(
    ("code", "kind", "found"),
    [("Z68.31", "secondary_only", True), ("Z79.01", "secondary_only", False), ("Z00.6", "first_only", False)],
)
def test_order_rows_have_exceptions(code: str, kind: str, found: bool) -> None:
    assert (tables.dx_order(kind, code) is not None) is found
