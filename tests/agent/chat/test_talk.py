"""A model converses with the same answers as tools: scripted, and as Bedrock over loopback HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from agent.chat import CaseView
from agent.chat.conversation import Conversation
from agent.chat.talk import TOO_MANY, TURNS, ModelTalk, open_talk
from agent.models import make_model
from agent.settings import load_settings
from tests.agent.coded import Coded
from tests.graph.conftest import FAST
from tests.graph.converse import converse_server, fault, made_up_credentials, reply, tool_use
from tests.graph.scripted import ScriptedModel, call, turn

SPEC = "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0"


def talk(
    coded: Coded, views: dict[str, CaseView], *replies: Any, number: str = "04"
) -> tuple[ModelTalk, ScriptedModel]:
    model = ScriptedModel(replies=list(replies))
    context = replace(coded.context, model=model, model_spec="scripted")
    return ModelTalk(views[number], context, retry=FAST), model


def test_rules_answer_by_rule_and_other_models_converse(coded: Coded, views: dict[str, CaseView]) -> None:
    assert isinstance(open_talk(views["04"], coded.context), Conversation)
    other = replace(coded.context, model_spec="scripted", model=ScriptedModel(replies=[]))
    assert isinstance(open_talk(views["04"], other), ModelTalk)


def test_a_model_is_told_by_tools_and_its_facts_can_be_proven(
    coded: Coded, views: dict[str, CaseView]
) -> None:
    person, model = talk(
        coded,
        views,
        turn(call("explain", topic="why_modifier", modifier="25", codes=["99214"])),
        turn(text="25 stands because the visit was separate."),
        turn(call("explain", "c2", topic="why_code", line=3)),
        turn(text="The vaccine was given today."),
    )
    answer = person.ask("why 25?")
    assert answer.text == "25 stands because the visit was separate."
    assert answer.facts["told"][0]["modifier"] == "25"
    assert answer.evidence
    assert person.ask("and line 3?").facts["told"][0]["code"] == "90662"
    model.finish()
    tool_answer = model.sent[1][-1]
    assert "significant work of its own" in str(tool_answer.content)
    assert [m.type for m in model.sent[2]][-1] == "human"
    assert "04-wellness-hypertension-flu" in str(model.sent[0][0].content)


def test_a_what_if_of_a_model_is_run_and_shown(coded: Coded, views: dict[str, CaseView]) -> None:
    person, model = talk(
        coded, views, turn(call("what_if", sets=["payer=commercial"])), turn(text="Other codes.")
    )
    answer = person.ask("and commercially?")
    model.finish()
    assert answer.what_if is not None
    assert "90471 → 3" in answer.what_if.after.lines


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (call("explain", topic="why_code"), "why_code needs a code"),
        (call("explain", topic="why_modifier", modifier="!!"), "needs a modifier that the table knows"),
        (call("what_if", sets=["colour=red"]), "can not be set"),
        (call("what_if", replace_in_note=[["a"]]), "give pairs"),
        (call("explain", topic="horoscope"), "horoscope"),
        (call("approve"), "approve is not a valid tool"),
    ],
)
def test_a_wrong_call_is_answered_with_what_to_do(
    coded: Coded, views: dict[str, CaseView], asked: dict[str, Any], said: str
) -> None:
    person, model = talk(coded, views, turn(asked), turn(text="I can not say."))
    assert person.ask("?").facts["told"] == []
    model.finish()
    assert said in str(model.sent[1][-1].content)


def test_the_trace_is_listed(coded: Coded, views: dict[str, CaseView]) -> None:
    person, model = talk(coded, views, turn(call("show_trace", first=1, last=3)), turn(text="So it went."))
    person.ask("how did it go?")
    assert "coder asks" not in str(model.sent[1][-1].content)
    assert "gathered" in str(model.sent[1][-1].content)


def test_a_model_that_never_ends_is_stopped(coded: Coded, views: dict[str, CaseView]) -> None:
    again = [turn(call("explain", f"c{n}", topic="claim")) for n in range(TURNS)]
    person, model = talk(coded, views, *again)
    answer = person.ask("what?")
    model.finish()
    assert (answer.text, answer.understood) == (TOO_MANY, False)


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up_credentials(monkeypatch)


@pytest.mark.usefixtures("bedrock")
def test_bedrock_converses_over_http(coded: Coded, views: dict[str, CaseView]) -> None:
    """Throttled once, then a tool call, then words; a guardrail ends the second question."""
    script = [
        fault("ThrottlingException", 429),
        reply(tool_use("explain", "t1", topic="money")),
        reply({"text": "The claim comes to $573.34."}, stop="end_turn"),
        reply({"text": "blocked"}, stop="guardrail_intervened"),
    ]
    with converse_server(script) as server:
        env = {"AWS_REGION": "us-east-1", "SUPERBILL_BEDROCK_ENDPOINT": server.url, "HOME": "/nowhere"}
        context = replace(coded.context, model=make_model(SPEC, load_settings(env)), model_spec=SPEC)
        person = ModelTalk(views["04"], context, retry=FAST)
        answer = person.ask("what does it come to?")
        stopped = person.ask("and now?")
    assert server.script == []
    assert answer.text == "The claim comes to $573.34."
    assert answer.facts["told"][0]["charge"] == "573.34"
    names = {t["toolSpec"]["name"] for t in server.requests[0]["toolConfig"]["tools"] if "toolSpec" in t}
    assert names == {"explain", "what_if", "show_trace"}
    assert (stopped.understood, stopped.text) == (
        False,
        "No answer: the model's guardrail stopped the conversation.",
    )
