"""The graph's state: narrow in, wide inside, narrow out. Everything in it is typed, so checkpoints read back as records."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict

from knowledge.records import Finding, Record
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
    """What the run has used so far."""

    turns: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    started: float = 0.0


class CheckRound(Record):
    """One judgement of the self-check: the proposal it saw (by hash) and what it found.

    ``created`` is the day the claim carries (that of its first emission, if it went out before) and ``corrects`` the
    hash of another claim of this encounter that is live: what the judgement and triage knew from the store.
    """

    attempt: int
    claim_sha256: str
    after_message: int
    findings: tuple[Finding, ...]
    created: date | None = None
    corrects: str | None = None


class Decision(Record):
    """What a person decided about a held claim; bound to the hash of the claim that was shown."""

    action: Literal["approve", "reject", "amend"]
    claim_sha256: str
    by: str
    role: str = "reviewer"
    reason: str = ""
    proposal: Proposal | None = None


def append_rounds(left: tuple[CheckRound, ...], right: tuple[CheckRound, ...]) -> tuple[CheckRound, ...]:
    """Reducer: rounds are only ever added."""
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
