"""code: the only node that talks to a model. It works by tool calls and ends with propose_claim, alone in its turn."""

import time
from decimal import Decimal
from typing import Literal

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.context import Context, Limits
from agent.models import call_options
from agent.models.prices import cost_usd
from agent.state import State, Usage
from tools import load_tools
from tools.propose import REFUSED

PROPOSE = "propose_claim"
NUDGE = "Your turn ended without a tool call. Go on with the tools, or hand in with propose_claim (alone in its turn)."
MALFORMED = (
    "This turn held a tool call whose arguments are not valid JSON: nothing of it was run; call again."
)
CUT = "This turn was cut at the output limit: nothing of it was run; call again with less in one turn."
ALONE = "propose_claim must be alone in its turn: nothing of this turn was run. Call the other tools first, then hand in."


def code(state: State, runtime: Runtime[Context]) -> Command[Literal["tools", "code", "triage"]]:
    """Ask the model for its next step and route it: to the tools, back with advice, or to triage at a limit.

    Errors of the model's provider (after the retry policy) surface; a reply that breaks the protocol is answered.
    """
    usage = state["usage"]
    started = usage.started or time.time()
    limit = _limit(usage, started, runtime.context.limits)
    if limit:
        return Command(goto="triage", update={"limit": limit})
    reply = _ask(runtime.context, state["messages"])
    usage = _spent(usage, reply, started, runtime.context.model_spec)
    refusal = _stopped(reply) or _stuck(state["messages"], reply)
    if refusal:
        return Command(goto="triage", update={"messages": [reply], "usage": usage, "limit": refusal})
    answers = _protocol_answers(reply)
    if answers:
        return Command(goto="code", update={"messages": [reply, *answers], "usage": usage})
    return Command(goto="tools", update={"messages": [reply], "usage": usage})


def _ask(context: Context, messages: list[AnyMessage]) -> AIMessage:
    reply = context.model.bind_tools(load_tools()).invoke(messages, **call_options(context.model_spec))
    if not isinstance(reply, AIMessage):
        raise TypeError(f"the model answered with {type(reply).__name__}, not a chat message")
    return reply


def _limit(usage: Usage, started: float, limits: Limits) -> str | None:
    checks = (
        (usage.turns >= limits.turns, f"the limit of {limits.turns} model turns is used up"),
        (
            usage.input_tokens + usage.output_tokens >= limits.tokens,
            f"the limit of {limits.tokens} tokens is used up",
        ),
        (usage.cost_usd >= limits.cost_usd, f"the limit of {limits.cost_usd} USD is used up"),
        (time.time() - started >= limits.seconds, f"the limit of {limits.seconds:g} seconds is used up"),
    )
    return next((text for hit, text in checks if hit), None)


def _spent(usage: Usage, reply: AIMessage, started: float, spec: str) -> Usage:
    used = reply.usage_metadata
    tokens_in, tokens_out = (used["input_tokens"], used["output_tokens"]) if used else (0, 0)
    return Usage(
        turns=usage.turns + 1,
        tool_calls=usage.tool_calls + len(reply.tool_calls),
        input_tokens=usage.input_tokens + tokens_in,
        output_tokens=usage.output_tokens + tokens_out,
        cost_usd=usage.cost_usd + (cost_usd(spec, reply) if used else Decimal(0)),
        started=started,
    )


STOPS = {
    "guardrail_intervened": "the model's guardrail stopped the conversation",
    "content_filtered": "the model's content filter stopped the conversation",
    "model_context_window_exceeded": "the encounter does not fit the model's context window",
}


def _stopped(reply: AIMessage) -> str | None:
    """A provider stop that no further turn can mend; the encounter is held for a person."""
    return STOPS.get(_stop_reason(reply))


def _stop_reason(reply: AIMessage) -> str:
    return str(reply.response_metadata.get("stopReason", reply.response_metadata.get("stop_reason", "")))


def _stuck(messages: list[AnyMessage], reply: AIMessage) -> str | None:
    """The turn that was just refused, said again: the answer would be the same, so the encounter is held with it."""
    last = next((n for n in range(len(messages) - 1, -1, -1) if isinstance(messages[n], AIMessage)), None)
    if last is None or _said(messages[last]) != _said(reply):
        return None
    answers = messages[last + 1 :]
    if not answers or not all(_is_refusal(m) for m in answers):
        return None
    return f"the coder has no other answer than the one refused: {_refusal(answers)}"


def _said(message: AnyMessage) -> tuple[object, ...]:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return (str(message.content), *((c["name"], c["args"]) for c in calls))


def _is_refusal(message: AnyMessage) -> bool:
    if isinstance(message, ToolMessage):
        return message.status == "error"
    return message.content == NUDGE


def _refusal(answers: list[AnyMessage]) -> str:
    """Why, in the words of propose_claim, which name no one; of any other refusal only that it was one."""
    found = next((m for m in map(_claim_refused, answers) if m), None)
    return found or "a turn that breaks the protocol"


def _claim_refused(message: AnyMessage) -> str:
    told = str(message.content).replace("\\n", "\n").partition(REFUSED)[2]
    return "; ".join(x[2:].rstrip("')") for x in told.splitlines() if x.startswith("- "))


def _protocol_answers(reply: AIMessage) -> list[AnyMessage]:
    """What to tell a model whose turn breaks the protocol; empty when the turn is in order."""
    if reply.invalid_tool_calls:
        return _refused(reply, MALFORMED)
    if _stop_reason(reply) == "max_tokens" and reply.tool_calls:
        return _refused(reply, CUT)
    if not reply.tool_calls:
        return [HumanMessage(NUDGE)]
    names = [call["name"] for call in reply.tool_calls]
    if PROPOSE in names and len(names) > 1:
        return [
            ToolMessage(ALONE, tool_call_id=str(call["id"]), name=call["name"], status="error")
            for call in reply.tool_calls
        ]
    return []


def _refused(reply: AIMessage, text: str) -> list[AnyMessage]:
    calls = [*reply.tool_calls, *reply.invalid_tool_calls]
    return [
        ToolMessage(text, tool_call_id=str(call["id"]), name=call["name"] or "", status="error")
        for call in calls
    ]
