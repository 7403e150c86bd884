"""The tool that ends a coder's turn: propose_claim. It verifies every code and every quotation before either enters the state."""

from datetime import date
from typing import Annotated

import orjson
from langchain_core.messages import ToolMessage
from langchain_core.tools import InjectedToolCallId, ToolException, tool
from langgraph.prebuilt import ToolRuntime
from langgraph.types import Command

from knowledge.errors import KnowledgeError
from knowledge.records import CodeSystem, Evidence, FhirEvidence, NoteEvidence
from tools.context import ToolContext
from tools.encounter import EncounterFacts
from tools.healthscribe.evidence import with_segments
from tools.proposal import (
    EmDecision,
    GuidelineRef,
    MdmElement,
    MdmItem,
    ModifierUse,
    Opportunity,
    Proposal,
    ProposedDiagnosis,
    ProposedLine,
    ProviderQuery,
    RejectedCode,
)
from tools.propose_arguments import (
    Citation,
    DiagnosisArgument,
    EmArgument,
    LineArgument,
    MdmElementArgument,
    OpportunityArgument,
    QueryArgument,
    RejectedArgument,
)
from tools.state import ToolState

REFUSED = "claim refused:"
"""How the answer to a claim that is not taken begins; what is wrong with it follows, a line each."""


class _Problems(Exception):  # noqa: N818 - a collector, not an error of its own
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []


@tool(parse_docstring=True)
def propose_claim(
    diagnoses: list[DiagnosisArgument],
    service_lines: list[LineArgument],
    runtime: ToolRuntime[ToolContext, ToolState],
    tool_call_id: Annotated[str, InjectedToolCallId],
    em: EmArgument | None = None,
    rejected: list[RejectedArgument] | None = None,
    queries: list[QueryArgument] | None = None,
    opportunities: list[OpportunityArgument] | None = None,
) -> Command[str]:
    """Hand in the claim: call this alone, as the last call of your work; the self-check then judges it.

    Every code must come from a tool answer and every citation must be verbatim. What is refused is listed
    line by line; mend it and call again.

    Args:
        diagnoses: diagnoses in claim order, at most 12
        service_lines: services done today, the E/M included
        em: how the problem-oriented E/M was levelled, when one is billed
        rejected: candidates considered and not coded, with the reason
        queries: non-leading questions to the provider where documentation is short
        opportunities: services that may be billable with more documentation; never billed by themselves
    """
    facts = runtime.state["facts"]
    proposal = build_proposal(
        runtime.context,
        facts,
        diagnoses=diagnoses,
        service_lines=service_lines,
        em=em,
        rejected=rejected or [],
        queries=queries or [],
        opportunities=opportunities or [],
    )
    text = orjson.dumps({"accepted": True, "next": "self_check"}).decode()
    return Command(
        update={
            "proposal": proposal,
            "messages": [ToolMessage(text, tool_call_id=tool_call_id, name="propose_claim")],
        }
    )


def build_proposal(
    context: ToolContext,
    facts: EncounterFacts,
    *,
    diagnoses: list[DiagnosisArgument],
    service_lines: list[LineArgument],
    em: EmArgument | None,
    rejected: list[RejectedArgument],
    queries: list[QueryArgument],
    opportunities: list[OpportunityArgument],
) -> Proposal:
    """Verify codes (law 1) and quotations (law 2) and freeze the proposal.

    Raises:
        ToolException: naming every refused code, pointer and quotation, and what to do.
    """
    problems = _Problems()
    _check_codes(context, facts.date_of_service, diagnoses, rejected, problems)
    _check_pointers(len(diagnoses), service_lines, problems)
    cite = _Citer(facts, problems)
    proposal = Proposal(
        diagnoses=tuple(_diagnosis(context, d, cite, facts.date_of_service) for d in diagnoses),
        service_lines=tuple(_line(line, cite) for line in service_lines),
        em=_em(em, cite) if em else None,
        rejected=tuple(
            RejectedCode(
                code=r.code,
                system=r.system,
                reason=r.reason,
                rule=r.rule,
                evidence=cite.all(r.citations, r.code),
            )
            for r in rejected
        ),
        queries=tuple(
            ProviderQuery(question=q.question, why=q.why, evidence=cite.all(q.citations, "query"))
            for q in queries
        ),
        opportunities=tuple(
            Opportunity(
                code=o.code, documented=tuple(o.documented), missing=tuple(o.missing), guideline=o.guideline
            )
            for o in opportunities
        ),
    )
    if problems.lines:
        raise ToolException(f"{REFUSED}\n- " + "\n- ".join(problems.lines))
    return proposal


