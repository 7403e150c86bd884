"""Bedrock through real HTTP on loopback: tool use, throttling, timeouts, cut and malformed turns, guardrail. Nothing wrong leaves."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from agent.context import Context
from agent.models import make_model
from agent.run import CodingResult
from agent.settings import load_settings
from tests.graph.conftest import LIMITS, memory_loss_claim, run
from tests.graph.converse import HANG, Converse, converse_server, fault, made_up_credentials, reply, tool_use

SPEC = "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0"
RIGHT = reply(tool_use("propose_claim", "p1", **memory_loss_claim()))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up_credentials(monkeypatch)


def coded(context: Context, script: list[Any], **environ: str) -> tuple[CodingResult, Converse]:
    with converse_server(script) as server:
        env = {
            "AWS_REGION": "us-east-1",
            "SUPERBILL_BEDROCK_ENDPOINT": server.url,
            "HOME": "/nowhere",
            **environ,
        }
        model = make_model(SPEC, load_settings(env))
        result = run(context, model, spec=SPEC, limits=LIMITS)
        assert server.script == [], "a reply of the script was not used"
    return result, server


def test_tool_use_to_an_emitted_claim_with_cost_and_caching(context: Context) -> None:
    result, server = coded(context, [reply(tool_use("get_encounter")), RIGHT])
    assert result.status == "emitted"
    first = server.requests[0]
    names = [t["toolSpec"]["name"] for t in first["toolConfig"]["tools"] if "toolSpec" in t]
    assert {"search_codes", "check_linkage", "propose_claim"} <= set(names)
    assert any("cachePoint" in block for block in first["system"])
    assert result.coding.usage.input_tokens == 1800
    assert result.coding.usage.cost_usd > 0
    assert "runtime" not in str(first["toolConfig"])


def test_the_tool_result_answers_the_tool_use(context: Context) -> None:
    _, server = coded(context, [reply(tool_use("get_encounter", "abc")), RIGHT])
    last = server.requests[1]["messages"][-1]
    assert last["role"] == "user"
    assert last["content"][0]["toolResult"]["toolUseId"] == "abc"


@pytest.mark.parametrize(
    "broken",
    [
        fault("ThrottlingException", 429),
        fault("ServiceUnavailableException", 503),
        fault("InternalServerException", 500),
        fault("ModelTimeoutException", 408),
    ],
)
def test_transient_faults_are_tried_again(context: Context, broken: object) -> None:
    result, server = coded(context, [broken, broken, RIGHT])
    assert result.status == "emitted"
    assert len(server.requests) == 3


def test_a_hanging_server_is_given_up_and_tried_again(context: Context) -> None:
    result, _ = coded(context, [HANG, RIGHT], SUPERBILL_MODEL_TIMEOUT="0.3")
    assert result.status == "emitted"


def test_access_denied_is_not_tried_again(context: Context) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        coded(context, [fault("AccessDeniedException", 403)])


def test_throttling_without_end_surfaces_and_writes_nothing(context: Context) -> None:
    with pytest.raises(ClientError, match="Throttling"):
        coded(context, [fault("ThrottlingException", 429)] * 3)
    assert context.out is not None
    assert not context.out.exists()


def test_a_turn_cut_at_max_tokens_is_not_run(context: Context) -> None:
    cut = reply(tool_use("propose_claim", "p0", **memory_loss_claim()), stop="max_tokens")
    result, server = coded(context, [cut, RIGHT])
    assert result.status == "emitted"
    told = server.requests[1]["messages"][-1]["content"][0]["toolResult"]
    assert told["status"] == "error"


def test_a_guardrail_stop_holds(context: Context) -> None:
    result, _ = coded(context, [reply({"text": "blocked"}, stop="guardrail_intervened")])
    assert result.status == "held"
    assert "guardrail" in result.coding.review.reasons[0].text


def test_malformed_tool_use_is_nudged(context: Context) -> None:
    result, _ = coded(context, [reply({"text": "oops"}, stop="malformed_tool_use"), RIGHT])
    assert result.status == "emitted"


def test_an_invented_code_is_refused(context: Context) -> None:
    wrong = memory_loss_claim(diagnoses=[{"code": "R41.35", "citations": [], "rationale": "invented"}])
    result, server = coded(context, [reply(tool_use("propose_claim", "p0", **wrong)), RIGHT])
    assert [d.code for d in result.coding.diagnoses] == ["R41.3"]
    assert "R41.35" in str(server.requests[1]["messages"][-1])


def test_an_endless_loop_is_held(context: Context) -> None:
    loop = [reply(tool_use("get_encounter", f"t{n}")) for n in range(LIMITS.turns)]
    result, _ = coded(context, loop)
    assert result.status == "held"
    assert result.coding.review.reasons[0].kind == "limit"


def test_a_guardrail_is_sent_when_configured(context: Context) -> None:
    _, server = coded(context, [RIGHT], SUPERBILL_GUARDRAIL="gr-1:3")
    assert server.requests[0]["guardrailConfig"]["guardrailIdentifier"] == "gr-1"
