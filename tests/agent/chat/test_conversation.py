"""A conversation: follow-ups, comparisons, held claims; nothing real changes, nothing is logged, no word of the note becomes an order."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from agent.chat import CaseView, Conversation, load_view
from agent.chat.naming import on_claim
from agent.chat.understand import intents
from agent.policy import Policy
from agent.run import code_encounter
from agent.trace import TraceError
from tests.agent.coded import ENCOUNTERS, Coded


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def knee(coded: Coded, views: dict[str, CaseView]) -> Conversation:
    return Conversation(views["06"], coded.context)


def test_the_code_spoken_of_last_is_meant_by_it(knee: Conversation) -> None:
    assert knee.ask("why M17.11?").facts["code"] == "M17.11"
    follow = knee.ask("what supports it?")
    assert (follow.facts["intent"], follow.facts["code"]) == ("support", "M17.11")
    assert not Conversation(knee._view, knee._context).ask("what supports it?").understood


def test_every_quotation_stands_in_the_note(coded: Coded, views: dict[str, CaseView]) -> None:
    for view in views.values():
        for d in view.coding.diagnoses:
            answer = Conversation(view, coded.context).ask(f"what supports {d.code}?")
            assert answer.facts["code"] == d.code
            for e in answer.evidence:
                assert e.kind != "note" or view.facts.documents[0].text[e.start : e.end] == e.text


def test_every_code_of_every_claim_is_explained_with_its_guideline_or_reason(
    coded: Coded, views: dict[str, CaseView]
) -> None:
    for view in views.values():
        talk = Conversation(view, coded.context)
        for d in view.coding.diagnoses:
            facts = talk.ask(f"why {d.code}").facts
            assert facts["guidelines"] == [g.id for g in d.guidelines]
        for x in view.coding.service_lines:
            assert talk.ask(f"why is {x.code} on there").facts["rationale"] == x.rationale
        for r in view.coding.rejected:
            if not view.on_claim(r.code):
                assert talk.ask(f"why not {r.code}").facts["rule"] == r.rule


def test_a_what_if_leaves_files_store_and_log_alone(
    coded: Coded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from agent.store import Store

    out = Path(shutil.copytree(coded.out("04"), tmp_path / "out" / "04"))
    store = Store(tmp_path / "store")
    context = replace(coded.context, store=store, out=out)
    before = contents(tmp_path / "out")
    entries = store.audit_entries()
    caplog.set_level(logging.DEBUG)
    talk = Conversation(load_view(out), context)
    for question in ("what if the payer were commercial?", "drop line 2", "what if the note said 45 minutes"):
        answer = talk.ask(question)
        assert answer.what_if is not None
        assert "Nothing real was changed" in answer.text
    assert contents(tmp_path / "out") == before
    assert store.audit_entries() == entries
    assert store.worklist("default") == []
    said = caplog.text
    assert "Quill" not in said
    assert "amlodipine" not in said


def test_two_runs_are_compared(coded: Coded, tmp_path: Path) -> None:
    old = replace(coded.context, out=tmp_path / "old", policy=Policy(hold_em_codes=("99214",)))
    code_encounter(ENCOUNTERS / "07-smoking-after-discharge.json", context=old)
    view = load_view(coded.out("07"), tmp_path / "old")
    answer = Conversation(view, coded.context).ask("what changed since yesterday's run?")
    assert "status: held → emitted" in answer.facts["moved"]
    with pytest.raises(TraceError, match="is of another encounter"):
        load_view(coded.out("06"), tmp_path / "old")


def test_why_it_is_held(coded: Coded, tmp_path: Path) -> None:
    context = replace(coded.context, out=tmp_path / "held", policy=Policy(hold_new_patients=True))
    code_encounter(ENCOUNTERS / "10-new-patient-physical.json", context=context)
    answer = Conversation(load_view(tmp_path / "held"), context).ask("why is it held?")
    assert answer.facts["status"] == "held"
    assert "new patient" in answer.facts["reasons"]


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("WHY R41.3?", "why_code"),
        ("  please, could you tell me   why r413  ", "why_code"),
        ("why wasn’t dementia coded", "why_not"),
        ("R41.3", "look_up"),
    ],
)
def test_courtesy_case_and_missing_dots_do_not_matter(
    coded: Coded, views: dict[str, CaseView], question: str, intent: str
) -> None:
    assert Conversation(views["01"], coded.context).ask(question).facts["intent"] == intent


def test_what_people_say_meets_what_titles_say_whatever_its_ending(
    coded: Coded, views: dict[str, CaseView]
) -> None:
    """ "Tetanus" is looked up by its stem, as every word is."""
    assert on_claim(views["10"], "tetanus booster") == on_claim(views["10"], "tdap") == "90715"
    assert Conversation(views["10"], coded.context).ask("why tetanus?").facts["code"] == "90715"


def test_a_code_of_no_table_is_said_to_be_of_none(coded: Coded, views: dict[str, CaseView]) -> None:
    talk = Conversation(views["02"], coded.context)
    assert talk.ask("what is 00000?").facts["billable"] is None
    assert talk.ask("why not Q99.99?").facts["kind"] == "unknown_code"
    assert talk.ask("why not E11?").facts["kind"] == "not_billable"


def test_services_and_diagnoses_that_bundle_or_exclude(coded: Coded, views: dict[str, CaseView]) -> None:
    talk = Conversation(views["04"], coded.context)
    both = talk.ask("can 99214 and G0439 be billed together?")
    assert (both.facts["intent"], both.facts["edit"], both.facts["indicator"]) == ("pair", True, "1")
    assert talk.ask("do E10.9 and E11.9 conflict? is E10.9 excluded with E11.9").facts["edit"] is True


def test_a_what_if_that_can_not_be_is_told(coded: Coded, views: dict[str, CaseView]) -> None:
    answer = Conversation(views["05"], coded.context).ask("what if we drop line 9?")
    assert "there is no line 9" in answer.facts["refused"]


def test_a_question_too_long_is_not_taken_apart(knee: Conversation) -> None:
    assert not knee.ask("why " * 500).understood


def test_every_example_that_is_offered_is_understood_somewhere(
    coded: Coded, views: dict[str, CaseView]
) -> None:
    for intent in intents():
        answers = [
            Conversation(v, coded.context).ask(intent.example) for n, v in views.items() if n in {"04", "06"}
        ]
        follow = intent.name == "guideline_of"
        assert any(a.understood for a in answers) or follow, intent.example
