"""A run of the graph from known facts: nothing is gathered, nothing is written, nothing is emitted."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.context import Context
from agent.graph import build_graph
from agent.nodes.code import code
from agent.nodes.gather import opened
from agent.nodes.review import decided
from agent.replay.recorded import RecordedStore, RecordingEnded
from agent.run import state_types
from agent.state import Decision, State
from tools.encounter import EncounterFacts

THREAD = "course"


@dataclass(frozen=True, kw_only=True)
class CourseContext(Context):
    """The surroundings of a replayed or forked run.

    Attributes:
        facts: what the run starts from.
        decisions: what people decide, in order, when it is held.
        ends_by: turn number after which the recorded run was stopped, and the limit that stopped it.
    """

    facts: EncounterFacts
    decisions: tuple[Decision, ...] = ()
    ends_by: tuple[int, str] | None = None


def run_course(context: CourseContext) -> State:
    """Run the graph to its end, or to where the recording ends (the state is then that of the last step)."""
    graph = _graph(bool(context.decisions))
    config: RunnableConfig = {
        "configurable": {"thread_id": f"{THREAD}-{id(context)}"},
        "recursion_limit": 10 + 4 * context.limits.turns,
    }
    values: dict[str, Any] = {}
    try:
        values = _streamed(graph, {"encounter": ""}, config, context, values)
        for decision in context.decisions:
            values = _carried_out(graph, decision, config, context, values)
    except RecordingEnded as ended:
        values = ended.values
    finally:
        if isinstance(graph.checkpointer, InMemorySaver):
            graph.checkpointer.delete_thread(str(config["configurable"]["thread_id"]))
    state: Any = values
    done: State = state
    return done


def _streamed(
    graph: Any, step: Any, config: RunnableConfig, context: CourseContext, values: dict[str, Any]
) -> dict[str, Any]:
    """Run one step to its end and return the state it leaves; where the recording ends, that of the last node."""
    keys = list(State.__annotations__)
    try:
        for given in graph.stream(step, config, context=context, stream_mode="values", output_keys=keys):
            values = {k: v for k, v in given.items() if k != "__interrupt__"} if "facts" in given else values
    except RecordingEnded as ended:
        ended.values = values
        raise
    return values


def _carried_out(
    graph: Any, decision: Decision, config: RunnableConfig, context: CourseContext, values: dict[str, Any]
) -> dict[str, Any]:
    """A decision as the desk carries it out: a waiting run is resumed, a finished one taken up where the decision leads."""
    snapshot = graph.get_state(config)
    if snapshot.interrupts:
        return _streamed(graph, Command(resume=decision.model_dump(mode="json")), config, context, values)
    goto, update = decided(decision, snapshot.values)
    if goto == "__end__":
        graph.update_state(config, update, as_node="review")
        ended: dict[str, Any] = graph.get_state(config).values
        return ended
    return _streamed(graph, Command(goto=goto, update=update), config, context, values)


@cache
def _graph(resumable: bool) -> Any:
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=state_types()))
    nodes = {"gather": _gather, "code": _code, "emit": _emit}
    return build_graph(saver if resumable else None, nodes=nodes)


def _course(context: Context) -> CourseContext:
    if not isinstance(context, CourseContext):
        raise TypeError("a course runs on a CourseContext")
    return context


def _gather(state: State, runtime: Runtime[Context]) -> State:
    return opened(_course(runtime.context).facts)


def _code(state: State, runtime: Runtime[Context]) -> Command[Literal["tools", "code", "triage"]]:
    """The live node; where the recorded run was stopped by a limit (the clock's too), the course is stopped as well."""
    ends_by = _course(runtime.context).ends_by
    turns = sum(isinstance(m, AIMessage) for m in state["messages"])
    if ends_by is not None and turns >= ends_by[0]:
        return Command(goto="triage", update={"limit": ends_by[1]})
    return code(state, runtime)


def _emit(state: State, runtime: Runtime[Context]) -> Command[Literal["self_check", "__end__"]]:
    """What went out meanwhile turns a course back where it turned back the recorded run."""
    claim, store = state["claim"], runtime.context.store
    if claim is None:
        raise ValueError("emit was reached without a claim")
    if isinstance(store, RecordedStore) and store.turned_back(claim):
        return Command(goto="self_check", update={"status": None})
    return Command(
        goto="__end__", update={"claim": claim.model_copy(update={"draft": False}), "status": "emitted"}
    )
