"""A killed run resumes from its checkpoint; a finished one starts afresh; review approves, rejects and refuses stale decisions."""

from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from agent.context import Context
from agent.graph import build_graph
from agent.run import code_encounter, decide, sqlite_checkpointer
from agent.state import Decision
from agent.store import Store
from tests.graph.conftest import FAST, MEMORY_LOSS, memory_loss_claim
from tests.graph.scripted import ScriptedModel, call, turn


class Killed(BaseException):
    """Stands for the process being killed."""


def test_a_killed_run_resumes_where_it_was(context: Context, tmp_path: Path) -> None:
    right = turn(call("propose_claim", **memory_loss_claim()))

    def die(messages: object) -> AIMessage:
        raise Killed

    dying = ScriptedModel(replies=[turn(call("get_encounter")), die])
    with sqlite_checkpointer(tmp_path / "cp") as saver:
        graph = build_graph(saver, retry=FAST)
        with pytest.raises(Killed):
            code_encounter(
                MEMORY_LOSS, context=replace(context, model=dying, model_spec="scripted"), graph=graph
            )
    living = ScriptedModel(replies=[right])
    with sqlite_checkpointer(tmp_path / "cp") as saver:
        graph = build_graph(saver, retry=FAST)
        result = code_encounter(
            MEMORY_LOSS, context=replace(context, model=living, model_spec="scripted"), graph=graph
        )
    living.finish()
    assert result.status == "emitted"
    assert result.coding.usage.steps == 2


def test_a_finished_run_starts_afresh(context: Context, tmp_path: Path) -> None:
    with sqlite_checkpointer(tmp_path / "cp") as saver:
        graph = build_graph(saver, retry=FAST)
        for _ in range(2):
            model = ScriptedModel(replies=[turn(call("propose_claim", **memory_loss_claim()))])
            result = code_encounter(MEMORY_LOSS, context=replace(context, model=model), graph=graph)
            model.finish()
    assert result.coding.usage.steps == 1


@pytest.fixture
def held(context: Context, tmp_path: Path) -> Context:
    model = ScriptedModel(replies=[turn(call("propose_claim", **memory_loss_claim()))])
    return replace(context, model=model, review="always", store=Store(tmp_path / "store"))


@pytest.mark.parametrize(("action", "status"), [("approve", "emitted"), ("reject", "rejected")])
def test_a_decision_ends_the_review_after_a_restart(
    held: Context, tmp_path: Path, action: str, status: str
) -> None:
    with sqlite_checkpointer(tmp_path / "cp") as saver:
        first = code_encounter(MEMORY_LOSS, context=held, graph=build_graph(saver, retry=FAST))
    assert first.status == "held"
    assert held.out is not None
    assert not (held.out / "claim.837").exists()
    shown = first.state["rounds"][-1].claim_sha256
    with sqlite_checkpointer(tmp_path / "cp") as saver:
        decision = Decision(action=action, claim_sha256=shown, by="ann", reason="looked at it")  # type: ignore[arg-type]
        result = decide(build_graph(saver, retry=FAST), first.thread, decision, held)
    assert result.status == status
    assert (held.out / "claim.837").exists() == (status == "emitted")


def test_a_stale_approval_holds_again(held: Context, tmp_path: Path) -> None:
    with sqlite_checkpointer(tmp_path / "cp") as saver:
        graph = build_graph(saver, retry=FAST)
        first = code_encounter(MEMORY_LOSS, context=held, graph=graph)
        stale = Decision(action="approve", claim_sha256="0" * 64, by="ann")
        assert decide(graph, first.thread, stale, held).status == "held"


def test_another_content_is_a_held_correction(context: Context, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    graph = build_graph(retry=FAST)

    def coded(level: str) -> str:
        lines = [{**memory_loss_claim()["service_lines"][0], "units": level}]
        model = ScriptedModel(replies=[turn(call("propose_claim", **memory_loss_claim()))])
        changed = replace(context, model=model, store=store, charge_multiple=level)
        assert lines
        return code_encounter(MEMORY_LOSS, context=changed, graph=graph).status

    assert coded("1.50") == "emitted"
    assert coded("1.50") == "emitted"
    assert coded("1.75") == "held"
    assert len([e for e in store.audit_entries() if e["action"] == "emitted"]) == 1


def test_a_killed_run_of_the_embedded_coder_comes_out_the_same(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    with sqlite_checkpointer(tmp_path / "cp") as saver:
        graph = build_graph(saver, retry=FAST)
        with monkeypatch.context() as patch:
            patch.setattr("agent.nodes.emit.emit_outputs", die)
            with pytest.raises(Killed):
                code_encounter(MEMORY_LOSS, context=context, graph=graph)
    assert context.out is not None
    assert not context.out.exists()
    with sqlite_checkpointer(tmp_path / "cp") as saver:
        result = code_encounter(MEMORY_LOSS, context=context, graph=build_graph(saver, retry=FAST))
    assert result.status == "emitted"
    assert (context.out / "claim.837").exists()
