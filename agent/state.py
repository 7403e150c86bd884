"""The graph's state: narrow in, wide inside, narrow out. Everything in it is typed, so checkpoints read back as records."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict

from knowledge.records import Finding, Override, Record
from tools.amend import Edit
from tools.claim.model import Claim
from tools.encounter import EncounterFacts
from tools.proposal import Proposal
from tools.state import ToolState

Status = Literal["emitted", "held", "blocked", "rejected"]
ReasonKind = Literal["policy", "data", "limit", "edition"]


class Reason(Record):
    """Why an encounter is held."""

    kind: ReasonKind
    text: str


class Usage(Record):
    """What the run has used so far; ``seconds`` is its age when the coder's claim was last judged (a person may decide days later)."""

    turns: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    started: float = 0.0
    seconds: float = 0.0


class CheckRound(Record):
    """One judgement of the self-check: the proposal it saw (by hash) and what it found.

    ``created`` is the day the claim carries (that of its first emission, if it went out before) and ``corrects`` the
    hash of another claim of this encounter that is live; ``doubles`` are codes of lines that went out before under another
    encounter: what the judgement and triage knew from the store.
    """

    attempt: int
    claim_sha256: str
    after_message: int
    findings: tuple[Finding, ...]
    created: date | None = None
    corrects: str | None = None
    doubles: tuple[str, ...] = ()


class Waived(Record):
    """A finding that a named person lets stand: it is recognised by its rule, message, codes and line."""

    rule: str
    message: str
    codes: tuple[str, ...]
    line: int | None
    override: Override


class Decision(Record):
    """What a person decided about a claim; bound to the hash of the claim that was shown.

    ``edits`` are what an amendment asked for and ``proposal`` what became of it; ``waived`` are the findings an
    override lets stand. ``after_round`` is how often the self-check had judged before.
    """

    action: Literal["approve", "reject", "amend", "override"]
    claim_sha256: str
    by: str
    role: str = "reviewer"
    reason: str = ""
    proposal: Proposal | None = None
    edits: tuple[Edit, ...] = ()
    waived: tuple[Waived, ...] = ()
    after_round: int = 0


def append_rounds(left: tuple[CheckRound, ...], right: tuple[CheckRound, ...]) -> tuple[CheckRound, ...]:
    """Reducer: rounds are only ever added."""
    return (*left, *right)


def append_decisions(left: tuple[Decision, ...], right: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """Reducer: decisions are only ever added."""
    return (*left, *right)


class InputState(TypedDict, total=False):
    """What a run starts from: a FHIR Bundle or note as text; empty when the Context already holds it parsed."""

    encounter: str


class State(ToolState, total=False):
    """Everything the nodes share."""

    encounter: str
    messages: Annotated[list[AnyMessage], add_messages]
    proposal: Proposal | None
    claim: Claim | None
    rounds: Annotated[tuple[CheckRound, ...], append_rounds]
    findings: tuple[Finding, ...]
    usage: Usage
    limit: str | None
    status: Status | None
    reasons: tuple[Reason, ...]
    decision: Decision | None
    decisions: Annotated[tuple[Decision, ...], append_decisions]


class Update(TypedDict, total=False):
    """What the emit node changes."""

    claim: Claim
    status: Status


class OutputState(TypedDict):
    """What a run ends with."""

    facts: EncounterFacts
    proposal: Proposal | None
    claim: Claim | None
    findings: tuple[Finding, ...]
    status: Status | None
    reasons: tuple[Reason, ...]
