"""The model seam: specs, retry predicate, prices."""

from decimal import Decimal

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from langchain_core.messages import AIMessage

from agent.models import ModelSpecError, call_options, make_model
from agent.models.prices import cost_usd, prices
from agent.models.retry import is_transient
from agent.settings import load_settings

SETTINGS = load_settings({"HOME": "/nowhere"})


def client_error(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Converse")  # type: ignore[typeddict-item]


@pytest.mark.parametrize("spec", ["gpt", "", "rules2"])
def test_unknown_spec_says_what_exists(spec: str) -> None:
    with pytest.raises(ModelSpecError, match="use rules, bedrock"):
        make_model(spec, SETTINGS)


def test_rules_needs_nothing() -> None:
    assert make_model("rules", SETTINGS)._llm_type == "rules"


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException", 400),
        client_error("Whatever", 503),
        client_error("Whatever", 429),
        ReadTimeoutError(endpoint_url="http://x"),
    ],
)
def test_transient(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [client_error("AccessDeniedException", 403), client_error("ValidationException", 400), ValueError("x")],
)
def test_not_transient(error: Exception) -> None:
    assert not is_transient(error)


def test_wrapped_throttling_is_transient() -> None:
    outer = RuntimeError("wrapped")
    outer.__cause__ = client_error("ThrottlingException", 400)
    assert is_transient(outer)


def usage(inputs: int, outputs: int, **details: int) -> AIMessage:
    meta = {"input_tokens": inputs, "output_tokens": outputs, "total_tokens": inputs + outputs}
    return AIMessage(content="", usage_metadata={**meta, "input_token_details": details})  # type: ignore[typeddict-item]


def test_cost_counts_cached_tokens_at_their_price() -> None:
    spec = "bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert cost_usd(spec, usage(1_000_000, 0)) == Decimal("3.000000")
    assert cost_usd(spec, usage(1_000_000, 0, cache_read=1_000_000)) == Decimal("0.300000")
    assert cost_usd(spec, usage(0, 1_000_000)) == Decimal("15.000000")


def test_unlisted_model_costs_nothing_known() -> None:
    assert cost_usd("bedrock:some.model", usage(10, 10)) == 0


def test_prices_are_positive_and_caching_saves() -> None:
    assert all(0 < p.cache_read < p.input < p.output for p in prices())


def test_caching_is_asked_only_of_models_that_know_it() -> None:
    assert call_options("bedrock:amazon.nova-pro-v1:0")
    assert not call_options("bedrock:meta.llama3-70b")
    assert not call_options("rules")
