"""look_up_fees and the practice's charges."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tools import ToolException

from knowledge.bookshelf import Bookshelf
from knowledge.errors import TableError
from tests.tools.fhir.record import bent
from tests.tools.runtime import answer
from tools.charges import ChargeMaster
from tools.context import ToolContext
from tools.fees import FeeLine, fees_result, look_up_fees

ON = date(2026, 8, 15)
HEADER = "code,modifier,payer,charge,effective_from,effective_to\n"


def priced(context: ToolContext, *lines: FeeLine) -> Any:
    return fees_result(context, bent(), lines)["fees"]


def master(tmp_path: Path, *rows: str) -> ChargeMaster:
    path = tmp_path / "charges.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return ChargeMaster.load(path)


def test_without_a_charge_master_the_charge_is_derived(shelf: Bookshelf) -> None:
    told = answer(look_up_fees, ToolContext(bookshelf=shelf), bent(), lines=[FeeLine(code="99213")])
    (fee,) = told["fees"]
    assert (fee["amount"], fee["charge"], fee["charge_basis"]) == ("95.19", "142.79", "derived")
    assert (fee["work_rvu"], fee["total_rvu"], fee["source"]) == ("1.30", "2.85", "mpfs 2026 starter 99213")


def test_amounts_and_charges_are_those_of_all_units(shelf: Bookshelf) -> None:
    line = FeeLine(code="11103", units=Decimal(2))
    (two,) = priced(ToolContext(bookshelf=shelf), line)
    (one,) = priced(ToolContext(bookshelf=shelf), FeeLine(code="11103"))
    assert Decimal(two["amount"]) == 2 * Decimal(one["amount"])
    assert Decimal(two["charge"]) == 2 * Decimal(one["charge"])


def test_the_practice_charge_comes_first(shelf: Bookshelf, tmp_path: Path) -> None:
    context = ToolContext(bookshelf=shelf, charge_master=master(tmp_path, "99213,,,150.00,,"))
    own, other = priced(context, FeeLine(code="99213"), FeeLine(code="99214"))
    assert (own["charge"], own["charge_basis"]) == ("150.00", "charge_master")
    assert other["charge_basis"] == "derived"


def test_what_has_no_price_says_so(shelf: Bookshelf) -> None:
    unknown, bundled = priced(ToolContext(bookshelf=shelf), FeeLine(code="33533"), FeeLine(code="99000"))
    assert (unknown["amount"], unknown["charge_basis"]) == (None, "unknown")
    assert "33533 is unknown" in unknown["why"]
    assert (bundled["charge"], bundled["charge_basis"]) == (None, "unknown")


def test_nothing_asked_is_refused(shelf: Bookshelf) -> None:
    with pytest.raises(ToolException, match="no line given"):
        answer(look_up_fees, ToolContext(bookshelf=shelf), bent(), lines=[])


def test_the_most_specific_charge_wins(tmp_path: Path) -> None:
    charges = master(
        tmp_path,
        "93306,,,400,,",
        "93306,26,,120,,",
        "93306,,EVG01,380,,",
        "93306,TC,EVG01,250,,",
        "99213,,,140,,2025-12-31",
        "99213,,,150,2026-01-01,",
    )
    assert len(charges) == 6
    assert charges.charge("93306", on=ON) == 400
    assert charges.charge("93306", ("26",), on=ON) == 120
    assert charges.charge("93306", ("26",), payer="EVG01", on=ON) == 380
    assert charges.charge("93306", ("59", "TC"), payer="EVG01", on=ON) == 250
    assert charges.charge("93306", ("26",), payer="OTHER", on=ON) == 120
    assert charges.charge("99213", on=ON) == 150
    assert charges.charge("99213", on=date(2025, 12, 31)) == 140
    assert charges.charge("99214", on=ON) is None


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("99213,,,0,,",), "99213 has the charge 0"),
        (("99213,,,-5,,",), "99213 has the charge -5"),
        (("99213,,,1.234,,",), "99213 has the charge 1.234"),
        (("99213,,,NaN,,",), "99213 has the charge NaN"),
        (("99213,,,ten,,",), "line 2: a number can not be read"),
        (("99213,,,10,,2026-06-30", "99213,,,11,2026-06-30,"), "99213 has two charges on 2026-06-30"),
        (("99213,,,10",), "4 cells, expected 6"),
    ],
)
def test_a_wrong_charge_file_is_refused(tmp_path: Path, rows: tuple[str, ...], says: str) -> None:
    with pytest.raises(TableError, match=says):
        master(tmp_path, *rows)


def test_charges_that_follow_each_other_are_taken(tmp_path: Path) -> None:
    assert len(master(tmp_path, "99213,,,10,,2026-06-30", "99213,,,11,2026-07-01,", "99213,25,,12,,")) == 3
