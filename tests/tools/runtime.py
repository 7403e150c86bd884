"""A stand-in for the runtime that the graph hands to a tool, and a call that reads its answer."""

import json
from types import SimpleNamespace
from typing import Any

from langchain_core.tools import BaseTool

from tools.context import ToolContext
from tools.encounter import EncounterFacts


def answer(tool: BaseTool, context: ToolContext, facts: EncounterFacts, **arguments: Any) -> Any:
    """Call a tool as the graph does and read its JSON."""
    runtime = SimpleNamespace(context=context, state={"facts": facts})
    return json.loads(tool.func(**arguments, runtime=runtime))  # type: ignore[attr-defined]
