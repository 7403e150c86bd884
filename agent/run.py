"""code_encounter(): the one entry that always passes Context, resumes a killed run and writes drafts of held encounters."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command, Durability

from agent.coding import Coding
from agent.context import Context
from agent.identity import thread_id
from agent.outputs import result, write_drafts
from agent.settings import Settings, load_settings
from agent.state import Decision, State
from tools.claim.model import Claim
from tools.fhir.source import RawEncounter
from tools.intake import read_bytes, read_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langgraph.graph.state import CompiledStateGraph
    from langgraph.types import StateSnapshot

    from agent.aws.place import Place


@dataclass(frozen=True, kw_only=True)
class CodingResult:
    """What code_encounter returns: the coding, the claim, and the final state (for traces, chat and evals)."""

    coding: Coding
    claim: Claim | None
    state: State
    thread: str
    out: "Place | None"

    @property
    def status(self) -> str:
        """emitted, held, blocked or rejected."""
        return self.coding.status


def make_context(settings: Settings, *, model_spec: str | None = None, **changes: Any) -> Context:
    """A Context from settings: opens the bookshelf, makes the model, reads the policy and the charge master.

    ``changes`` are fields of Context that replace the defaults (out, store, review, limits, ...).
    """
    from agent.models import make_model
    from agent.models.registry import resolved
    from agent.policy import load_policy
    from agent.shelf import open_bookshelf
    from tools.charges import ChargeMaster
    from tools.checks import CheckPolicy

    spec = resolved(model_spec or settings.model, settings.home / "store")
    defaults: dict[str, Any] = {
        "bookshelf": None,
        "charge_master": ChargeMaster.load(settings.charge_master) if settings.charge_master else None,
        "charge_multiple": settings.charge_multiple,
        "locality": settings.locality,
        "tenant": settings.tenant,
        "contact_phone": settings.contact_phone,
        "model_spec": spec,
        "model": None,
        "policy": load_policy(settings.policy),
        "check_policy": CheckPolicy.default(),
    }
    defaults |= changes
    if defaults["bookshelf"] is None:
        defaults["bookshelf"] = open_bookshelf(settings)
    if defaults["model"] is None:
        defaults["model"] = make_model(spec, settings)
    return Context(**defaults)


def code_encounter(
    encounter: RawEncounter | Mapping[str, Any] | str | Path,
    *,
    context: Context | None = None,
    checkpointer: BaseCheckpointSaver[str] | None = None,
    graph: "CompiledStateGraph[Any, Any, Any, Any] | None" = None,
) -> CodingResult:
    """Code one encounter.

    Args:
        encounter: a FHIR Bundle (parsed, or a path to its JSON), or a RawEncounter.
        context: surroundings; made from the environment when not given.
        checkpointer: keeps the run's steps, so that it can be resumed and reviewed.
        graph: a compiled graph to use again (build it once for many encounters).

    Raises:
        InputError: the encounter can not be read.
    """
    from agent.graph import build_graph

    raw = as_raw(encounter)
    context = replace(context or make_context(load_settings()), encounter=raw)
    graph = graph or build_graph(checkpointer)
    thread = thread_id(context.tenant, raw, context.model_spec)
    with _alone(context, raw):
        state = _invoke(graph, settings_of_run(thread, context), context)
        return finish(state, context, thread)


def settings_of_run(thread: str, context: Context) -> RunnableConfig:
    """LangGraph's configuration of the run in a thread."""
    return {
        "configurable": {"thread_id": thread},
        "recursion_limit": 10 + 4 * context.limits.turns,
    }


def _alone(context: Context, raw: RawEncounter) -> "AbstractContextManager[None]":
    """No one decides on an encounter of the store while it is coded, or codes it twice at once."""
    from agent.desk.source import encounter_id

    return context.store.alone(context.tenant, encounter_id(raw)) if context.store else nullcontext()


def as_raw(encounter: RawEncounter | Mapping[str, Any] | str | Path) -> RawEncounter:
    """The encounter as intake knows it, from a path, a parsed Bundle, or what intake made.

    Raises:
        InputError: it can not be read.
    """
    if isinstance(encounter, RawEncounter):
        return encounter
    if isinstance(encounter, Mapping):
        return read_bytes(orjson.dumps(encounter), "encounter.json")
    return read_one(Path(encounter))


