"""review: ask a person, and nothing else (a node with an interrupt runs again from its first line)."""

from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from agent.context import Context
from agent.identity import claim_sha256
from agent.state import Decision, State

Next = Literal["self_check", "triage", "__end__"]


def review(state: State, runtime: Runtime[Context]) -> Command[Next]:
    """Wait for a decision; approval goes back through triage, what changes the judgement through self_check, a rejection ends."""
    claim = state["claim"]
    answer = interrupt(
        {
            "encounter_id": state["facts"].encounter_id,
            "claim_sha256": claim_sha256(claim) if claim else None,
            "reasons": [r.model_dump() for r in state["reasons"]],
        }
    )
    goto, update = decided(Decision.model_validate(answer), state)
    return Command(goto=goto, update=update)


def decided(decision: Decision, state: State) -> tuple[Next, dict[str, Any]]:
    """Where a decision leads, and what it changes in the state."""
    decision = decision.model_copy(update={"after_round": len(state["rounds"])})
    update: dict[str, Any] = {"decision": decision, "decisions": (decision,)}
    if decision.action == "reject":
        return "__end__", {**update, "status": "rejected"}
    if decision.proposal is not None:
        return "self_check", {**update, "status": None, "proposal": decision.proposal}
    return "triage", update
