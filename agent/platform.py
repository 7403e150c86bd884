"""The graph as ``langgraph dev`` and LangGraph Platform serve it: a factory without arguments that brings its own context.

The platform gives a run its input and its checkpointer, but no Context (model, bookshelf, policy come from the environment),
so the coding graph runs inside one node of the served graph. What it asks a person is the served graph's interrupt.
"""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from agent.state import InputState, OutputState

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from agent.context import Context


def make_graph() -> "CompiledStateGraph[Any, None, InputState, OutputState]":
    """The served graph; input ``{"encounter": <FHIR Bundle or note as text>}``."""
    from langgraph.graph import END, START, StateGraph

    from agent.graph import build_graph

    inner = build_graph()

    def superbill(state: InputState) -> OutputState:
        today = date.today()  # noqa: DTZ011 - the practice's own day; a server runs for many days
        done: Any = inner.invoke(state, context=replace(_context(), today=today))
        answer: OutputState = done
        return answer

    graph = StateGraph(OutputState, input_schema=InputState, output_schema=OutputState)
    graph.add_node("superbill", superbill, input_schema=InputState)
    graph.add_edge(START, "superbill")
    graph.add_edge("superbill", END)
    return graph.compile(name="superbill")


@cache
def _context() -> "Context":
    from agent.policy import load_policy
    from agent.run import make_context
    from agent.settings import load_settings

    settings = load_settings()
    return make_context(settings, policy=load_policy(settings.policy))
