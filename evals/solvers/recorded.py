"""A recorded run as a solver: recorded model turns, live tools, checks and triage; no model is asked."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from evals.case import EvalCase, SolvedCase
from evals.solvers.agent import solved
from evals.trajectories import Basis, Cassette, StaleCassetteError, load_cassette

if TYPE_CHECKING:
    from agent.context import Context
    from agent.trace import TraceEvent

PARTED = "parted"
"""Status of a replay that needs a model turn the recording does not hold."""


@dataclass(frozen=True, kw_only=True)
class RecordedSolver:
    """Replays the trajectory of each case over today's tables and rules.

    Attributes:
        folder: of the trajectories of an earlier run.
        context: today's surroundings; both policies are taken from here, all else that was recorded is restored.
        basis: what replies depend on today; a cassette recorded under other prompts or tools is stale.
        over_changes: replay over changed tables, to see what moves (without it, they make a cassette stale too).
    """

    folder: Path
    context: "Context"
    basis: Basis
    over_changes: bool = False

    def __call__(self, case: EvalCase) -> SolvedCase:
        """Replay one case.

        Raises:
            StaleCassetteError: there is none for the case, or it depends on what has changed.
        """
        from agent.outputs import result
        from agent.replay import replay

        started = time.perf_counter()
        cassette = self.cassette(case)
        replayed = replay(with_policies(cassette.events, self.context), self.context)
        if "facts" not in replayed.state:
            raise StaleCassetteError(f"{case.id}: the recording holds no turn that can be replayed")
        coding = result(replayed.state, replayed.context, []).model_dump(mode="json")
        if replayed.state["status"] is None:
            coding["status"] = PARTED
        context = as_recorded(replayed.context, cassette.events)
        return solved(coding, replayed.state, context, time.perf_counter() - started)

    def cassette(self, case: EvalCase) -> Cassette:
        """The recording of a case.

        Raises:
            StaleCassetteError: there is none, or it depends on what has changed.
        """
        found = load_cassette(self.folder, case.id)
        found.basis.agree(self.basis, case.id, over_changes=self.over_changes)
        return found


def as_recorded(context: "Context", events: Sequence["TraceEvent"]) -> "Context":
    """The surroundings of a replay with the recorded limit of seconds, which a replay itself does not heed."""
    settings = next(e.data for e in events if e.event == "settings")
    return replace(context, limits=replace(context.limits, seconds=float(settings["limits"]["seconds"])))


def with_policies(events: Sequence["TraceEvent"], context: "Context") -> tuple["TraceEvent", ...]:
    """The recorded events with today's review and check policies, so that a rule that was changed takes effect."""
    live: dict[str, Any] = {
        "policy": context.policy.model_dump(mode="json"),
        "check_policy": context.check_policy.model_dump(mode="json"),
    }
    return tuple(
        e.model_copy(update={"data": {**e.data, **live}}) if e.event == "settings" else e for e in events
    )


def same_outcome(before: SolvedCase, after: SolvedCase) -> bool:
    """Whether a replay is bit-identical: the trace and coding.json, but for the clock."""
    return _bits(before) == _bits(after)


def _bits(case: SolvedCase) -> bytes:
    coding = dict(case.coding)
    coding["usage"] = {k: v for k, v in coding["usage"].items() if k != "seconds"}
    coding["artifacts"] = {}
    return orjson.dumps({"coding": coding, "steps": list(case.steps)}, option=orjson.OPT_SORT_KEYS)
