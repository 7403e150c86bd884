"""Shared parts of the graph tests: one shipped encounter, a context without a network, a right claim for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langgraph.types import RetryPolicy

from agent.context import Context, Limits
from agent.graph import build_graph
from agent.models.retry import is_transient
from agent.models.rules import RulesModel
from agent.policy import Policy
from agent.run import CodingResult, code_encounter
from knowledge.bookshelf import Bookshelf
from tests.conftest import ROOT
from tools.checks import CheckPolicy

ENCOUNTERS = ROOT / "evals" / "encounters"
MEMORY_LOSS = ENCOUNTERS / "01-memory-loss.json"
FAST = RetryPolicy(
    max_attempts=3, initial_interval=0.0, max_interval=0.0, jitter=False, retry_on=is_transient
)


@pytest.fixture
def context(shelf: Bookshelf, tmp_path: Path) -> Context:
    return context_for(shelf, tmp_path / "out")


def context_for(shelf: Bookshelf, out: Path) -> Context:
    """The embedded coder over the tests' bookshelf, without a store."""
    return Context(
        bookshelf=shelf,
        model=RulesModel(),
        model_spec="rules",
        policy=Policy(accept_derived_charges=True),
        check_policy=CheckPolicy.default(),
        out=out,
        pdf=False,
    )


def run(
    context: Context, model: BaseChatModel | None = None, *, spec: str = "scripted", **options: Any
) -> CodingResult:
    """Code the memory-loss encounter with a model of the test."""
    given = replace(context, model=model, model_spec=spec) if model else context
    limits = options.pop("limits", None)
    given = replace(given, limits=limits) if limits else given
    graph = build_graph(options.pop("checkpointer", None), retry=FAST, tools=options.pop("tools", None))
    return code_encounter(options.pop("path", MEMORY_LOSS), context=given, graph=graph)


def memory_loss_claim(**changes: Any) -> dict[str, Any]:
    """The right claim of the memory-loss visit, as arguments of propose_claim."""
    quote = {"quote": "Memory loss, slowly progressive"}
    claim: dict[str, Any] = {
        "diagnoses": [
            {"code": "R41.3", "citations": [quote], "guidelines": ["IV.H"], "rationale": "cause not known"}
        ],
        "service_lines": [
            {"code": "99204", "pointers": [1], "citations": [quote], "rationale": "moderate decision making"}
        ],
        "em": {
            "code": "99204",
            "basis": "mdm",
            "explanation": "problems and risk moderate",
            "problems": {
                "level": "moderate",
                "items": [
                    {"text": "memory loss", "category": "undiagnosed_new_problem", "citations": [quote]}
                ],
            },
            "data": {"level": "low", "items": [{"text": "TSH", "category": "test_ordered"}]},
            "risk": {
                "level": "moderate",
                "items": [
                    {
                        "text": "donepezil started",
                        "category": "prescription_drug",
                        "citations": [{"quote": "Start Aricept 5 mg by mouth at bedtime"}],
                    }
                ],
            },
        },
    }
    return {**claim, **changes}


LIMITS = Limits(turns=6, repairs=2)
