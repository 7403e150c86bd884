"""How the embedded coder converses: a generator asks tools and receives their answers; it is replayed from the messages each turn."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One tool call that the coder wants."""

    tool: str
    args: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A tool's answer: parsed JSON, or the error text; ``findings`` are the self-check's for a claim."""

    data: Json
    error: str | None = None
    findings: tuple[Json, ...] = ()


Coder = Generator[tuple[Ask, ...], tuple[Answer, ...], None]


class ConversationError(Exception):
    """The messages are not a conversation that this coder had (another model's, or edited)."""


def next_asks(program: Callable[[], Coder], messages: Sequence[BaseMessage]) -> tuple[Ask, ...]:
    """Replay the conversation through a fresh coder and return what it asks next; empty when it has nothing left."""
    coder = program()
    asks = next(coder)
    for turn in _turns(messages):
        if len(turn) != len(asks):
            raise ConversationError(f"a turn has {len(turn)} answers where the coder asked {len(asks)} times")
        try:
            asks = coder.send(turn)
        except StopIteration:
            return ()
    return asks


def _turns(messages: Sequence[BaseMessage]) -> Iterator[tuple[Answer, ...]]:
    """The answers to each model turn, in the order of its calls."""
    starts = [i for i, m in enumerate(messages) if isinstance(m, AIMessage)]
    for start, end in pairwise([*starts, len(messages)]):
        calls = messages[start]
        if isinstance(calls, AIMessage) and calls.tool_calls:
            yield _answers(calls, messages[start + 1 : end])


def _answers(calls: AIMessage, replies: Sequence[BaseMessage]) -> tuple[Answer, ...]:
    by_id = {m.tool_call_id: m for m in replies if isinstance(m, ToolMessage)}
    findings = tuple(
        f for m in replies if isinstance(m, HumanMessage) for f in m.additional_kwargs.get("findings", ())
    )
    return tuple(_answer(by_id.get(str(call["id"])), findings) for call in calls.tool_calls)


def _answer(reply: ToolMessage | None, findings: tuple[Json, ...]) -> Answer:
    if reply is None:
        return Answer(data={}, error="no answer")
    text = str(reply.content)
    if reply.status == "error":
        return Answer(data={}, error=text)
    data = orjson.loads(text) if text else {}
    return Answer(data=data if isinstance(data, dict) else {}, findings=findings)
