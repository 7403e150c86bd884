"""em_level: the level of a problem-oriented E/M from itemised medical decision making or total time."""

from collections import Counter
from typing import Literal

import orjson
from langchain_core.tools import ToolException, tool
from langgraph.prebuilt import ToolRuntime
from pydantic import BaseModel, ConfigDict, Field

from knowledge.em import LEVELS, EmTable, Level
from knowledge.records import Record
from tools.context import ToolContext
from tools.state import ToolState

Family = Literal["office", "home", "emergency", "hospital_initial", "hospital_later"]


class MdmEntry(BaseModel):
    """One item you count: its category (see the table in the answer of an empty call) and what it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str
    text: str = Field(description="the problem, test, source, drug or decision; the same text counts once")


class EmAnswer(Record):
    """Levels of the three elements, the level they give, and the code for it."""

    problems: Level
    data: Level
    risk: Level
    mdm: Level
    mdm_code: str | None
    time_code: str | None
    code: str | None
    basis: Literal["mdm", "time"]
    explanation: str


@tool(parse_docstring=True)
def em_level(
    family: Family,
    new_patient: bool,
    problems: list[MdmEntry],
    data: list[MdmEntry],
    risk: list[MdmEntry],
    runtime: ToolRuntime[ToolContext, ToolState],
    minutes: int | None = None,
) -> str:
    """Level a problem-oriented E/M: two of the three MDM elements must meet the level, or total time on the date does.

    Count only what the note supports. Do not count a test whose interpretation is billed here, nor separately billed time.
    Problem categories: self_limited, stable_chronic, acute_uncomplicated, stable_acute, chronic_exacerbation,
    undiagnosed_new_problem, acute_systemic, acute_complicated_injury, chronic_severe_exacerbation, threat_to_life.
    Data categories: test_ordered, test_reviewed, external_note, independent_historian, independent_interpretation,
    external_discussion. Risk categories: none, otc_drug, diagnostic_imaging, minor_surgery, therapy, prescription_drug, minor_surgery_risk,
    major_surgery, social_determinants, intensive_monitoring, major_surgery_risk, emergency_surgery, hospitalization,
    limit_care, parenteral_controlled.

    Args:
        family: office (also telehealth and outpatient hospital), home, emergency, hospital_initial or hospital_later
        new_patient: true when no professional of the group and specialty saw the patient within three years
        problems: problems addressed today
        data: tests, documents, historian, interpretation, discussion
        risk: risk of management decisions made today
        minutes: total time on the date, less separately billed services, when documented
    """
    table = runtime.context.bookshelf.em
    for element, entries in (("problems", problems), ("data", data), ("risk", risk)):
        _known(table, element, entries)
    answer = level_em(
        table,
        family=family,
        new_patient=new_patient,
        problems=problems,
        data=data,
        risk=risk,
        minutes=minutes,
    )
    return orjson.dumps(answer.model_dump()).decode()


def level_em(
    table: EmTable,
    *,
    family: Family,
    new_patient: bool,
    problems: list[MdmEntry],
    data: list[MdmEntry],
    risk: list[MdmEntry],
    minutes: int | None = None,
) -> EmAnswer:
    """Apply the MDM table and the time table; the higher fully supported one decides (CPT E/M guidelines, level selection)."""
    patient = "new" if new_patient else "established"
    elements = problems_level(table, problems), data_level(data), risk_level(table, risk)
    mdm = _two_of_three(elements)
    by_mdm = table.code_for(family, patient, mdm)
    by_time = table.code_for_minutes(family, patient, minutes) if minutes else None
    time_wins = by_time is not None and _rank(by_time.level) > _rank(mdm)
    chosen = by_time if time_wins else by_mdm
    return EmAnswer(
        problems=elements[0],
        data=elements[1],
        risk=elements[2],
        mdm=mdm,
        mdm_code=by_mdm.code if by_mdm else None,
        time_code=by_time.code if by_time else None,
        code=chosen.code if chosen else None,
        basis="time" if time_wins else "mdm",
        explanation=_explain(elements, mdm, minutes, time_wins),
    )


def problems_level(table: EmTable, entries: list[MdmEntry]) -> Level:
    """Number and complexity of problems; two self-limited make low, two stable chronic make moderate."""
    unique = {(e.category, e.text.lower()) for e in entries}
    counts = Counter(category for category, _ in unique)
    levels: list[Level] = ["minimal"]
    levels.extend(_level(table.categories["problems", category].level) for category in counts)
    if counts["self_limited"] >= 2:
        levels.append("low")
    if counts["stable_chronic"] >= 2:
        levels.append("moderate")
    return max(levels, key=_rank)


def data_level(entries: list[MdmEntry]) -> Level:
    """Amount and complexity of data: limited 2 items or a historian; moderate 1 of 3 categories; extensive 2 of 3."""
    unique = {(e.category, e.text.lower()) for e in entries}
    counts = Counter(category for category, _ in unique)
    items = counts["test_ordered"] + counts["test_reviewed"] + counts["external_note"]
    historian = counts["independent_historian"] > 0
    met = [
        items + counts["independent_historian"] >= 3,
        counts["independent_interpretation"] > 0,
        counts["external_discussion"] > 0,
    ]
    if sum(met) >= 2:
        return "high"
    if any(met):
        return "moderate"
    if items >= 2 or historian:
        return "low"
    return "straightforward"


def risk_level(table: EmTable, entries: list[MdmEntry]) -> Level:
    """Risk of complications from management decided today; the riskiest decision carries it."""
    levels: list[Level] = [_level(table.categories["risk", e.category].level) for e in entries]
    return max(levels, key=_rank, default="minimal")


def _two_of_three(elements: tuple[Level, Level, Level]) -> Level:
    middle = sorted(elements, key=_rank)[1]
    return "straightforward" if middle == "minimal" else middle


def _level(name: str) -> Level:
    return next(level for level in LEVELS if level == name)


def _rank(level: str) -> int:
    return [*LEVELS].index(_level(level))


def _explain(elements: tuple[Level, Level, Level], mdm: Level, minutes: int | None, time_wins: bool) -> str:
    text = f"problems {elements[0]}, data {elements[1]}, risk {elements[2]}: two of three meet {mdm}"
    if time_wins:
        return f"{text}; total time of {minutes} minutes carries a higher level"
    return text


def _known(table: EmTable, element: str, entries: list[MdmEntry]) -> None:
    known = [category for kind, category in table.categories if kind == element]
    unknown = sorted({e.category for e in entries if e.category not in known})
    if unknown:
        raise ToolException(
            f"{element}: {', '.join(unknown)} is not a category; use one of {', '.join(known)}"
        )
