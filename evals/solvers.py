"""Solvers: our agent over an eval case, and the bookshelf as the judge of which codes exist."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.case import EvalCase, SolvedCase

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from agent.context import Context
    from knowledge.bookshelf import Bookshelf


@dataclass(frozen=True, kw_only=True)
class ShelfBook:
    """Which codes exist, by the bookshelf."""

    shelf: "Bookshelf"

    def diagnosis(self, code: str, on: date | None) -> bool:
        """Whether the edition in force holds the code and it is billable."""
        found = self.shelf.icd.find(code, on)
        return found is not None and found.billable

    def procedure(self, code: str, on: date | None) -> bool:
        """Whether the loaded procedure table holds the code."""
        return self.shelf.procedures.find(code, on) is not None


@dataclass(frozen=True, kw_only=True)
class AgentSolver:
    """Codes a case with the agent; drafts count whatever the status, nothing is written."""

    context: "Context"
    graph: "CompiledStateGraph[Any, Any, Any, Any]"

    def __call__(self, case: EvalCase) -> SolvedCase:
        """Code one case."""
        from agent.run import code_encounter
        from tools.fhir.context_file import context_of
        from tools.intake import read_bytes

        started = time.perf_counter()
        context = context_of({**case.context, "encounter": case.id}, case.id)
        raw = read_bytes(case.note.encode(), f"{case.id}.txt", context)
        result = code_encounter(raw, context=self.context, graph=self.graph)
        seconds = time.perf_counter() - started
        coding = result.coding.model_dump(mode="json")
        documents = {d.id: d.text for d in result.state["facts"].documents}
        return SolvedCase(coding=coding, seconds=seconds, usage=_usage(coding), documents=documents)


def _usage(coding: dict[str, Any]) -> dict[str, float]:
    usage = coding["usage"]
    return {name: float(usage[name]) for name in ("input_tokens", "output_tokens", "cost_usd")}


@contextmanager
def agent_solver(model: str | None, home: Path | None = None) -> Iterator[tuple[AgentSolver, ShelfBook]]:
    """The agent with a model, in memory: no store, no checkpoints, no output folder."""
    from agent.graph import build_graph
    from agent.run import make_context
    from agent.settings import load_settings

    settings = load_settings()
    if home is not None:
        settings = replace(settings, home=home)
    context = make_context(settings, model_spec=model, out=None, store=None, pdf=False)
    try:
        yield AgentSolver(context=context, graph=build_graph(None)), ShelfBook(shelf=context.bookshelf)
    finally:
        context.bookshelf.close()
