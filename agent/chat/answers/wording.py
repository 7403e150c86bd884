"""How answers say codes, quotations and guidelines."""

from collections.abc import Iterable

from agent.chat.question import Question
from agent.coding import CodedDiagnosis, CodedLine
from knowledge.guidelines import GuidelineSection, UnknownSectionError
from knowledge.records import Evidence
from tools.proposal import GuidelineRef

MOST_QUOTES = 4


def quoted(evidence: Iterable[Evidence]) -> str:
    """The quotations with where they stand, the first few."""
    parts = []
    for e in tuple(evidence)[:MOST_QUOTES]:
        where = getattr(e, "section", None) or getattr(e, "reference", None) or getattr(e, "document", "")
        parts.append(f"“{e.text}” ({where})")
    return "; ".join(parts) or "no quotation"


def titled(code: str, display: str) -> str:
    """``I10 (Essential (primary) hypertension)``."""
    return f"{code} ({display})" if display else code


def diagnosis_words(d: CodedDiagnosis) -> str:
    """A diagnosis with its place."""
    return f"diagnosis {d.sequence}, {titled(d.code, d.display)}"


def line_words(line: CodedLine) -> str:
    """A line with its modifiers."""
    modifiers = "".join(f"-{m.code}" for m in line.modifiers)
    return f"line {line.line}, {line.code}{modifiers} ({line.display})"


def section(q: Question, section_id: str) -> GuidelineSection | None:
    """The guideline section on the date of service, or None."""
    try:
        return q.shelf.guidelines.get(section_id, q.view.facts.date_of_service)
    except UnknownSectionError:
        return None


def guideline_words(q: Question, refs: Iterable[GuidelineRef]) -> str:
    """Each cited section with what it asks."""
    told = []
    for ref in refs:
        found = section(q, ref.id)
        told.append(f"{ref.id} {ref.title}: {found.text}" if found else f"{ref.id} {ref.title}")
    return " ".join(told) or "no guideline section is cited"


def confidence_words(value: float | None) -> str:
    """A calibrated confidence, where one is known."""
    return f" Confidence {value:.2f}." if value is not None else ""


def listed(words: Iterable[str], none: str = "none") -> str:
    """Words with commas."""
    return ", ".join(words) or none
