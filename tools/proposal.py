"""What a coder proposes and the self-check judges: diagnoses, lines, E/M, rejected codes, queries, opportunities."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from knowledge.records import CodeSystem, Evidence, Record


class GuidelineRef(Record):
    """A guideline section by its official id."""

    id: str
    title: str


class ModifierUse(Record):
    """A modifier with the criterion that was met."""

    code: str
    why: str


class ProposedDiagnosis(Record):
    """A diagnosis in claim order; position in the list is its sequence (1-based)."""

    code: str
    evidence: tuple[Evidence, ...]
    guidelines: tuple[GuidelineRef, ...] = ()
    rationale: str
    confidence: float | None = None


class ProposedLine(Record):
    """A service line. ``pointers`` are diagnosis sequences, best first, 1 to 4."""

    code: str
    system: CodeSystem
    modifiers: tuple[ModifierUse, ...] = ()
    units: Decimal = Decimal(1)
    place_of_service: str | None = None
    pointers: tuple[int, ...]
    evidence: tuple[Evidence, ...]
    rationale: str
    confidence: float | None = None
    minutes: int | None = None
    ndc: str | None = None
    ndc_quantity: Decimal | None = None
    ndc_unit: Literal["F2", "GR", "ME", "ML", "UN"] | None = None


MdmLevel = Literal["minimal", "straightforward", "low", "moderate", "high"]


class MdmItem(Record):
    """One counted item of an MDM element."""

    text: str
    category: str = Field(description="row of the MDM table it counts in, e.g. 'undiagnosed_new_problem'")
    evidence: tuple[Evidence, ...] = ()


class MdmElement(Record):
    """Problems, data or risk, with the items that carry its level."""

    level: MdmLevel
    items: tuple[MdmItem, ...] = ()


class EmDecision(Record):
    """The problem-oriented E/M and how it was levelled (CPT E/M guidelines 2021 and later)."""

    code: str
    basis: Literal["mdm", "time"]
    problems: MdmElement
    data: MdmElement
    risk: MdmElement
    minutes: int | None = None
    explanation: str


class RejectedCode(Record):
    """A candidate that was considered and not coded; ``rule`` is a guideline section id or a rule name."""

    code: str
    system: CodeSystem
    reason: str
    rule: str
    evidence: tuple[Evidence, ...] = ()


class ProviderQuery(Record):
    """A non-leading question to the provider."""

    question: str
    why: str
    evidence: tuple[Evidence, ...] = ()


class Opportunity(Record):
    """A service that may be billable if more is documented; never billed by itself."""

    code: str
    documented: tuple[str, ...]
    missing: tuple[str, ...]
    guideline: str


class Proposal(Record):
    """A coder's whole answer for one encounter."""

    diagnoses: tuple[ProposedDiagnosis, ...]
    service_lines: tuple[ProposedLine, ...]
    em: EmDecision | None = None
    rejected: tuple[RejectedCode, ...] = ()
    queries: tuple[ProviderQuery, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