async def acode_encounter(
    encounter: RawEncounter | Mapping[str, Any] | str | Path,
    *,
    context: Context | None = None,
    **options: Any,
) -> CodingResult:
    """code_encounter for callers with an event loop; the work runs in a worker thread."""
    return await asyncio.to_thread(code_encounter, encounter, context=context, **options)


def decide(
    graph: "CompiledStateGraph[Any, Any, Any, Any]", thread: str, decision: Decision, context: Context
) -> CodingResult:
    """Resume a held encounter with a person's decision."""
    config = settings_of_run(thread, context)
    graph.invoke(Command(resume=decision.model_dump(mode="json")), config, context=context, durability="sync")
    values: Any = graph.get_state(config).values
    return finish(values, context, thread)


def _invoke(
    graph: "CompiledStateGraph[Any, Any, Any, Any]", config: RunnableConfig, context: Context
) -> State:
    start = {"encounter": ""}
    if not graph.checkpointer:
        return _last_values(graph, start, config, context)
    snapshot = graph.get_state(config)
    unfinished = stopped_between(snapshot)
    if snapshot.values and not unfinished:
        forget(graph, config["configurable"]["thread_id"])
    graph.invoke(None if unfinished else start, config, context=context, durability=_durability(context))
    values: Any = graph.get_state(config).values
    state: State = values
    return state


def stopped_between(snapshot: "StateSnapshot") -> bool:
    """Did a kill stop this run, between two nodes or after a node whose outcome is kept and not applied yet?

    ``next`` does not name the latter: its task is done, only the step after it was never begun.
    """
    return bool(snapshot.tasks) and not snapshot.interrupts


def _durability(context: Context) -> Durability:
    """Paid model turns are saved step by step; the embedded coder's cost nothing and come out the same when run again.

    An interrupted run (held for a person) is saved either way.
    """
    return "exit" if context.model_spec == "rules" else "async"


def _last_values(
    graph: "CompiledStateGraph[Any, Any, Any, Any]",
    start: Mapping[str, Any],
    config: RunnableConfig,
    context: Context,
) -> State:
    """Without a checkpointer the whole last state is taken from the stream (the output schema is narrower)."""
    keys = list(State.__annotations__)
    last: Any = graph.invoke(start, config, context=context, output_keys=keys)
    state: State = last
    return state


def forget(graph: "CompiledStateGraph[Any, Any, Any, Any]", thread: str) -> None:
    """Delete a thread from the checkpointer."""
    saver = graph.checkpointer
    if isinstance(saver, BaseCheckpointSaver):
        saver.delete_thread(thread)


def finish(state: State, context: Context, thread: str) -> CodingResult:
    """Write the drafts of a run that did not emit, keep it in the store, and give its result."""
    from agent.desk.keep import keep

    if state["status"] != "emitted":
        write_drafts(state, context)
    coding = result(state, context, written(context))
    keep(state, context, coding, thread)
    return CodingResult(coding=coding, claim=state["claim"], state=state, thread=thread, out=context.out)


def written(context: Context) -> list[str]:
    """Names of the files in the run's output place."""
    if isinstance(context.out, Path):
        return sorted(p.name for p in context.out.iterdir()) if context.out.is_dir() else []
    return list(context.out.files()) if context.out else []


def state_types() -> list[tuple[str, str]]:
    """Every record that a checkpoint may hold; nothing else is read back."""
    from agent import state
    from knowledge import records
    from tools import encounter, proposal
    from tools.amend import edits
    from tools.claim import model

    modules = (state, records, encounter, proposal, model, edits)
    return [
        (module.__name__, name)
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]


@contextmanager
def sqlite_checkpointer(folder: Path) -> "Iterator[BaseCheckpointSaver[str]]":
    """The default checkpointer: ``folder/checkpoints.sqlite``, readable by its owner only."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    from agent import vault
    from agent.vault.checkpoints import EitherSaver

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = vault.connect(folder / "checkpoints.sqlite", isolation_level="", check_same_thread=False)
    connection.execute("pragma synchronous=normal")
    try:
        yield EitherSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=state_types()))
    finally:
        connection.close()
