"""Amazon Bedrock through ChatBedrockConverse: any model id or inference profile, same tools and prompts."""

from typing import TYPE_CHECKING

from botocore.config import Config

if TYPE_CHECKING:
    from langchain_aws import ChatBedrockConverse

    from agent.settings import Settings


def bedrock_model(model: str, settings: "Settings") -> "ChatBedrockConverse":
    """A Converse model with temperature 0; retries are the graph's (agent.models.retry), not the SDK's.

    ``settings.region`` and the usual AWS credential chain decide where and as whom; ``settings.guardrail``
    (``id:version``) switches a guardrail on.
    """
    from langchain_aws import ChatBedrockConverse

    guardrail_id, _, version = (settings.guardrail or "").partition(":")
    guardrail = (
        {"guardrailIdentifier": guardrail_id, "guardrailVersion": version or "DRAFT"}
        if guardrail_id
        else None
    )
    return ChatBedrockConverse(
        model_id=model,
        provider=provider_of(model),
        region_name=settings.region,
        endpoint_url=settings.bedrock_endpoint,
        temperature=0,
        max_tokens=8192,
        disable_streaming=True,  # a turn is taken whole; unsaid, langchain tells stderr of models that can not stream
        guardrail_config=guardrail,
        config=Config(
            retries={"total_max_attempts": 1}, read_timeout=settings.model_timeout, connect_timeout=10
        ),
    )


PROVIDERS = ("anthropic", "amazon", "meta", "mistral", "cohere", "ai21", "openai", "qwen", "deepseek")


def provider_of(model: str) -> str:
    """Whose model it is, which an ARN need not say: of one that names nobody Amazon's (the models we tune); "" leaves it to the id."""
    if not model.startswith("arn:"):
        return ""
    return next((name for name in PROVIDERS if f"{name}." in model), "amazon")
