"""Feedback: lessons with what was generated and signed; approved cases as examples, never across practices, switchable."""

import stat
from pathlib import Path

import orjson
import pytest

from agent.desk import learning, open_desk
from agent.desk.desk import Desk
from agent.desk.examples import CaseExamples
from agent.settings import Settings, SettingsError, load_settings
from knowledge.bookshelf import Bookshelf
from tests.agent.desk.conftest import ANKLE, ANN, Clock, shipped, shown
from tools.amend import read_edits
from tools.examples import Example
from tools.history import similar_cases

TWO_UNITS = read_edits('{"op":"set_units","line":2,"units":"2"}')
KNEE = "06-knee-injection"


def approve(desk: Desk, name: str) -> str:
    own = desk.submit(shipped(name)).coding.encounter_id
    assert desk.approve(own, ANN, claim_sha256=shown(desk, own)).status == "emitted"
    return own


def test_lessons_are_exported_for_the_owner_only(sitting: Desk, tmp_path: Path) -> None:
    sitting.submit(shipped())
    sitting.amend(ANKLE, ANN, claim_sha256=shown(sitting), edits=TWO_UNITS, reason="two series")
    path = tmp_path / "lessons.jsonl"
    assert learning.export(sitting, path) == 1
    (row,) = map(orjson.loads, path.read_bytes().splitlines())
    assert (row["action"], row["reason"], row["edits"][0]["op"]) == ("amend", "two series", "set_units")
    assert [row[k]["service_lines"][1]["units"] for k in ("generated", "signed")] == ["1", "2"]
    assert row["approved"] is None
    assert "right ankle" in row["documents"][0]["text"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_lesson_knows_what_was_approved_in_the_end(sitting: Desk) -> None:
    sitting.submit(shipped())
    for units in ("3", "2"):
        edits = read_edits(f'{{"op":"set_units","line":2,"units":"{units}"}}')
        sitting.amend(ANKLE, ANN, claim_sha256=shown(sitting), edits=edits, reason="counted")
    sitting.approve(ANKLE, ANN, claim_sha256=shown(sitting))
    lessons = sitting.lessons()
    signed = [x.signed.service_lines[1].units for x in lessons if x.signed]
    approved = [x.approved.service_lines[1].units for x in lessons if x.approved]
    assert [list(map(int, signed)), list(map(int, approved))] == [[3, 2], [2, 2]]


@pytest.fixture
def remembering(
    tmp_path: Path, home: Path, shelf: Bookshelf, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> Settings:
    monkeypatch.setattr(Bookshelf, "open", lambda *_, **__: shelf)
    return Settings(home=home, examples=True)


def test_approved_cases_are_shown_to_the_coder_of_a_like_note_and_to_no_other_practice(
    remembering: Settings, tmp_path: Path
) -> None:
    with open_desk(remembering, store=tmp_path / "store") as desk:
        approve(desk, ANKLE)
        approve(desk, KNEE)
        examples = desk.examples
        assert examples is not None
        facts = desk.case(ANKLE).facts.model_copy(update={"encounter_id": "a-new-one"})
        shown_cases = similar_cases(facts, examples)
        assert shown_cases[0]["diagnoses"] == ["S93.491A", "W01.0XXA", "Y93.67", "Y92.830"]
        assert "73610-RT x1 -> 1" in str(shown_cases[0]["lines"])
        assert "encounter" not in shown_cases[0]
        assert similar_cases(facts, examples.for_tenant("elsewhere")) == []
        own = similar_cases(desk.case(ANKLE).facts, examples)  # its own earlier coding is no example
        assert all("S93.491A" not in str(x["diagnoses"]) for x in own)
        first = desk.submit(shipped("10-new-patient-physical"))
        other = desk.for_tenant("elsewhere").submit(shipped("10-new-patient-physical"))
    asked = [
        orjson.loads(str(m.content))
        for r in (first, other)
        for m in r.state["messages"]
        if getattr(m, "name", "") == "get_encounter"
    ]
    assert [bool(a["similar_cases"]) for a in asked] == [True, False]
    assert [d.code for d in first.coding.diagnoses] == [d.code for d in other.coding.diagnoses]


def test_switched_off_nothing_is_kept_and_the_answer_is_as_before(sitting: Desk) -> None:
    approve(sitting, ANKLE)
    assert not (sitting.store.folder / "examples").exists()
    result = sitting.submit(shipped(KNEE))
    assert "similar_cases" not in str([m.content for m in result.state["messages"]])


def test_cases_approved_before_are_indexed_and_forgotten_on_request(sitting: Desk, shelf: Bookshelf) -> None:
    own = approve(sitting, ANKLE)
    sitting.submit(shipped(KNEE))  # held: no example
    examples = CaseExamples(store=sitting.store.folder, tenant="default", bookshelf=shelf)
    assert learning.rebuild(sitting, examples) == 1
    text = sitting.case(own).documents[0].text
    (found,) = examples.similar(text, limit=5)
    assert (found.encounter, found.score > 0.9) == (own, True)
    assert examples.similar("", limit=5) == ()
    examples.forget([own])
    assert examples.similar(text, limit=5) == ()


def test_the_nearer_case_comes_first_and_a_second_coding_takes_the_place_of_the_first(
    tmp_path: Path, shelf: Bookshelf
) -> None:
    examples = CaseExamples(store=tmp_path, tenant="t", bookshelf=shelf)
    knee = Example(encounter="knee", score=1, diagnoses=("M17.11",), lines=())
    examples.add("osteoarthritis of the right knee, injection of triamcinolone", knee)
    examples.add(
        "cough and fever, pneumonia on chest x-ray", replace_codes(knee, encounter="cough", code="J18.9")
    )
    asked = "knee osteoarthritis, triamcinolone injection"
    assert next(e.encounter for e in examples.similar(asked, limit=2)) == "knee"
    examples.add(
        "osteoarthritis of the right knee, injection of triamcinolone",
        replace_codes(knee, encounter="knee", code="M17.12"),
    )
    assert examples.similar(asked, limit=1)[0].diagnoses == ("M17.12",)


def replace_codes(example: Example, *, encounter: str, code: str) -> Example:
    return example.model_copy(update={"encounter": encounter, "diagnoses": (code,)})


def test_the_switch_takes_on_or_off() -> None:
    assert load_settings({"SUPERBILL_EXAMPLES": "on"}).examples
    assert not load_settings({}).examples
    with pytest.raises(SettingsError, match="SUPERBILL_EXAMPLES"):
        load_settings({"SUPERBILL_EXAMPLES": "maybe"})


def test_memory_that_the_index_wrote_beside_its_vectors_is_blanked(tmp_path: Path, shelf: Bookshelf) -> None:
    examples = CaseExamples(store=tmp_path, tenant="t", bookshelf=shelf)
    knee = Example(encounter="knee", score=1, diagnoses=("M17.11",), lines=())
    examples.add("osteoarthritis of the right knee", knee)
    (places,) = examples.folder.rglob("data_level0.bin")
    places.write_bytes(b"whitcombe" * (places.stat().st_size // 9) + bytes(places.stat().st_size % 9))
    (found,) = examples.similar("osteoarthritis of the right knee", limit=1)
    assert found.encounter == "knee"
    assert places.stat().st_size
    assert not places.read_bytes().strip(b"\0")
