"""emit: write all renderings from one claim object, atomically, once."""

from langgraph.runtime import Runtime

from agent.context import Context
from agent.outputs import emit_outputs
from agent.state import State, Update


def emit(state: State, runtime: Runtime[Context]) -> Update:
    """Take control numbers, write the output folder, record the emission."""
    claim = state["claim"]
    if claim is None:
        raise ValueError("emit was reached without a claim")
    final = claim.model_copy(update={"draft": False})
    done = state.copy()
    done.update({"claim": final, "status": "emitted"})
    return {"claim": emit_outputs(done, runtime.context), "status": "emitted"}
