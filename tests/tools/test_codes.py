"""search_codes and look_up_codes: what the model is told."""

from datetime import date

import pytest
from langchain_core.tools import ToolException

from knowledge.bookshelf import Bookshelf
from tools import codes

ON = date(2026, 7, 1)


def test_search_answers_in_the_order_asked(shelf: Bookshelf) -> None:
    found = codes.search_result(shelf, ["knee pain", "zzzzqqq"], "icd10cm", ON, 3)
    one, two = found["results"]  # type: ignore[misc]
    assert (one["query"], two["query"], two["hits"]) == ("knee pain", "zzzzqqq", [])
    assert set(one["hits"][0]) == {"code", "display", "score", "billable", "needs", "path"}
    assert len(one["hits"]) == 3


def test_look_up_gives_notes_with_their_place(shelf: Bookshelf) -> None:
    (found,) = codes.look_up_result(shelf, ["E119"], "icd10cm", ON)["codes"]  # type: ignore[misc]
    assert found["found"]
    assert found["billable"]
    assert found["edition_mismatch"] is False
    assert {"text", "origin", "codes"} == set(found["notes"]["excludes1"][0])
    assert any(note["origin"] == "E11" and note["codes"] == ["E10"] for note in found["notes"]["excludes1"])
    assert any(
        note["text"].startswith("code to identify control using:")
        for note in found["notes"]["use_additional"]
    )


def test_look_up_of_a_header_says_what_it_needs(shelf: Bookshelf) -> None:
    (found,) = codes.look_up_result(shelf, ["S93.401"], "icd10cm", ON)["codes"]  # type: ignore[misc]
    assert (found["billable"], found["needs"]) == (False, "7th character: A, D or S")
    assert found["seventh"]["D"] == "subsequent encounter"
    assert found["children_left_out"] == 0


def test_date_outside_every_edition_is_marked(shelf: Bookshelf) -> None:
    (found,) = codes.look_up_result(shelf, ["I10"], "icd10cm", date(2031, 1, 1))["codes"]  # type: ignore[misc]
    assert found["edition_mismatch"] is True


def test_what_is_not_found_is_said_with_care(shelf: Bookshelf) -> None:
    wrong, unknown = (
        codes.look_up_result(shelf, ["E11.99"], "icd10cm", ON)["codes"][0],  # type: ignore[index]
        codes.look_up_result(shelf, ["0000X"], "cpt", ON)["codes"][0],  # type: ignore[index]
    )
    assert (wrong["found"], wrong["why"]) == (False, "E11.99 is not in ICD-10-CM 2026")
    assert unknown["found"] is False
    assert "partial" in unknown["why"]


def test_look_up_of_a_procedure(shelf: Bookshelf) -> None:
    (found,) = codes.look_up_result(shelf, ["93000"], "cpt", ON)["codes"]  # type: ignore[misc]
    assert found["found"]
    assert found["status"] == "A"
    assert found["work_rvu"] == "0.17"
    assert found["global_days"] == "XXX"
    (drug,) = codes.look_up_result(shelf, ["j1885"], "hcpcs", ON)["codes"]  # type: ignore[misc]
    assert (drug["drug_unit"]["amount"], drug["drug_unit"]["unit"]) == ("15", "mg")


def test_describe_tries_every_system(shelf: Bookshelf) -> None:
    assert codes.describe(shelf, "I10", ON)["system"] == "ICD-10-CM"
    assert codes.describe(shelf, "99213", ON)["system"] == "CPT"
    assert codes.describe(shelf, "J1885", ON)["system"] == "HCPCS"
    assert codes.describe(shelf, "nothing", ON)["found"] is False


@pytest.mark.parametrize("items", [[], [" "]])
def test_empty_request_is_an_error_the_model_can_act_on(items: list[str]) -> None:
    with pytest.raises(ToolException, match="pass a list of at least one"):
        codes._some(items, "queries")


def test_too_many_at_once() -> None:
    with pytest.raises(ToolException, match="at most 60"):
        codes._some(["x"] * 61, "codes")


def test_the_model_sees_only_its_own_arguments() -> None:
    for tool in (codes.search_codes, codes.look_up_codes):
        assert "runtime" not in tool.tool_call_schema.model_json_schema()["properties"]  # type: ignore[union-attr]
        assert all(
            "description" in p for p in tool.tool_call_schema.model_json_schema()["properties"].values()
        )  # type: ignore[union-attr]
