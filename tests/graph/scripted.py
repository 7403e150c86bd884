"""A chat model that plays a script: it records what it was sent; an extra call and an unused reply both fail."""

from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

Reply = AIMessage | Exception | Callable[[list[BaseMessage]], AIMessage]


class ScriptedModel(BaseChatModel):
    """Replies in order. ``finish()`` must be called at the end of the test."""

    replies: list[Any]
    _sent: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def sent(self) -> list[list[BaseMessage]]:
        return self._sent

    def bind_tools(self, tools: Any, **kwargs: Any) -> "ScriptedModel":
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if len(self._sent) >= len(self.replies):
            raise AssertionError(
                f"the model was called {len(self._sent) + 1} times, the script has {len(self.replies)}"
            )
        reply = self.replies[len(self._sent)]
        self._sent.append(list(messages))
        if isinstance(reply, Exception):
            raise reply
        message = reply(messages) if callable(reply) and not isinstance(reply, AIMessage) else reply
        return ChatResult(generations=[ChatGeneration(message=message)])

    def finish(self) -> None:
        """Fail when a reply of the script was not used."""
        unused = len(self.replies) - len(self._sent)
        assert unused == 0, f"{unused} replies of the script were not used"


def call(tool: str, identity: str = "c1", **args: Any) -> dict[str, Any]:
    return {"name": tool, "args": args, "id": identity, "type": "tool_call"}


def turn(*calls: dict[str, Any], text: str = "", **kwargs: Any) -> AIMessage:
    return AIMessage(content=text, tool_calls=list(calls), **kwargs)
