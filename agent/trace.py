"""The decision trace: an append-only projection of a run's state into events, one JSON object a line, sealed by a chain.

It is our own record (checkpoints are not): what was gathered, the settings that decide, model turns as they came, tool
calls with their answers, each judgement of the self-check, people's decisions, the outcome. Same inputs give the same
bytes; no clock is in them. Each line carries the hash of itself and of the line before.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agent import vault
from agent.context import Context
from agent.identity import claim_sha256
from agent.prompts import prompt_hashes
from agent.state import CheckRound, State
from agent.surroundings import surroundings
from knowledge.records import Record

Json = dict[str, Any]
Row = tuple[str, str, Json]


class TraceEvent(Record):
    """One event: its place in the run, the node that caused it, what happened."""

    seq: int
    node: str
    event: str
    data: Json


class SealedLine(TraceEvent):
    """An event as a line of a trace file: ``chain`` is the hash over this line and the one before."""

    chain: str = ""


def trace_events(state: State, context: Context, *, what_if: Json | None = None) -> tuple[TraceEvent, ...]:
    """The whole trace of a run, from its final (or interrupted) state.

    Args:
        state: of the run.
        context: the run's surroundings.
        what_if: for a fork, what was changed and in which trace; marks the trace as one that never was.
    """
    rows = [*_opening(state, context, what_if), *_conversation(state), *_ending(state)]
    return tuple(
        TraceEvent(seq=n, node=node, event=event, data=data) for n, (node, event, data) in enumerate(rows, 1)
    )


def _opening(state: State, context: Context, what_if: Json | None) -> Iterator[Row]:
    yield "gather", "facts", state["facts"].model_dump(mode="json")
    yield "gather", "settings", surroundings(context, state["facts"], state["claim"])
    if what_if is not None:
        yield "fork", "what_if", what_if
    yield "code", "model", {"spec": context.model_spec, "prompt_hashes": prompt_hashes()}


def _conversation(state: State) -> Iterator[Row]:
    """Messages in order, the judgements after the message they followed; then each decision of a person and its judgement."""
    decisions = state.get("decisions", ())
    first = decisions[0].after_round if decisions else len(state["rounds"])
    by_coder = state["rounds"][:first]
    for number, message in enumerate(state["messages"], 1):
        yield from _message(message)
        yield from (_judged(judged) for judged in by_coder if judged.after_message == number)
    ends = [*(d.after_round for d in decisions[1:]), len(state["rounds"])]
    for decision, end in zip(decisions, ends, strict=False):
        yield "review", "decided", decision.model_dump(mode="json")
        yield from map(_judged, state["rounds"][decision.after_round : end])


def _judged(judged: CheckRound) -> Row:
    return "self_check", "judged", judged.model_dump(mode="json", exclude={"after_message"})


def _message(message: BaseMessage) -> Iterator[Row]:
    if isinstance(message, SystemMessage):
        return
    if isinstance(message, AIMessage):
        yield "code", "turn", _turn(message)
    elif isinstance(message, ToolMessage):
        yield "tools", "answer", _answer(message)
    elif isinstance(message, HumanMessage) and message.id != "encounter":
        yield "self_check", "told_coder", {"text": str(message.text)}


STOP_KEYS = ("stopReason", "stop_reason")


def _turn(message: AIMessage) -> Json:
    """The reply as it came; what is absent (blocks, malformed calls, stop reason, usage) takes no room."""
    turn: Json = {"text": str(message.text), "calls": [_call(c) for c in message.tool_calls]}
    if not isinstance(message.content, str):
        turn["content"] = message.content
    if message.invalid_tool_calls:
        turn["invalid_calls"] = [dict(c) for c in message.invalid_tool_calls]
    stop = {k: message.response_metadata[k] for k in STOP_KEYS if k in message.response_metadata}
    if stop:
        turn["stop"] = stop
    if message.usage_metadata:
        turn["usage"] = dict(message.usage_metadata)
    return turn


def _call(call: Any) -> Json:
    return {"id": call["id"], "tool": call["name"], "args": call["args"]}


def _answer(message: ToolMessage) -> Json:
    return {
        "id": message.tool_call_id,
        "tool": message.name,
        "ok": message.status != "error",
        "content": str(message.content),
    }


def _ending(state: State) -> Iterator[Row]:
    claim = state["claim"]
    yield (
        "triage",
        "outcome",
        {
            "status": state["status"],
            "reasons": [r.model_dump() for r in state["reasons"]],
            "limit": state["limit"],
            "claim_sha256": claim_sha256(claim) if claim else None,
        },
    )


def dump_trace(events: Iterable[TraceEvent]) -> bytes:
    """One compact JSON object a line, each sealed over the one before (``chain``)."""
    lines, before = [], ""
    for event in events:
        row = event.model_dump(mode="json")
        before = _sealed(row, before)
        lines.append(orjson.dumps({**row, "chain": before}) + b"\n")
    return b"".join(lines)


def _sealed(row: Json, before: str) -> str:
    """Half a SHA-256 over the line before and this one: enough to recognise an alteration, no proof against a forger."""
    said = before.encode() + orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()[:32]


class TraceError(Exception):
    """A trace file can not be used: the message names file and line."""


def load_trace(path: Path) -> tuple[TraceEvent, ...]:
    """Read a trace file (or the one of an output folder) back and prove its chain.

    Raises:
        TraceError: the file is missing, a line is not a trace event or was altered, or the end is missing.
    """
    path = path / "trace.jsonl" if path.is_dir() else path
    try:
        lines = vault.read(path).splitlines()
    except OSError as error:
        raise TraceError(f"{path}: can not be read ({error.strerror}); give an output folder") from error
    return parse_trace(lines, str(path))


def parse_trace(lines: Iterable[bytes], where: str) -> tuple[TraceEvent, ...]:
    """Events of a trace's lines, the chain proven.

    Raises:
        TraceError: see ``load_trace``; ``where`` is named.
    """
    events, before = [], ""
    for number, line in enumerate(lines, 1):
        try:
            row = SealedLine.model_validate(orjson.loads(line)).model_dump()
        except ValueError as error:
            raise TraceError(f"{where}:{number}: not a trace event") from error
        chain = row.pop("chain")
        event = TraceEvent.model_validate(row)
        before = _sealed(row, before)
        if chain != before or event.seq != number:
            raise TraceError(f"{where}:{number}: the trace was altered here, or written by an older version")
        events.append(event)
    if not events or events[-1].event != "outcome":
        raise TraceError(f"{where}: the end of the trace is missing; code the encounter again")
    return tuple(events)
