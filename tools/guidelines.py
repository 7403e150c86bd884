"""The tool search_guidelines: sections of the digest that answer a question, by date of service."""

from datetime import date

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime

from knowledge.guidelines import GuidelineHit, GuidelineIndex
from tools.context import ToolContext
from tools.state import ToolState

Json = dict[str, object]
_MOST_QUERIES = 16


def find_guidelines(index: GuidelineIndex, queries: list[str], *, on: date, limit: int) -> Json:
    """The best sections for each query, as they read on the date of service.

    Where the date lies outside the editions loaded, the nearest day answers and ``edition_mismatch`` is true
    (architecture, law 1).
    """
    as_of = index.nearest_date(on)
    results: list[Json] = [
        {"query": query, "hits": [_hit(hit) for hit in index.search(query, on=as_of, limit=limit)]}
        for query in queries
    ]
    return {"as_of": as_of.isoformat(), "edition_mismatch": as_of != on, "results": results}


def _hit(hit: GuidelineHit) -> Json:
    return {"id": hit.id, "title": hit.title, "text": hit.text, "score": hit.score}


def checked_queries(queries: list[str]) -> list[str]:
    """The queries without blanks around them.

    Raises:
        ToolException: none is given, one is empty, or there are too many.
    """
    cleaned = [query.strip() for query in queries]
    if not cleaned or not all(cleaned):
        raise ToolException(
            "every query needs words; ask at least one question, such as 'uncertain diagnosis'"
        )
    if len(cleaned) > _MOST_QUERIES:
        raise ToolException(f"{len(cleaned)} queries are too many; ask at most {_MOST_QUERIES} in one call")
    return cleaned


@tool(parse_docstring=True)
def search_guidelines(  # noqa: D417 - the runtime is injected, the model does not give it
    queries: list[str], runtime: ToolRuntime[ToolContext, ToolState], limit: int = 3
) -> str:
    """Search the coding guidelines in force on the date of service; cite the section ids that answer.

    Covers the ICD-10-CM official guidelines, evaluation and management, preventive and wellness visits,
    care management, telehealth, immunization, drugs, laboratory, office procedures, modifiers, NCCI policy,
    medical necessity, signatures and claim rules. A section id or a code may be part of a query.

    Args:
        queries: questions or key words, one topic each, such as "hypertension with chronic kidney disease".
        limit: most sections to return for each query (1 to 8).
    """
    if limit < 1:
        raise ToolException("limit must be at least 1")
    index = runtime.context.bookshelf.guidelines
    on = runtime.state["facts"].date_of_service
    most = min(limit, runtime.context.search_limit)
    return orjson.dumps(find_guidelines(index, checked_queries(queries), on=on, limit=most)).decode()
