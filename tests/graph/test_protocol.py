"""The code loop: what a model may do, what it is told when it breaks the protocol, and the limits that hold."""

from decimal import Decimal

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from agent.context import Context, Limits
from tests.graph.conftest import LIMITS, memory_loss_claim, run
from tests.graph.scripted import ScriptedModel, call, turn


def test_a_right_claim_is_emitted(context: Context) -> None:
    model = ScriptedModel(
        replies=[turn(call("get_encounter")), turn(call("propose_claim", **memory_loss_claim()))]
    )
    result = run(context, model)
    model.finish()
    assert result.status == "emitted", result.coding.findings
    assert [d.code for d in result.coding.diagnoses] == ["R41.3"]
    assert context.out is not None
    assert (context.out / "claim.837").read_text().startswith("ISA*")


def test_a_turn_without_a_call_is_nudged(context: Context) -> None:
    model = ScriptedModel(
        replies=[AIMessage("I think it is R41.3."), turn(call("propose_claim", **memory_loss_claim()))]
    )
    assert run(context, model).status == "emitted"
    model.finish()
    assert isinstance(model.sent[1][-1], HumanMessage)
    assert "propose_claim" in str(model.sent[1][-1].content)


def test_propose_beside_other_calls_runs_nothing(context: Context) -> None:
    both = turn(call("get_encounter", "a"), call("propose_claim", "b", **memory_loss_claim()))
    model = ScriptedModel(replies=[both, turn(call("propose_claim", **memory_loss_claim()))])
    assert run(context, model).status == "emitted"
    model.finish()
    answers = [m for m in model.sent[1] if isinstance(m, ToolMessage)]
    assert [a.status for a in answers] == ["error", "error"]
    assert "alone" in str(answers[0].content)


def test_malformed_arguments_are_told(context: Context) -> None:
    bad = turn(call("propose_claim", diagnoses="R41.3", service_lines=[]))
    model = ScriptedModel(replies=[bad, turn(call("propose_claim", **memory_loss_claim()))])
    assert run(context, model).status == "emitted"
    model.finish()
    assert model.sent[1][-1].status == "error"  # type: ignore[attr-defined]


def test_unknown_tool_is_told(context: Context) -> None:
    model = ScriptedModel(
        replies=[turn(call("guess_codes")), turn(call("propose_claim", **memory_loss_claim()))]
    )
    assert run(context, model).status == "emitted"
    model.finish()
    assert "not a valid tool" in str(model.sent[1][-1].content)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"diagnoses": [{"code": "R99.999", "citations": [], "rationale": "x"}]},
            "R99.999 is not an ICD-10-CM code",
        ),
        ({"diagnoses": [{"code": "E11", "citations": [], "rationale": "x"}]}, "E11 is a category"),
        ({"diagnoses": []}, "no diagnosis"),
        (
            {"service_lines": [{"code": "99204", "pointers": [2], "citations": [], "rationale": "x"}]},
            "points to [2]",
        ),
        (
            {
                "diagnoses": [
                    {
                        "code": "R41.3",
                        "citations": [{"quote": "The memory is bad"}],
                        "rationale": "paraphrased",
                    }
                ]
            },
            "not verbatim",
        ),
        (
            {
                "diagnoses": [
                    {"code": "R41.3", "citations": [{"reference": "Condition/none"}], "rationale": "x"}
                ]
            },
            "not in the history",
        ),
    ],
)
def test_an_invented_code_or_quotation_never_enters_the_state(
    context: Context, changes: dict[str, object], told: str
) -> None:
    model = ScriptedModel(
        replies=[
            turn(call("propose_claim", **memory_loss_claim(**changes))),
            turn(call("propose_claim", **memory_loss_claim())),
        ]
    )
    result = run(context, model)
    model.finish()
    assert told in str(model.sent[1][-1].content)
    assert [d.code for d in result.coding.diagnoses] == ["R41.3"]


