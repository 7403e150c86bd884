"""The tool modifier_rules: whether modifiers can stand with a code, and what the record must show."""

from typing import TYPE_CHECKING

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime

from tools.context import ToolContext
from tools.state import ToolState

if TYPE_CHECKING:
    from datetime import date

    from knowledge.bookshelf import Bookshelf

__all__ = ["modifier_result", "modifier_rules"]

Json = dict[str, object]


def modifier_result(shelf: "Bookshelf", code: str, modifiers: list[str], on: "date") -> Json:
    """Answer for every modifier asked, in order.

    ``allowed`` is None where the procedure is unknown to the loaded table: then nobody can say.
    """
    procedure = shelf.procedures.find(code, on)
    answers: list[Json] = []
    for asked in modifiers:
        modifier = shelf.modifiers.find(asked)
        if modifier is None:
            answers.append(_unknown(asked, shelf.modifiers.edition))
            continue
        allowed = None if procedure is None else shelf.modifiers.allowed(asked, procedure)
        answers.append(
            {
                "code": asked,
                "exists": True,
                "title": modifier.title,
                "allowed": None if allowed is None else allowed.ok,
                "why": f"{code} is unknown to the loaded procedure table" if allowed is None else allowed.why,
                "criteria": list(modifier.criteria),
                "conflicts": list(modifier.conflicts),
                "pricing": modifier.pricing,
                "source": f"modifiers {shelf.modifiers.edition}: {modifier.source}",
            }
        )
    return {
        "code": code,
        "modifiers": answers,
        "order": list(shelf.modifiers.sort(m for m in modifiers if m in shelf.modifiers)),
        "never_together": [list(pair) for pair in shelf.modifiers.conflicts(modifiers)],
    }


def _unknown(code: str, edition: str) -> Json:
    return {
        "code": code,
        "exists": False,
        "allowed": False,
        "why": f"{code} is not in the loaded modifier table",
        "criteria": [],
        "source": f"modifiers {edition}",
    }


@tool(parse_docstring=True)
def modifier_rules(code: str, modifiers: list[str], runtime: ToolRuntime[ToolContext, ToolState]) -> str:
    """Tell whether modifiers can stand with a procedure code, and what the record must show for each.

    "allowed" only says that code and modifier fit; every line of "criteria" must be met by evidence besides.
    "order" is their order on the line, "never_together" are those of which only one may stay.

    Args:
        code: one CPT or HCPCS code.
        modifiers: the modifiers considered, two characters each.
    """
    if not modifiers:
        raise ToolException("no modifier given; name the modifiers that you consider")
    on = runtime.state["facts"].date_of_service
    asked = [modifier.strip().upper() for modifier in modifiers]
    return orjson.dumps(modifier_result(runtime.context.bookshelf, code.strip().upper(), asked, on)).decode()
