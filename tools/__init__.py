"""Layer 1: what the agent can do. TOOLS is the single registry; prompts and documentation render from it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

__all__ = ["load_tools"]


def load_tools() -> tuple["BaseTool", ...]:
    """Every tool of the agent, in the order a coder uses them (a function, so that nothing loads at import)."""
    from tools.codes import look_up_codes, search_codes
    from tools.edits import check_edits
    from tools.em_level import em_level
    from tools.fees import look_up_fees
    from tools.guidelines import search_guidelines
    from tools.history import get_encounter, get_history
    from tools.linkage import check_linkage
    from tools.modifiers import modifier_rules
    from tools.note import read_note
    from tools.propose import propose_claim

    return (
        get_encounter,
        get_history,
        read_note,
        search_codes,
        look_up_codes,
        search_guidelines,
        modifier_rules,
        em_level,
        check_edits,
        check_linkage,
        look_up_fees,
        propose_claim,
    )
