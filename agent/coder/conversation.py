"""How the embedded coder converses: a generator asks tools and receives their answers; it is replayed from the messages each turn."""

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
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
    """Replay the conversation through a coder and return what it asks next; empty when it has nothing left.

    What a coder asks is a function of the answers alone, so a coder that has heard all but the last turn of this very
    conversation may be taken up again (``_Waiting``); without one a fresh coder hears everything.
    """
    turns = list(_turns(messages))
    waiting = _WAITING.take(program, tuple(t.key for t in turns[:-1])) if turns else None
    coder, asks = waiting or _fresh(program)
    for turn in turns[-1:] if waiting else turns:
        answers = turn.answers()
        if len(answers) != len(asks):
            raise ConversationError(
                f"a turn has {len(answers)} answers where the coder asked {len(asks)} times"
            )
        try:
            asks = coder.send(answers)
        except StopIteration:
            return ()
    _WAITING.keep(program, tuple(t.key for t in turns), coder, asks)
    return asks


def _fresh(program: Callable[[], Coder]) -> tuple[Coder, tuple[Ask, ...]]:
    coder = program()
    return coder, next(coder)


class _Waiting:
    """Coders that wait for their next answers, by the whole conversation they have heard; the oldest are let go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._coders: OrderedDict[tuple[object, ...], tuple[Coder, tuple[Ask, ...]]] = OrderedDict()

    def take(
        self, program: Callable[[], Coder], heard: tuple[object, ...]
    ) -> tuple[Coder, tuple[Ask, ...]] | None:
        """The coder that has heard exactly this, at most once; None when there is none."""
        with self._lock:
            return self._coders.pop((program, *heard), None)

    def keep(
        self, program: Callable[[], Coder], heard: tuple[object, ...], coder: Coder, asks: tuple[Ask, ...]
    ) -> None:
        """Let a coder wait."""
        with self._lock:
            self._coders[(program, *heard)] = (coder, asks)
            while len(self._coders) > self._most:
                self._coders.popitem(last=False)


_WAITING = _Waiting(most=16)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Turn:
    """One model turn with its replies, not parsed yet; ``key`` is all that the answers depend on."""

    calls: AIMessage
    replies: tuple[BaseMessage, ...]

    @property
    def key(self) -> tuple[object, ...]:
        calls = tuple((c["id"], c["name"]) for c in self.calls.tool_calls)
        told = tuple((m.type, str(m.content), getattr(m, "status", "")) for m in self.replies)
        return (calls, told)

    def answers(self) -> tuple[Answer, ...]:
        return _answers(self.calls, self.replies)


def _turns(messages: Sequence[BaseMessage]) -> Iterator[_Turn]:
    """Each model turn that called tools, with what was answered."""
    starts = [i for i, m in enumerate(messages) if isinstance(m, AIMessage)]
    for start, end in pairwise([*starts, len(messages)]):
        calls = messages[start]
        if isinstance(calls, AIMessage) and calls.tool_calls:
            yield _Turn(calls=calls, replies=tuple(messages[start + 1 : end]))


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
