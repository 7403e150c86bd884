"""emit: write all renderings from one claim object, atomically, once."""

from langgraph.runtime import Runtime

from agent.context import Context
from agent.outputs import emit_outputs
from agent.state import State


def emit(state: State, runtime: Runtime[Context]) -> State:
    """Take control numbers, write the output folder, record the emission."""
    claim = state["claim"]
    if claim is None:
        raise ValueError("emit was reached without a claim")
    final = claim.model_copy(update={"draft": False})
    done = State(**{**state, "claim": final, "status": "emitted"})
    emit_outputs(done, runtime.context)
    return State(claim=final, status="emitted")
