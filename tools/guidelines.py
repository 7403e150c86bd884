"""The tool search_guidelines: sections of the digest that answer a question, by date of service."""

import re
from datetime import date

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime

from knowledge.guidelines import GuidelineHit, GuidelineIndex, UnknownSectionError
from tools.context import ToolContext
from tools.state import ToolState

Json = dict[str, object]
_MOST_QUERIES = 16
_SECTION_ID = re.compile(r"[A-Z]+(\.[A-Za-z0-9_-]+)+")


def find_guidelines(index: GuidelineIndex, queries: list[str], *, on: date, limit: int) -> Json:
    """The best sections for each query, as they read on the date of service.

    Where the date lies outside the editions loaded, the nearest day answers and ``edition_mismatch`` is true
    (architecture, law 1).
    """
    as_of = index.nearest_date(on)
    results: list[Json] = [
        {"query": query, "hits": [_hit(hit) for hit in _found(index, query, on=as_of, limit=limit)]}
        for query in queries
    ]
    return {"as_of": as_of.isoformat(), "edition_mismatch": as_of != on, "results": results}


def _found(index: GuidelineIndex, query: str, *, on: date, limit: int) -> list[GuidelineHit]:
    """A section asked for by its id is opened; words are searched (only then is the vector index loaded)."""
    if _SECTION_ID.fullmatch(query):
        try:
            section = index.get(query, on)
        except UnknownSectionError:
            return index.search(query, on=on, limit=limit)
        return [GuidelineHit(id=section.id, title=section.title, text=section.text, score=1.0)]
    return index.search(query, on=on, limit=limit)


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
def search_guidelines(
    queries: list[str], runtime: ToolRuntime[ToolContext, ToolState], limit: int = 3
) -> str:
    """Search the coding guidelines in force on the date of service; cite the section ids that answer.

    Covers the ICD-10-CM official guidelines, evaluation and management, preventive and wellness visits,
    care management, telehealth, immunization, drugs, laboratory, office procedures, modifiers, NCCI policy,
    medical necessity, signatures and claim rules. A section id alone ("IV.H", "EM.time") opens that section.

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
