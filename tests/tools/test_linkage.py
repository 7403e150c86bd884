"""check_linkage: verdicts for the patient of the encounter."""

import pytest
from langchain_core.tools import ToolException

from knowledge.bookshelf import Bookshelf
from tests.tools.fhir.record import bent
from tests.tools.runtime import answer
from tools.context import ToolContext
from tools.linkage import Pair, check_linkage, linkage_result


def test_each_pair_is_judged_in_order(shelf: Bookshelf) -> None:
    asked = [
        Pair(diagnosis="s93.401a", procedure="73630", modifiers=("RT",)),
        Pair(diagnosis="S93.401A", procedure="73630", modifiers=("LT",)),
        Pair(diagnosis="I10", procedure="73630"),
        Pair(diagnosis="I10", procedure="33533"),
    ]
    told = answer(check_linkage, ToolContext(bookshelf=shelf), bent(), pairs=asked)["links"]
    assert [one["verdict"] for one in told] == ["supported", "not_supported", "not_supported", "no_rule"]
    assert set(told[0]) == {"diagnosis", "procedure", "verdict", "reason", "source"}
    assert set(told[0]["source"]) == {"table", "edition", "row"}


def test_the_patient_of_the_encounter_is_compared(shelf: Bookshelf) -> None:
    found = bent()
    pair = Pair(diagnosis="N40.1", procedure="84153")
    for sex, verdict in (("male", "supported"), ("female", "not_supported"), ("unknown", "supported")):
        patient = found.patient.model_copy(update={"sex": sex})
        (link,) = linkage_result(shelf, [pair], found.model_copy(update={"patient": patient}))
        assert link.verdict == verdict


def test_nothing_asked_is_refused(shelf: Bookshelf) -> None:
    with pytest.raises(ToolException, match="no pair given"):
        answer(check_linkage, ToolContext(bookshelf=shelf), bent(), pairs=[])
