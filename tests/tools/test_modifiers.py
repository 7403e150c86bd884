"""modifier_rules: what the model is told of each modifier."""

from datetime import date
from typing import Any

import pytest
from langchain_core.tools import ToolException

from knowledge.bookshelf import Bookshelf
from tests.tools.fhir.record import bent
from tests.tools.runtime import answer
from tools.context import ToolContext
from tools.modifiers import modifier_result, modifier_rules

ON = date(2026, 8, 15)


def told_of(shelf: Bookshelf, code: str, *modifiers: str) -> Any:
    return modifier_result(shelf, code, list(modifiers), ON)


def test_every_modifier_asked_is_answered_in_order(shelf: Bookshelf) -> None:
    told = answer(
        modifier_rules, ToolContext(bookshelf=shelf), bent(), code=" 99214 ", modifiers=["95", "25", "zz"]
    )
    assert told["code"] == "99214"
    video, separate, unknown = told["modifiers"]
    assert {"code", "exists", "allowed", "why", "criteria", "source"} <= set(unknown) <= set(video)
    assert (video["allowed"], separate["allowed"]) == (True, True)
    assert any("usual work" in line for line in separate["criteria"])
    assert (unknown["code"], unknown["exists"], unknown["allowed"]) == ("ZZ", False, False)
    assert told["order"] == ["25", "95"]


def test_modifiers_that_exclude_each_other(shelf: Bookshelf) -> None:
    told = told_of(shelf, "20610", "50", "RT")
    assert told["never_together"] == [["50", "RT"]]


def test_a_near_miss_is_refused_with_its_reason(shelf: Bookshelf) -> None:
    (told,) = told_of(shelf, "93000", "25")["modifiers"]
    assert told["allowed"] is False
    assert "93000 is not one" in told["why"]


def test_an_unknown_procedure_gets_no_verdict(shelf: Bookshelf) -> None:
    (told,) = told_of(shelf, "33533", "59")["modifiers"]
    assert told["allowed"] is None
    assert "unknown to the loaded procedure table" in told["why"]
    assert told["criteria"]


def test_nothing_asked_is_refused(shelf: Bookshelf) -> None:
    with pytest.raises(ToolException, match="no modifier given"):
        answer(modifier_rules, ToolContext(bookshelf=shelf), bent(), code="99214", modifiers=[])
