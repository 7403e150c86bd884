"""Which edition answers for a date of service."""

import re
from datetime import date
from pathlib import Path

import pytest

from knowledge.bookshelf import DATA, Bookshelf
from knowledge.editions import Editions, read_manifest
from knowledge.errors import EditionError, TableError
from knowledge.records import Edition
from tests.conftest import ROOT


def _edition(name: str, first: date, last: date | None) -> Edition:
    return Edition(
        table="t", edition=name, effective_from=first, effective_to=last, rows=1, complete=True, source="s",
        sha256="0", licence="l",
    )  # fmt: skip


TWO = Editions(
    [
        _edition("2026", date(2025, 10, 1), date(2026, 9, 30)),
        _edition("2024", date(2023, 10, 1), date(2024, 9, 30)),
    ]
)


@pytest.mark.parametrize(
    ("on", "edition", "mismatch"),
    [
        (date(2025, 10, 1), "2026", False),
        (date(2026, 9, 30), "2026", False),
        (date(2026, 10, 1), "2026", True),
        (date(2023, 9, 30), "2024", True),
        (date(2024, 12, 1), "2024", True),  # between two: the nearer one
        (date(2025, 9, 1), "2026", True),
    ],
)
def test_edition_in_force_or_nearest(on: date, edition: str, mismatch: bool) -> None:
    choice = TWO.choose("t", on)
    assert (choice.edition.edition, choice.mismatch) == (edition, mismatch)


def test_an_open_end_is_in_force_and_the_later_of_two_wins() -> None:
    editions = Editions([_edition("a", date(2020, 1, 1), None), _edition("b", date(2024, 1, 1), None)])
    assert editions.choose("t", date(2030, 1, 1)).edition.edition == "b"
    assert editions.choose("t", date(2021, 1, 1)).edition.edition == "a"
    assert editions.newest("t").edition == "b"


def test_table_without_edition_says_so() -> None:
    with pytest.raises(EditionError, match="no edition of hcpcs is loaded"):
        TWO.choose("hcpcs", date(2026, 1, 1))
    assert TWO.all("hcpcs") == ()


def test_shipped_icd_edition_is_the_fiscal_year(shelf: Bookshelf) -> None:
    (edition,) = shelf.editions.all("icd10cm")
    assert (edition.edition, edition.effective_from, edition.effective_to) == (
        "2026", date(2025, 10, 1), date(2026, 9, 30),
    )  # fmt: skip
    assert edition.complete
    assert edition.rows == 98_186
    assert len(edition.sha256) == 64


def test_look_up_outside_the_edition_answers_from_the_nearest(shelf: Bookshelf) -> None:
    before = date(2024, 1, 1)
    assert shelf.icd.get("I10", before).edition == "2026"
    assert shelf.editions.choose("icd10cm", before).mismatch


def test_starter_tables_are_marked_partial_and_counted() -> None:
    found = {edition.table: edition for edition in read_manifest(DATA / "2026" / "manifest.toml")}
    assert not found["mpfs"].complete
    assert found["mpfs"].rows >= 600
    assert found["ncci_mue"].rows > 100


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[table]\n", "manifest.toml"),
        ('[[table]]\ntable = "x"\n', "missing"),
        ('[[table]]\ntable = "x"\ncolour = 1\n', "colour"),
    ],
)
def test_malformed_manifest_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=reason):
        read_manifest(path)


def test_manifest_that_names_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(
        '[[table]]\ntable = "x"\nedition = "1"\nfile = "gone.csv"\neffective_from = 2026-01-01\n'
        'source = "s"\nlicence = "l"\n',
        encoding="utf-8",
    )
    with pytest.raises(TableError, match=r"gone\.csv"):
        read_manifest(path)


NOT_OF_THE_SHELF = ("checks/", "payers/", "pyx12")
"""Sources that are no loaded table: the rules' own lists, payer packs, the validator's map."""


def _named() -> set[str]:
    """Every table that a source in the code names."""
    files = [path for room in ("knowledge", "tools") for path in (ROOT / room).rglob("*.py")]
    said = {name for path in files for name in re.findall(r'table="([a-z0-9_/]+)"', path.read_text("utf-8"))}
    return {name for name in said if not name.startswith(NOT_OF_THE_SHELF)}


def test_every_table_that_a_finding_names_as_its_source_is_listed_with_its_edition(shelf: Bookshelf) -> None:
    computed = {"linkage_national", "sides", "patient_limits", "indicative_amounts"}
    assert computed | _named() <= set(shelf.editions.tables)
    assert {"icd10cm", "mpfs", "ncci_ptp"} <= _named()
    links, on = shelf.linkage, date(2026, 8, 1)
    for found in (
        links.check("Z87.891", "71271", on=on),
        links.check("N40.0", "99213", on=on, sex="female"),
        links.check("M17.11", "20610", on=on, modifiers=("LT",)),
    ):
        assert found.source.edition in {e.edition for e in shelf.editions.all(found.source.table)}
