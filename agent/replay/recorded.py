"""A recorded run handed out again: its model turns as a chat model, its decisions, and what its store knew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from agent.emissions import Emission
from agent.identity import claim_sha256
from agent.state import CheckRound, Decision
from agent.store import Store
from agent.trace import TraceError, TraceEvent
from tools.claim.model import Claim
from tools.encounter import EncounterFacts
from tools.examples import Example

Json = dict[str, Any]


class RecordingEnded(Exception):  # noqa: N818 - an end, not an error of anyone
    """The model was asked once more than the recording has replies; ``values`` is the state it had come to."""

    def __init__(self) -> None:
        """The state is filled in by the one who runs the course."""
        super().__init__("the recording has no further reply")
        self.values: dict[str, Any] = {}


class TurnMisfit(Exception):  # noqa: N818 - told by the fork in its own words
    """A recorded turn is not what the coder would have said on these answers."""


class RecordedModel(BaseChatModel):
    """Hands out recorded replies by their place in the conversation; after the last one a live model, if given, goes on."""

    replies: tuple[AIMessage, ...]
    live: BaseChatModel | None = None
    fitting: bool = False
    """Whether each recorded turn must be what the live model says there (the embedded coder can only go on with its own)."""

    @property
    def _llm_type(self) -> str:
        return "recorded"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """Recorded replies need no tools; the live model is told them when its turn comes."""
        if self.live is None:
            return self
        return _Continued(self.replies, self.live.bind_tools(tools, **kwargs), fitting=self.fitting)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        reply = recorded_reply(self.replies, messages)
        if reply is None:
            raise RecordingEnded
        return ChatResult(generations=[ChatGeneration(message=reply)])


class _Continued(Runnable[Any, AIMessage]):
    """The recorded replies first, then the live model with its tools bound."""

    def __init__(
        self, replies: tuple[AIMessage, ...], live: Runnable[Any, AIMessage], *, fitting: bool
    ) -> None:
        self._replies = replies
        self._live = live
        self._fitting = fitting

    def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> AIMessage:
        """The next reply of this conversation."""
        reply = recorded_reply(self._replies, input)
        if reply is None or self._fitting:
            said = self._live.invoke(input, config, **kwargs)
            if reply is not None and _asked(said) != _asked(reply):
                raise TurnMisfit
            return said if reply is None else reply
        return reply


def _asked(message: AIMessage) -> list[tuple[str, Any]]:
    return [(c["name"], c["args"]) for c in message.tool_calls]


def recorded_reply(replies: Sequence[AIMessage], messages: Sequence[BaseMessage]) -> AIMessage | None:
    """The reply that belongs after so many turns; None when the recording has none."""
    turn = sum(isinstance(m, AIMessage) for m in messages)
    return replies[turn] if turn < len(replies) else None


def of_kind(events: Sequence[TraceEvent], kind: str) -> list[TraceEvent]:
    """The events of one kind."""
    return [e for e in events if e.event == kind]


def one_of_kind(events: Sequence[TraceEvent], kind: str) -> Json:
    """The data of the only event of a kind.

    Raises:
        TraceError: the trace has none.
    """
    found = of_kind(events, kind)
    if not found:
        raise TraceError(f"the trace has no {kind} event: it can not be replayed; code the encounter again")
    return found[0].data


def recorded_facts(events: Sequence[TraceEvent]) -> EncounterFacts:
    """What was gathered, documents included."""
    return EncounterFacts.model_validate(one_of_kind(events, "facts"))


def recorded_turns(events: Sequence[TraceEvent], before: int | None = None) -> tuple[AIMessage, ...]:
    """The model's replies as it gave them, those before event ``before`` when given."""
    turns = [e for e in of_kind(events, "turn") if before is None or e.seq < before]
    return tuple(as_message(e.data, n) for n, e in enumerate(turns, 1))


def as_message(turn: Json, number: int) -> AIMessage:
    """One recorded turn as the message it was."""
    calls = [
        {"name": c["tool"], "args": c["args"], "id": c["id"], "type": "tool_call"} for c in turn["calls"]
    ]
    return AIMessage(
        content=turn.get("content", turn["text"]),
        tool_calls=calls,
        invalid_tool_calls=turn.get("invalid_calls", []),
        response_metadata=turn.get("stop", {}),
        usage_metadata=turn.get("usage"),
        id=f"recorded-{number}",
    )


def recorded_decisions(events: Sequence[TraceEvent]) -> tuple[Decision, ...]:
    """What people decided, in order."""
    return tuple(Decision.model_validate(e.data) for e in of_kind(events, "decided"))


@dataclass(frozen=True)
class RecordedExamples:
    """The approved cases that the run was shown; what was approved since then does not change a replay."""

    shown: tuple[Example, ...]

    def similar(self, text: str, *, limit: int, leave_out: str = "") -> tuple[Example, ...]:
        """See ``tools.examples.Examples``."""
        return self.shown


def recorded_examples(events: Sequence[TraceEvent]) -> RecordedExamples | None:
    """The approved cases of the run's get_encounter answer; None when it consulted none."""
    for event in of_kind(events, "answer"):
        if event.data["tool"] == "get_encounter" and event.data["ok"]:
            shown = orjson.loads(event.data["content"]).get("similar_cases")
            if shown is not None:
                return RecordedExamples(tuple(Example.model_validate({**e, "encounter": ""}) for e in shown))
    return None


class RecordedStore(Store):
    """What the run's store answered about emissions; it opens no file, and anything else asked of it fails."""

    def __init__(self, rounds: Sequence[CheckRound]) -> None:
        """Remember the day and the live original that each judged claim had; an unknown claim has those of the last."""
        self._rounds = tuple(rounds)
        self._by_claim = {r.claim_sha256: r for r in rounds}
        self._asked = 0

    def emission(self, claim: Claim) -> Emission | None:
        """The day on which this claim was first made, as the run saw it; each judgement asks for it once, at its beginning."""
        self._asked += 1
        known = self._known(claim)
        return Emission(number=1, created=known.created) if known and known.created else None

    def live_original(self, claim: Claim) -> str | None:
        """The other claim of the encounter that was live when this one was judged."""
        known = self._known(claim)
        return known.corrects if known else None

    def billed_elsewhere(self, claim: Claim) -> tuple[str, ...]:
        """Codes of lines that had gone out under another encounter when this claim was judged."""
        known = self._known(claim)
        return known.doubles if known else ()

    def turned_back(self, claim: Claim) -> bool:
        """Whether the run's emission of this claim was refused for what had gone out meanwhile, and it was judged again."""
        now, then = self._round(self._asked), self._round(self._asked + 1)
        if not now or not then or not now.claim_sha256 == then.claim_sha256 == claim_sha256(claim):
            return False
        return bool(set(then.doubles) - set(now.doubles))

    def _known(self, claim: Claim) -> CheckRound | None:
        sha256, now = claim_sha256(claim), self._round(self._asked)
        if now and now.claim_sha256 == sha256:
            return now
        return self._by_claim.get(sha256, self._rounds[-1] if self._rounds else None)

    def _round(self, number: int) -> CheckRound | None:
        return self._rounds[number - 1] if 0 < number <= len(self._rounds) else None


def recorded_store(events: Sequence[TraceEvent]) -> RecordedStore:
    """The store's answers as the judgements kept them."""
    rounds = [CheckRound.model_validate({**e.data, "after_message": 0}) for e in of_kind(events, "judged")]
    return RecordedStore(rounds)
