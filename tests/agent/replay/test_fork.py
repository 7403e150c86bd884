"""What-ifs: one thing changed, both outcomes side by side, nothing real changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.replay import Change, ForkError, fork, replay
from agent.replay.change import parse_sets
from agent.run import code_encounter
from agent.trace import trace_events
from tests.agent.coded import ENCOUNTERS, Coded
from tests.graph.conftest import memory_loss_claim
from tests.graph.scripted import ScriptedModel, call, turn


def moved(coded: Coded, number: str, **change: object) -> tuple[str, ...]:
    return fork(coded.events(number), coded.context, Change.model_validate(change)).compared.moved


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_established_patient_has_an_established_visit(coded: Coded) -> None:
    before = contents(coded.out("01"))
    told = fork(coded.events("01"), coded.context, Change(sets={"new_patient": "false"}))
    assert told.compared.before.em == "99204"
    assert told.compared.after.em == "99214"
    assert told.compared.after.charge < told.compared.before.charge
    assert contents(coded.out("01")) == before
    assert next(e for e in told.events if e.event == "what_if").data["at"] == told.at


def test_more_minutes_carry_a_higher_level_and_fewer_do_not(coded: Coded) -> None:
    long = "Total time on the date of the encounter: 65 minutes."
    assert any("99204" in m and "99205" in m for m in moved(coded, "01", add_note=long))
    assert moved(coded, "01", add_note=long.replace("65", "20")) == ()


def test_the_other_side_moves_code_and_modifier(coded: Coded) -> None:
    both = (("right ankle", "left ankle"), ("Right ankle", "Left ankle"))
    told = fork(coded.events("05"), coded.context, Change(replace_note=both)).compared
    assert "S93.492A" in told.after.diagnoses
    assert any(line.startswith("73610-LT") for line in told.after.lines)


def test_a_payer_has_its_own_codes(coded: Coded) -> None:
    told = fork(coded.events("04"), coded.context, Change(sets={"payer": "commercial"}))
    lines = " ".join(told.compared.after.lines)
    assert "90471" in lines
    assert "G0008" not in lines
    assert any("member id" in note for note in told.notes)


def test_a_dropped_line_is_judged_and_nobody_mends_it(coded: Coded) -> None:
    told = fork(coded.events("04"), coded.context, Change(drop_lines=(2,))).compared
    assert not any(line.startswith("G0439") for line in told.after.lines)
    assert any("link.unused_diagnosis" in f for f in told.after.findings)


def test_a_dropped_diagnosis_moves_pointers_and_takes_its_lines(coded: Coded) -> None:
    told = fork(coded.events("04"), coded.context, Change(drop_diagnoses=(2,))).compared
    assert told.after.diagnoses == ("Z00.01", "Z23")
    assert "90662 → 2" in told.after.lines
    assert told.after.em is None


def test_a_modifier_taken_off_blocks_the_claim(coded: Coded) -> None:
    told = fork(coded.events("04"), coded.context, Change(sets={"line.1.modifiers": "none"})).compared
    assert told.after.status == "blocked"
    assert any("line.em_with_preventive" in f for f in told.after.findings)


def test_another_policy_holds_and_codes_the_same(coded: Coded) -> None:
    told = fork(coded.events("10"), coded.context, Change(sets={"policy.hold_new_patients": "true"})).compared
    assert told.after.status == "held"
    assert told.after.lines == told.before.lines
    again = fork(
        coded.events("09"), coded.context, Change(sets={"policy.hold_new_patients": "true"})
    ).compared
    assert again.moved == ()


def test_nothing_changed_is_nothing_moved(coded: Coded) -> None:
    assert moved(coded, "05") == ()
    assert moved(coded, "05", sets={"new_patient": "false"}) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"drop_lines": (9,)}, "there is no line 9; the claim has 2"),
        ({"drop_diagnoses": (1, 2, 3, 4)}, "a claim needs a diagnosis"),
        ({"replace_note": (("left elbow of the cat", "x"),)}, "no document of the encounter holds"),
        ({"sets": {"payer": "moon"}}, "payer=moon: medicare"),
        ({"sets": {"age": "young"}}, "age=young: whole years"),
        ({"sets": {"line.1.units": "-1"}}, "units: more than nothing"),
        ({"sets": {"review": "perhaps"}}, "review=perhaps: auto, always or never"),
        ({"sets": {"policy.hold_moon": "true"}}, "policy.hold_moon"),
        ({"model": "bedrock:some.model"}, "bedrock:some.model has to code live, and it is not configured"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(coded: Coded, change: dict[str, object], said: str) -> None:
    with pytest.raises(ForkError, match=said.split("(")[0]) as caught:
        moved(coded, "05", **change)
    assert "\n" not in str(caught.value)


def test_words_to_set_are_known_or_refused() -> None:
    assert parse_sets(["new_patient=false", "line.2.units = 3"]) == {
        "new_patient": "false",
        "line.2.units": "3",
    }
    for wrong in ("new_patient", "colour=red", "line.x.units=2", "age="):
        with pytest.raises(ForkError):
            parse_sets([wrong])


def test_a_step_outside_the_trace_or_for_a_change_by_hand_is_refused(coded: Coded) -> None:
    events = coded.events("05")
    with pytest.raises(ForkError, match="there is no event 99"):
        fork(events, coded.context, Change(sets={"new_patient": "true"}), at=99)
    with pytest.raises(ForkError, match="takes place at the last hand-in"):
        fork(events, coded.context, Change(drop_lines=(1,)), at=4)


def test_a_run_of_another_model_goes_on_with_the_model_that_is_configured(coded: Coded) -> None:
    """The recorded turns before the step are handed out, the caller's model answers from there on."""
    first, claim = turn(call("get_encounter")), turn(call("propose_claim", **memory_loss_claim()))
    context = replace(coded.context, model=ScriptedModel(replies=[first, claim]), model_spec="scripted")
    run = code_encounter(ENCOUNTERS / "01-memory-loss.json", context=context)
    events = trace_events(run.state, context)
    assert replay(events, coded.context).same
    with pytest.raises(ForkError, match="scripted has to code live"):
        fork(events, coded.context, Change(sets={"new_patient": "false"}))
    second = next(
        e.seq for e in events if e.event == "turn" and e.data["calls"][0]["tool"] == "propose_claim"
    )
    right = memory_loss_claim()
    lines = [{**right["service_lines"][0], "code": "99214"}]
    other = {**right, "service_lines": lines, "em": {**right["em"], "code": "99214"}}
    live = ScriptedModel(replies=[turn(call("propose_claim", **other))])
    told = fork(events, replace(context, model=live), Change(sets={"new_patient": "false"}), at=second)
    live.finish()
    assert told.compared.after.lines == ("99214 → 1",)
    assert told.compared.after.status == "emitted"
    by_rules = fork(events, coded.context, Change(model="rules"))
    assert by_rules.compared.after.em == "99204"


def test_a_step_in_the_middle_either_fits_the_change_or_says_so(coded: Coded) -> None:
    """The payer decides which codes are asked for, so turns before it was told do not fit; a later reading of the note does."""
    events = coded.events("04")
    turns = [e.seq for e in events if e.event == "turn"]
    same = fork(events, coded.context, Change(model="rules"), at=turns[3])
    assert same.at == turns[3]
    assert same.compared.moved == ()
    early = fork(events, coded.context, Change(sets={"payer": "commercial"}), at=turns[1])
    assert "90471 → 3" in early.compared.after.lines
    with pytest.raises(ForkError, match="do not fit the change; fork from its first turn"):
        fork(events, coded.context, Change(sets={"payer": "commercial"}), at=turns[-1])
