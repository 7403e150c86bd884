"""Layer 2: the LangGraph agent and its faces. ``from agent import code_encounter, build_graph, Context``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.context import Context
    from agent.graph import build_graph
    from agent.run import CodingResult, acode_encounter, code_encounter

__all__ = ["CodingResult", "Context", "acode_encounter", "build_graph", "code_encounter"]

_HOMES = {
    "CodingResult": "agent.run",
    "Context": "agent.context",
    "acode_encounter": "agent.run",
    "build_graph": "agent.graph",
    "code_encounter": "agent.run",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing the package does no work."""
    if name not in _HOMES:
        raise AttributeError(f"module 'agent' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
