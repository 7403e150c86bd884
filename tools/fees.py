"""The tool look_up_fees: schedule value and charge of service lines."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime
from pydantic import Field

from knowledge.errors import UnknownCodeError
from knowledge.fees import CENT, Fee
from knowledge.records import Record
from tools.context import ToolContext
from tools.encounter import EncounterFacts
from tools.state import ToolState

__all__ = ["FeeLine", "fees_result", "look_up_fees"]

Json = dict[str, object]


class FeeLine(Record):
    """One service line as far as its price goes."""

    code: str = Field(description="CPT or HCPCS code")
    modifiers: tuple[str, ...] = Field(default=(), description="modifiers of the line")
    units: Decimal = Field(default=Decimal(1), description="units of the line")


def fees_result(context: ToolContext, facts: EncounterFacts, lines: Sequence[FeeLine]) -> Json:
    """Price every line; amounts and charges are those of all its units, as text in US dollars."""
    return {"fees": [_line(context, facts, line) for line in lines]}


def _line(context: ToolContext, facts: EncounterFacts, line: FeeLine) -> Json:
    shelf = context.bookshelf
    try:
        fee = shelf.fees.amount(
            line.code,
            line.modifiers,
            facility=shelf.places.facility(facts.place_of_service),
            locality=context.locality,
            on=facts.date_of_service,
        )
    except UnknownCodeError as error:
        return {
            "code": line.code,
            "amount": None,
            "charge": None,
            "charge_basis": "unknown",
            "why": str(error),
        }
    charge, basis = _charge(context, facts, line, fee)
    return {
        "code": line.code,
        "modifiers": list(line.modifiers),
        "amount": _money(None if fee.amount is None else fee.amount * line.units),
        "work_rvu": str(fee.work),
        "total_rvu": str(fee.total),
        "charge": _money(charge),
        "charge_basis": basis,
        "note": fee.note,
        "source": f"{fee.source.table} {fee.source.edition} {fee.source.row}",
    }


def _charge(
    context: ToolContext, facts: EncounterFacts, line: FeeLine, fee: Fee
) -> tuple[Decimal | None, str]:
    """The practice's own charge, else the schedule amount times the configured multiple, marked derived."""
    if context.charge_master is not None:
        payer = facts.primary.payer_id if facts.primary else None
        own = context.charge_master.charge(line.code, line.modifiers, payer=payer, on=facts.date_of_service)
        if own is not None:
            return own * line.units, "charge_master"
    if fee.amount is None:
        return None, "unknown"
    unit = (fee.amount * Decimal(context.charge_multiple)).quantize(CENT, ROUND_HALF_UP)
    return unit * line.units, "derived"


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount.quantize(CENT, ROUND_HALF_UP))


@tool(parse_docstring=True)
def look_up_fees(lines: list[FeeLine], runtime: ToolRuntime[ToolContext, ToolState]) -> str:
    """Tell what service lines are worth: relative values, the schedule's amount and the practice's charge.

    A charge is the practice's own, or derived from the schedule and marked so. Never choose a code by price.

    Args:
        lines: code, modifiers and units of each line.
    """
    if not lines:
        raise ToolException("no line given; pass code, modifiers and units of each line")
    return orjson.dumps(fees_result(runtime.context, runtime.state["facts"], lines)).decode()
