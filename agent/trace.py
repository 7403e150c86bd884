"""The decision trace: an append-only projection of a run's state into events, one JSON object a line.

It is our own record (checkpoints are not): model turns, tool calls with their answers, each judgement of the
self-check, the outcome. Same inputs give the same events; no clock is in them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent.prompts import prompt_hashes
from agent.state import State
from knowledge.records import Record

Json = dict[str, Any]


class TraceEvent(Record):
    """One event: its place in the run, the node that caused it, what happened."""

    seq: int
    node: str
    event: str
    data: Json


def trace_events(state: State, model_spec: str) -> tuple[TraceEvent, ...]:
    """The whole trace of a run, from its final (or interrupted) state."""
    rows = [*_opening(state, model_spec), *_conversation(state), *_ending(state)]
    return tuple(
        TraceEvent(seq=n, node=node, event=event, data=data) for n, (node, event, data) in enumerate(rows, 1)
    )


def _opening(state: State, model_spec: str) -> Iterator[tuple[str, str, Json]]:
    facts = state["facts"].model_dump(mode="json")
    yield "gather", "facts", facts
    yield "code", "model", {"spec": model_spec, "prompt_hashes": prompt_hashes()}


def _conversation(state: State) -> Iterator[tuple[str, str, Json]]:
    rounds = {r.after_message: r for r in state["rounds"]}
    for number, message in enumerate(state["messages"], 1):
        yield from _message(message)
        if number in rounds:
            yield "self_check", "judged", rounds[number].model_dump(mode="json", exclude={"after_message"})


def _message(message: BaseMessage) -> Iterator[tuple[str, str, Json]]:
    if isinstance(message, SystemMessage):
        return
    if isinstance(message, AIMessage):
        yield "code", "turn", {"text": str(message.text), "calls": [_call(c) for c in message.tool_calls]}
    elif isinstance(message, ToolMessage):
        yield "tools", "answer", _answer(message)
    elif isinstance(message, HumanMessage) and message.id != "encounter":
        yield "self_check", "told_coder", {"text": str(message.text)}


def _call(call: Any) -> Json:
    return {"id": call["id"], "tool": call["name"], "args": call["args"]}


def _answer(message: ToolMessage) -> Json:
    return {
        "id": message.tool_call_id,
        "tool": message.name,
        "ok": message.status != "error",
        "content": str(message.content),
    }


def _ending(state: State) -> Iterator[tuple[str, str, Json]]:
    decision = state.get("decision")
    if decision is not None:
        yield "review", "decided", decision.model_dump(mode="json", exclude={"proposal"})
    yield (
        "triage",
        "outcome",
        {
            "status": state["status"],
            "reasons": [r.model_dump() for r in state["reasons"]],
            "limit": state["limit"],
        },
    )


def dump_trace(events: tuple[TraceEvent, ...]) -> bytes:
    """One compact JSON object a line."""
    return b"".join(orjson.dumps(e.model_dump(mode="json")) + b"\n" for e in events)


class TraceError(Exception):
    """A trace file can not be read: the message names file and line."""


def load_trace(path: Path) -> tuple[TraceEvent, ...]:
    """Read a trace file back.

    Raises:
        TraceError: the file is missing or a line is not a trace event.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise TraceError(f"{path}: can not be read ({type(error).__name__})") from error
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(TraceEvent.model_validate(orjson.loads(line)))
        except ValueError as error:
            raise TraceError(f"{path}:{number}: not a trace event") from error
    return tuple(events)
