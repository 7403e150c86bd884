"""emit: write all renderings from one claim object, atomically, once."""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.context import Context
from agent.doubles import BilledElsewhereError
from agent.outputs import emit_outputs
from agent.state import State


def emit(state: State, runtime: Runtime[Context]) -> Command[Literal["self_check", "__end__"]]:
    """Take control numbers, write the output folder, record the emission.

    What went out under another encounter since the claim was judged (a second id of one visit, approved or coded at the same
    time) is a new fact: the claim is judged again with it, and an approval given without it does not hold.
    """
    claim = state["claim"]
    if claim is None:
        raise ValueError("emit was reached without a claim")
    final = claim.model_copy(update={"draft": False})
    done = state.copy()
    done.update({"claim": final, "status": "emitted"})
    try:
        went_out = emit_outputs(done, runtime.context)
    except BilledElsewhereError:
        return Command(goto="self_check", update={"status": None})
    return Command(goto="__end__", update={"claim": went_out, "status": "emitted"})
