"""Non-leading questions where the documentation is short (AHIMA/ACDIS practice: open, without a suggested answer)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.coder import told
from agent.coder.case import Case
from agent.coder.combinations import covers
from agent.coder.conversation import Json
from agent.coder.diagnoses import Diagnosis
from agent.coder.lines import Line
from agent.coder.views import views_of, views_said
from agent.coder.visit import Visit
from knowledge.tables import read_csv

RANKS = ("minimal", "straightforward", "low", "moderate", "high")
UNSTATED = ("stable_chronic", "acute_uncomplicated")
COURSE = re.compile(
    r"\b(?:(?:well|fair|poor|un|not)?[- ]?controlled|at goal|stable|unchanged|improv\w*|resolv\w*|better|worse\w*|doing well|"
    r"(?:good|fair|poor) control|in remission|progress\w*|flare\w*|exacerbat\w*|healing)\b",
    re.IGNORECASE,
)
GENERIC = frozenset({"lab work", "blood test", "imaging", "labs"})
SIDELESS = re.compile(
    r"\bunspecified (?:side|(?:\w+ )?(?:knee|hip|shoulder|elbow|wrist|hand|ankle|foot|leg|arm|ear|eye))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenQuestion:
    """One row: codes that stand for less than could be said, the words that settle it, the question and its reason."""

    codes: str
    settled: str
    question: str
    why: str
    source: str


def provider_queries(
    case: Case, lines: Iterable[Line], diagnoses: Sequence[Diagnosis], visit: Visit | None
) -> list[Json]:
    """Every question that the diagnoses, the lines and the level of the visit leave open."""
    return [
        *_diagnoses(case, diagnoses),
        *(q for line in lines for q in _line(line)),
        *(_level(case, visit.em) if visit and visit.em else ()),
        *(_time(visit) if visit else ()),
    ]


def _diagnoses(case: Case, diagnoses: Sequence[Diagnosis]) -> Iterator[Json]:
    """What the record leaves open about a condition whose code depends on it, each question once."""
    record = " ".join(case.texts.values()).lower()
    asked: set[str] = set()
    for d in diagnoses:
        for row in _open_questions():
            if covers(row.codes, d.code) and row.question not in asked and not re.search(row.settled, record):
                asked.add(row.question)
                yield _asked(row.question, f"{d.code}: {row.why}", d.citations)
        if SIDELESS.search(d.display):
            yield _asked(
                f"On which side is this: {d.candidates[0].seen.text}?",
                f"{d.code}: the record does not state the side",
                d.citations,
            )


@cache
def _open_questions() -> tuple[OpenQuestion, ...]:
    return read_csv(Path(__file__).parent / "data" / "open_questions.csv", OpenQuestion)


def _time(visit: Visit) -> Iterator[Json]:
    """A total time that would carry a higher level, beside a procedure whose time may be in it: the lower is billed and asked."""
    if visit.unsettled:
        yield _asked(
            f"Do the {visit.unsettled} minutes of total time include the time of the procedure?",
            "time billed by itself is no time of the visit; the level by decision making was billed",
            [s.citation for s in visit.line.seen[:1]],
        )


def _level(case: Case, em: Json) -> Iterator[Json]:
    """Where one element alone keeps the visit at the lower level and the note is open on it, the lower is billed and asked."""
    ranks = {name: RANKS.index(em[name]["level"]) for name in ("problems", "data", "risk")}
    decided = sorted(ranks.values())[1]
    if em["basis"] != "mdm" or max(ranks.values()) <= decided:
        return
    problems = em["problems"]["items"]
    single = len(problems) == 1 and problems[0]["category"] in UNSTATED
    if single and ranks["problems"] == decided and not _is_course_told(case, problems[0]):
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


def _is_course_told(case: Case, problem: Json) -> bool:
    """The assessment says how the problem stands, so that nothing is open."""
    at = {(c["document"], c["start"]) for c in problem["citations"]}
    own = [m for m in case.of("problem") if (m.document, m.start) in at]
    listed = [m for seen in own for m in (seen, *case.under(seen))]
    return any(COURSE.search(text) for text in (*map(case.sentence, own), *told.item(case, listed)))


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
