"""Non-leading questions where the documentation is short (AHIMA/ACDIS practice: open, without a suggested answer)."""

from collections.abc import Iterable, Iterator

from agent.coder.case import Case
from agent.coder.conversation import Json
from agent.coder.lines import Line
from agent.coder.views import views_of, views_said

RANKS = ("minimal", "straightforward", "low", "moderate", "high")
UNSTATED = ("stable_chronic", "acute_uncomplicated")
GENERIC = frozenset({"lab work", "blood test", "imaging", "labs"})


def provider_queries(case: Case, lines: Iterable[Line], em: Json | None = None) -> list[Json]:
    """Every question the lines and the level of the visit leave open."""
    return [*(q for line in lines for q in _line(line)), *(_level(em) if em else ())]


def _level(em: Json) -> Iterator[Json]:
    """Where one element alone keeps the visit at the lower level and the note is open on it, the lower is billed and asked."""
    ranks = {name: RANKS.index(em[name]["level"]) for name in ("problems", "data", "risk")}
    decided = sorted(ranks.values())[1]
    if em["basis"] != "mdm" or max(ranks.values()) <= decided:
        return
    problems = em["problems"]["items"]
    if ranks["problems"] == decided and len(problems) == 1 and problems[0]["category"] in UNSTATED:
        yield _asked(
            f"What were the course and the status of {problems[0]['text']} at this visit?",
            "the level of the visit depends on it; the lower level was billed",
            problems[0]["citations"],
        )
    for item in em["data"]["items"]:
        if ranks["data"] == decided and item["text"] in GENERIC:
            yield _asked(
                "Which tests were ordered or reviewed?",
                f"'{item['text']}' counts as one test; each unique test counts",
                item["citations"],
            )


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
