"""A recorded run again: the same, or told where it parted."""

from dataclasses import replace

import orjson
import pytest
from langchain_core.messages import AIMessage

from agent.policy import Policy
from agent.replay import replay
from agent.run import code_encounter
from agent.trace import TraceError, TraceEvent, dump_trace, parse_trace, trace_events
from tests.agent.coded import ENCOUNTERS, Coded
from tests.graph.scripted import ScriptedModel
from tools.checks import CheckPolicy

NUMBERS = [f"{n:02}" for n in range(1, 11)]


def changed(events: tuple[TraceEvent, ...], kind: str, **data: object) -> tuple[TraceEvent, ...]:
    """The trace with fields of the first event of a kind replaced."""
    place = next(n for n, e in enumerate(events) if e.event == kind)
    event = events[place].model_copy(update={"data": {**events[place].data, **data}})
    return (*events[:place], event, *events[place + 1 :])


@pytest.mark.parametrize("number", NUMBERS)
def test_a_recorded_run_comes_out_the_same(coded: Coded, number: str) -> None:
    result = replay(coded.events(number), coded.context)
    assert result.same
    assert result.parted_at is None
    assert result.surroundings == ()
    assert dump_trace(result.events) == (coded.out(number) / "trace.jsonl").read_bytes()
    assert result.state["status"] == coded.results[number].status


def test_two_runs_leave_the_same_trace(coded: Coded) -> None:
    again = code_encounter(ENCOUNTERS / "01-memory-loss.json", context=coded.context)
    trace = dump_trace(trace_events(again.state, coded.context))
    assert trace == (coded.out("01") / "trace.jsonl").read_bytes()


def test_a_replay_brings_its_settings_from_the_trace_and_writes_nothing(coded: Coded) -> None:
    before = {p: p.read_bytes() for p in coded.out("03").iterdir()}
    other = replace(coded.context, policy=Policy(hold_queries=True), review="always", out=coded.out("03"))
    assert replay(coded.events("03"), other).same
    assert {p: p.read_bytes() for p in coded.out("03").iterdir()} == before


def test_another_answer_of_a_tool_is_where_it_parted(coded: Coded) -> None:
    events = coded.events("03")
    link = next(e for e in events if e.event == "answer" and e.data["tool"] == "check_linkage")
    told = orjson.loads(link.data["content"])
    told["links"][0]["verdict"] = "not_supported"
    forged = link.model_copy(update={"data": {**link.data, "content": orjson.dumps(told).decode()}})
    result = replay(tuple(forged if e.seq == link.seq else e for e in events), coded.context)
    assert not result.same
    assert result.parted_at == link.seq
    assert len(result.differences) == 1
    assert "check_linkage" in result.differences[0].what
    assert "links[0].verdict: not_supported -> " in result.differences[0].what


def test_a_rule_that_is_harder_now_parts_at_the_judgement(coded: Coded) -> None:
    events = coded.events("01")
    settings = next(e for e in events if e.event == "settings").data
    policy = CheckPolicy.default().model_copy(update={"levels": {"line.charge_derived": "warning"}})
    forged = changed(events, "settings", **{**settings, "check_policy": policy.model_dump(mode="json")})
    result = replay(forged, coded.context)
    judged = next(e for e in events if e.event == "judged")
    assert result.parted_at == judged.seq
    assert "findings[0].level: info -> warning" in result.differences[0].what


def test_other_data_of_the_one_who_replays_is_told_apart(coded: Coded) -> None:
    events = coded.events("01")
    forged = changed(events, "settings", editions={"icd10cm": "2019"}, charge_master="abc")
    result = replay(forged, coded.context)
    assert result.same
    assert "charge_master: abc -> null" in result.surroundings
    assert any(line.startswith("editions.icd10cm: 2019 -> ") for line in result.surroundings)


def test_a_reply_too_few_is_told(coded: Coded) -> None:
    events = coded.events("05")
    last = max(e.seq for e in events if e.event == "turn")
    result = replay(tuple(e for e in events if e.seq != last), coded.context)
    assert result.parted_at == last + 1
    assert "recorded: the answer of propose_claim; now: the outcome" in result.differences[0].what


def test_a_reply_too_many_is_told(coded: Coded) -> None:
    events = coded.events("05")
    last = next(e for e in reversed(events) if e.event == "turn")
    extra = [*events[:-1], last.model_copy(update={"seq": events[-1].seq}), events[-1]]
    result = replay(tuple(extra), coded.context)
    assert result.parted_at == events[-1].seq
    assert "recorded: the coder's turn (propose_claim); now: the outcome" in result.differences[0].what


def test_a_run_stopped_by_a_limit_is_stopped_again(coded: Coded) -> None:
    limits = replace(coded.context.limits, turns=2)
    context = replace(coded.context, limits=limits)
    held = code_encounter(ENCOUNTERS / "05-ankle-injury.json", context=context)
    assert held.status == "held"
    result = replay(trace_events(held.state, context), coded.context)
    assert result.same
    assert result.state["limit"] == "the limit of 2 model turns is used up"


def test_a_turn_that_broke_the_protocol_is_replayed_as_it_was(coded: Coded) -> None:
    bad = AIMessage(
        content=[{"type": "text", "text": "hm"}],
        invalid_tool_calls=[
            {"name": "read_note", "args": "{", "id": "x", "error": None, "type": "invalid_tool_call"}
        ],
        response_metadata={"stopReason": "tool_use"},
    )
    stop = AIMessage(content="", response_metadata={"stopReason": "content_filtered"})
    context = replace(coded.context, model=ScriptedModel(replies=[bad, stop]), model_spec="scripted")
    run = code_encounter(ENCOUNTERS / "05-ankle-injury.json", context=context)
    events = trace_events(run.state, context)
    result = replay(events, coded.context)
    assert result.same, result.differences
    assert result.state["limit"] == "the model's content filter stopped the conversation"


def test_an_altered_trace_is_recognised(coded: Coded) -> None:
    lines = (coded.out("02") / "trace.jsonl").read_bytes().splitlines()
    parse_trace(lines, "t")
    for place in (0, 5, len(lines) - 1):
        forged = [*lines]
        forged[place] = (
            lines[place]
            .replace(b'"seq":', b'"seq": ', 1)
            .replace(b"99214", b"99215")
            .replace(b"emitted", b"held")
        )
        if orjson.loads(forged[place]) != orjson.loads(lines[place]):
            with pytest.raises(TraceError, match=f"t:{place + 1}: the trace was altered here"):
                parse_trace(forged, "t")
    with pytest.raises(TraceError, match="t:4: the trace was altered"):
        parse_trace([*lines[:3], *lines[4:]], "t")
    with pytest.raises(TraceError, match="the end of the trace is missing"):
        parse_trace(lines[:-1], "t")
    with pytest.raises(TraceError, match="t:1: not a trace event"):
        parse_trace([b"[]"], "t")
