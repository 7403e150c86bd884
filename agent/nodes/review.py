"""review: ask a person, and nothing else (a node with an interrupt runs again from its first line)."""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from agent.context import Context
from agent.identity import claim_sha256
from agent.state import Decision, State


def review(state: State, runtime: Runtime[Context]) -> Command[Literal["self_check", "triage", "__end__"]]:
    """Wait for a decision; approval goes back through triage, an amendment through self_check, a rejection ends."""
    claim = state["claim"]
    answer = interrupt(
        {
            "encounter_id": state["facts"].encounter_id,
            "claim_sha256": claim_sha256(claim) if claim else None,
            "reasons": [r.model_dump() for r in state["reasons"]],
        }
    )
    decision = Decision.model_validate(answer)
    if decision.action == "reject":
        return Command(goto="__end__", update={"status": "rejected", "decision": decision})
    if decision.action == "amend" and decision.proposal is not None:
        return Command(goto="self_check", update={"decision": decision, "proposal": decision.proposal})
    return Command(goto="triage", update={"decision": decision})
