"""The tools search_codes and look_up_codes: from words to codes, and all that the tables say of a code."""

from datetime import date
from typing import TYPE_CHECKING, Literal

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime

from knowledge.describe import describe
from tools.context import ToolContext
from tools.state import ToolState

if TYPE_CHECKING:
    from knowledge.bookshelf import Bookshelf

__all__ = ["describe", "look_up_codes", "look_up_result", "search_codes", "search_result"]

System = Literal["icd10cm", "cpt", "hcpcs"]
Json = dict[str, object]
MOST = 60


def search_result(shelf: "Bookshelf", queries: list[str], system: System, on: date, limit: int) -> Json:
    """Search for every query; the answers come in the order asked."""
    return {
        "results": [
            {
                "query": query,
                "hits": [
                    {
                        "code": hit.code,
                        "display": hit.display,
                        "score": hit.score,
                        "billable": hit.billable,
                        "needs": hit.needs,
                        "path": list(hit.path),
                    }
                    for hit in shelf.search.search(query, system=system, on=on, limit=limit)
                ],
            }
            for query in queries
        ]
    }


def look_up_result(shelf: "Bookshelf", codes: list[str], system: System, on: date) -> Json:
    """Describe every code; the answers come in the order asked, ``found`` false for what the table lacks."""
    return {"codes": [dict(describe(shelf, code, on, system)) for code in codes]}


def _some(items: list[str], what: str) -> list[str]:
    kept = [item for item in items if item.strip()]
    if not kept:
        raise ToolException(f"no {what} given; pass a list of at least one")
    if len(kept) > MOST:
        raise ToolException(f"{len(kept)} {what} at once; pass at most {MOST} and call again for the rest")
    return kept


@tool(parse_docstring=True)
def search_codes(
    queries: list[str],
    system: Literal["icd10cm", "cpt", "hcpcs"],
    runtime: ToolRuntime[ToolContext, ToolState],
) -> str:
    """Find codes by words, best first, as of the date of service.

    Understands abbreviations, lay words and misspelling; side, acuity and episode of care ("left", "acute",
    "initial encounter"); "due to", "with", "history of", "family history of", "screening for". A hit that is
    not billable says what it still needs. The path tells which term matched and the headers above the code.

    Args:
        queries: what to look for, one condition or service each, as specific as documented.
        system: icd10cm for diagnoses, cpt for procedures and visits, hcpcs for drugs, supplies and G-codes.
    """
    context, facts = runtime.context, runtime.state["facts"]
    kept = _some(queries, "queries")
    found = search_result(context.bookshelf, kept, system, facts.date_of_service, context.search_limit)
    return orjson.dumps(found).decode()


@tool(parse_docstring=True)
def look_up_codes(
    codes: list[str], system: Literal["icd10cm", "cpt", "hcpcs"], runtime: ToolRuntime[ToolContext, ToolState]
) -> str:
    """Tell everything the loaded tables know of codes, as of the date of service.

    Diagnoses: title, billable or what it needs, 7th characters, and every note in force with where it stands
    (includes, excludes1, excludes2, code first, use additional, code also), inherited ones too. Procedures:
    title, status, values, globals, unit limit, minutes, ages, add-on primaries, what a note must hold. A
    procedure that is not found is unknown to a partial table, which is not the same as invalid.

    Args:
        codes: the codes, with or without the dot; never codes of two systems in one call.
        system: icd10cm, cpt or hcpcs.
    """
    context, facts = runtime.context, runtime.state["facts"]
    found = look_up_result(context.bookshelf, _some(codes, "codes"), system, facts.date_of_service)
    return orjson.dumps(found).decode()
