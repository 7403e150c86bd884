"""Talking: by rule with the embedded coder, or with a chat model that has the same answers as tools."""

from typing import Any, Literal, Protocol

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langchain_core.tools import ToolException
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, RetryPolicy

from agent.chat.answer import Answer
from agent.chat.conversation import Conversation
from agent.chat.tools import case_tools
from agent.chat.view import CaseView
from agent.context import Context
from agent.graph import RETRY
from agent.models import call_options
from agent.nodes.code import STOPS
from agent.prompts import render

TURNS = 8
"""Most model turns for one question."""
TOO_MANY = "I could not settle this within the number of steps allowed; ask a narrower question."


class Talker(Protocol):
    """Whoever answers questions about a case."""

    def ask(self, question: str) -> Answer:
        """Answer one question."""


def open_talk(view: CaseView, context: Context) -> Talker:
    """The embedded coder answers by rule; any other model converses with tools over the same trace."""
    return Conversation(view, context) if context.model_spec == "rules" else ModelTalk(view, context)


class ModelTalk:
    """A conversation with a chat model; it keeps its messages, so that questions may follow one another."""

    def __init__(self, view: CaseView, context: Context, *, retry: RetryPolicy = RETRY) -> None:
        """``context.model`` converses; what it may know of the case it has to ask the tools."""
        self._context = context
        self._heard: list[Answer] = []
        self._tools = case_tools(view, context, self._heard.append)
        self._messages: list[AnyMessage] = [SystemMessage(_opening(view))]
        self._graph = self._built(retry)

    def ask(self, question: str) -> Answer:
        """Answer one question; ``facts`` holds what the tools said, so that the words can be proven.

        Errors of the model's provider (after retries) surface; a question that fails leaves the conversation as it was.
        """
        self._heard.clear()
        asked: list[AnyMessage] = [*self._messages, HumanMessage(question)]
        result: Any = self._graph.invoke({"messages": asked}, {"recursion_limit": 4 * TURNS})
        self._messages = result["messages"]
        last = self._messages[-1]
        stopped = isinstance(last, AIMessage) and STOPS.get(str(last.response_metadata.get("stopReason", "")))
        if stopped:
            return Answer(text=f"No answer: {stopped}.", understood=False)
        return self._answer(
            str(last.text) if isinstance(last, AIMessage) and not last.tool_calls else TOO_MANY
        )

    def _answer(self, text: str) -> Answer:
        heard = tuple(self._heard)
        return Answer(
            text=text,
            facts={"intent": "model", "model": self._context.model_spec, "told": [a.facts for a in heard]},
            evidence=tuple(e for a in heard for e in a.evidence),
            understood=text != TOO_MANY,
            what_if=next((a.what_if for a in reversed(heard) if a.what_if), None),
        )

    def _built(self, retry: RetryPolicy) -> Any:
        model = self._context.model.bind_tools(self._tools)
        options = call_options(self._context.model_spec)

        def talk(state: MessagesState) -> Command[Literal["tools", "__end__"]]:
            reply = model.invoke(state["messages"], **options)
            turns = sum(isinstance(m, AIMessage) for m in _since_question(state["messages"])) + 1
            goes_on = isinstance(reply, AIMessage) and bool(reply.tool_calls)
            if goes_on and turns >= TURNS:
                return Command(goto="__end__", update={"messages": [AIMessage(TOO_MANY)]})
            return Command(goto="tools" if goes_on else "__end__", update={"messages": [reply]})

        graph = StateGraph(MessagesState)
        graph.add_node("talk", talk, retry_policy=retry)
        graph.add_node("tools", ToolNode(self._tools, handle_tool_errors=ToolException))
        graph.add_edge(START, "talk")
        graph.add_edge("tools", "talk")
        return graph.compile(name="superbill-chat")


def _since_question(messages: list[AnyMessage]) -> list[AnyMessage]:
    """The messages after the last question."""
    last = max(n for n, m in enumerate(messages) if isinstance(m, HumanMessage))
    return messages[last + 1 :]


def _opening(view: CaseView) -> str:
    coding = view.coding
    codes = [d.code for d in coding.diagnoses]
    codes += ["-".join([x.code, *(m.code for m in x.modifiers)]) for x in coding.service_lines]
    return render(
        "chat",
        encounter_id=coding.encounter_id,
        date_of_service=coding.date_of_service.isoformat(),
        status=coding.status,
        codes=", ".join(codes) or "nothing",
    )
