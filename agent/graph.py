"""The graph: wiring only. A factory, so that nothing is built at import."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, ToolException
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import RetryPolicy

from agent.context import Context
from agent.models.retry import is_transient
from agent.nodes.code import PROPOSE, code
from agent.nodes.emit import emit
from agent.nodes.gather import gather
from agent.nodes.review import review
from agent.nodes.self_check import self_check
from agent.nodes.triage import triage
from agent.state import InputState, OutputState, State
from tools import load_tools

RETRY = RetryPolicy(
    max_attempts=5, initial_interval=0.5, backoff_factor=2.0, max_interval=20.0, retry_on=is_transient
)


def build_graph(
    checkpointer: BaseCheckpointSaver[str] | None = None,
    *,
    retry: RetryPolicy = RETRY,
    tools: Sequence[BaseTool] | None = None,
    nodes: Mapping[str, Any] | None = None,
) -> CompiledStateGraph[State, Context, InputState, OutputState]:
    """Compile the coding graph.

    Args:
        checkpointer: where a run's steps are kept; without one a run can neither be resumed nor reviewed.
        retry: when a model call is tried again (throttling, timeouts, 5xx).
        tools: what answers the model's calls; the registry when not given (tests blank some).
        nodes: stand-ins for gather, code, review or emit by name (a replay gathers from a trace and emits nothing).
    """
    tool_node = ToolNode(list(tools or load_tools()), handle_tool_errors=ToolException)
    graph = StateGraph(State, context_schema=Context, input_schema=InputState, output_schema=OutputState)
    given = nodes or {}
    graph.add_node("gather", given.get("gather", gather))
    graph.add_node("code", given.get("code", code), retry_policy=retry)
    graph.add_node("tools", tool_node)
    graph.add_node("self_check", self_check)
    graph.add_node("triage", triage)
    graph.add_node("review", given.get("review", review))
    graph.add_node("emit", given.get("emit", emit))
    graph.add_edge(START, "gather")
    graph.add_edge("gather", "code")
    graph.add_conditional_edges("tools", after_tools)
    return graph.compile(checkpointer=checkpointer, name="superbill")


def after_tools(state: State) -> Literal["code", "self_check"]:
    """A claim that was accepted goes to the self-check; every other answer goes back to the coder."""
    last = state["messages"][-1]
    accepted = isinstance(last, ToolMessage) and last.name == PROPOSE and last.status != "error"
    return "self_check" if accepted else "code"
