"""What a decision may be taken on, and what an amendment, an override or a preview makes of a claim."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

from agent.desk.book import Row
from agent.desk.difference import difference
from agent.desk.errors import EditRefused, NotAllowed, NotWaiting, StaleDecision
from agent.desk.records import Preview
from agent.identity import claim_sha256
from agent.nodes.self_check import judge, waive
from agent.nodes.triage import where_to
from agent.state import State, Waived
from knowledge.records import Override
from tools.amend import Edit, EditError, apply_edits
from tools.checks import RULES_BY_ID
from tools.claim.assemble import assemble_claim
from tools.proposal import Proposal

if TYPE_CHECKING:
    from agent.context import Context
    from knowledge.bookshelf import Bookshelf

Action = Literal["approve", "reject", "amend", "override"]
More = Callable[[State], dict[str, Any]]
DECIDABLE = {
    "approve": ("held",),
    "override": ("held", "blocked"),
    "reject": ("held", "blocked"),
    "amend": ("held", "blocked", "emitted"),
}
"""In which states a decision is taken; amending an emitted claim makes a correction, which is held."""


def nothing_more(_: State) -> dict[str, Any]:
    """An approval or a rejection brings nothing besides itself."""
    return {}


def amending(bookshelf: "Bookshelf", edits: tuple[Edit, ...], why: str) -> More:
    """What an amendment brings: its edits and the proposal they make."""
    return lambda state: {"edits": edits, "proposal": edited(state, edits, bookshelf, why)}


def overriding(encounter: str, rule: str, override: Override) -> More:
    """What an override brings: the open findings of the rule, each with who lets it stand.

    Raises:
        NotAllowed: there is no such rule, or the catalogue lets nobody override it.
    """
    if rule not in RULES_BY_ID:
        raise NotAllowed(f"{rule}: there is no such rule; the findings name theirs")
    if not RULES_BY_ID[rule].overridable:
        raise NotAllowed(f"{rule}: the catalogue lets nobody override it; amend the claim instead")

    def made(state: State) -> dict[str, Any]:
        waived = tuple(
            Waived(rule=f.rule, message=f.message, codes=f.codes, line=f.line, override=override)
            for f in state["findings"]
            if f.rule == rule and f.override is None
        )
        if not waived:
            raise NotAllowed(f"{encounter}: {rule} has no open finding here")
        return {"waived": waived, "proposal": state["proposal"]}

    return made


def edited(state: State, edits: tuple[Edit, ...], bookshelf: "Bookshelf", why: str) -> Proposal:
    """The proposal after the edits.

    Raises:
        EditRefused: an edit can not be made; NotWaiting: there is no claim.
    """
    proposal = state["proposal"]
    if proposal is None:
        raise NotWaiting("the coder handed in no claim, so there is nothing to edit; code it again")
    try:
        return apply_edits(proposal, edits, state["facts"], bookshelf, why)
    except EditError as error:
        raise EditRefused(str(error)) from None


def preview(state: State, context: "Context", edits: tuple[Edit, ...], status: str) -> Preview:
    """See ``Desk.preview``."""
    proposal = edited(state, edits, context.bookshelf, "preview")
    claim = assemble_claim(proposal, state["facts"], context)
    findings = waive(judge(claim, proposal, state, context), state)
    changed = cast(
        "State", {**state, "proposal": proposal, "claim": claim, "findings": findings, "decision": None}
    )
    would, reasons = where_to(changed, context)
    return Preview(
        claim=claim,
        claim_sha256=claim_sha256(claim),
        proposal=proposal,
        findings=findings,
        would=would,
        reasons=tuple(reasons),
        difference=difference(state["claim"], claim, status, would),
    )


def check_current(row: Row, state: State, sha256: str, action: Action) -> None:
    """Refuse a decision on another claim than the one that waits, or in a state in which none is taken.

    Raises:
        NotWaiting, StaleDecision.
    """
    claim = state["claim"]
    if claim is None:
        raise NotWaiting(
            f"{row['encounter']}: there is no claim to decide on; mend what holds it and code it again"
        )
    if claim_sha256(claim) != sha256:
        raise StaleDecision(
            f"{row['encounter']}: another claim waits than the one that was shown; look again, or code the encounter again"
        )
    if row["status"] not in DECIDABLE[action]:
        wanted = " or ".join(DECIDABLE[action])
        raise NotWaiting(f"{row['encounter']}: not {wanted}, it is {row['status']}; see superbill worklist")


def needed(reason: str) -> str:
    """The reason, which must not be empty."""
    if not reason.strip():
        raise EditRefused("a reason is needed: say why, it stays in the audit")
    return reason.strip()
