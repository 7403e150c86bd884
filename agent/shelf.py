"""The bookshelf of the settings: its folder, the practice's Medicare contractor, and who makes the embeddings."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent.settings import Settings, SettingsError

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf, Embedding
    from knowledge.store import Progress

_SPECS = "local, onnx, bedrock:<model id> or knowledge-base:<id>"


def open_bookshelf(settings: Settings, progress: "Progress | None" = None) -> "Bookshelf":
    """Open the bookshelf that the settings describe, building its store where it is missing.

    Raises:
        SettingsError: the embeddings named are none of those that exist.
        TableError: an official or shipped file is missing or can not be read.
    """
    from knowledge.bookshelf import Bookshelf

    return Bookshelf.open(
        settings.home,
        progress=progress,
        contractor=settings.contractor,
        embedding=embedding_of(settings),
        learned=settings.learned,
    )


def embedding_of(settings: Settings) -> "Callable[[], Embedding] | None":
    """What turns guideline texts into vectors, made when it is first asked; None for the local default.

    Raises:
        SettingsError: no such kind, or no model or knowledge base named.
    """
    kind, _, name = settings.embeddings.partition(":")
    if kind == "local" and not name:
        return None
    if kind == "onnx" and not name:
        return _onnx
    if kind == "bedrock" and name:
        return lambda: _bedrock(settings, name)
    if kind == "knowledge-base" and name:
        return lambda: _knowledge_base(settings, name)
    raise SettingsError(f"SUPERBILL_EMBEDDINGS is {settings.embeddings!r}; use {_SPECS}")


def _onnx() -> "Embedding":
    from knowledge.guidelines.remote import OnnxEmbedder

    return OnnxEmbedder()


def _bedrock(settings: Settings, model: str) -> "Embedding":
    from knowledge.guidelines.remote import BedrockEmbedder

    return BedrockEmbedder(_client(settings, "bedrock-runtime"), model)


def _knowledge_base(settings: Settings, base: str) -> "Embedding":
    from knowledge.guidelines.remote import KnowledgeBase

    return KnowledgeBase(_client(settings, "bedrock-agent-runtime"), base)


def _client(settings: Settings, service: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 4}, read_timeout=settings.model_timeout, connect_timeout=10
    )
    return boto3.client(
        service, region_name=settings.region, endpoint_url=settings.bedrock_endpoint, config=config
    )
