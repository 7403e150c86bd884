"""get_encounter and get_history: what they tell, and in what shape."""

import json
from datetime import date
from typing import Any

import pytest
from langchain_core.tools import ToolException

from tests.tools.fhir.record import NOTE, bent, past, visit
from tools.history import encounter_summary, history_items, known_kinds

AS_OF = date(2026, 11, 24)


def observed(own_id: str, on: str | None) -> dict[str, Any]:
    return past("Observation", own_id, code={"text": own_id}, effectiveDateTime=on)


def test_the_encounter_without_its_texts() -> None:
    found = bent(visit("before", "2025-01-02"), without=("cov",))
    told = json.loads(json.dumps(encounter_summary(found)))
    assert set(told) == {
        "encounter_id", "date_of_service", "age", "sex", "new_patient", "new_patient_why", "place_of_service",
        "encounter_class", "payer", "pack", "telehealth",
        "separate_structure", "prolonged_code", "own_references", "documents", "reasons", "missing", "prior_encounters",
    }  # fmt: skip
    (document,) = told["documents"]
    assert set(document) == {"id", "title", "kind", "signed", "author_role", "chars"}
    assert (document["id"], document["signed"], document["chars"]) == (
        "DocumentReference/note",
        True,
        len(NOTE),
    )
    assert [m["what"] for m in told["missing"]] == ["coverage"]
    assert [e["reference"] for e in told["prior_encounters"]] == ["Encounter/before"]
    assert told["new_patient"] is False
    assert found.rendering_provider is not None
    assert found.rendering_provider.reference in told["own_references"]
    assert "bronchitis" not in json.dumps(told)


def test_history_comes_latest_first_and_undated_last() -> None:
    found = bent(observed("old", "2020-01-01"), observed("undated", None), observed("new", "2026-01-01"))
    told = history_items(found, known_kinds(None), AS_OF)
    assert told["as_of"] == "2026-11-24"
    items = told["items"]
    assert isinstance(items, list)
    assert [i["display"] for i in items] == ["new", "old", "undated"]


def test_only_the_kinds_asked_for() -> None:
    found = bent(observed("o", "2020-01-01"), past("Condition", "c", code={"text": "HTN"}))
    items = history_items(found, known_kinds(["condition"]), AS_OF)["items"]
    assert isinstance(items, list)
    assert [i["kind"] for i in items] == ["condition"]


def test_an_unknown_kind_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ToolException, match="no history of kind 'labs'; ask for one of condition"):
        known_kinds(["condition", "labs"])
