"""Non-leading questions where the documentation is short (AHIMA/ACDIS practice: open, without a suggested answer)."""

from collections.abc import Iterable, Iterator

from agent.coder.case import Case
from agent.coder.conversation import Json
from agent.coder.lines import Line
from agent.coder.views import views_of, views_said


def provider_queries(case: Case, lines: Iterable[Line]) -> list[Json]:
    """Every question the lines leave open."""
    return [q for line in lines for q in _line(line)]


def _line(line: Line) -> Iterator[Json]:
    title = str(line.facts.get("display", ""))
    citations = [s.citation for s in line.seen]
    if (
        line.facts.get("category") == "imaging"
        and views_of(title) != (1, 99)
        and views_said(line.said) is None
    ):
        yield _asked(
            "How many views were taken?",
            f"{line.code} depends on the number of views; the fewest were billed",
            citations,
        )
    if line.facts.get("side") == "paired" and not line.modifiers:
        yield _asked("On which side was this done?", f"{line.code} needs a side", citations)


def _asked(question: str, why: str, citations: list[Json]) -> Json:
    return {"question": question, "why": why, "citations": citations}
