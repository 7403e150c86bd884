"""fork(): a recorded run again from a step on, with one thing changed; both outcomes side by side. Nothing real changes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from langgraph.runtime import Runtime

from agent.coder.conversation import ConversationError
from agent.context import Context
from agent.nodes.self_check import self_check
from agent.nodes.triage import triage
from agent.replay.change import Change, changed_settings
from agent.replay.course import CourseContext, run_course
from agent.replay.errors import ForkError
from agent.replay.facts_changes import changed_facts
from agent.replay.play import Replayed, replay
from agent.replay.proposal_changes import changed_proposal
from agent.replay.recorded import RecordedModel, TurnMisfit, of_kind, recorded_turns
from agent.replay.side_by_side import SideBySide, side_by_side
from agent.state import State
from agent.trace import TraceEvent, dump_trace, trace_events

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True, kw_only=True)
class Forked:
    """What a what-if came to.

    Attributes:
        change: what was changed.
        at: the event from which the fork ran.
        compared: the recorded outcome (on today's tables) and that of the fork.
        state: of the fork.
        events: the fork's own trace, marked as a what-if.
        context: the surroundings it ran in.
        notes: what a reader has to know beside it.
    """

    change: Change
    at: int
    compared: SideBySide
    state: State
    events: tuple[TraceEvent, ...]
    context: CourseContext
    notes: tuple[str, ...]


def fork(events: Sequence[TraceEvent], context: Context, change: Change, *, at: int | None = None) -> Forked:
    """Run a what-if.

    Args:
        events: of the recorded run.
        context: gives bookshelf and charge master, and the live model where one is needed.
        change: what is changed.
        at: the event from which the coder works anew (its turns before it are replayed); the first turn when None.
            For a change of the claim by hand there is nothing to choose: it takes place at the last hand-in.

    Raises:
        ForkError: the change can not be, or needs a model that ``context`` does not have.
        TraceError: the trace lacks what a replay needs.
    """
    base = replay(events, context)
    step = _step(events, change, at)
    course = _changed(events, base.context, context, change, step)
    state = _run(course) if change.recodes or change.settings else base.state
    if change.reclaims:
        state = _by_hand(change, state, course)
    mark = {"change": change.model_dump(mode="json"), "at": step, "of": _hash(events)}
    return Forked(
        change=change,
        at=step,
        compared=side_by_side(base.state, state),
        state=state,
        events=trace_events(state, course, what_if=mark),
        context=course,
        notes=tuple(_notes(base, change)),
    )


def _step(events: Sequence[TraceEvent], change: Change, at: int | None) -> int:
    turns = [e.seq for e in of_kind(events, "turn")]
    if not turns:
        raise ForkError("the run has no turn of a coder to fork from")
    if at is not None and not 1 <= at <= events[-1].seq:
        raise ForkError(f"there is no event {at}; the trace has {events[-1].seq}")
    if change.recodes:
        return at if at is not None else turns[0]
    if at is not None and at != turns[-1]:
        raise ForkError(f"this change takes place at the last hand-in, event {turns[-1]}; leave the step out")
    return turns[-1]


def _changed(
    events: Sequence[TraceEvent], course: CourseContext, context: Context, change: Change, step: int
) -> CourseContext:
    """The replayed run's surroundings with the change in them; ``context`` is the caller's own."""
    given = changed_settings(change, course)
    if not isinstance(given, CourseContext):
        raise TypeError("the settings' change lost the course")
    if not change.recodes:
        return replace(given, decisions=())
    spec = change.model or course.model_spec
    return replace(
        given,
        facts=changed_facts(change, course.facts, context.bookshelf.payers),
        model=RecordedModel(
            replies=recorded_turns(events, before=step), live=_live(spec, context), fitting=spec == "rules"
        ),
        model_spec=spec,
        decisions=(),
        ends_by=None,
    )


def _live(spec: str, context: Context) -> "BaseChatModel":
    """The model that codes from the change on: the embedded coder, or the caller's when it is the one named."""
    from agent.models.rules import RulesModel

    if spec == "rules":
        return RulesModel()
    if context.model_spec == spec:
        return context.model
    raise ForkError(
        f"from the change on {spec} has to code live, and it is not configured here; "
        f"set it up and name it (--model {spec}), or take the embedded coder (--model rules)"
    )


def _run(course: CourseContext) -> State:
    try:
        return run_course(course)
    except (ConversationError, TurnMisfit) as error:
        raise ForkError(
            "the coder's turns before that step do not fit the change; fork from its first turn (leave the step out)"
        ) from error


def _by_hand(change: Change, state: State, course: CourseContext) -> State:
    """The claim changed by hand, judged and triaged as it stands; nobody mends it."""
    proposal = state["proposal"]
    if proposal is None:
        raise ForkError("the coder handed in no claim that could be changed")
    edited: State = state.copy()
    edited.update({"proposal": changed_proposal(change, proposal), "rounds": (), "decision": None})
    context = replace(course, limits=replace(course.limits, repairs=0))
    judged: Any = self_check(edited, Runtime(context=context)).update
    edited.update(judged)
    command = triage(edited, Runtime(context=context))
    told: Any = command.update
    edited.update(told)
    edited.update(
        {"decisions": ()}
    )  # what was let stand is in the findings; the claim itself nobody has decided on
    if command.goto == "emit":
        edited.update({"status": "emitted"})
    return edited


def _notes(base: Replayed, change: Change) -> list[str]:
    notes = [f"the recorded run no longer comes out as it was: {d.what}" for d in base.differences[:1]]
    notes += [f"not as recorded: {line}" for line in base.surroundings]
    if "payer" in change.facts:
        notes.append("member id, payer id and address stayed those of the recorded payer")
    if "age" in change.facts or "sex" in change.facts:
        notes.append("the note's own words about the patient stayed as they are")
    return notes


def _hash(events: Sequence[TraceEvent]) -> str:
    return hashlib.sha256(dump_trace(events)).hexdigest()[:32]
