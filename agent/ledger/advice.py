"""What may be done about a claim that was rejected or denied, and in which words."""

from agent.ledger.database import Session
from agent.ledger.ledger import Ledger, LedgerClaim
from agent.ledger.reasons import GROUPS, reason
from agent.ledger.stats import denials
from knowledge.payers import PayerPack
from knowledge.records import Record


class Advice(Record):
    """The next step for one claim.

    ``step``: resend_original, replace_or_appeal, reopen_or_appeal, or nothing. ``reasons`` are the denied lines'
    codes in our words, ``findings`` the self-check's JSON when the claim was emitted.
    """

    claim_id: str
    step: str
    text: str
    reasons: tuple[str, ...] = ()
    findings: str = "[]"


def advise(ledger: Ledger, session: Session, claim: LedgerClaim, pack: PayerPack) -> Advice:
    """The next step by the claim's state and what its payer accepts; never done by itself."""
    if claim.state == "rejected":
        text = "never adjudicated: correct it and send it again as an original (frequency 1)"
        return Advice(claim_id=claim.claim_id, step="resend_original", text=text, findings=claim.findings)
    if claim.state not in {"denied", "partly_paid"}:
        return Advice(claim_id=claim.claim_id, step="nothing", text=f"state {claim.state}")
    takes = "7" in pack.accepted_frequencies and claim.payer_number
    text = (
        f"correct it and replace it (frequency 7) with payer number {claim.payer_number}, or appeal"
        if takes
        else f"payer pack {pack.id} takes no replacement: ask for a reopening (a clerical error), or appeal"
        if "7" not in pack.accepted_frequencies
        else "the payer gave no claim number: ask for it before a replacement, or appeal"
    )
    return Advice(
        claim_id=claim.claim_id,
        step="replace_or_appeal" if takes else "reopen_or_appeal",
        text=text,
        reasons=tuple(
            f"line {line.line} {line.procedure} ({line.charge}): {_said(code)}"
            for line in denials(ledger, session, claim.claim_id)
            for code in line.codes
        ),
        findings=claim.findings,
    )


def _said(code: str) -> str:
    group, dash, number = code.partition("-")
    found = reason(number if dash else code)
    who = f" [{GROUPS.get(group, group)}]" if dash else ""
    return f"{code} {found.meaning}{who}; {found.advice}"
