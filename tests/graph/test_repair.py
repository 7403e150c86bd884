"""The repair loop: a typical mistake is told and mended, or the claim stays here; it never leaves wrong."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from agent.context import Context, Limits
from agent.run import CodingResult, code_encounter
from agent.trace import TraceEvent, trace_events
from knowledge.bookshelf import Bookshelf
from tests.graph.conftest import ENCOUNTERS, context_for, run
from tests.graph.mistakes import MISTAKES, Mistake
from tests.graph.scripted import ScriptedModel, call, turn
from tools.claim.model import Claim

LIMITS = Limits(turns=6, repairs=2)
Right = Callable[[str], tuple[dict[str, Any], Claim]]
NAMES = [m.name for m in MISTAKES]


@pytest.fixture(scope="module")
def right(shelf: Bookshelf, tmp_path_factory: pytest.TempPathFactory) -> Right:
    """The arguments of propose_claim that emit a shipped encounter, and the claim they make."""
    context = context_for(shelf, tmp_path_factory.mktemp("right"))
    known: dict[str, tuple[dict[str, Any], Claim]] = {}

    def of(name: str) -> tuple[dict[str, Any], Claim]:
        if name not in known:
            result = code_encounter(path(name), context=context)
            assert result.status == "emitted", name
            assert result.claim is not None
            known[name] = (handed_in(result), result.claim)
        return deepcopy(known[name][0]), known[name][1]

    return of


def path(name: str) -> Path:
    return ENCOUNTERS / f"{name}.json"


def handed_in(result: CodingResult) -> dict[str, Any]:
    calls = [c for m in result.state["messages"] for c in getattr(m, "tool_calls", ())]
    return next(dict(c["args"]) for c in reversed(calls) if c["name"] == "propose_claim")


def propose(args: dict[str, Any]) -> Any:
    return turn(call("propose_claim", **args))


def content(claim: Claim) -> tuple[object, ...]:
    """What is billed: codes in order, and each line with its modifiers, units and pointers."""
    lines = [(x.code, x.modifiers, x.units, x.pointers) for x in claim.lines]
    return ([d.code for d in claim.diagnoses], lines, claim.total_charge)


def said_why(trace: tuple[TraceEvent, ...], mistake: Mistake) -> bool:
    """Whether the trace holds the judgement or the refusal that names the mistake."""
    if mistake.told:
        answers = [e.data for e in trace if e.event == "answer" and e.data["tool"] == "propose_claim"]
        return any(not a["ok"] and mistake.told in a["content"] for a in answers)
    first = next(e.data for e in trace if e.event == "judged")
    errors = {f["rule"] for f in first["findings"] if f["level"] == "error"}
    return bool(errors & mistake.rules)


def judged(trace: tuple[TraceEvent, ...]) -> list[set[str]]:
    """The rules each round of the self-check found broken."""
    rounds = [e.data for e in trace if e.event == "judged"]
    return [{f["rule"] for f in r["findings"] if f["level"] == "error"} for r in rounds]


def files(context: Context) -> set[str]:
    assert context.out is not None
    return {p.name for p in context.out.glob("claim.*")} if context.out.exists() else set()


def test_there_are_twenty_mistakes_and_more() -> None:
    assert len(set(NAMES)) >= 20


@pytest.mark.parametrize("mistake", MISTAKES, ids=NAMES)
def test_a_mistake_made_once_is_told_and_mended(context: Context, right: Right, mistake: Mistake) -> None:
    args, claim = right(mistake.encounter)
    model = ScriptedModel(replies=[propose(mistake.made(args)), propose(args)])
    result = run(context, model, path=path(mistake.encounter), limits=LIMITS)
    model.finish()
    trace = trace_events(result.state, context)
    assert said_why(trace, mistake), judged(trace)
    assert result.status == "emitted"
    assert result.claim is not None
    assert content(result.claim) == content(claim)
    assert judged(trace)[-1] == set()
    assert trace[-1].data["status"] == "emitted"
    if mistake.rules:
        told = next(e.data["text"] for e in trace if e.event == "told_coder")
        assert any(rule in told for rule in mistake.rules)


@pytest.mark.parametrize("mistake", MISTAKES, ids=NAMES)
def test_a_mistake_made_again_and_again_never_leaves(
    context: Context, right: Right, mistake: Mistake
) -> None:
    args, _ = right(mistake.encounter)
    wrong = propose(mistake.made(args))
    rounds = 2 if mistake.told else LIMITS.repairs + 1
    model = ScriptedModel(replies=[wrong] * rounds)
    result = run(context, model, path=path(mistake.encounter), limits=LIMITS)
    model.finish()
    trace = trace_events(result.state, context)
    assert result.status in {"held", "blocked"}
    assert said_why(trace, mistake), judged(trace)
    assert files(context) & {"claim.837", "claim.fhir.json"} == set()
    outcome = trace[-1].data
    reasons = " ".join(r["text"] for r in outcome["reasons"])
    assert outcome["status"] == result.status
    assert mistake.told or any(rule in reasons for rule in mistake.rules)
