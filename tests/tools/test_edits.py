"""check_edits: pairs with their lines, units by day or line, add-ons, and codes the table does not know."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.tools import ToolException

from knowledge.bookshelf import Bookshelf
from tests.tools.fhir.record import bent
from tests.tools.runtime import answer
from tools.context import ToolContext
from tools.edits import EditLine, check_edits, edits_result

ON = date(2026, 8, 15)


def told(shelf: Bookshelf, *lines: EditLine | str) -> Any:
    given = [EditLine(code=line) if isinstance(line, str) else line for line in lines]
    return edits_result(shelf, given, ON)


def test_a_pair_names_its_lines_column_1_first(shelf: Bookshelf) -> None:
    (pair,) = told(shelf, "99213", "36415", "20610")["pairs"]
    assert (pair["column1"], pair["column2"], pair["modifier_indicator"]) == ("20610", "99213", "1")
    assert pair["lines"] == [3, 1]
    assert "unless a modifier" in pair["meaning"]
    assert pair["source"] == "ncci_ptp 2024Q3 starter 20610/99213"


def test_a_pair_with_indicator_0_says_never(shelf: Bookshelf) -> None:
    never = next(
        (one, other)
        for one in shelf.procedures.codes
        for other in ("93000", "99213", "96372")
        if (row := shelf.edits.ptp(one, other)) and row.modifier_indicator == "0"
    )
    (pair,) = told(shelf, *never)["pairs"]
    assert "whatever the modifier" in pair["meaning"]


def test_no_pair_between_lines_of_one_code_or_of_codes_without_an_edit(shelf: Bookshelf) -> None:
    assert told(shelf, "20610", "20610")["pairs"] == []
    assert told(shelf, "99213", "36415")["pairs"] == []


def test_units_are_those_of_the_day_unless_the_edit_is_by_line(shelf: Bookshelf) -> None:
    day = next(c for c in shelf.procedures.codes if (m := shelf.edits.mue(c)) and m.mai == "3" and m.mue == 1)
    first, second = told(shelf, day, day)["units"]
    assert (first["units"], first["exceeded"], second["exceeded"]) == ("2", True, True)
    (single,) = told(shelf, day)["units"]
    assert single["exceeded"] is False
    by_line = next((c for c in shelf.procedures.codes if (m := shelf.edits.mue(c)) and m.mai == "1"), None)
    if by_line is not None:
        limit = shelf.edits.mue(by_line)
        assert limit is not None
        full = EditLine(code=by_line, units=Decimal(limit.mue))
        assert not any(row["exceeded"] for row in told(shelf, full, full)["units"])


def test_an_add_on_looks_for_its_primary(shelf: Bookshelf) -> None:
    (alone,) = told(shelf, "90472")["add_ons"]
    assert (alone["primary"], alone["missing_primary"]) == (None, True)
    (with_primary,) = told(shelf, "90471", "90472")["add_ons"]
    assert (with_primary["primary"], with_primary["missing_primary"]) == ("90471", False)


def test_codes_outside_the_table_are_said_to_be(shelf: Bookshelf) -> None:
    assert told(shelf, "99213", "33533", "33533")["not_covered"] == ["33533"]


def test_the_tool_answers_and_refuses_nothing(shelf: Bookshelf) -> None:
    context = ToolContext(bookshelf=shelf)
    found = answer(check_edits, context, bent(), lines=[EditLine(code="99213")])
    assert set(found) == {"pairs", "units", "add_ons", "not_covered"}
    with pytest.raises(ToolException, match="no line given"):
        answer(check_edits, context, bent(), lines=[])
