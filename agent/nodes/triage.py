"""triage: apply the policy. Outcomes: emit, held for a person, or blocked."""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.context import Context
from agent.identity import claim_sha256
from agent.policy import policy_reasons, warning_reasons
from agent.state import Reason, State
from knowledge.records import Finding
from tools.checks import RULES_BY_ID
from tools.claim.model import Claim


def triage(state: State, runtime: Runtime[Context]) -> Command[Literal["emit", "review", "__end__"]]:
    """Decide where the claim goes. Blocked: an error is left that no role may override."""
    to, reasons = where_to(state, runtime.context)
    if to == "blocked":
        return Command(goto="__end__", update={"status": "blocked", "reasons": tuple(reasons)})
    if to == "held":
        return Command(goto="review", update={"status": "held", "reasons": tuple(reasons)})
    return Command(goto="emit", update={"reasons": ()})


def where_to(state: State, context: Context) -> tuple[Literal["emit", "held", "blocked"], list[Reason]]:
    """The outcome and its reasons."""
    if any(not RULES_BY_ID[f.rule].overridable and not _for_want_of(f, state) for f in _open_errors(state)):
        return "blocked", list(_error_reasons(state))
    reasons = hold_reasons(state, context)
    return ("held", reasons) if reasons else ("emit", [])


def hold_reasons(state: State, context: Context) -> list[Reason]:
    """Everything that holds this encounter, in the order: limit, no payer, data, edition, errors, policy."""
    limit = state["limit"]
    reasons = [Reason(kind="limit", text=limit)] if limit else []
    reasons += _no_payer(state)
    reasons += [Reason(kind="data", text=f"{m.what}: {m.how}") for m in state["facts"].missing]
    reasons += _no_contact(state, context)
    reasons += _holding_findings(state)
    reasons += _error_reasons(state)
    if state["proposal"] is None or state["claim"] is None:
        return reasons or [Reason(kind="limit", text="the coder handed in no claim")]
    return reasons + _policy(state, context)


def _no_payer(state: State) -> list[Reason]:
    """A claim of a patient who pays has no addressee: it is coded in full and kept, whatever a reviewer says."""
    text = "no payer: the patient pays; nothing is sent"
    return [Reason(kind="data", text=text)] if _patient_pays(state) else []


def _patient_pays(state: State) -> bool:
    primary = state["facts"].primary
    return primary is not None and primary.payer_kind == "self_pay"


def _no_contact(state: State, context: Context) -> list[Reason]:
    """The 837P names a telephone of the sender (loop 1000A PER), so a claim without any can not be sent."""
    billing = state["facts"].billing_provider
    if billing is None or billing.phone or context.contact_phone or _patient_pays(state):
        return []
    how = f"add it at {billing.reference}.telecom or in the context file under 'billing_provider.phone', or set SUPERBILL_CONTACT_PHONE"
    return [Reason(kind="data", text=f"telephone of the billing provider: {how}")]


def _holding_findings(state: State) -> list[Reason]:
    """Findings that ask for a person although they are no errors (missing data, another edition)."""
    found = [
        (RULES_BY_ID[f.rule].hold, f) for f in state["findings"] if f.level != "error" and f.override is None
    ]
    return [Reason(kind=kind, text=f.message) for kind, f in found if kind in {"data", "edition"}]


def _policy(state: State, context: Context) -> list[Reason]:
    proposal, claim = state["proposal"], state["claim"]
    if proposal is None or claim is None or _approved(state):
        return []
    if context.review != "always" and _went_out(claim, context):
        return []  # what is out already is not held again, whatever the policy says by now
    twice = _correction(state, context) + _doubles(state)
    if context.review == "never":  # two live originals of one visit are no matter of taste
        return twice
    reasons = policy_reasons(context.policy, state["facts"], proposal, claim)
    reasons += warning_reasons(context.policy, state["findings"])
    reasons += [
        Reason(kind="policy", text=f.message)
        for f in state["findings"]
        if f.level == "warning" and f.override is None and RULES_BY_ID[f.rule].hold == "policy"
    ]
    reasons += twice + _changed_by_person(state, context)
    if context.review == "always" and not reasons:
        reasons = [Reason(kind="policy", text="review of every claim was asked for")]
    return reasons


def _correction(state: State, context: Context) -> list[Reason]:
    """One live original per tenant, encounter and payer: other content becomes a held correction."""
    claim = state["claim"]
    if context.store is None or claim is None:
        return []
    live = context.store.live_original(claim)
    if live is None or live == claim_sha256(claim):
        return []
    return [
        Reason(
            kind="policy", text="a different claim of this encounter was emitted before; this is a correction"
        )
    ]


def _went_out(claim: Claim, context: Context) -> bool:
    """Exactly this claim was emitted before: a repeated run changes nothing."""
    return context.store is not None and context.store.live_original(claim) == claim_sha256(claim)


def _doubles(state: State) -> list[Reason]:
    """The same visit under two encounter ids would be paid twice and asked back, or denied as a duplicate (CARC 18)."""
    codes = state["rounds"][-1].doubles if state["rounds"] else ()
    if not codes:
        return []
    text = f"{', '.join(codes)}: billed before under another encounter of this patient, day and provider; the same visit twice?"
    return [Reason(kind="policy", text=text)]


def _changed_by_person(state: State, context: Context) -> list[Reason]:
    """What a person changed waits for approval, so that nobody sends by amending."""
    decision = state["decision"]
    if decision is None or decision.action not in {"amend", "override"} or not context.policy.hold_amended:
        return []
    done = "amended" if decision.action == "amend" else "overridden"
    return [Reason(kind="policy", text=f"{done} by {decision.by} ({decision.role}): waits for approval")]


def _approved(state: State) -> bool:
    """An approval is of the claim that was shown, and of what was known when it was last judged."""
    decision, claim = state["decision"], state["claim"]
    return bool(
        decision
        and claim
        and decision.action == "approve"
        and decision.claim_sha256 == claim_sha256(claim)
        and decision.after_round == len(state["rounds"])
    )


def _open_errors(state: State) -> list[Finding]:
    return [f for f in state["findings"] if f.level == "error" and f.override is None]


def _for_want_of(finding: Finding, state: State) -> bool:
    """The error is only that the record lacks something: it is held and listed as missing, not blocked."""
    wanted = {"line.place_unknown": "place of service"}.get(finding.rule)
    return wanted is not None and any(m.what == wanted for m in state["facts"].missing)


def _error_reasons(state: State) -> tuple[Reason, ...]:
    return tuple(Reason(kind="policy", text=f"{f.rule}: {f.message}") for f in _open_errors(state))
