"""The tool check_edits: NCCI pairs, units per day and add-on rules over the lines of a claim."""

from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime
from pydantic import Field

from knowledge.records import Record, Source
from tools.context import ToolContext
from tools.state import ToolState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from knowledge.bookshelf import Bookshelf
    from knowledge.edits import EditTables

__all__ = ["EditLine", "check_edits", "edits_result"]

Json = dict[str, object]


class EditLine(Record):
    """One service line as far as the edits look at it."""

    code: str = Field(description="CPT or HCPCS code")
    modifiers: tuple[str, ...] = Field(default=(), description="modifiers of the line, in order")
    units: Decimal = Field(default=Decimal(1), description="units of the line")
    place_of_service: str | None = Field(default=None, description="two digits")


def edits_result(shelf: "Bookshelf", lines: "Sequence[EditLine]", on: "date") -> Json:
    """Find every edit that the lines of one claim run into; lines are numbered from 1."""
    edits = shelf.edits
    codes = dict.fromkeys(line.code for line in lines)
    return {
        "pairs": _pairs(edits, lines, on),
        "units": _units(edits, lines, on),
        "add_ons": _add_ons(edits, lines, on),
        "not_covered": [code for code in codes if not edits.covers(code, on)],
    }


def _pairs(edits: "EditTables", lines: "Sequence[EditLine]", on: "date") -> list[Json]:
    found: list[Json] = []
    for (i, one), (j, other) in combinations(enumerate(lines, start=1), 2):
        row = None if one.code == other.code else edits.ptp_between(one.code, other.code, on)
        if row is None:
            continue
        first, second = (i, j) if row.column1 == one.code else (j, i)
        never = row.modifier_indicator == "0"
        found.append(
            {
                "column1": row.column1,
                "column2": row.column2,
                "modifier_indicator": row.modifier_indicator,
                "lines": [first, second],
                "meaning": f"{row.column2} is not paid beside {row.column1}"
                + (", whatever the modifier" if never else " unless a modifier says why it is distinct"),
                "source": _said(row.source),
            }
        )
    return found


def _units(edits: "EditTables", lines: "Sequence[EditLine]", on: "date") -> list[Json]:
    """MAI 1 compares each line, 2 and 3 the sum of the day (NCCI policy manual, chapter 1, section V)."""
    found: list[Json] = []
    day: dict[str, Decimal] = {}
    for line in lines:
        day[line.code] = day.get(line.code, Decimal(0)) + line.units
    for number, line in enumerate(lines, start=1):
        row = edits.mue(line.code, on)
        if row is None:
            continue
        counted = line.units if row.mai == "1" else day[line.code]
        found.append(
            {
                "line": number,
                "code": line.code,
                "mue": row.mue,
                "mai": row.mai,
                "units": str(counted),
                "exceeded": counted > row.mue,
                "source": _said(row.source),
            }
        )
    return found


def _add_ons(edits: "EditTables", lines: "Sequence[EditLine]", on: "date") -> list[Json]:
    present = {line.code for line in lines}
    found: list[Json] = []
    for number, line in enumerate(lines, start=1):
        row = edits.add_on(line.code, on)
        if row is None:
            continue
        primary = next((code for code in row.primaries if code in present), None)
        found.append(
            {
                "line": number,
                "code": row.code,
                "kind": row.kind,
                "primary": primary,
                "missing_primary": primary is None and row.kind == "1",
                "primaries": list(row.primaries),
                "source": _said(row.source),
            }
        )
    return found


def _said(source: Source) -> str:
    return f"{source.table} {source.edition} {source.row}"


@tool(parse_docstring=True)
def check_edits(lines: list[EditLine], runtime: ToolRuntime[ToolContext, ToolState]) -> str:
    """Check the lines of one claim and date against the NCCI edits.

    "pairs": codes that exclude each other; indicator 0 never together, 1 only when a modifier's criteria are
    met. "units": the most units a day. "add_ons": codes that need a primary. "not_covered": codes the loaded
    pair table does not know; for these the absence of a pair says nothing.

    Args:
        lines: all service lines of the claim.
    """
    if not lines:
        raise ToolException("no line given; pass every line of the claim at once")
    on = runtime.state["facts"].date_of_service
    return orjson.dumps(edits_result(runtime.context.bookshelf, lines, on)).decode()