def test_an_endless_loop_is_held_at_the_turn_limit(context: Context) -> None:
    model = ScriptedModel(replies=[turn(call("get_encounter", f"c{n}")) for n in range(LIMITS.turns)])
    result = run(context, model, limits=LIMITS)
    model.finish()
    assert result.status == "held"
    assert [r.kind for r in result.coding.review.reasons] == ["limit"]
    assert not (context.out and (context.out / "claim.837").exists())


def test_the_refused_claim_handed_in_again_is_held_with_what_was_wrong(context: Context) -> None:
    reply = turn(call("propose_claim", **memory_loss_claim(diagnoses=[])))
    model = ScriptedModel(replies=[reply, reply])
    result = run(context, model)
    model.finish()
    assert result.status == "held"
    (reason, *_) = result.coding.review.reasons
    assert (reason.kind, "no diagnosis: every claim needs one" in reason.text) == ("limit", True)


def test_a_turn_that_says_nothing_twice_is_held(context: Context) -> None:
    model = ScriptedModel(replies=[AIMessage("Nothing to add."), AIMessage("Nothing to add.")])
    result = run(context, model)
    model.finish()
    assert "breaks the protocol" in result.coding.review.reasons[0].text


def test_another_refused_claim_goes_on(context: Context) -> None:
    other = memory_loss_claim(diagnoses=[{"code": "E11", "citations": [], "rationale": "x"}])
    replies = [
        turn(call("propose_claim", **c))
        for c in (memory_loss_claim(diagnoses=[]), other, memory_loss_claim())
    ]
    model = ScriptedModel(replies=replies)
    assert run(context, model).status == "emitted"
    model.finish()


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (Limits(tokens=1000), "tokens"),
        (Limits(cost_usd=Decimal("0.001")), "USD"),
        (Limits(seconds=0.0), "seconds"),
    ],
)
def test_other_limits_hold(context: Context, limits: Limits, word: str) -> None:
    used = {"input_tokens": 1200, "output_tokens": 10, "total_tokens": 1210}
    model = ScriptedModel(
        replies=[turn(call("get_encounter"), usage_metadata=used)] if limits.seconds else []
    )
    result = run(context, model, limits=limits, spec="bedrock:anthropic.claude-sonnet-4")
    model.finish()
    assert word in result.coding.review.reasons[0].text


def test_a_wrong_diagnosis_goes_back_and_is_repaired(context: Context) -> None:
    wrong = [
        {
            "code": "G30.9",
            "citations": [{"quote": "Start Aricept 5 mg"}],
            "rationale": "treated with donepezil",
        }
    ]
    model = ScriptedModel(
        replies=[
            turn(call("propose_claim", **memory_loss_claim(diagnoses=wrong))),
            turn(call("propose_claim", **memory_loss_claim())),
        ]
    )
    result = run(context, model)
    model.finish()
    assert result.status == "emitted"
    assert "G30.9" in str(model.sent[1][-1].content)
    assert len(result.state["rounds"]) == 2


def test_a_claim_that_stays_wrong_is_blocked_and_nothing_is_rendered(context: Context) -> None:
    wrong = [
        {
            "code": "G30.9",
            "citations": [{"quote": "Start Aricept 5 mg"}],
            "rationale": "treated with donepezil",
        }
    ]
    reply = turn(call("propose_claim", **memory_loss_claim(diagnoses=wrong)))
    model = ScriptedModel(replies=[reply] * 3)
    result = run(context, model, limits=LIMITS)
    model.finish()
    assert result.status in {"blocked", "held"}
    assert context.out is not None
    assert not (context.out / "claim.837").exists()
    assert result.claim is not None
    assert result.claim.draft


def test_a_service_that_was_only_ordered_never_leaves(context: Context) -> None:
    lines = [
        *memory_loss_claim()["service_lines"],
        {
            "code": "96125",
            "pointers": [1],
            "citations": [{"quote": "draw the face of a clock"}],
            "rationale": "test",
        },
    ]
    model = ScriptedModel(replies=[turn(call("propose_claim", **memory_loss_claim(service_lines=lines)))] * 3)
    result = run(context, model, limits=LIMITS)
    model.finish()
    assert result.status in {"blocked", "held"}
    assert any(f.level == "error" and "96125" in f.codes for f in result.coding.findings)
