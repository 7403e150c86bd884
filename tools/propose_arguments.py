"""The arguments of propose_claim: what a coder hands in, each field with its format and what it must never be."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.records import CodeSystem
from tools.proposal import MdmLevel


class _Argument(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Citation(_Argument):
    """Where the record says so: a verbatim quotation of a document, or an element of a FHIR resource."""

    document: str | None = Field(default=None, description="document id, for a quotation")
    quote: str | None = Field(default=None, description="the exact words of the document; never a paraphrase")
    start: int | None = Field(default=None, description="code-point offset of the quote, when known")
    section: str | None = Field(default=None, description="section of the note, when known")
    reference: str | None = Field(
        default=None, description="FHIR reference from get_history, e.g. Condition/12"
    )


class DiagnosisArgument(_Argument):
    """One diagnosis, in claim order: the first is the reason for the visit."""

    code: str = Field(
        description="billable ICD-10-CM code with its dot, taken from a tool answer, never from memory"
    )
    citations: list[Citation]
    guidelines: list[str] = Field(default_factory=list, description="guideline section ids, e.g. I.C.4.a")
    rationale: str


class ModifierArgument(_Argument):
    """A modifier and the criterion that the record meets."""

    code: str
    why: str


class LineArgument(_Argument):
    """One service that the record documents as done today by this practice."""

    code: str = Field(description="CPT or HCPCS code taken from a tool answer")
    modifiers: list[ModifierArgument] = Field(default_factory=list)
    units: Decimal = Decimal(1)
    place_of_service: str | None = None
    pointers: list[int] = Field(description="1-based positions in diagnoses, best first, 1 to 4")
    citations: list[Citation]
    rationale: str
    minutes: int | None = None
    ndc: str | None = None
    ndc_quantity: Decimal | None = None
    ndc_unit: Literal["F2", "GR", "ME", "ML", "UN"] | None = None


class MdmItemArgument(_Argument):
    """One item counted in an element of medical decision making."""

    text: str
    category: str
    citations: list[Citation] = Field(default_factory=list)


class MdmElementArgument(_Argument):
    """Level of one element and the items that carry it."""

    level: MdmLevel
    items: list[MdmItemArgument] = Field(default_factory=list)


class EmArgument(_Argument):
    """How the problem-oriented E/M was levelled; its code is also a service line."""

    code: str
    basis: Literal["mdm", "time"]
    problems: MdmElementArgument
    data: MdmElementArgument
    risk: MdmElementArgument
    minutes: int | None = None
    explanation: str


class RejectedArgument(_Argument):
    """A candidate that was considered and not coded."""

    code: str
    system: CodeSystem
    reason: str
    rule: str = Field(description="guideline section id or rule name")
    citations: list[Citation] = Field(default_factory=list)


class QueryArgument(_Argument):
    """A non-leading question to the provider."""

    question: str
    why: str
    citations: list[Citation] = Field(default_factory=list)


class OpportunityArgument(_Argument):
    """A service that could be billed if more were documented."""

    code: str
    documented: list[str]
    missing: list[str]
    guideline: str
