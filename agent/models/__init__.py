"""make_model: the one seam where a model spec becomes a chat model."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from agent.settings import Settings


class ModelSpecError(Exception):
    """The model spec can not be used: the message says which specs exist."""


def make_model(spec: str, settings: "Settings") -> "BaseChatModel":
    """A chat model from its spec.

    ``rules`` is the embedded coder; ``bedrock:<model id or inference profile>`` is Amazon Bedrock; any other
    ``provider:model`` goes to langchain's own factory where that package is installed.

    Raises:
        ModelSpecError: no such provider, or its package is not installed.
    """
    if spec == "rules":
        from agent.models.rules import RulesModel

        return RulesModel()
    provider, _, model = spec.partition(":")
    if not model:
        raise ModelSpecError(f"model {spec!r} is not known: use rules, bedrock:<model id> or provider:model")
    if provider == "bedrock":
        return _bedrock(model, settings)
    return _other(provider, model)


def _bedrock(model: str, settings: "Settings") -> "BaseChatModel":
    from pydantic import ValidationError

    from agent.models.bedrock import bedrock_model

    try:
        return bedrock_model(model, settings)
    except ValidationError as error:  # its text may repeat credentials
        needs = "set AWS_REGION and AWS credentials (a profile, a role or keys)"
        raise ModelSpecError(f"model bedrock:{model} can not be set up: {needs}") from error


def call_options(spec: str) -> dict[str, Any]:
    """Options of each call: prompt caching for the Bedrock families that know cache points (Claude, Nova)."""
    caches = spec.startswith("bedrock:") and any(family in spec for family in ("anthropic.", "amazon.nova"))
    return {"cache_control": {"type": "ephemeral"}} if caches else {}


def _other(provider: str, model: str) -> "BaseChatModel":
    from importlib import import_module

    try:
        factory = import_module("langchain.chat_models")
    except ImportError as error:
        needs = f"pip install langchain langchain-{provider}"
        raise ModelSpecError(f"model {provider}:{model} needs another package: {needs}") from error
    made: BaseChatModel = factory.init_chat_model(model, model_provider=provider, temperature=0)
    return made
