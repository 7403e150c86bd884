"""The embedded coder as a chat model: it sees only messages and tool results, and answers with tool calls."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from agent.coder.conversation import Ask, next_asks
from agent.coder.program import program


class RulesModel(BaseChatModel):
    """Deterministic, offline, no key, no weights: the same messages always give the same reply."""

    @property
    def _llm_type(self) -> str:
        return "rules"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """Tools are known by name; nothing has to be bound."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        asks = next_asks(program, messages)
        turn = sum(isinstance(m, AIMessage) for m in messages) + 1
        calls = [_call(ask, turn, n) for n, ask in enumerate(asks, 1)]
        text = "" if calls else "I have nothing left to change."
        reply = AIMessage(content=text, tool_calls=calls, id=f"turn-{turn}")
        return ChatResult(generations=[ChatGeneration(message=reply)])


def _call(ask: Ask, turn: int, number: int) -> dict[str, Any]:
    return {"name": ask.tool, "args": ask.args, "id": f"t{turn}-{number}", "type": "tool_call"}
