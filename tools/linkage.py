"""The tool check_linkage: does this diagnosis justify this procedure?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime
from pydantic import Field

from knowledge.records import Linkage, Record
from tools.context import ToolContext
from tools.encounter import EncounterFacts
from tools.state import ToolState

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf

__all__ = ["Pair", "check_linkage", "linkage_result"]


class Pair(Record):
    """A diagnosis and the procedure it should justify."""

    diagnosis: str = Field(description="ICD-10-CM code")
    procedure: str = Field(description="CPT or HCPCS code")
    modifiers: tuple[str, ...] = Field(default=(), description="modifiers of the procedure's line")


def linkage_result(shelf: "Bookshelf", pairs: Sequence[Pair], facts: EncounterFacts) -> tuple[Linkage, ...]:
    """Judge every pair for the patient and date of the encounter."""
    return tuple(
        shelf.linkage.check(
            pair.diagnosis.strip().upper(),
            pair.procedure.strip().upper(),
            on=facts.date_of_service,
            age=facts.age_years,
            sex=facts.patient.sex,
            modifiers=pair.modifiers,
        )
        for pair in pairs
    )


@tool(parse_docstring=True)
def check_linkage(pairs: list[Pair], runtime: ToolRuntime[ToolContext, ToolState]) -> str:
    """Tell whether diagnoses justify procedures, each verdict with the table row it comes from.

    "supported", "not_supported", or "no_rule": no loaded rule speaks of the pair, which never means covered.
    Side, sex and age are compared too; give the line's modifiers so that the side is known.

    Args:
        pairs: a diagnosis and a procedure each; every pointer of a claim is one pair.
    """
    if not pairs:
        raise ToolException("no pair given; pass a diagnosis and a procedure for every pointer")
    found = linkage_result(runtime.context.bookshelf, pairs, runtime.state["facts"])
    return orjson.dumps({"links": [link.model_dump(mode="json") for link in found]}).decode()
