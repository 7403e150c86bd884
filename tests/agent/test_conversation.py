"""The embedded coder is replayed from the messages: same messages, same next calls; a foreign conversation is refused."""

import functools

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agent.coder.conversation import Ask, Coder, ConversationError, next_asks


def program() -> Coder:
    (first,) = yield (Ask(tool="a", args={}),)
    answers = yield (Ask(tool="b", args={"n": first.data.get("n")}), Ask(tool="c", args={}))
    (judged,) = yield (Ask(tool="propose_claim", args={"errors": [a.error for a in answers]}),)
    if judged.findings:
        yield (Ask(tool="mend", args={"rule": judged.findings[0]["rule"]}),)


def called(*names: str, turn: int = 1) -> AIMessage:
    calls = [{"name": n, "args": {}, "id": f"{turn}-{i}", "type": "tool_call"} for i, n in enumerate(names)]
    return AIMessage(content="", tool_calls=calls)


def test_first_asks_need_no_messages() -> None:
    assert next_asks(program, [HumanMessage("note")]) == (Ask(tool="a", args={}),)


def test_answers_reach_the_coder_and_errors_are_told() -> None:
    messages = [
        called("a"),
        ToolMessage('{"n": 7}', tool_call_id="1-0"),
        called("b", "c", turn=2),
        ToolMessage("no such code", tool_call_id="2-0", status="error"),
        ToolMessage("{}", tool_call_id="2-1"),
    ]
    assert next_asks(program, messages[:2])[0].args == {"n": 7}
    assert next_asks(program, messages)[0].args == {"errors": ["no such code", None]}


def test_findings_reach_the_coder_after_its_claim() -> None:
    messages = [
        called("a"),
        ToolMessage("{}", tool_call_id="1-0"),
        called("b", "c", turn=2),
        ToolMessage("{}", tool_call_id="2-0"),
        ToolMessage("{}", tool_call_id="2-1"),
        called("propose_claim", turn=3),
        ToolMessage("{}", tool_call_id="3-0"),
    ]
    told = HumanMessage("mend", additional_kwargs={"findings": [{"rule": "dx.sex"}]})
    assert next_asks(program, [*messages, told])[0].args == {"rule": "dx.sex"}
    assert next_asks(program, messages) == ()


def test_a_conversation_of_another_model_is_refused() -> None:
    messages = [
        called("a", "b"),
        ToolMessage("{}", tool_call_id="1-0"),
        ToolMessage("{}", tool_call_id="1-1"),
    ]
    with pytest.raises(ConversationError, match="2 answers where the coder asked 1"):
        next_asks(program, messages)


def test_a_coder_taken_up_again_says_what_a_fresh_one_says() -> None:
    opened = [called("a"), ToolMessage('{"n": 7}', tool_call_id="1-0")]
    asked = next_asks(program, opened)
    more = [
        *opened,
        called("b", "c", turn=2),
        ToolMessage("{}", tool_call_id="2-0"),
        ToolMessage("{}", tool_call_id="2-1"),
    ]
    went_on = next_asks(program, more)
    assert next_asks(functools.partial(program), more) == went_on
    assert next_asks(program, opened) == asked


def test_another_answer_is_another_conversation() -> None:
    first = [called("a"), ToolMessage('{"n": 1}', tool_call_id="1-0")]
    other = [called("a"), ToolMessage('{"n": 2}', tool_call_id="1-0")]
    assert next_asks(program, first)[0].args == {"n": 1}
    assert next_asks(program, other)[0].args == {"n": 2}
    assert next_asks(program, first)[0].args == {"n": 1}
