"""replay(): a recorded run once more, with its own model turns and decisions, and live tools, checks and triage."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from agent.context import Context
from agent.replay.course import CourseContext, run_course
from agent.replay.difference import Difference, differences, moves
from agent.replay.recorded import (
    RecordedModel,
    one_of_kind,
    recorded_decisions,
    recorded_examples,
    recorded_facts,
    recorded_store,
    recorded_turns,
)
from agent.state import State
from agent.surroundings import restored
from agent.trace import TraceEvent, trace_events

Json = dict[str, Any]
SHIPPED = ("payer_pack", "charge_master", "editions")
"""Recorded settings that a replay can not restore: they are data of the one who replays."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a replay came to.

    Attributes:
        differences: events that are not as they were, in order; empty when the run is the same.
        surroundings: data or prompts that are not the recorded ones, a line each (no parting by themselves).
        state: the state in which the replay ended.
        events: the replay's own trace.
        context: the surroundings it ran in.
    """

    differences: tuple[Difference, ...]
    surroundings: tuple[str, ...]
    state: State
    events: tuple[TraceEvent, ...]
    context: CourseContext

    @property
    def same(self) -> bool:
        """Whether every event came out as recorded."""
        return not self.differences

    @property
    def parted_at(self) -> int | None:
        """Sequence number (in the recording) of the first event that differs."""
        return self.differences[0].seq if self.differences else None


def replay(events: Sequence[TraceEvent], context: Context) -> Replayed:
    """Run a trace again.

    Args:
        events: of the recorded run (``agent.trace.load_trace``).
        context: gives the bookshelf and the charge master; the trace gives everything else. Nothing is written.

    Raises:
        TraceError: the trace lacks what a replay needs.
    """
    given = restored(one_of_kind(events, "settings"), context)
    course = _course(events, given)
    state = run_course(course)
    live = trace_events(state, replace(course, limits=given.limits))
    return Replayed(
        differences=differences(events, live),
        surroundings=_moved(events, live),
        state=state,
        events=live,
        context=course,
    )


def _course(events: Sequence[TraceEvent], given: Context) -> CourseContext:
    """The restored surroundings with recorded turns as the model, no store, no output, and no clock to stop it."""
    facts = recorded_facts(events)
    turns = recorded_turns(events)
    limit = one_of_kind(events, "outcome")["limit"]
    changes: Json = {
        "model": RecordedModel(replies=turns),
        "model_spec": one_of_kind(events, "model")["spec"],
        "store": recorded_store(events),
        "examples": recorded_examples(events),
        "out": None,
        "pdf": False,
        "tenant": facts.tenant,
        "encounter": None,
        "limits": replace(given.limits, seconds=float("inf")),
    }
    kept = {f.name: getattr(given, f.name) for f in fields(Context)} | changes
    return CourseContext(
        **kept,
        facts=facts,
        decisions=recorded_decisions(events),
        ends_by=(len(turns), limit) if limit else None,
    )


def _moved(was: Sequence[TraceEvent], now: Sequence[TraceEvent]) -> tuple[str, ...]:
    old, new = one_of_kind(was, "settings"), one_of_kind(now, "settings")
    lines = [line for key in SHIPPED for line in moves(old[key], new[key], key)]
    prompts = moves(
        one_of_kind(was, "model")["prompt_hashes"], one_of_kind(now, "model")["prompt_hashes"], "prompt"
    )
    return (*lines, *prompts)
