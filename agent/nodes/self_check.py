"""self_check: the deterministic judge. It sees the claim, the documents, the history and the tables, never the coder's reasons."""

import time
from typing import Literal

import orjson
from langchain_core.messages import HumanMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.confidence import rate
from agent.context import Context
from agent.identity import claim_sha256
from agent.prompts import render
from agent.state import CheckRound, State, Usage
from knowledge.records import Finding
from tools.checks import CheckRequest, run_checks
from tools.claim.assemble import assemble_claim
from tools.claim.model import Claim
from tools.proposal import Proposal

NOT_THE_CODERS = ("claim.", "document.", "edition.")
"""Areas of the catalogue that no choice of codes can mend; they are for triage."""


def self_check(state: State, runtime: Runtime[Context]) -> Command[Literal["code", "triage"]]:
    """Assemble the claim from the proposal, judge it, and send errors back while tries are left."""
    proposal = state["proposal"]
    if proposal is None:
        raise ValueError("self_check was reached without a proposal")
    context = runtime.context
    claim = _as_first_made(assemble_claim(proposal, state["facts"], context), context)
    findings = waive(judge(claim, proposal, state, context), state)
    attempt, by_person = len(state["rounds"]) + 1, state["decision"] is not None
    errors = [f for f in findings if f.level == "error" and f.override is None]
    mendable = [f for f in errors if not f.rule.startswith(NOT_THE_CODERS)]
    goes_on = not mendable or by_person or attempt > context.limits.repairs
    found = CheckRound(
        attempt=attempt,
        claim_sha256=claim_sha256(claim),
        after_message=len(state["messages"]),
        findings=findings,
        created=claim.created,
        corrects=_corrects(claim, context) if goes_on else None,
        doubles=context.store.billed_elsewhere(claim) if goes_on and context.store else (),
    )
    rated = proposal if by_person else rate(proposal, claim, context.model_spec, context.bookshelf.learned)
    update = {"proposal": rated, "claim": claim, "findings": findings, "rounds": (found,)}
    if not by_person:
        update["usage"] = aged(state["usage"])
    if goes_on:
        return Command(goto="triage", update=update)
    return Command(goto="code", update={**update, "messages": [_feedback(attempt, findings)]})


def _as_first_made(claim: Claim, context: Context) -> Claim:
    """A claim that went out before keeps its day, so that a re-run years later finds nothing (timely filing) new."""
    before = context.store.emission(claim) if context.store else None
    return claim.model_copy(update={"created": before.created}) if before else claim


def _corrects(claim: Claim, context: Context) -> str | None:
    """The live original of this encounter and payer, when it is another claim than this one."""
    live = context.store.live_original(claim) if context.store else None
    return None if live == claim_sha256(claim) else live


def judge(claim: Claim, proposal: Proposal, state: State, context: Context) -> tuple[Finding, ...]:
    """Run the catalogue over one claim of this encounter."""
    facts = state["facts"]
    return run_checks(
        CheckRequest(
            claim=claim,
            documents=facts.documents,
            facts=facts,
            bookshelf=context.bookshelf,
            policy=context.check_policy.model_copy(update={"today": context.today}),
            em=proposal.em,
        )
    )


def aged(usage: Usage) -> Usage:
    """The usage with the run's age, in seconds."""
    return usage.model_copy(update={"seconds": time.time() - usage.started if usage.started else 0.0})


def waive(findings: tuple[Finding, ...], state: State) -> tuple[Finding, ...]:
    """The findings, those that a named person lets stand carrying the override. Another finding of the rule is not waived."""
    waived = {
        (w.rule, w.message, w.codes, w.line): w.override for d in state.get("decisions", ()) for w in d.waived
    }
    return tuple(
        f.model_copy(update={"override": waived.get((f.rule, f.message, f.codes, f.line))}) for f in findings
    )


def _feedback(attempt: int, findings: tuple[Finding, ...]) -> HumanMessage:
    told = [f.model_dump(exclude_none=True) for f in findings if f.level != "info"]
    text = render("repair", attempt=str(attempt), findings=orjson.dumps(told).decode())
    return HumanMessage(text, id=f"repair-{attempt}", additional_kwargs={"findings": told})
