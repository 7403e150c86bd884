"""coding.json: the result of one encounter as users and programs read it (schema_version 1, see the shipped JSON Schema)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from agent.state import Reason, State, Status
from knowledge.records import CodeSystem, Evidence, Finding, Record
from tools.claim.model import Claim, ClaimLine
from tools.proposal import (
    EmDecision,
    GuidelineRef,
    ModifierUse,
    Opportunity,
    Proposal,
    ProposedDiagnosis,
    ProposedLine,
    ProviderQuery,
    RejectedCode,
)

Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class ModelInfo(Record):
    """Which model coded, with the hashes of the prompts it was given."""

    spec: str
    prompt_hashes: dict[str, str]


class CodedDiagnosis(Record):
    """A diagnosis of the result."""

    sequence: int
    code: str
    display: str
    evidence: tuple[Evidence, ...]
    guidelines: tuple[GuidelineRef, ...]
    rationale: str
    confidence: float | None


class CodedRvu(Record):
    """Relative values of the line (all units)."""

    work: Number
    total: Number


class CodedLine(Record):
    """A service line of the result; ``charge`` in US dollars for all units."""

    line: int
    code: str
    system: CodeSystem
    display: str
    modifiers: tuple[ModifierUse, ...]
    units: Number
    place_of_service: str
    pointers: tuple[int, ...]
    charge: Number
    charge_basis: str
    rvu: CodedRvu | None
    evidence: tuple[Evidence, ...]
    rationale: str
    confidence: float | None


class Review(Record):
    """Does a person have to look, and why."""

    required: bool
    reasons: tuple[Reason, ...]


class CodedUsage(Record):
    """What the run used."""

    steps: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Number
    seconds: float


class Coding(Record):
    """The whole result of one encounter."""

    schema_version: Literal["1"] = "1"
    encounter_id: str
    status: Status
    date_of_service: date
    model: ModelInfo
    editions: dict[str, str]
    diagnoses: tuple[CodedDiagnosis, ...]
    service_lines: tuple[CodedLine, ...]
    em: EmDecision | None
    rejected: tuple[RejectedCode, ...]
    queries: tuple[ProviderQuery, ...]
    opportunities: tuple[Opportunity, ...]
    findings: tuple[Finding, ...]
    review: Review
    artifacts: dict[str, str] = Field(description="file name by kind; absent files are not listed")
    usage: CodedUsage


EMPTY = Proposal(diagnoses=(), service_lines=())


def build_coding(state: State, *, model: ModelInfo, artifacts: dict[str, str], seconds: float) -> Coding:
    """Project a run's state into its result."""
    facts, claim = state["facts"], state["claim"]
    proposal = state["proposal"] or EMPTY
    status = state["status"] or "held"
    usage = state["usage"]
    return Coding(
        encounter_id=facts.encounter_id,
        status=status,
        date_of_service=facts.date_of_service,
        model=model,
        editions=claim.editions if claim else {},
        diagnoses=_diagnoses(proposal, claim),
        service_lines=_lines(proposal, claim),
        em=proposal.em,
        rejected=proposal.rejected,
        queries=proposal.queries,
        opportunities=proposal.opportunities,
        findings=state["findings"],
        review=Review(required=status == "held", reasons=state["reasons"]),
        artifacts=artifacts,
        usage=CodedUsage(
            steps=usage.turns,
            tool_calls=usage.tool_calls,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
            seconds=round(seconds, 4),
        ),
    )


def _diagnoses(proposal: Proposal, claim: Claim | None) -> tuple[CodedDiagnosis, ...]:
    displays = {d.sequence: d.display for d in claim.diagnoses} if claim else {}
    return tuple(_diagnosis(n, d, displays.get(n, d.code)) for n, d in enumerate(proposal.diagnoses, 1))


def _diagnosis(sequence: int, d: ProposedDiagnosis, display: str) -> CodedDiagnosis:
    return CodedDiagnosis(
        sequence=sequence,
        code=d.code,
        display=display,
        evidence=d.evidence,
        guidelines=d.guidelines,
        rationale=d.rationale,
        confidence=d.confidence,
    )


def _lines(proposal: Proposal, claim: Claim | None) -> tuple[CodedLine, ...]:
    if claim is None:
        return ()
    return tuple(_line(c, p) for c, p in zip(claim.lines, proposal.service_lines, strict=True))


def _line(claimed: ClaimLine, proposed: ProposedLine) -> CodedLine:
    rvu = claimed.rvu
    return CodedLine(
        line=claimed.number,
        code=claimed.code,
        system=claimed.system,
        display=claimed.display,
        modifiers=proposed.modifiers,
        units=claimed.units,
        place_of_service=claimed.place_of_service,
        pointers=claimed.pointers,
        charge=claimed.charge,
        charge_basis=claimed.charge_basis,
        rvu=CodedRvu(work=rvu.work * claimed.units, total=rvu.total * claimed.units) if rvu else None,
        evidence=proposed.evidence,
        rationale=proposed.rationale,
        confidence=proposed.confidence,
    )