def _check_codes(
    context: ToolContext,
    on: date,
    diagnoses: list[DiagnosisArgument],
    rejected: list[RejectedArgument],
    problems: _Problems,
) -> None:
    if not diagnoses:
        problems.lines.append("no diagnosis: every claim needs one; code the reason for the visit")
    for d in diagnoses:
        found = context.bookshelf.icd.find(d.code, on)
        if found is None:
            problems.lines.append(
                f"{d.code} is not an ICD-10-CM code of the edition in force: call search_codes"
            )
        elif not found.billable:
            problems.lines.append(f"{d.code} is a category; it needs: {found.needs or 'more characters'}")
    for r in rejected:
        if r.system is CodeSystem.ICD10CM and context.bookshelf.icd.find(r.code, on) is None:
            problems.lines.append(f"rejected code {r.code} is not in ICD-10-CM: leave it out")


def _check_pointers(count: int, lines: list[LineArgument], problems: _Problems) -> None:
    for n, line in enumerate(lines, 1):
        bad = [p for p in line.pointers if not 1 <= p <= count]
        if bad:
            problems.lines.append(f"line {n} ({line.code}) points to {bad}; diagnoses are 1 to {count}")
        if not line.pointers:
            problems.lines.append(f"line {n} ({line.code}) points to no diagnosis")


class _Citer:
    """Turns citations into evidence, collecting what can not be found."""

    def __init__(self, facts: EncounterFacts, problems: _Problems) -> None:
        self._facts = facts
        self._problems = problems
        self._history = {h.reference: h for h in facts.history}

    def all(self, citations: list[Citation], owner: str) -> tuple[Evidence, ...]:
        found = tuple(e for c in citations if (e := self.one(c, owner)) is not None)
        return with_segments(found, self._facts.documents)

    def one(self, citation: Citation, owner: str) -> Evidence | None:
        if citation.reference:
            return self._fhir(citation.reference, owner)
        return self._note(citation, owner)

    def _fhir(self, reference: str, owner: str) -> Evidence | None:
        item = self._history.get(reference)
        if item is None:
            self._problems.lines.append(f"{owner}: {reference} is not in the history; see get_history")
            return None
        return FhirEvidence(reference=reference, pointer=item.pointer, text=item.display, sha256=item.sha256)

    def _note(self, citation: Citation, owner: str) -> Evidence | None:
        document = self._facts.document(citation.document or self._facts.documents[0].id)
        quote = citation.quote or ""
        if document is None:
            self._problems.lines.append(f"{owner}: document {citation.document} is not of this encounter")
            return None
        start = citation.start if citation.start is not None else document.text.find(quote)
        if not quote.strip() or start < 0 or document.text[start : start + len(quote)] != quote:
            self._problems.lines.append(f"{owner}: the quotation is not verbatim in document {document.id}")
            return None
        return NoteEvidence(
            document=document.id, text=quote, start=start, end=start + len(quote), section=citation.section
        )


def _diagnosis(context: ToolContext, d: DiagnosisArgument, cite: _Citer, on: date) -> ProposedDiagnosis:
    return ProposedDiagnosis(
        code=d.code,
        evidence=cite.all(d.citations, d.code),
        guidelines=tuple(g for i in d.guidelines if (g := _guideline(context, i)) is not None),
        rationale=d.rationale,
    )


def _guideline(context: ToolContext, section: str) -> GuidelineRef | None:
    try:
        found = context.bookshelf.guidelines.get(section)
    except KnowledgeError:
        return None
    return GuidelineRef(id=found.id, title=found.title)


def _line(line: LineArgument, cite: _Citer) -> ProposedLine:
    return ProposedLine(
        code=line.code,
        system=CodeSystem.CPT if line.code[:1].isdigit() else CodeSystem.HCPCS,
        modifiers=tuple(ModifierUse(code=m.code, why=m.why) for m in line.modifiers),
        units=line.units,
        place_of_service=line.place_of_service,
        pointers=tuple(line.pointers),
        evidence=cite.all(line.citations, line.code),
        rationale=line.rationale,
        minutes=line.minutes,
        ndc=line.ndc,
        ndc_quantity=line.ndc_quantity,
        ndc_unit=line.ndc_unit,
    )


def _element(element: MdmElementArgument, cite: _Citer) -> MdmElement:
    items = tuple(
        MdmItem(text=i.text, category=i.category, evidence=cite.all(i.citations, i.category))
        for i in element.items
    )
    return MdmElement(level=element.level, items=items)


def _em(em: EmArgument, cite: _Citer) -> EmDecision:
    return EmDecision(
        code=em.code,
        basis=em.basis,
        problems=_element(em.problems, cite),
        data=_element(em.data, cite),
        risk=_element(em.risk, cite),
        minutes=em.minutes,
        explanation=em.explanation,
    )
