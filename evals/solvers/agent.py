"""The agent as a solver: any model, any limits; on a fault the conversation so far is kept."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage, message_to_dict

from evals.case import BrokenSolverError, EvalCase, SolvedCase
from evals.results import attempt
from evals.scorers.money import Price
from knowledge.errors import UnknownCodeError

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from agent.context import Context
    from agent.state import State
    from knowledge.bookshelf import Bookshelf
    from tools.fhir.source import RawEncounter


@dataclass(frozen=True, kw_only=True)
class ShelfBook:
    """Which codes exist and what they are worth, by the bookshelf."""

    shelf: "Bookshelf"

    def diagnosis(self, code: str, on: date | None) -> bool:
        """Whether the edition in force holds the code and it is billable."""
        found = self.shelf.icd.find(code, on)
        return found is not None and found.billable

    def procedure(self, code: str, on: date | None) -> bool:
        """Whether the loaded procedure table holds the code."""
        return self.shelf.procedures.find(code, on) is not None

    def price(self, code: str, modifiers: Sequence[str], place: str | None, on: date | None) -> Price | None:
        """The schedule's national amount and total relative value of one unit; None where the tables know none."""
        if on is None:
            return None
        try:
            fee = self.shelf.fees.amount(code, modifiers, facility=self.shelf.places.facility(place), on=on)
        except UnknownCodeError:
            return None
        return None if fee.amount is None else Price(amount=float(fee.amount), rvu=float(fee.total))


@dataclass(frozen=True, kw_only=True)
class AgentSolver:
    """Codes a case with the agent; drafts count whatever the status, nothing is written."""

    context: "Context"
    graph: "CompiledStateGraph[Any, Any, Any, Any]"

    def __call__(self, case: EvalCase) -> SolvedCase:
        """Code one case.

        Raises:
            BrokenSolverError: the run broke; it carries the conversation up to there.
        """
        from agent.run import code_encounter

        started = time.perf_counter()
        listener: Any = Listener(self.context.model)
        context = replace(self.context, model=listener)
        result, error = attempt(lambda: code_encounter(raw_of(case), context=context, graph=self.graph))
        if result is None:
            raise BrokenSolverError(tuple(listener.steps())) from error
        seconds = time.perf_counter() - started
        return solved(result.coding.model_dump(mode="json"), result.state, context, seconds)


def solved(coding: dict[str, Any], state: "State", context: "Context", seconds: float) -> SolvedCase:
    """What a run of the graph came to, with its trace as the steps."""
    from agent.trace import trace_events

    usage = {name: float(coding["usage"][name]) for name in ("input_tokens", "output_tokens", "cost_usd")}
    return SolvedCase(
        coding=coding,
        seconds=seconds,
        usage=usage,
        documents={d.id: d.text for d in state["facts"].documents},
        steps=tuple(e.model_dump(mode="json") for e in trace_events(state, context)),
    )


def raw_of(case: EvalCase) -> "RawEncounter":
    """The case as intake reads it: its Bundle where it has one, else its note beside its context."""
    import orjson

    from tools.fhir.context_file import context_of
    from tools.intake import read_bytes

    if case.bundle is not None:
        return read_bytes(orjson.dumps(case.bundle), f"{case.id}.json")
    context = context_of({**case.context, "encounter": case.id}, case.id)
    return read_bytes(case.note.encode(), f"{case.id}.txt", context)


class Listener:
    """Stands in for a chat model and keeps the latest conversation, so that a run that breaks leaves its trajectory."""

    def __init__(self, model: Any) -> None:
        """Listen to ``model``, or to what it becomes when tools are bound (which the agent does anew every turn)."""
        self._model = model
        self._bound = model
        self.heard: list[BaseMessage] = []

    def bind_tools(self, tools: Any, **options: Any) -> "Listener":
        """Bind the tools and go on listening."""
        self._bound = self._model.bind_tools(tools, **options)
        return self

    def invoke(self, messages: list[BaseMessage], *given: Any, **options: Any) -> BaseMessage:
        """Ask the model."""
        self.heard = list(messages)
        reply: BaseMessage = self._bound.invoke(messages, *given, **options)
        self.heard.append(reply)
        return reply

    def steps(self) -> Iterator[dict[str, Any]]:
        """The conversation as trajectory steps."""
        for number, message in enumerate(self.heard, 1):
            yield {"seq": number, "node": "code", "event": "message", "data": message_to_dict(message)}
